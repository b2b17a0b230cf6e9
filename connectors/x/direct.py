"""Direct messages, as far as X tells programs of them: plain ones, of the last 30 days.

Encrypted talks are told to nobody.  X allows 15 questions in 15 minutes, so they are asked for more seldom than
mentions, and in between.
Sources: https://docs.x.com/x-api/direct-messages/lookup/integrate and .../manage/integrate, read 2026-11.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from connectors.context import ConnectorContext
from connectors.lateness import is_late
from connectors.limit import Limit
from connectors.x.api import Page, XApi
from connectors.x.place import LATE_IDS, Place, first_id, moment_of
from connectors.x.settings import Settings
from connectors.x.wording import is_same
from tickets.errors import ConnectorError, CredentialRejected, RateLimited, Unreachable
from tickets.ids import ExternalMessageId, ThreadKey
from tickets.model import RawEvent, Receipt, Reply
from tickets.ports import Bucket, Gap
from tickets.spending import Spent

log = logging.getLogger(__name__)

PREFIX: Final = "dm/"
MOST_PAGES: Final = 14
"""Of the 15 questions that X allows in 15 minutes."""
KEPT = timedelta(days=30) - timedelta(minutes=5)
"""So far back X tells of them, less a margin for clocks."""
QUIET = timedelta(days=2)
"""Where nothing was written, the place follows the time at this distance: more than clocks are apart."""
CLOCKS_APART = timedelta(minutes=5)
TOLD_AFTER_S: Final = 1_800.0
"""So long X may fail before the team is told."""
MOST_LOOKS: Final = 3
LOOKS = Bucket(name="direct_looks", capacity=MOST_LOOKS, per_s=11 / 900, shared=False)
"""X allows 15 looks into one talk in 15 minutes."""
FORBIDDEN = (
    "X does not let this app read direct messages ({0}). Give it the permission Read and write and Direct message "
    "at developer.x.com, renew the account's tokens, or set direct_messages = false. Mentions go on."
)
FAILING = "X has not told of direct messages for half an hour ({0}). They are asked for on and on; mentions go on."
LOST = (
    "X tells of direct messages of the last 30 days, 1,400 at a time. What was written to the account in this "
    "time is not told any more, so it may be missing. Look at the account's messages on X."
)


class Direct(msgspec.Struct):
    """The little that is looked at before it is safe."""

    id: str = ""
    sender_id: str = ""
    text: str = ""

    @property
    def number(self) -> int:
        """Its id, which is a time; 0 for one that is none."""
        return int(self.id) if self.id.isascii() and self.id.isdigit() and len(self.id) < 21 else 0


class DirectMessage(msgspec.Struct):
    direct: Direct


class Bare(msgspec.Struct):
    id: str


class BareMessage(msgspec.Struct):
    direct: Bare


class Read(NamedTuple):
    """What was told since a place, oldest first, and the place after it.  gap: what X does not tell any more."""

    events: tuple[RawEvent, ...]
    place: Place
    gap: Gap | None = None


@dataclass
class Walk:
    """From the newest message back to a place, page by page.  Where X asks for a pause, it goes on after that.

    most: so many pages.
    """

    since: str | None
    most: int
    told: dict[str, tuple[Direct, bytes]] = field(default_factory=dict)
    token: str | None = None
    pages: int = 0
    reached: bool = False
    failures: int = 0

    @property
    def over(self) -> bool:
        return self.pages > 0 and (self.reached or self.token is None or self.pages >= self.most)

    def take(self, page: Page) -> None:
        """One page more.  X may tell of an older message after a newer one, so the walk goes a little further."""
        behind = int(self.since or 0) - LATE_IDS
        found = [_seen(payload) for payload in page.posts]
        self.told |= {one.id: (one, payload) for one, payload in zip(found, page.posts, strict=True)}
        self.reached = any(0 < one.number <= behind for one in found)
        self.token, self.pages = page.next_token, self.pages + 1


class Directs:
    """Of one account."""

    def __init__(self, api: XApi, settings: Settings, context: ConnectorContext) -> None:
        self._api = api
        self._settings = settings
        self._context = context
        self._limit = Limit(context)
        self._walk: Walk | None = None
        """One that X has interrupted."""
        self._again_at = 0.0
        self._failing_since: float | None = None
        """Both by the monotonic clock."""
        self._counted: tuple[date, set[str]] = (date.min, set())

    def due(self) -> bool:
        """Whether it is time to ask."""
        now = self._context.clock.monotonic()
        if not self._settings.direct_messages or now < self._again_at:
            return False
        self._again_at = now + self._settings.direct_s
        return True

    async def read(self, place: Place) -> Read:
        """What came since the place.  Where X does not tell, mentions do not wait: it is asked again later."""
        begins = place.direct is None and self._settings.first_start == "now"
        try:
            walk = await self._walked(place, 1 if begins else MOST_PAGES)
        except ConnectorError as error:
            await self._failed(error)
            walk = None
        if walk is None:
            return Read((), self._begun(place) if begins else place)
        self._failing_since = None
        await self._limit.over()
        fresh = [] if begins else self._fresh(walk, place)
        after = self._after(walk, place)
        events = tuple(self._raw(one, payload) for one, payload in fresh if one.sender_id != self._api.account.id)
        return Read(events, after, None if self._is_whole(walk) else self._gap(place, walk))

    async def find_sent(self, reply: Reply, person: str, earliest: datetime) -> Sequence[Receipt]:
        """Our own messages to somebody with these words, from then on.

        Raises ConnectorError, also where X does not show as much of the talk as would prove that there is none:
        what is answered, or anything from before.
        """
        told: list[Direct] = []
        token, whole = None, False
        answered = (reply.target.in_reply_to or "").removeprefix(PREFIX)
        for _ in range(MOST_LOOKS):
            if (wait_s := await self._context.take((LOOKS,))) > 0:
                raise RateLimited("So many messages are looked for that X's limit would be passed.", wait_s)
            page = await self._api.fetch_direct(person, token)
            await self._count(page.posts)
            told += map(_seen, page.posts)
            token = page.next_token
            whole = any(one.id == answered or 0 < one.number < first_id(earliest) for one in told)
            if whole or token is None:
                break
        ours = [one for one in told if one.number >= first_id(earliest) and self._is_sent(one, reply)]
        if not ours and not whole:
            raise Unreachable("X does not show enough of the talk to tell whether the message arrived.")
        return [Receipt(ExternalMessageId(f"{PREFIX}{one.id}"), moment_of(one.number)) for one in ours]

    def _is_sent(self, one: Direct, reply: Reply) -> bool:
        return one.sender_id == self._api.account.id and is_same(one.text, reply.text, carries=reply.carries)

    async def _walked(self, place: Place, most: int) -> Walk | None:
        """All since the place; None where X wants a pause, after which the same walk goes on."""
        if self._walk is None or self._walk.since != place.direct or self._walk.failures > 1:
            self._walk = Walk(place.direct, most)
        walk = self._walk
        while not walk.over:
            walk.failures += 1
            page = await self._api.fetch_direct(None, walk.token)
            walk.failures = 0
            walk.take(page)
            await self._count(page.posts)
            self._pause(page.wait_s)
            if page.wait_s and not walk.over:
                return None
        self._walk = None
        return walk

    async def _failed(self, error: ConnectorError) -> None:
        now = self._context.clock.monotonic()
        log.warning("X does not tell of direct messages: %s", error)
        if isinstance(error, CredentialRejected):
            await self._limit.reached(FORBIDDEN.format(error))
            return
        if isinstance(error, RateLimited):
            self._pause(error.retry_after_s)
        self._failing_since = now if self._failing_since is None else self._failing_since
        if now - self._failing_since >= TOLD_AFTER_S:
            await self._limit.reached(FAILING.format(str(error).rstrip(".")))

    def _pause(self, wait_s: float) -> None:
        self._again_at = max(self._again_at, self._context.clock.monotonic() + wait_s)

    def _begun(self, place: Place) -> Place:
        """Where X does not tell yet: what is written from now on is wanted all the same."""
        return place.after_directs([], first_id(self._context.clock.now() - CLOCKS_APART))

    def _fresh(self, walk: Walk, place: Place) -> list[tuple[Direct, bytes]]:
        """Oldest first; what cannot be read stands in front, and is known again by its content."""
        behind = int(place.direct or 0) - LATE_IDS
        known = {*place.recent_directs, place.direct}
        told = sorted(walk.told.values(), key=lambda one: one[0].number)
        return [
            (one, payload)
            for one, payload in told
            if not one.number or (one.number > behind and one.id not in known)
        ]

    def _after(self, walk: Walk, place: Place) -> Place:
        quiet = first_id(self._context.clock.now() - QUIET)
        numbers = [one.number for one, _payload in walk.told.values()]
        return place.after_directs(numbers, max(*numbers, quiet, int(place.direct or 0)))

    def _is_whole(self, walk: Walk) -> bool:
        """Whether nothing is missing between the place and what was told."""
        if walk.since is None or walk.reached:
            return True
        return walk.token is None and int(walk.since) >= first_id(self._context.clock.now() - KEPT)

    def _gap(self, place: Place, walk: Walk) -> Gap:
        numbers = [one.number for one, _payload in walk.told.values() if one.number]
        oldest = moment_of(min(numbers)) if numbers else self._context.clock.now()
        return Gap(since=moment_of(int(place.direct or 0)), until=oldest, what=LOST)

    async def _count(self, payloads: Sequence[bytes]) -> None:
        """X takes money for each message once a day, however often it tells of it."""
        today = self._context.clock.now().date()
        day, known = self._counted if self._counted[0] == today else (today, set())
        fresh = {_seen(payload).id for payload in payloads} - known
        self._counted = (day, known | fresh)
        if fresh:
            price = self._settings.prices.direct_read
            await self._context.spend((Spent("direct", len(fresh), len(fresh) * price),))

    def _raw(self, message: Direct, payload: bytes) -> RawEvent:
        now = self._context.clock.now()
        return RawEvent(
            channel="x",
            account=self._context.account,
            external_id=f"{PREFIX}{message.id}",
            conversation=f"{PREFIX}{message.sender_id or 'none'}",
            payload=payload,
            received_at=now,
            own_id=self._api.account.id,
            late=is_late(moment_of(message.number), now) if message.number else False,
        )


def person_of(key: ThreadKey) -> str | None:
    """With whom a conversation is; None for one that is no direct messages."""
    return key.removeprefix(PREFIX) if key.startswith(PREFIX) else None


def _seen(payload: bytes) -> Direct:
    """One of a wrong shape is named by its id, or else by its content, and kept for a person to look at."""
    try:
        one = msgspec.json.decode(payload, type=DirectMessage).direct
    except msgspec.MsgspecError:
        one = Direct()
    if one.number:
        return one
    try:
        bare = Direct(msgspec.json.decode(payload, type=BareMessage).direct.id)
    except msgspec.MsgspecError:
        bare = Direct()
    return bare if bare.number else Direct(f"odd/{hashlib.sha256(payload).hexdigest()[:16]}")
