"""Raw events in the memory store: appended, leased by conversation, put aside, replayed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from simulators.memory_store.admission import admit
from simulators.memory_store.context import find_context
from simulators.memory_store.notices import raise_notice
from simulators.memory_store.tables import NEVER, Conversation, EventRow, Part, Tables
from tickets.errors import Conflict
from tickets.ids import AccountId, EventId, ThreadKey, TicketId, TicketNumber
from tickets.model import RawEvent
from tickets.notices import NewNotice
from tickets.records import Admission, Context, ContextQuery, LeasedEvent, QuarantinedEvent
from tickets.storage import Topic

CONVERSATION_EVENTS = 50
ConversationName = tuple[AccountId, str]


class MemoryIntake(Part):
    """See ``tickets.storage.IntakeStore``."""

    async def append_raw(
        self,
        account: AccountId,
        events: Sequence[RawEvent],
        cursor: str | None,
        notices: Sequence[NewNotice] = (),
        *,
        behind: str | None = None,
    ) -> int:
        topics: list[Topic] = ["inbound"] if events else []
        if notices:
            topics.append("events")
        with self._write(*topics) as tables:
            if behind is not None and tables.cursors.get(account) != behind:
                raise Conflict("the cursor was moved meanwhile")
            if cursor is not None:
                tables.cursors[account] = cursor
            for notice in notices:
                raise_notice(tables, notice, max(one.until or one.since for one in notices))
            fresh = sum(_append(tables, event) for event in events)
            if events:
                self._crash("store.raw_written")
            return fresh

    async def find_cursor(self, account: AccountId) -> str | None:
        return self._read().cursors.get(account)

    async def list_private(self, account: AccountId, limit: int) -> Sequence[ThreadKey]:
        tables = self._read()
        last: dict[ThreadKey, datetime] = {}
        for ticket_id, thread_id in tables.ticket_threads:
            thread = tables.threads[thread_id]
            if thread.account == account and thread.visibility == "private":
                last[thread.key] = max(last.get(thread.key, NEVER), tables.tickets[ticket_id].updated_at)
        return sorted(sorted(last), key=lambda key: last[key], reverse=True)[:limit]

    async def count_waiting(self) -> int:
        return sum(row.state == "waiting" for row in self._read().events.values())

    async def lease_events(self, holder: str, now: datetime, lease_s: float, limit: int) -> Sequence[LeasedEvent]:
        until = now + timedelta(seconds=lease_s)
        with self._write() as tables:
            ids = [event for name in _due(tables, now, limit) for event in _take(tables, *name, holder, until)]
            return [_leased(tables, event_id) for event_id in sorted(ids)]

    async def find_context(self, query: ContextQuery) -> Context:
        return find_context(self._read(), query)

    async def admit(self, admissions: Sequence[Admission], now: datetime) -> dict[TicketId, TicketNumber]:
        topics: list[Topic] = ["events"]
        if any(admission.deliveries for admission in admissions):
            topics.append("outbox")
        if any(admission.jobs for admission in admissions):
            topics.append("jobs")
        with self._write(*topics) as tables:
            numbers = admit(tables, admissions, now)
            self._crash("store.admit_written")
            return numbers

    async def release_events(self, ids: Sequence[EventId], retry_at: datetime, holder: str | None = None) -> None:
        with self._write("inbound") as tables:
            for name in {_conversation_of(tables, event_id) for event_id in ids if event_id in tables.events}:
                if holder not in (None, tables.conversations[name].holder):
                    continue
                freed = replace(tables.conversations[name], lease_until=NEVER, not_before=retry_at)
                tables.conversations[name] = freed

    async def read_raw(self, event_id: EventId) -> RawEvent | None:
        row = self._read().events.get(event_id)
        return None if row is None or row.emptied else row.event

    async def list_quarantine(self, limit: int = 100) -> Sequence[QuarantinedEvent]:
        rows = sorted(self._read().events.items(), reverse=True)
        return [_quarantined(event_id, row) for event_id, row in rows if row.state == "quarantined"][:limit]

    async def replay(self, event_id: EventId, now: datetime) -> bool:
        with self._write("inbound") as tables:
            return wait_again(tables, event_id, "quarantined")


def wait_again(tables: Tables, event_id: EventId, state: str) -> bool:
    """Let an event that ended so be handled once more; False when it is in another state."""
    row = tables.events.get(event_id)
    if row is None or row.state != state:
        return False
    tables.events[event_id] = EventRow(row.event)
    name = _conversation_of(tables, event_id)
    conversation = tables.conversations[name]
    waiting = tuple(sorted((*conversation.waiting, event_id)))
    tables.conversations[name] = replace(conversation, waiting=waiting)
    return True


def _append(tables: Tables, event: RawEvent) -> bool:
    """False when the event is known already."""
    if (event.account, event.external_id) in tables.event_names:
        return False
    event_id = EventId(tables.next_number("event"))
    tables.events[event_id] = EventRow(event)
    tables.event_names[event.account, event.external_id] = event_id
    name = (event.account, event.conversation)
    conversation = tables.conversations.get(name, Conversation())
    tables.conversations[name] = replace(conversation, waiting=(*conversation.waiting, event_id))
    return True


def _due(tables: Tables, now: datetime, limit: int) -> list[tuple[ConversationName, int]]:
    """Which conversations to take and how many events of each: every account's longest waiting one first."""
    turns: dict[AccountId, int] = {}
    queue: list[tuple[int, int, ConversationName]] = []
    for name in sorted(_ready(tables, now), key=lambda name: tables.conversations[name].waiting[0]):
        turn = turns.get(name[0], 0)
        turns[name[0]] = turn + 1
        queue.append((turn, tables.conversations[name].waiting[0], name))
    share = max(1, limit // max(1, len(turns)))
    chosen: list[tuple[ConversationName, int]] = []
    left = limit
    for place, (turn, _, name) in enumerate(sorted(queue), start=1):
        room = max(share, left - share * (len(turns) - place)) if turn == 0 else left
        if room <= 0:
            break
        count = _unsplit(tables, name, min(room, CONVERSATION_EVENTS))
        chosen.append((name, count))
        left -= count
    return chosen


def _ready(tables: Tables, now: datetime) -> list[ConversationName]:
    return [
        name
        for name, conversation in tables.conversations.items()
        if conversation.waiting
        and conversation.lease_until <= now
        and conversation.not_before <= now
        and all(_quiet_at(tables, event_id) <= now for event_id in conversation.waiting)
    ]


def _quiet_at(tables: Tables, event_id: EventId) -> datetime:
    event = tables.events[event_id].event
    return event.received_at + timedelta(seconds=event.quiet_s)


def _unsplit(tables: Tables, name: ConversationName, most: int) -> int:
    """How many of the waiting events to take, so that no group is torn apart."""
    groups = [tables.events[event_id].event.group for event_id in tables.conversations[name].waiting]
    count = min(most, len(groups))
    if _is_seam(groups, count):
        return count
    before = [at for at in range(1, count) if _is_seam(groups, at)]
    after = next(at for at in range(count, len(groups) + 1) if _is_seam(groups, at))
    return before[-1] if before else min(after, CONVERSATION_EVENTS)


def _is_seam(groups: list[str], at: int) -> bool:
    """Whether a cut before ``at`` leaves every group whole."""
    return at == len(groups) or not groups[at] or groups[at] != groups[at - 1]


def _take(tables: Tables, name: ConversationName, count: int, holder: str, until: datetime) -> tuple[EventId, ...]:
    conversation = tables.conversations[name]
    tables.conversations[name] = replace(conversation, holder=holder, lease_until=until)
    taken = conversation.waiting[:count]
    for event_id in taken:
        row = tables.events[event_id]
        tables.events[event_id] = replace(row, attempts=row.attempts + 1)
    return taken


def _leased(tables: Tables, event_id: EventId) -> LeasedEvent:
    row = tables.events[event_id]
    return LeasedEvent(id=event_id, event=row.event, attempts=row.attempts)


def _conversation_of(tables: Tables, event_id: EventId) -> ConversationName:
    event = tables.events[event_id].event
    return event.account, event.conversation


def _quarantined(event_id: EventId, row: EventRow) -> QuarantinedEvent:
    return QuarantinedEvent(
        id=event_id,
        channel=row.event.channel,
        account=row.event.account,
        external_id=row.event.external_id,
        received_at=row.event.received_at,
        size_bytes=len(row.event.payload),
        reason=row.reason,
    )
