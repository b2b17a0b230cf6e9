"""A connector in its smallest complete form: source, sender, and the edge where errors become ours."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Protocol

import msgspec

from connectors.context import ConnectorContext
from connectors.skeleton.capabilities import CAPABILITIES
from connectors.skeleton.settings import Settings
from tickets.errors import CredentialRejected, DeliveryError, Unreachable
from tickets.ids import AccountId, ExternalMessageId
from tickets.model import RawEvent, Receipt, Reply
from tickets.ports import Batch, Bucket, Capabilities


class Line(Protocol):
    """Stands for the platform's library.  Any of its calls may raise OSError, or PermissionError."""

    async def fetch(self, after: int) -> list[dict[str, str | int]]:
        """Messages with a number above ``after``, oldest first."""

    async def post(self, conversation: str, text: str, key: str) -> int:
        """The number of the new message."""

    async def find(self, key: str) -> int | None:
        """The number of the message posted with this key."""


class SkeletonSource:
    def __init__(self, line: Line, settings: Settings, context: ConnectorContext) -> None:
        self._line = line
        self._settings = settings
        self._context = context

    async def batches(self, cursor: str | None) -> AsyncGenerator[Batch, None]:
        """The pump asks for the next batch only after this one is committed: yield, then move on."""
        place = int(cursor or 0)
        with translated():
            await self._line.fetch(place)
        yield Batch(events=())
        while True:
            with translated():
                messages = await self._line.fetch(place)
            if messages:
                place = int(messages[-1]["number"])
                yield Batch(events=tuple(self._event(message) for message in messages), cursor=str(place))
            else:
                await self._context.clock.sleep(self._settings.look_every_s)

    async def acknowledge(self, batch: Batch) -> None:
        """Where the platform must be told, tell it here; it is safe now."""

    def _event(self, message: dict[str, str | int]) -> RawEvent:
        return RawEvent(
            channel=CAPABILITIES.channel,
            account=self._context.account,
            external_id=str(message["number"]),
            conversation=str(message["conversation"]),
            payload=msgspec.json.encode(message),
            received_at=self._context.clock.now(),
            own_id=self._context.account,
        )


class SkeletonSender:
    """Also a ProvingSender: this platform can be asked what arrived."""

    at_once = 1

    def __init__(self, line: Line) -> None:
        self._line = line

    def buckets(self, reply: Reply) -> tuple[Bucket, ...]:
        return (Bucket(name="all", capacity=1, per_s=1.0),)

    async def send(self, reply: Reply) -> Receipt:
        """Every error must say whether the message may have arrived; a lost answer means: perhaps."""
        try:
            number = await self._line.post(reply.target.thread_key, reply.text, reply.send_key)
        except PermissionError as error:
            raise DeliveryError("credential", "The token is refused.", temporary=True, delivered=False) from error
        except OSError as error:
            raise DeliveryError("no_answer", "No answer came.", temporary=True, delivered=None) from error
        return Receipt(external_id=ExternalMessageId(str(number)), sent_at=reply.created_at)

    async def find_sent(self, reply: Reply) -> Receipt | None:
        with translated():
            number = await self._line.find(reply.send_key)
        if number is None:
            return None
        return Receipt(external_id=ExternalMessageId(str(number)), sent_at=reply.created_at)


class SkeletonConnector:
    """Making it does no I/O; ``open`` may."""

    def __init__(self, line: Line, settings: Settings, context: ConnectorContext) -> None:
        self._line = line
        self.account: AccountId = context.account
        self.capabilities: Capabilities = CAPABILITIES
        self.source = SkeletonSource(line, settings, context)
        self.sender = SkeletonSender(line)

    async def check(self) -> str:
        with translated():
            await self._line.fetch(0)
        return self.account

    async def open(self) -> None:
        """Connect here; raise ConnectorError."""

    async def close(self) -> None:
        """Let go of connections here; safe to call twice."""


@contextmanager
def translated() -> Iterator[None]:
    """The library's errors as ConnectorError, at this one edge."""
    try:
        yield
    except PermissionError as error:
        raise CredentialRejected("The token is refused. Get a new one from the platform.") from error
    except OSError as error:
        raise Unreachable(f"The platform cannot be reached ({type(error).__name__}).") from error
