"""``make soak``: the program killed again and again while people write and are answered, on both stores at once.

Two parts, each cut into chapters that begin with an empty database:

- *points*: the program is killed at every named step of ``tickets/points.py``, each 25 times.
- *storm*: 10,000 messages over all four channels, and 50 kills at random moments.

One seed makes the order of the points, the moments of the kills and who
writes when; it is printed, and ``SOAK_SEED=… make soak`` plays the same again.
What was done is kept in ``soak-state``, so that a run that was stopped goes on
with the chapter it was in.  ``SOAK_TIMES`` (25), ``SOAK_MESSAGES`` (10,000) and
``SOAK_KILLS`` (50) make it shorter.
"""

import asyncio
import json
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from tests.support.chapters import Chapter, play_points, play_storm
from tests.support.postgres import PostgresMissing, running_postgres
from tests.support.stores import Database, fresh_schema
from tickets.points import POINTS

FOLDER = Path("soak-state")
STORMS = 10
"""The storm is cut into so many chapters."""


class Plan(NamedTuple):
    """What is asked for."""

    seed: str
    times: int
    messages: int
    kills: int

    def chapters(self, engine: str) -> list[tuple[str, int]]:
        """(part, number) of each chapter of an engine, in order."""
        return [
            *(("storm", n) for n in range(STORMS)),
            *(("points", n) for n in range(self.times)),
        ]


def main() -> None:
    plan = _plan()
    print(
        f"seed {plan.seed}: each of {len(POINTS)} steps {plan.times} times, "
        f"{plan.messages} messages with {plan.kills} kills, on each store"
    )
    began = time.monotonic()
    players = [
        subprocess.Popen([sys.executable, "-m", "tests.soak", engine], cwd=Path.cwd())
        for engine in ("sqlite", "postgres")
    ]
    codes = [player.wait() for player in players]
    if any(codes):
        sys.exit(f"failed; `make soak` goes on where it stopped, SOAK_SEED={plan.seed} plays all of it again")
    for state in FOLDER.glob("*.json"):
        state.unlink()
    print(f"passed in {(time.monotonic() - began) / 60:.0f} minutes: nothing lost, nothing doubled")


def _plan() -> Plan:
    """The one that was begun, or a new one."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / "plan.json"
    if path.exists() and "SOAK_SEED" not in os.environ:
        return Plan(**json.loads(path.read_text()))
    for state in FOLDER.glob("*.json"):
        state.unlink()
    plan = Plan(
        seed=os.environ.get("SOAK_SEED") or secrets.token_hex(4),
        times=int(os.environ.get("SOAK_TIMES", "25")),
        messages=int(os.environ.get("SOAK_MESSAGES", "10000")),
        kills=int(os.environ.get("SOAK_KILLS", "50")),
    )
    path.write_text(json.dumps(plan._asdict()))
    return plan


# One store ------------------------------------------------------------------------------


def play(engine: str) -> None:
    """Every chapter of a store that was not played yet."""
    plan = Plan(**json.loads((FOLDER / "plan.json").read_text()))
    path = FOLDER / f"{engine}.json"
    done = json.loads(path.read_text()) if path.exists() else []
    with ExitStack() as stack:
        server = ""
        if engine == "postgres":
            try:
                server = os.environ.get("SWITCHBOARD_TEST_POSTGRES_URL") or stack.enter_context(running_postgres())
            except PostgresMissing as error:
                sys.exit(f"PostgreSQL wanted: {error}")
        for part, n in plan.chapters(engine):
            if [part, n] in done:
                continue
            began = time.monotonic()
            result = _play_one(plan, engine, server, part, n)
            done.append([part, n])
            path.write_text(json.dumps(done))
            print(f"{engine} {part} {n + 1}: {result} ({time.monotonic() - began:.0f} s)", flush=True)


def _play_one(plan: Plan, engine: str, server: str, part: str, n: int) -> str:
    chance = random.Random(f"{plan.seed}/{engine}/{part}/{n}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(fresh_schema(server)) if server else f"sqlite:///{folder}/switchboard.db"
        chapter = Chapter(Database(engine, url), folder, chance)
        if part == "points":
            return asyncio.run(play_points(chapter))
        return asyncio.run(play_storm(chapter, plan.messages // STORMS, plan.kills // STORMS))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        play(sys.argv[1])
    else:
        main()
