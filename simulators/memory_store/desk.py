"""Tickets in the memory store as the desk sees them: read whole, listed by page, changed by commands."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, cast

from msgspec.structs import replace

from simulators.memory_store.admission import (
    add_attachments,
    add_delivery,
    add_message,
    make_searchable,
    open_threads,
    put_blob,
    put_challenge,
    restrict,
)
from simulators.memory_store.erasing import drop_unused, erase, list_held
from simulators.memory_store.merging import brought_to, conversations, held_by_a_third, move
from simulators.memory_store.tables import FREE, Part, Tables
from simulators.memory_store.work import enqueue
from tickets.errors import Conflict
from tickets.folds import fresh, snippet_of
from tickets.ids import (
    AccountId,
    AttachmentId,
    BlobId,
    ChallengeId,
    ExternalMessageId,
    IdentityId,
    TicketId,
    TicketNumber,
    UserId,
)
from tickets.model import (
    ERASED,
    Attachment,
    Challenge,
    Delivery,
    Message,
    Participant,
    Thread,
    Ticket,
    TicketEnvelope,
    TicketEvent,
)
from tickets.records import (
    Brought,
    CommandResult,
    Counts,
    Page,
    TicketChange,
    TicketFilter,
    TicketRow,
)
from tickets.segments import query_segments

CHUNK_BYTES = 256 * 1024
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MemoryDesk(Part):
    """See ``tickets.storage.DeskStore``."""

    async def find_ticket(self, number: TicketNumber) -> TicketEnvelope | None:
        tables = self._read()
        ticket_id = tables.ticket_numbers.get(number)
        return None if ticket_id is None else _envelope(tables, tables.tickets[ticket_id])

    async def find_command(self, actor: str, key: str) -> CommandResult | None:
        kept = self._read().commands.get((actor, key))
        return None if kept is None else kept[0]

    async def apply_change(self, change: TicketChange, now: datetime) -> None:
        with self._write("events", "outbox") as tables:
            _keep_command(tables, change, now)
            if change.merging is not None:
                _update(tables, change.merging.giver, change.merging.expected_version)
                move(tables, change.ticket, change.merging)
            kept = _update(tables, change.ticket, change.expected_version)
            if change.message is not None:
                add_message(tables, change.message)
                add_attachments(tables, change.attachments)
            _put_delivery(tables, change)
            if change.claim is not None:
                tables.claims[change.claim.code_hash] = change.claim
            if change.challenged is not None:
                put_challenge(tables, change.challenged.challenge)
                if change.challenged.code_hash is not None:
                    tables.challenge_codes[change.challenged.code_hash] = change.challenged.challenge.id
            if change.restricting is not None:
                restrict(tables, change.restricting)
            if change.hiding is not None:
                shown = tables.messages[change.hiding.message_id]
                tables.messages[shown.id] = replace(shown, hidden=change.hiding.hidden)
            if change.erasing is not None:
                erase(tables, kept.number, change.erasing, now)
            enqueue(tables, change.jobs)
            make_searchable(tables, kept.number, change.segments)
            for event in change.events:
                tables.record(event)
            self._crash("store.change_written")

    async def find_brought(self, number: TicketNumber) -> Brought:
        tables = self._read()
        kept = tables.brought.get(number)
        if kept is None:
            return Brought(frozenset(), frozenset())
        merged = tables.ticket_numbers[number]
        return Brought(kept.messages, conversations(tables, kept, merged), held_by_a_third(tables, merged))

    async def list_tickets(self, filter: TicketFilter) -> Page:
        tables = self._read()
        words = frozenset(query_segments(filter.query))
        if filter.query.strip() and not words:
            return Page(items=(), next=None)
        found = [ticket for ticket in tables.tickets.values() if _matches(tables, ticket, filter, words)]
        return _page(tables, found, filter, _place_in_search if words else _place_by_priority)

    async def settle_delivery(self, delivery: Delivery, expected_state: str, now: datetime) -> bool:
        with self._write("events", "outbox") as tables:
            return settle(tables, delivery, expected_state)

    async def count_tickets(self, user: UserId | None, hidden: frozenset[str] = frozenset()) -> Counts:
        unfinished = [
            ticket
            for ticket in self._read().tickets.values()
            if ticket.status != "closed" and not _is_hidden(ticket, hidden, user)
        ]
        return Counts(
            open=sum(ticket.status == "open" for ticket in unfinished),
            pending=sum(ticket.status == "pending" for ticket in unfinished),
            unassigned=sum(ticket.assignee is None for ticket in unfinished),
            mine=sum(user is not None and ticket.assignee == user for ticket in unfinished),
            unknown=sum(one.state == "unknown" for one in self._read().deliveries.values()),
        )

    async def events_after(self, seq: int, limit: int = 200) -> Sequence[TicketEvent]:
        history = self._read().history
        return [history[at] for at in sorted(history) if at > seq][:limit]

    async def newest_seq(self) -> int:
        return max(self._read().history, default=0)

    async def find_private(self, identity_id: IdentityId) -> Thread | None:
        tables = self._read()
        known = tables.identities.get(identity_id)
        others = {
            one.thread_id
            for one in tables.messages.values()
            if one.direction == "in" and one.identity_id != identity_id
        }
        found = [
            (tables.tickets[ticket_id].updated_at, tables.threads[thread_id])
            for ticket_id, thread_id in tables.ticket_threads
            if tables.tickets[ticket_id].requester_id == identity_id and thread_id not in others
        ]
        own = [
            one for one in found if one[1].visibility == "private" and known and one[1].channel == known.channel
        ]
        return max(own, key=lambda one: one[0])[1] if own else None

    async def find_challenge(self, challenge_id: ChallengeId) -> Challenge | None:
        return self._read().challenges.get(challenge_id)

    async def find_ticket_number(self, ticket_id: TicketId) -> TicketNumber | None:
        ticket = self._read().tickets.get(ticket_id)
        return None if ticket is None else ticket.number

    async def list_held(
        self, account: AccountId, after: ExternalMessageId | None, limit: int
    ) -> Sequence[ExternalMessageId]:
        return list_held(self._read(), account, after, limit)

    async def find_attachment(self, attachment_id: AttachmentId) -> Attachment | None:
        return self._read().attachments.get(attachment_id)

    async def store_attachment(self, attachment_id: AttachmentId, content: bytes, now: datetime) -> None:
        with self._write("events") as tables:
            kept = tables.attachments.get(attachment_id)
            if kept is None or kept.note == ERASED:
                return
            sha256 = put_blob(tables, content)
            stored = replace(kept, state="stored", sha256=sha256, size_bytes=len(content), note="")
            _settle(tables, stored, now)

    async def fail_attachment(self, attachment_id: AttachmentId, note: str, now: datetime) -> None:
        with self._write("events") as tables:
            if (kept := tables.attachments.get(attachment_id)) is not None:
                _settle(tables, replace(kept, state="missing", sha256=None, note=note), now)
                if kept.state == "pending":
                    drop_unused(tables)

    async def read_blob(self, blob_id: BlobId) -> AsyncIterator[bytes]:
        content = self._read().blobs.get(blob_id, b"")
        for at in range(0, len(content), CHUNK_BYTES):
            yield content[at : at + CHUNK_BYTES]


def _update(tables: Tables, ticket: Ticket, expected_version: int) -> Ticket:
    kept = tables.tickets.get(ticket.id)
    if kept is None or kept.version != expected_version:
        raise Conflict("the ticket has changed since it was read")
    tables.tickets[kept.id] = replace(ticket, number=kept.number)
    open_threads(tables, ticket)
    return kept


def _envelope(tables: Tables, ticket: Ticket) -> TicketEnvelope:
    threads = [thread for ticket_id, thread in tables.ticket_threads if ticket_id == ticket.id]
    people = {who: role for (ticket_id, who), role in tables.participants.items() if ticket_id == ticket.id}
    identities = [tables.identities[who] for who in sorted(people)]
    deliveries = [delivery for delivery in tables.deliveries.values() if delivery.ticket_id == ticket.id]
    merged = brought_to(tables, ticket.number)
    told_by = {ticket.id, *merged.values()}
    return TicketEnvelope(
        ticket=ticket,
        threads=tuple(tables.threads[thread] for thread in threads),
        contacts=tuple(tables.contacts[who] for who in sorted({i.contact_id for i in identities})),
        identities=tuple(identities),
        participants=tuple(
            Participant(who, cast("Literal['requester', 'other']", people[who])) for who in sorted(people)
        ),
        messages=tuple(_with_attachments(tables, message) for message in _messages(tables, ticket.id)),
        deliveries=tuple(sorted(deliveries, key=lambda delivery: (delivery.created_at, delivery.id))),
        events=tuple(event for _, event in sorted(tables.history.items()) if event.ticket_id in told_by),
        merged=tuple(merged),
        challenges=tuple(
            sorted(
                (one for one in tables.challenges.values() if one.ticket_id in told_by),
                key=lambda one: (one.asked_at, one.id),
            )
        ),
    )


def _messages(tables: Tables, ticket_id: TicketId) -> list[Message]:
    mine = [message for message in tables.messages.values() if message.ticket_id == ticket_id]
    return sorted(mine, key=lambda message: (message.stored_at, message.id))


def _with_attachments(tables: Tables, message: Message) -> Message:
    mine = tuple(a for a in tables.attachments.values() if a.message_id == message.id)
    return replace(message, attachments=mine)


def _keep_command(tables: Tables, change: TicketChange, now: datetime) -> None:
    if (command := change.command) is None:
        return
    if (command.actor, command.key) in tables.commands:
        raise Conflict("the idempotency key was used meanwhile")
    result = CommandResult(fingerprint=command.fingerprint, result=change.result)
    tables.commands[command.actor, command.key] = (result, now)


def _put_delivery(tables: Tables, change: TicketChange) -> None:
    if change.mailed is not None:
        add_delivery(tables, change.mailed)
    if (delivery := change.delivery) is None:
        return
    if change.expected_delivery is None:
        add_delivery(tables, delivery)
        return
    if not settle(tables, delivery, change.expected_delivery):
        raise Conflict("the delivery has changed since it was read")


def settle(tables: Tables, delivery: Delivery, expected_state: str) -> bool:
    """What a person decided about a delivery; False when it has changed since, or is being sent."""
    kept = tables.deliveries.get(delivery.id)
    leased = tables.delivery_holds.get(delivery.id, FREE).until > delivery.updated_at
    if kept is None or kept.state != expected_state or (leased and kept.state != "unknown"):
        return False
    tables.deliveries[delivery.id] = _decided(kept, delivery)
    tables.delivery_holds.pop(delivery.id, None)
    return True


def _decided(kept: Delivery, wanted: Delivery) -> Delivery:
    """The delivery as a person left it: states and reasons, never what was already sent."""
    states = {part.n: part.state for part in wanted.parts}
    return replace(
        kept,
        state=wanted.state,
        next_at=wanted.next_at,
        updated_at=wanted.updated_at,
        code=wanted.code,
        detail=wanted.detail,
        parts=tuple(replace(part, state=states.get(part.n, part.state)) for part in kept.parts),
    )


def _matches(tables: Tables, ticket: Ticket, wanted: TicketFilter, words: frozenset[str]) -> bool:
    assignee = None if wanted.assignee == "-" else wanted.assignee
    return (
        ticket.merged_into is None
        and (wanted.status is None or ticket.status == wanted.status)
        and (wanted.channel is None or ticket.channel == wanted.channel)
        and (wanted.assignee is None or ticket.assignee == assignee)
        and wanted.team in (None, ticket.team)
        and wanted.category in (None, ticket.category)
        and not _is_hidden(ticket, wanted.hidden, wanted.seen_by)
        and words <= tables.searched.get(ticket.number, frozenset())
    )


def _is_hidden(ticket: Ticket, hidden: frozenset[str], user: UserId | None) -> bool:
    return ticket.team in hidden and (user is None or ticket.assignee != user)


def _page(
    tables: Tables, found: list[Ticket], wanted: TicketFilter, place: Callable[[Ticket], tuple[int, ...]]
) -> Page:
    """The cursor is the place in the order, so that tickets that come and go meanwhile shift nothing."""
    rest = [ticket for ticket in found if not wanted.cursor or place(ticket) > _places(wanted.cursor)]
    rest.sort(key=place)
    shown, more = rest[: wanted.limit], len(rest) > wanted.limit
    cursor = ".".join(str(number) for number in place(shown[-1])) if more else None
    return Page(items=tuple(_row(tables, ticket) for ticket in shown), next=cursor)


def _place_in_search(ticket: Ticket) -> tuple[int, ...]:
    return (-ticket.number,)


def _place_by_priority(ticket: Ticket) -> tuple[int, ...]:
    waits_since = ticket.waiting_since or ticket.updated_at
    return (-ticket.priority, (waits_since - _EPOCH) // timedelta(microseconds=1), ticket.number)


def _places(cursor: str) -> tuple[int, ...]:
    return tuple(int(number) for number in cursor.split("."))


def _row(tables: Tables, ticket: Ticket) -> TicketRow:
    messages = _messages(tables, ticket.id)
    words = [m.text for m in messages if m.direction == "in" and m.deleted_at is None and m.text.strip()]
    threads = [thread for ticket_id, thread in tables.ticket_threads if ticket_id == ticket.id]
    return TicketRow(
        ticket=ticket,
        snippet=snippet_of(fresh(words[-1])) if words else "",
        message_count=len(messages),
        visibility="public" if any(tables.threads[t].visibility == "public" for t in threads) else "private",
    )


def _settle(tables: Tables, attachment: Attachment, now: datetime) -> None:
    tables.attachments[attachment.id] = attachment
    message = tables.messages[attachment.message_id]
    tables.record(
        TicketEvent(kind="attachment", actor="intake", at=now, ticket_id=message.ticket_id, message_id=message.id),
    )
