"""Answering: a post under the post answered.  Never a post that stands alone."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from connectors.context import ConnectorContext
from connectors.x.api import OwnPost, XApi
from connectors.x.direct import Directs, person_of
from connectors.x.settings import Settings
from connectors.x.wording import is_same
from tickets.errors import DeliveryError, RateLimited
from tickets.ids import ExternalMessageId
from tickets.model import Receipt, Reply
from tickets.ports import Bucket
from tickets.spending import Spent, direct_cost, post_cost

AT_ONCE = 0.04
EVENLY = 0.95
"""Of what X allows in a span, so much may leave at once and so much evenly: together less than all of it, also
while our clock runs 2 % fast to catch up."""
LOOKS = Bucket(name="looks", capacity=20, per_s=0.8, shared=False)
"""X allows 900 questions for the account's posts in 15 minutes; one look may be several."""
UPLOADS = Bucket(name="uploads", capacity=10, per_s=0.12, shared=False)
"""X allows 500 pictures in 15 minutes, and an answer has at most four (https://docs.x.com/x-api/media/upload-media)."""
LOOKED_BACK = timedelta(hours=26)
"""Our clock may be ahead of X's by so much, and a post is still found."""
IDS_BEGAN_MS = 1_288_834_974_657
"""X's ids are times (https://docs.x.com/fundamentals/x-ids), in milliseconds since 1970 from here on."""

DIRECT: Final = (
    Bucket(name="direct", capacity=2, per_s=12 / 900),
    Bucket(name="direct_all", capacity=50, per_s=1_380 / 86_400),
)
"""Of direct messages X allows 15 in 15 minutes and 1,440 a day."""


class XSender:
    at_once = 2

    def __init__(self, api: XApi, settings: Settings, context: ConnectorContext, directs: Directs) -> None:
        self._directs = directs
        self._api = api
        self._settings = settings
        self._context = context
        self._looks_again_at = 0.0
        """X asked not to be asked for the account's posts before this time of the monotonic clock."""

    def buckets(self, reply: Reply) -> tuple[Bucket, ...]:
        if person_of(reply.target.thread_key) is not None:
            return (*DIRECT, UPLOADS) if reply.carries else DIRECT
        posts = _allowed("posts", self._settings.per_15_min, 900)
        every = _allowed("all", self._settings.per_day, 86_400)
        return (posts, every, UPLOADS) if reply.carries else (posts, every)

    async def send(self, reply: Reply) -> Receipt:
        """Raises DeliveryError; where X forbids a program to answer, one that a person can answer by hand."""
        if (person := person_of(reply.target.thread_key)) is not None:
            return await self._send_direct(reply, person)
        answering = reply.previous or reply.target.in_reply_to
        if answering is None:
            text = "There is no post to answer, and a post of its own is nobody's answer."
            raise DeliveryError("refused", text, temporary=False, delivered=False)
        self._context.crash("x.before_send")
        pictures = [await self._api.upload(file) for file in reply.files]
        if pictures:
            self._context.crash("x.pictures_uploaded")
        receipt = await self._api.create_post(reply.text, answering, pictures)
        self._context.crash("x.after_send")
        await self._context.spend(post_cost(reply.text, self._settings.prices, first=reply.part == 1))
        return receipt

    async def _send_direct(self, reply: Reply, person: str) -> Receipt:
        self._context.crash("x.before_send")
        pictures = [await self._api.upload(file, direct=True) for file in reply.files[:1]]
        if pictures:
            self._context.crash("x.pictures_uploaded")
        receipt = await self._api.send_direct(person, reply.text, next(iter(pictures), None))
        self._context.crash("x.after_send")
        await self._context.spend(direct_cost(self._settings.prices))
        return receipt

    async def hide(self, message: ExternalMessageId, *, hidden: bool) -> None:
        """Only in conversations that the account began."""
        await self._api.hide(message, hidden=hidden)

    @property
    def certain_after_s(self) -> float:
        return self._settings.appears_within_s

    async def find_sent(self, reply: Reply, since: datetime) -> Sequence[Receipt]:
        """The account's own posts under the one answered, or direct messages, with these words."""
        if (person := person_of(reply.target.thread_key)) is not None:
            return await self._directs.find_sent(reply, person, since - LOOKED_BACK)
        answering = reply.previous or reply.target.in_reply_to
        if answering is None:
            return ()
        posts = await self._posts_after(max(answering, _first_id(since - LOOKED_BACK), key=_place))
        ours = [post for post in posts if post.answers == answering]
        return [post.receipt for post in ours if is_same(post.text, reply.text, carries=reply.carries)]

    async def _posts_after(self, post_id: str) -> list[OwnPost]:
        """A pause that X asks for holds for every answer that is looked for."""
        wait_s = self._looks_again_at - self._context.clock.monotonic()
        if wait_s > 0:
            raise RateLimited("X asked for a pause.", wait_s)
        wait_s = await self._context.take((LOOKS,))
        if wait_s > 0:
            raise RateLimited("So many posts are looked for that X's limit would be passed.", wait_s)
        try:
            posts = await self._api.fetch_own_posts(after=post_id)
        except RateLimited as error:
            self._looks_again_at = self._context.clock.monotonic() + error.retry_after_s
            raise
        await self._context.spend((Spent("own", len(posts), len(posts) * self._settings.prices.own),))
        return posts


def _first_id(moment: datetime) -> str:
    """The smallest id a post made then can have."""
    passed = moment - datetime.fromtimestamp(0, UTC)
    return str(max(0, passed // timedelta(milliseconds=1) - IDS_BEGAN_MS) << 22)


def _place(post_id: str) -> int:
    return int(post_id) if post_id.isdecimal() else 0


def _allowed(name: str, most: int, span_s: int) -> Bucket:
    return Bucket(name=name, capacity=max(1, int(most * AT_ONCE)), per_s=most * EVENLY / span_s)
