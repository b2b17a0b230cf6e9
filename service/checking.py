"""Whether a file is harmful: asked of the configured scanner, and the team told while it does not answer."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from connectors.file_check import CommandChecker, FileChecker, IcapChecker
from service.config import FilesSection
from tickets.errors import CheckerAway
from tickets.notices import NewNotice
from tickets.ports import Clock
from tickets.storage import Store

log = logging.getLogger(__name__)

NOTICE: Final = "checker"
REST_S: Final = 30.0
"""One that hangs would hold up all other jobs."""
FOUND: Final = "The malware scanner found {name} in it, so nobody gets it here."


class CheckerRests(CheckerAway):
    """The scanner did not answer lately, and is not asked for a moment."""


class Checking:
    """checkers: all of them are asked; none where files are not checked."""

    def __init__(self, store: Store, clock: Clock, checkers: Sequence[FileChecker] = ()) -> None:
        self._store = store
        self._clock = clock
        self._checkers = checkers
        self._away = True
        """Until it has answered once: a notice of an earlier run may be open."""
        self._rests_until = 0.0
        self._answered_at: datetime | None = None

    def answered_since(self, moment: datetime) -> bool:
        """Whether it has looked at any file since then."""
        return self._answered_at is not None and self._answered_at >= moment

    def refuse_resting(self) -> None:
        """Raises CheckerRests while nobody is asked: nothing need be fetched then."""
        if self._checkers and self._clock.monotonic() < self._rests_until:
            raise CheckerRests("The malware scanner did not answer a moment ago.")

    async def refusal(self, content: bytes) -> str:
        """Why nobody may have a file; empty for a clean one.  Raises CheckerAway."""
        if not self._checkers:
            return ""
        self.refuse_resting()
        try:
            found = [await checker.check(content) for checker in self._checkers]
        except CheckerAway as error:
            self._rests_until = self._clock.monotonic() + REST_S
            await self._tell(str(error))
            raise
        self._answered_at = self._clock.now()
        if self._away:
            self._away = False
            await self._store.end_notices([NOTICE], self._clock.now())
        name = ", ".join(filter(None, found))
        if name:
            log.warning("The malware scanner found something in a file: %s", name)
        return FOUND.format(name=name) if name else ""

    async def _tell(self, why: str) -> None:
        self._away = True
        now = self._clock.now()
        text = (
            f"Files cannot be checked for malware: {why} They wait, and are shown once the scanner has looked. Is "
            "it running, and is its place in the section files of config.toml right?"
        )
        await self._store.raise_notices([NewNotice("checker", NOTICE, text, now)], now)


def checkers_of(files: FilesSection) -> tuple[FileChecker, ...]:
    """As configured; none where files are not checked."""
    found: list[FileChecker] = []
    if files.check_icap:
        found.append(IcapChecker(files.check_icap))
    if files.check_command:
        found.append(CommandChecker(files.check_command))
    return tuple(found)
