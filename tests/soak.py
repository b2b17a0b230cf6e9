"""``make soak``: the program killed at random moments while people write and are answered, on both stores.

Prints its seed; ``SOAK_SEED=… make soak`` plays the same kills again.  What
was done is kept in ``soak-state``, so that a run that was stopped goes on.
``SOAK_ROUNDS`` (20) rounds of ``SOAK_MESSAGES`` (30) messages and three kills each.
"""

import asyncio
import json
import os
import random
import secrets
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tests.support.postgres import PostgresMissing, running_postgres
from tests.support.program import Program
from tests.support.stores import Database, fresh_schema
from tests.support.town import Town, free_port, open_town

STATE = Path("soak-state/progress.json")
KILLS = 3
MOST_AT_ONCE = 8 + 8 + 2 + 1
"""What the four senders have in hand at a time, so at most so many are unknown after a kill."""


def main() -> None:
    state = _state()
    print(f"seed {state['seed']}, rounds done {state['done']} of {state['rounds']}")
    with ExitStack() as stack:
        engines = ["sqlite"]
        try:
            server = os.environ.get("SWITCHBOARD_TEST_POSTGRES_URL") or stack.enter_context(running_postgres())
            engines.append("postgres")
        except PostgresMissing as error:
            server = ""
            print(f"without PostgreSQL: {error}")
        while state["done"] < state["rounds"]:
            for engine in engines:
                with ExitStack() as one, tempfile.TemporaryDirectory() as folder:
                    url = one.enter_context(fresh_schema(server)) if engine == "postgres" else ""
                    database = Database(engine, url or f"sqlite:///{folder}/switchboard.db")
                    asyncio.run(
                        _round(database, Path(folder), random.Random(f"{state['seed']}/{state['done']}/{engine}"))
                    )
            state["done"] += 1
            STATE.write_text(json.dumps(state))
            print(f"round {state['done']} of {state['rounds']}: nothing lost, nothing doubled", flush=True)
    STATE.unlink()
    print(f"{state['rounds']} rounds passed, none failed")


def _state() -> dict:
    STATE.parent.mkdir(exist_ok=True)
    if STATE.exists() and "SOAK_SEED" not in os.environ:
        return json.loads(STATE.read_text())
    return {
        "seed": os.environ.get("SOAK_SEED") or secrets.token_hex(4),
        "rounds": int(os.environ.get("SOAK_ROUNDS", "20")),
        "done": 0,
    }


async def _round(database: Database, folder: Path, chance: random.Random) -> None:
    """People write, somebody answers, the program is killed now and then; at the end everything is there once."""
    count = int(os.environ.get("SOAK_MESSAGES", "30")) // KILLS * KILLS
    async with open_town() as town:
        people = [_person(town, n) for n in range(count)]
        program = Program(town, database, folder, free_port(), webhook=False)
        await program.make_token()
        for _ in range(KILLS):
            await program.start()
            for _ in range(count // KILLS):
                people.pop()(f"Message number {len(people)} of this round, please help")
            killing = asyncio.create_task(_kill_after(program, chance.uniform(0.8, 5.0)))
            while not killing.done():
                for ticket in await _quietly(program):
                    await program.reply(ticket["number"], f"Answer to {ticket['number']}")
            await killing
        await program.start()
        tickets = await program.tickets_of_all(count)
        deliveries = [await program.reply(ticket["number"], f"Answer to {ticket['number']}") for ticket in tickets]
        assert None not in deliveries
        states = [await program.settled(delivery) for delivery in deliveries]
        await program.stop()
        _judge(town.accepted(), tickets, states, count)


def _person(town: Town, n: int) -> Callable[[str], object]:
    """Somebody new on one of the four channels, by turns; how they write."""
    name = f"P{n}"
    channel = n % 4
    if channel == 0:
        chatter = town.telegram.add_person(name, language_code="en")
        return lambda text: chatter.write(text, town.bot)
    if channel == 1:
        member = town.discord.add_person(name)
        return lambda text: member.say(text, town.hall, mention=town.discord_bot)
    if channel == 2:
        poster = town.x.add_person(name, f"person_{n}")
        return lambda text: poster.mention(town.x_account, text)
    writer = town.mail.add_person(name, f"person{n}@customers.test", "en")
    return lambda text: writer.write(to="support@example.test", subject=f"Mail {n}", text=text)


async def _kill_after(program: Program, seconds: float) -> None:
    await asyncio.to_thread(threading.Event().wait, seconds)
    await program.kill()


async def _quietly(program: Program) -> list[dict]:
    try:
        return await program.tickets()
    except Exception as error:
        print(f"  (cut short: {type(error).__name__})", file=sys.stderr)
        return []


def _judge(accepted: list[str], tickets: list[dict], states: list[str], count: int) -> None:
    assert len(tickets) == count, f"{len(tickets)} tickets for {count} messages"
    texts = [m["text"] for ticket in tickets for m in ticket["messages"] if m["direction"] == "in"]
    assert len(set(texts)) == len(texts) == count
    assert len(set(accepted)) == len(accepted), "an answer was sent twice"
    assert len(states) == count
    assert set(states) <= {"sent", "unknown"}
    assert states.count("unknown") <= KILLS * MOST_AT_ONCE


if __name__ == "__main__":
    main()
