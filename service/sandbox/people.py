"""Scripted people: they write, and they react to answers."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from service.sandbox.script import CAST, Line, Where
from service.sandbox.venues import Say, Venue
from tickets.ports import Clock

REACTION_S = 4.0


class Town:
    """Everybody in the sandbox, on every platform.  pace: 1.0 is real time, less is faster."""

    def __init__(self, clock: Clock, pace: float = 1.0) -> None:
        self._clock = clock
        self._pace = pace
        self._venues: dict[Where, Venue] = {}
        self._characters = {character.key: character for character in CAST}
        self._answers: dict[tuple[Where, str], int] = {}
        self._reactions: set[asyncio.Task[None]] = set()

    def open(self, venues: Mapping[Where, Venue]) -> None:
        """Let everybody have an account everywhere."""
        self._venues = dict(venues)
        for venue in venues.values():
            for character in CAST:
                venue.settle(character)

    async def play(self, script: Sequence[Line]) -> None:
        """Let everybody say their lines, in order and in their time."""
        for line in script:
            await self._clock.sleep(line.after_s * self._pace)
            self._venues[line.where].say(line)

    async def close(self) -> None:
        for task in self._reactions:
            task.cancel()
        await asyncio.gather(*self._reactions, return_exceptions=True)

    def answered(self, where: Where, key: str, say: Say) -> None:
        """Somebody got an answer: they thank for the first, ask after the second, and leave it at that."""
        count = self._answers[where, key] = self._answers.get((where, key), 0) + 1
        character = self._characters[key]
        text = {1: character.thanks, 2: character.follow_up}.get(count, "")
        if text:
            task = asyncio.create_task(self._later(lambda: say(text)))
            self._reactions.add(task)
            task.add_done_callback(self._reactions.discard)

    async def _later(self, say: Callable[[], object]) -> None:
        await self._clock.sleep(REACTION_S * self._pace)
        say()
