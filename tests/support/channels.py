"""A channel that goes nowhere: what was sent can be looked at, and what goes wrong is asked for."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from tests.support.builders import T0
from tickets.errors import DeliveryError
from tickets.ids import ExternalMessageId
from tickets.model import Receipt, Reply
from tickets.ports import Bucket


class FakeSender:
    """See ``tickets.ports.Sender``.

    sent: every piece that arrived, also those whose answer was lost.
    outcomes: what the next sends do instead of succeeding, in order; None
    succeeds.  before_sending: called with each piece before it leaves.
    """

    at_once = 16

    def __init__(self, *buckets: Bucket, now: Callable[[], datetime] = lambda: T0) -> None:
        self.sent: list[Reply] = []
        self.outcomes: list[Exception | None] = []
        self.before_sending: Callable[[Reply], Awaitable[None]] | None = None
        self._buckets = buckets
        self._now = now

    @property
    def texts(self) -> list[str]:
        return [reply.text for reply in self.sent]

    def buckets(self, reply: Reply) -> tuple[Bucket, ...]:
        return self._buckets

    async def send(self, reply: Reply) -> Receipt:
        if self.before_sending is not None:
            await self.before_sending(reply)
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if not isinstance(outcome, DeliveryError) or outcome.delivered is None:
            self.sent.append(reply)
        if outcome is not None:
            raise outcome
        return Receipt(ExternalMessageId(f"x-{len(self.sent)}"), self._now())


def lost() -> DeliveryError:
    """It left, and nobody knows whether it arrived."""
    return DeliveryError("no_answer", "No answer came.", temporary=True, delivered=None)


def not_now(retry_after_s: float | None = None) -> DeliveryError:
    return DeliveryError("rate_limited", "Too many.", temporary=True, delivered=False, retry_after_s=retry_after_s)


def never(code: str = "refused") -> DeliveryError:
    return DeliveryError(code, "The platform refuses it.", temporary=False, delivered=False)
