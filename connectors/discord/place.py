"""How far a bot has read: one point in time for all its channels.

Discord's ids are times (https://discord.com/developers/docs/reference#snowflakes),
so one id says for every channel which messages lie behind it.  The gateway
may tell of two channels in another order than they were written, so reading
on begins a little earlier; what is known by name from that stretch is not
handed out twice.
"""

import re
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec.structs import replace

EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
"""Where Discord's clock starts."""
MARGIN_MS = 10_000
_ID = re.compile(r"[0-9]{1,20}")
MOST_REMEMBERED = 200
MOST_PRIVATE = 50


def read_id(text: object) -> int | None:
    """One of Discord's ids, told as decimal text; None for anything else."""
    return int(text) if isinstance(text, str) and _ID.fullmatch(text) else None


def first_id(moment: datetime) -> int:
    """The smallest id a message written then can have."""
    return ((moment - EPOCH) // timedelta(milliseconds=1)) << 22


def moment_of(number: int) -> datetime:
    """When what has this id was made."""
    return EPOCH + timedelta(milliseconds=number >> 22)


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """seen: everything up to this id is safe.

    recent: messages handed out within the last stretch before it.
    private: where direct messages were handed out last; the router may not
    have made a ticket of them yet, so nobody else knows these conversations.
    reached: while what was missed is read, how far that has come in each
    conversation, so that a crash does not begin it anew.
    unheard: the id from which on something may have been missed that is not
    announced, while it is looked for; 0 when nothing was missed.
    """

    seen: int
    recent: tuple[int, ...] = ()
    private: tuple[int, ...] = ()
    reached: dict[int, int] = {}
    unheard: int = 0

    @classmethod
    def read(cls, cursor: str | None, otherwise: int) -> "Place":
        """What ``cursor`` says; a new place at ``otherwise`` when there is none."""
        return cls(otherwise) if cursor is None else msgspec.json.decode(cursor, type=cls)

    @property
    def cursor(self) -> str:
        return msgspec.json.encode(self).decode()

    @property
    def reread_from(self) -> int:
        """The id after which reading on begins."""
        return max(0, self.seen - (MARGIN_MS << 22))

    def remembering(self, message: int, private: int | None) -> "Place":
        """A message of this id was handed out; how far all is safe stays as it is.

        private: its conversation when it is a direct message.
        """
        channels = self.private
        if private is not None:
            channels = (*(one for one in channels if one != private), private)[-MOST_PRIVATE:]
        return replace(self, recent=(*self.recent, message)[-MOST_REMEMBERED:], private=channels)

    def having_read(self, channel: int, newest: int) -> "Place":
        """What was missed in this conversation is safe up to that id."""
        return replace(self, reached={**self.reached, channel: newest})

    def unheard_from(self, number: int) -> "Place":
        """Nobody listened from then on."""
        return replace(self, unheard=min(number, self.unheard or number))

    def moved(self, seen: int) -> "Place":
        """Everything up to ``seen`` is safe, and nothing more is to be read on."""
        if seen <= self.seen:
            return replace(self, reached={}, unheard=0)
        recent = tuple(one for one in self.recent if one > seen - (MARGIN_MS << 22))
        return Place(seen, recent, self.private)
