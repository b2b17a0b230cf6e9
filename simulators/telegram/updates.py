"""One bot's updates: kept until confirmed, for a day at most.

Source: https://core.telegram.org/bots/api#getting-updates (Bot API 9).
"""

import json
import random
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulators.telegram.bell import Bell
from simulators.telegram.records import Json

HELD_FOR = timedelta(hours=24)
"""Unconfirmed updates older than this are gone."""

SILENCE_BEFORE_JUMP = timedelta(days=7)
"""After a week without updates the next id is drawn at random."""

FUTURE_OFFSET = 10
"""An offset further beyond the next id than this is taken for a mistake and read from the head."""

OPT_IN = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Kinds that come only to bots that name them in allowed_updates."""


@dataclass(frozen=True)
class Update:
    """One update as the bytes that go over the wire."""

    id: int
    body: bytes
    created_at: datetime


class UpdateQueue:
    """The updates of one bot and what became of them."""

    def __init__(self, first_id: int, now: Callable[[], datetime], bell: Bell) -> None:
        self.handed_out: list[int] = []
        self.confirmed: list[int] = []
        self.allowed: frozenset[str] | None = None
        self._next_id = first_id
        self._now = now
        self._bell = bell
        self._held: list[Update] = []
        self._again: list[Update] = []
        self._all: dict[int, Update] = {}
        self._latest_at: datetime | None = None
        self._random = random.Random(first_id)

    def pending(self) -> list[int]:
        """Ids still held: neither confirmed nor older than a day."""
        self._expire()
        return [update.id for update in self._held]

    def waiting(self) -> bool:
        """Whether there is anything to hand out."""
        self._expire()
        return bool(self._again or self._held)

    def allow(self, kinds: Collection[str]) -> None:
        """Kinds to keep from now on; none named means all but the opt-in ones."""
        self.allowed = frozenset(kinds) or None

    def add(self, kind: str, content: Json) -> int | None:
        """Announce something; its update id, or None when the bot does not want the kind."""
        if not self._wanted(kind):
            return None
        if self._latest_at is not None and self._now() - self._latest_at > SILENCE_BEFORE_JUMP:
            self._next_id = self._random.randrange(1, 2**30)
        return self._hold({"update_id": self._next_id, kind: content}, self._next_id)

    def inject(self, update: Json | bytes) -> int:
        """Queue anything whatever and return the id it is confirmed by.

        The id is the update's own where it has an integer one; a later id
        counts on from it, also downwards.  Bytes are sent as they are.
        """
        own = _own_id(update)
        if own is None:
            own = self._next_id
            if isinstance(update, dict):
                update = {"update_id": own, **update}
        return self._hold(update, own)

    def repeat(self, update_id: int) -> None:
        """Deliver an update once more, whatever offset is asked for.  KeyError: never existed."""
        self._again.append(self._all[update_id])
        self._bell.ring()

    def settle(self, offset: int) -> None:
        """Confirm what an ``offset`` of getUpdates confirms.

        Positive: all ids below it.  Negative: all but the last ``-offset``.
        0: nothing.  An offset far beyond the newest id confirms only what
        was handed out, so ids that restarted lower are not lost unseen.
        """
        if offset < 0:
            self._confirm(self._held[:offset])
        elif offset > 0:
            seen = set(self.handed_out) if offset > self._next_id + FUTURE_OFFSET else None
            below = [update for update in self._held if update.id < offset]
            self._confirm([update for update in below if seen is None or update.id in seen])

    def take(self, limit: int) -> list[Update]:
        """Up to ``limit`` updates from the head, to be handed out; they stay held until confirmed."""
        self._expire()
        batch = (self._again + self._held)[:limit]
        self._again = self._again[limit:]
        return batch

    def note_handed_out(self, updates: list[Update]) -> None:
        """Record that these went out to the bot."""
        if updates:
            self.handed_out += [update.id for update in updates]
            self._bell.ring()

    def first(self) -> Update | None:
        """The next update for a webhook; None when there is none.  It stays until finished."""
        self._expire()
        return next(iter(self._again or self._held), None)

    def recent(self, limit: int) -> list[Update]:
        """The last ``limit`` updates that were handed out and confirmed, oldest first."""
        held = {update.id for update in self._held}
        past: dict[int, Update] = {}
        for update_id in reversed(self.handed_out):
            if len(past) == limit:
                break
            if update_id not in held:
                past[update_id] = self._all[update_id]
        return list(reversed(past.values()))

    def finish(self, update: Update) -> None:
        """Confirm one update that a webhook took."""
        self._again = [again for again in self._again if again is not update]
        self._confirm([held for held in self._held if held is update])

    def forget_all(self) -> None:
        """drop_pending_updates: everything held is gone."""
        self._again.clear()
        self._confirm(list(self._held))

    def _wanted(self, kind: str) -> bool:
        return kind not in OPT_IN if self.allowed is None else kind in self.allowed

    def _hold(self, content: Json | bytes, update_id: int) -> int:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        update = Update(update_id, body, self._now())
        self._next_id = update_id + 1
        self._latest_at = update.created_at
        self._held.append(update)
        self._all[update_id] = update
        self._bell.ring()
        return update_id

    def _confirm(self, updates: list[Update]) -> None:
        if not updates:
            return
        gone = {id(update) for update in updates}
        self.confirmed += [update.id for update in updates]
        self._held = [update for update in self._held if id(update) not in gone]
        self._bell.ring()

    def _expire(self) -> None:
        oldest = self._now() - HELD_FOR
        if self._held and self._held[0].created_at < oldest:
            self._held = [update for update in self._held if update.created_at >= oldest]


def _own_id(update: Json | bytes) -> int | None:
    if isinstance(update, bytes):
        try:
            update = json.loads(update)
        except (ValueError, RecursionError):
            return None
    own = update.get("update_id") if isinstance(update, dict) else None
    return own if isinstance(own, int) and not isinstance(own, bool) else None
