"""The talk above a mention: what was said before somebody called us, looked up post by post, upwards."""

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from connectors.x.api import XApi
from tickets.errors import ConnectorError

log = logging.getLogger(__name__)

MOST_KNOWN = 1_000
"""Posts that are remembered, as many people may write into one talk."""
AT_ONCE = 100
"""As many as one question looks up."""


class Reference(msgspec.Struct):
    type: str = ""
    id: str = ""


class Answering(msgspec.Struct):
    """The little that must be known of a post to go on upwards."""

    id: str = ""
    referenced_tweets: list[Reference] = []

    @property
    def above(self) -> str:
        """The post that it answers; empty without."""
        return next(
            (one.id for one in self.referenced_tweets if one.type == "replied_to" and one.id.isdecimal()), ""
        )


class Told(msgspec.Struct):
    post: Answering
    posts: list[Answering] = []


class Climber:
    """Looks up what stands above posts.  most: so many above the one that X tells beside each."""

    def __init__(self, api: XApi, most: int, count: Callable[[int], Awaitable[None]]) -> None:
        self._api = api
        self._most = most
        self._count = count
        self._known: OrderedDict[str, bytes] = OrderedDict()

    async def climb(self, posts: Sequence[bytes]) -> list[bytes]:
        """The posts, each with the talk above it, the nearest first; as they came where X does not tell."""
        chains: list[list[bytes]] = [[] for _ in posts]
        wanted = [_second(post) for post in posts]
        for _ in range(self._most):
            await self._look_up({one for one in wanted if one})
            for n, post_id in enumerate(wanted):
                found = self._known.get(post_id) if post_id else None
                if found is not None:
                    chains[n].append(found)
                wanted[n] = _answered(found) if found is not None else ""
        return [_with_above(post, chain) for post, chain in zip(posts, chains, strict=True)]

    async def _look_up(self, wanted: set[str]) -> None:
        unknown = sorted(wanted - self._known.keys())
        for at in range(0, len(unknown), AT_ONCE):
            try:
                found = await self._api.fetch_posts(unknown[at : at + AT_ONCE])
            except ConnectorError as error:  # a mention does not wait for what stands above it
                log.warning("X does not show what stands above a post: %s", error)
                return
            await self._count(len(found))
            self._known |= {post_id: post for post in found if (post_id := _id(post))}
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)


def _told(post: bytes) -> Told:
    try:
        return msgspec.json.decode(post, type=Told)
    except msgspec.MsgspecError:
        return Told(Answering())


def _second(post: bytes) -> str:
    """What the post answers that this one answers, as X tells that one beside it."""
    told = _told(post)
    beside = next((one for one in told.posts if one.id == told.post.above), None)
    return beside.above if beside is not None else ""


def _answered(post: bytes) -> str:
    return _told(post).post.above


def _id(post: bytes) -> str:
    return _told(post).post.id


def _with_above(post: bytes, chain: Sequence[bytes]) -> bytes:
    if not chain:
        return post
    told: dict[str, object] = msgspec.json.decode(post)
    return msgspec.json.encode({**told, "above": [msgspec.Raw(one) for one in chain]})
