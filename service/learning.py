"""What tickets are about, learnt from the team's corrections: in a process of its own, used only if better."""

import asyncio
import hashlib
import logging
import sys
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import msgspec

from router.categories import Classifier
from tickets.errors import StoreError
from tickets.records import NewJob
from tickets.storage import Store
from tickets.sweeping import Example

log = logging.getLogger(__name__)

LEARN: Final = "learn"
"""The kind of the job."""
MODEL: Final = "model/categories"
MARK: Final = "model/categories/sha256"
MOST_EXAMPLES: Final = 20_000
FEWEST_EXAMPLES: Final = 100
"""With fewer no other process is begun."""
LONGEST_S: Final = 900.0
REFUSED, NOT_BETTER = 3, 4


class Outcome(NamedTuple):
    """What came of learning.  figures: as ``router.training`` tells them.  sentence: for a person."""

    taken_over: bool
    sentence: str
    figures: dict[str, Any]


class Learning:
    """Learns, and keeps the model that all workers use.  classifier: of this one."""

    def __init__(self, store: Store, classifier: Classifier) -> None:
        self._store = store
        self._classifier = classifier
        self._mark = b""

    async def refresh(self) -> bool:
        """Use the model that is kept; whether it is another than before.  One that cannot be read is not used."""
        mark = await self._store.get_secret(MARK, lambda: b"none")
        if mark in (b"none", self._mark):
            return False
        data = await self._store.get_secret(MODEL, lambda: b"")
        self._mark = mark
        from router.learned import Learned

        try:
            self._classifier.learned = await asyncio.to_thread(Learned, data)
        except ValueError as error:
            log.warning("The learned model cannot be used, words alone tell: %s", error)
            return False
        return True

    async def learn(self) -> Outcome:
        """Learn from what colleagues said; the model takes over only if it does better than what is there."""
        examples = await self._store.list_examples(MOST_EXAMPLES)
        said = sum(one.category is not None for one in examples)
        if said < FEWEST_EXAMPLES:
            return Outcome(
                False, f"Colleagues said it of {said} tickets; {FEWEST_EXAMPLES} examples are needed.", {}
            )
        kept = await self._kept()
        status, model, told = await _trained(examples, kept)
        figures = _figures(told)
        if status == REFUSED:
            return Outcome(False, str(figures.get("refused", "There is too little to learn from.")), figures)
        if status == NOT_BETTER:
            return Outcome(False, "What was learnt is not better than what is in use, which stays.", figures)
        if status != 0:
            log.warning("Learning failed with status %d: %s", status, told[-500:].decode("utf-8", "replace"))
            return Outcome(False, "Learning failed; the log says why. What is in use stays.", {})
        await self._store.keep_secret(MODEL, model)
        await self._store.keep_secret(MARK, hashlib.sha256(model).hexdigest().encode())
        await self.refresh()
        return Outcome(True, "What was learnt is better than what was in use, and is used from now on.", figures)

    async def _kept(self) -> bytes:
        try:
            return await self._store.get_secret(MODEL, lambda: b"")
        except StoreError:
            return b""


def daily(now: datetime) -> NewJob:
    """Once a day, by whichever worker."""
    return NewJob(LEARN, f"{LEARN}:{now:%Y-%m-%d}", now)


async def _trained(examples: list[Example] | Any, old: bytes) -> tuple[int, bytes, bytes]:
    """The other process's status, what it made and what it said of that."""
    lines = b"\n".join(_line(one) for one in examples)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "old"
        arguments = [sys.executable, "-m", "router.training"]
        if old:
            await asyncio.to_thread(path.write_bytes, old)
            arguments.append(str(path))
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*arguments, stdin=pipe, stdout=pipe, stderr=pipe)
        try:
            async with asyncio.timeout(LONGEST_S):
                made, said = await process.communicate(lines)
        except BaseException:
            if process.returncode is None:
                process.kill()
            raise
    return process.returncode or 0, made, said


def _line(example: Example) -> bytes:
    told = {"text": example.text, "label": example.category, "language": example.language}
    return msgspec.json.encode(told)


def _figures(told: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(told.strip().splitlines()[-1], type=dict[str, Any])
    except (msgspec.DecodeError, IndexError):
        return {}
