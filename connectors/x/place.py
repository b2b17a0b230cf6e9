"""How far an account's mentions have been read.  X's ids are times."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec.structs import replace

EPOCH = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=1_288_834_974_657)
"""Where X's clock starts (https://docs.x.com/fundamentals/x-ids)."""
LATE_IDS = 30_000 << 22
"""Half a minute, in ids."""
SEARCHED = timedelta(days=7) - timedelta(minutes=5)
"""So far back X searches (https://docs.x.com/x-api/posts/search/introduction), less a margin for clocks."""


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """since: the newest post known; None when there was none yet.

    recent: the posts known from the last moments before it, as X may tell
    of an older post after a newer one.  own: how far the account's own posts
    were looked through; None: not yet.  direct: how far direct messages were read; None: not asked yet.
    recent_directs: those known from the last moments before it.
    """

    since: str | None = None
    recent: tuple[str, ...] = ()
    own: str | None = None
    direct: str | None = None
    recent_directs: tuple[str, ...] = ()

    def asked_since(self, now: datetime) -> str | None:
        """The newest post known; while that is fresh, a post of half a minute ago instead.

        Later it is asked for exactly: X takes money for each post it tells.
        """
        return None if self.since is None else str(min(int(self.since), first_id(now) - LATE_IDS))

    @property
    def cursor(self) -> str:
        return msgspec.json.encode(self).decode()

    def after(self, posts: list[str], newest: str | None) -> "Place":
        """With these posts handed out too."""
        if newest is None:
            return self
        late = int(newest) - LATE_IDS
        known = (one for one in (*self.recent, *posts) if one.isdigit() and int(one) > late)
        return replace(self, since=newest, recent=tuple(known))

    def after_directs(self, told: Sequence[int], reached: int) -> "Place":
        """With direct messages read so far, these among them."""
        known = {one for one in (*map(int, self.recent_directs), *told) if one > reached - LATE_IDS}
        return replace(self, direct=str(reached), recent_directs=tuple(map(str, sorted(known))))


def first_id(moment: datetime) -> int:
    """The smallest id a post of then can have."""
    return ((moment - EPOCH) // timedelta(milliseconds=1)) << 22


def moment_of(number: int) -> datetime:
    """When a post of this id was written."""
    return EPOCH + timedelta(milliseconds=number >> 22)
