"""A limit of the platform that an account has reached: told once, and once more when it is over."""

from typing import Final

from connectors.context import ConnectorContext

AGAIN_S: Final = 60.0
"""Another worker may have said that it is over; so it is said again after so long."""


class Limit:
    """Of one account, which has one kind of limit."""

    def __init__(self, context: ConnectorContext) -> None:
        self._context = context
        self._reached: bool | None = None
        self._told_at = 0.0

    async def reached(self, why: str) -> None:
        """why: a sentence for the team, with what to do."""
        now = self._context.clock.monotonic()
        if self._reached is not True or now - self._told_at >= AGAIN_S:
            self._reached, self._told_at = True, now
            await self._context.limited(why)

    async def over(self) -> None:
        if self._reached is not False:
            self._reached = False
            await self._context.limited("")
