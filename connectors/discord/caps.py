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
    """Of one bot: tells once that the cap is reached, and once that there is room again."""

    def __init__(self, context: ConnectorContext) -> None:
        self._limit = Limit(context)
        self._waiting: set[str] = set()

    async def reached(self, send_key: str = "") -> None:
        """send_key: of a piece that waits for room."""
        if send_key and len(self._waiting) < MOST_WAITING:
            self._waiting.add(send_key)
        await self._limit.reached(TOLD)

    async def there_is_room(self) -> None:
        """A thread was opened."""
        await self._limit.over()

    async def sent(self, send_key: str) -> None:
        """A piece left; where it waited for room there is some now, else it says nothing."""
        if send_key in self._waiting:
            self._waiting.discard(send_key)
            await self._limit.over()
