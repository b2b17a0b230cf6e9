"""Merging in the memory store: what moves between two tickets, and back."""

from dataclasses import replace as replace_row
from typing import TypeVar

from msgspec.structs import replace

from simulators.memory_store.tables import BroughtRow, Table, Tables, TicketThread
from tickets.ids import IdentityId, ThreadId, TicketId, TicketNumber
from tickets.model import Ticket
from tickets.records import Merging

K = TypeVar("K", ThreadId, IdentityId)
V = TypeVar("V")


def move(tables: Tables, receiver: Ticket, merging: Merging) -> None:
    """See ``tickets.records.Merging``."""
    if merging.back:
        _take_back(tables, receiver, merging.giver)
        found = tables.searched.get(merging.giver.number, frozenset())
        tables.searched[merging.giver.number] = found - merging.forgotten
    else:
        _take(tables, receiver, merging.giver)


def _take(tables: Tables, to: Ticket, of: Ticket) -> None:
    brought = BroughtRow(
        frozenset(one.id for one in tables.messages.values() if one.ticket_id == of.id),
        frozenset(one.id for one in tables.deliveries.values() if one.ticket_id == of.id),
        _second(tables.ticket_threads, of.id) - _second(tables.ticket_threads, to.id),
        _second(tables.participants, of.id) - _second(tables.participants, to.id),
    )
    tables.brought[of.number] = brought
    for thread_id in brought.threads:
        tables.ticket_threads[to.id, thread_id] = TicketThread(len(tables.ticket_threads), open=False)
    for who in brought.people:
        tables.participants[to.id, who] = "other"
    _hand_over(tables, brought, to, of)


def _take_back(tables: Tables, to: Ticket, of: Ticket) -> None:
    kept = tables.brought.pop(to.number)
    brought = replace_row(kept, threads=conversations(tables, kept, to.id))
    for thread_id in brought.threads:
        tables.ticket_threads.setdefault((to.id, thread_id), TicketThread(len(tables.ticket_threads), open=False))
    _hand_over(tables, brought, to, of)
    for thread_id in brought.threads:
        del tables.ticket_threads[of.id, thread_id]
    for who in {one.identity_id for one in tables.messages.values() if one.ticket_id == to.id} - {None}:
        assert who is not None
        tables.participants.setdefault((to.id, who), "other")
    staying = {one.identity_id for one in tables.messages.values() if one.ticket_id == of.id}
    for who in brought.people - staying:
        tables.participants.pop((of.id, who), None)
    for challenge in [one for one in tables.challenges.values() if one.ticket_id == of.id]:
        who = challenge.identity_id
        if (to.id, who) in tables.participants and (of.id, who) not in tables.participants:
            tables.challenges[challenge.id] = replace(challenge, ticket_id=to.id)


def conversations(tables: Tables, kept: BroughtRow, merged: TicketId) -> frozenset[ThreadId]:
    """What goes with a merged ticket: what was new to the other, and what its people began since."""
    into = tables.tickets[merged].merged_into
    others = {one.id for one in tables.tickets.values() if one.merged_into == into and one.id != merged}
    claimed = frozenset(thread_id for ticket_id, thread_id in tables.ticket_threads if ticket_id in others)
    return (kept.threads | _begun_since(tables, kept, merged)) - claimed


def _begun_since(tables: Tables, kept: BroughtRow, merged: TicketId) -> frozenset[ThreadId]:
    """Conversations of people who came with the merged ticket, and of nobody else."""
    into = tables.tickets[merged].merged_into
    of = tables.ticket_numbers[into] if into is not None else merged
    writers: dict[ThreadId, set[IdentityId]] = {}
    for message in tables.messages.values():
        if message.ticket_id == of and message.thread_id is not None and message.identity_id is not None:
            writers.setdefault(message.thread_id, set()).add(message.identity_id)
    theirs = frozenset(thread_id for thread_id, people in writers.items() if people <= kept.people)
    return theirs - _second(tables.ticket_threads, merged)


def held_by_a_third(tables: Tables, merged: TicketId) -> bool:
    """Whether one of its conversations is open in a ticket that is neither it nor where it went."""
    mine = _second(tables.ticket_threads, merged)
    into = tables.tickets[merged].merged_into
    two = {merged, tables.ticket_numbers[into] if into is not None else merged}
    return any(
        place.open and thread_id in mine and ticket_id not in two
        for (ticket_id, thread_id), place in tables.ticket_threads.items()
    )


def _hand_over(tables: Tables, brought: BroughtRow, to: Ticket, of: Ticket) -> None:
    for message in list(tables.messages.values()):
        if message.ticket_id == of.id and (message.id in brought.messages or message.thread_id in brought.threads):
            tables.messages[message.id] = replace(message, ticket_id=to.id)
    for delivery in list(tables.deliveries.values()):
        came = delivery.id in brought.deliveries or delivery.thread_id in brought.threads
        if delivery.ticket_id == of.id and came:
            tables.deliveries[delivery.id] = replace(delivery, ticket_id=to.id)


def _second(table: Table[tuple[TicketId, K], V], of: TicketId) -> frozenset[K]:
    return frozenset(other for ticket_id, other in table if ticket_id == of)


def brought_to(tables: Tables, number: TicketNumber) -> dict[TicketNumber, TicketId]:
    """The tickets whose messages are in this one now, by number."""
    found: dict[TicketNumber, TicketId] = {}
    waiting = [number]
    while waiting:
        into = waiting.pop()
        here = {one.number: one.id for one in tables.tickets.values() if one.merged_into == into}
        found |= here
        waiting += here
    return dict(sorted(found.items()))


def destination(tables: Tables, ticket_id: TicketId) -> TicketId:
    """Where the messages of a ticket are now."""
    while (into := tables.tickets[ticket_id].merged_into) is not None:
        ticket_id = tables.ticket_numbers[into]
    return ticket_id
