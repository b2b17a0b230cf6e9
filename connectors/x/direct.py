"""Direct messages, as far as X tells programs of them: plain ones, of the last 30 days.

Encrypted talks are told to nobody.  X allows 15 questions in 15 minutes, so they are asked for more seldom than
mentions, and in between.
Sources: https://docs.x.com/x-api/direct-messages/lookup/integrate and .../manage/integrate, read 2026-11.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from connectors.context import ConnectorContext
from connectors.lateness import is_late
from connectors.limit import Limit
from connectors.x.api import XApi
from connectors.x.place import Place, first_id, moment_of
from connectors.x.settings import Settings
from tickets.errors import ConnectorError, CredentialRejected
from tickets.ids import ExternalMessageId, ThreadKey
from tickets.model import RawEvent, Receipt
from tickets.ports import Gap
from tickets.spending import Spent

log = logging.getLogger(__name__)

PREFIX: Final = "dm/"
MOST_PAGES: Final = 14
"""Of the 15 questions that X allows in 15 minutes."""
KEPT = timedelta(days=30) - timedelta(minutes=5)
"""So far back X tells of them, less a margin for clocks."""
FORBIDDEN = (
    "X does not let this app read direct messages ({0}). Give it the permission Read and write and Direct message "
    "at developer.x.com, renew the account's tokens, or set direct_messages = false. Mentions go on."
)
LOST = (
    "X tells of direct messages of the last 30 days, 1,400 at a time. What was written to the account in this "
    "time is not told any more, so it may be missing. Look at the account's messages on X."
)


class Direct(msgspec.Struct):
    """The little that is looked at before it is safe."""

    id: str = ""
    sender_id: str = ""
    text: str = ""


class DirectMessage(msgspec.Struct):
    direct: Direct


class Read(NamedTuple):
    """What was told since a place, oldest first, and the place after it.  gap: what X does not tell any more."""

    events: tuple[RawEvent, ...]
    place: Place
    gap: Gap | None = None


class Directs:
    """Of one account."""

    def __init__(self, api: XApi, settings: Settings, context: ConnectorContext) -> None:
        self._api = api
        self._settings = settings
        self._context = context
        self._limit = Limit(context)
        self._again_at = 0.0
        """By the monotonic clock."""

    def due(self) -> bool:
        """Whether it is time to ask."""
        now = self._context.clock.monotonic()
        if not self._settings.direct_messages or now < self._again_at:
            return False
        self._again_at = now + self._settings.direct_s
        return True

    async def read(self, place: Place) -> Read:
        """What came since the place.  Where X does not tell, mentions do not wait: it is asked again later."""
        try:
            told, whole = await self._since(place.direct)
        except CredentialRejected as error:
            await self._limit.reached(FORBIDDEN.format(error))
            return Read((), place)
        except ConnectorError as error:
            log.warning("X does not tell of direct messages: %s", error)
            return Read((), place)
        await self._limit.over()
        newest = max((int(one.id) for one, _payload in told), default=int(place.direct or 0))
        after = replace(place, direct=str(newest))
        if place.direct is None and self._settings.first_start == "now":
            return Read((), after)
        events = tuple(self._raw(one, payload) for one, payload in told if one.sender_id != self._api.account.id)
        return Read(events, after, None if whole else self._gap(place, told))

    async def find_sent(self, person: str, text: str) -> Sequence[Receipt]:
        """Our own messages to somebody with these words, of the newest hundred.  Raises ConnectorError."""
        page = await self._api.fetch_direct(person, None)
        await self._count(len(page.posts))
        told = [one for one, _payload in _numbered(page.posts)]
        ours = [one for one in told if one.sender_id == self._api.account.id and one.text.split() == text.split()]
        return [Receipt(ExternalMessageId(f"{PREFIX}{one.id}"), moment_of(int(one.id))) for one in ours]

    async def _since(self, since: str | None) -> tuple[list[tuple[Direct, bytes]], bool]:
        """Those behind the place, oldest first; and whether there are no others.  None: those that X still has."""
        known, reached, token = int(since or 0), False, None
        found: list[tuple[Direct, bytes]] = []
        for _ in range(1 if since is None and self._settings.first_start == "now" else MOST_PAGES):
            page = await self._api.fetch_direct(None, token)
            await self._count(len(page.posts))
            told, token = _numbered(page.posts), page.next_token
            found += [(one, payload) for one, payload in told if int(one.id) > known]
            reached = any(int(one.id) <= known for one, _payload in told)
            if reached or token is None:
                break
        kept = not known or known >= first_id(self._context.clock.now() - KEPT)
        whole = since is None or reached or (token is None and kept)
        return sorted(found, key=lambda one: int(one[0].id)), whole

    async def _count(self, messages: int) -> None:
        if messages:
            price = self._settings.prices.direct_read
            await self._context.spend((Spent("direct", messages, messages * price),))

    def _gap(self, place: Place, told: Sequence[tuple[Direct, bytes]]) -> Gap:
        oldest = moment_of(int(told[0][0].id)) if told else self._context.clock.now()
        return Gap(since=moment_of(int(place.direct or 0)), until=oldest, what=LOST)

    def _raw(self, message: Direct, payload: bytes) -> RawEvent:
        now = self._context.clock.now()
        return RawEvent(
            channel="x",
            account=self._context.account,
            external_id=f"{PREFIX}{message.id}",
            conversation=f"{PREFIX}{message.sender_id}",
            payload=payload,
            received_at=now,
            own_id=self._api.account.id,
            late=is_late(moment_of(int(message.id)), now),
        )


def person_of(key: ThreadKey) -> str | None:
    """With whom a conversation is; None for one that is no direct messages."""
    return key.removeprefix(PREFIX) if key.startswith(PREFIX) else None


def _numbered(payloads: Sequence[bytes]) -> list[tuple[Direct, bytes]]:
    """Those that have an id, by which they are known again; X gives one to each."""
    found = []
    for payload in payloads:
        try:
            one = msgspec.json.decode(payload, type=DirectMessage).direct
        except msgspec.MsgspecError:
            continue
        if one.id.isascii() and one.id.isdigit() and len(one.id) < 21:
            found.append((one, payload))
    return found
