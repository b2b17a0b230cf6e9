"""A server's 1,000 open threads: what does not fit waits or goes on in direct messages, and the team is told.

Source: https://discord.com/developers/docs/topics/threads#active--archived-threads, read 2026-11.
"""

from connectors.context import ConnectorContext
from connectors.limit import Limit
from tickets.errors import DeliveryError, Unreachable

FULL = "full"
"""The code of a delivery that waits for room."""
RETRY_S = 60.0
NO_ROOM = "The server has as many open threads as Discord allows."
TOLD = (
    "A Discord server has as many open threads as Discord allows (1,000). New forms go on in direct messages, and "
    "answers into archived threads wait until there is room. Close tickets, or archive threads on the server."
)
MOST_WAITING = 1_000


class NoRoom(Unreachable):
    """The cap is reached."""

    def __init__(self) -> None:
        super().__init__(NO_ROOM)


def waits() -> DeliveryError:
    """It is sent as soon as there is room, however long that takes."""
    return DeliveryError(FULL, NO_ROOM, temporary=True, delivered=False, retry_after_s=RETRY_S)


class ThreadCap:
    """Of one bot: tells once that the cap is reached, and once that everything found room again.

    A bot may be on several servers, of which one is full: so it is over only when nothing waits any more.  What
    was told before this process began, or by another one, is taken back with the first piece that leaves; who
    still waits elsewhere says it again.
    """

    def __init__(self, context: ConnectorContext) -> None:
        self._limit = Limit(context)
        self._waiting: set[str] = set()
        """Keys of pieces that wait for room."""
        self._turned_away = False
        """Whether the last form got no room of its own."""

    async def turned_away(self) -> None:
        """A form goes on in direct messages."""
        self._turned_away = True
        await self._limit.reached(TOLD)

    async def waits(self, key: str) -> None:
        """key: of a piece, or a thread, that waits for room."""
        if len(self._waiting) < MOST_WAITING:
            self._waiting.add(key)
        await self._limit.reached(TOLD)

    async def opened(self) -> None:
        """A form got a room."""
        self._turned_away = False
        await self._over()

    async def fits(self, key: str) -> None:
        """A piece left, or a thread was opened again."""
        self._waiting.discard(key)
        await self._over()

    async def _over(self) -> None:
        if not self._waiting and not self._turned_away:
            await self._limit.over()
