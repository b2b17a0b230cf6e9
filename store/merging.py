"""Tickets merged into others and taken apart again: what belongs to a ticket moves, and what moved is noted."""

from collections.abc import Sequence
from datetime import datetime

from store.engine import Params, Tx, one
from store.postings import forget
from store.rows import micros
from store.snippets import show_last_words
from tickets.ids import MessageId, ThreadId, TicketId, TicketNumber
from tickets.model import Ticket
from tickets.records import Brought, Merging

_KEPT = "SELECT item FROM merged_item WHERE number = :number AND kind ="
_CLAIMED = (
    "SELECT c.thread_id FROM ticket_thread c JOIN ticket o ON o.id = c.ticket_id "
    "WHERE o.merged_into = :into AND o.number <> :number"
)
"""Conversations of other tickets that are merged into the same one."""
_THEIRS = f"{_KEPT} 'thread' AND item NOT IN ({_CLAIMED})"
_CAME_WITH = f"(id IN ({_KEPT} '{{kind}}') OR thread_id IN ({_THEIRS}))"


def move(tx: Tx, receiver: Ticket, merging: Merging, now: datetime) -> None:
    """Messages, deliveries, conversations and people; the events stay where they happened."""
    giver = merging.giver
    if merging.back:
        params = {"number": receiver.number, "to": receiver.id, "of": giver.id, "into": giver.number}
        _take_back(tx, {**params, "now": micros(now)})
        forget(tx, giver.number, merging.forgotten)
    else:
        _take(tx, {"number": giver.number, "to": receiver.id, "of": giver.id, "now": micros(now)})
    for ticket_id in (receiver.id, giver.id):
        tx.run(COUNT_ANEW, {"id": ticket_id})
        show_last_words(tx, ticket_id)


def _take(tx: Tx, params: Params) -> None:
    for kind, found in NOTED.items():
        tx.run(f"INSERT INTO merged_item (number, kind, item) SELECT :number, '{kind}', {found}", params)
    tx.run(
        "INSERT INTO ticket_thread (ticket_id, thread_id, is_open, joined_at) "
        "SELECT :to, item, 0, :now FROM merged_item WHERE number = :number AND kind = 'thread'",
        params,
    )
    tx.run(
        "INSERT INTO participant (ticket_id, identity_id, role) "
        "SELECT :to, item, 'other' FROM merged_item WHERE number = :number AND kind = 'participant'",
        params,
    )
    tx.run("UPDATE message SET ticket_id = :to WHERE ticket_id = :of", params)
    tx.run("UPDATE delivery SET ticket_id = :to WHERE ticket_id = :of", params)


NOTED = {
    "message": "id FROM message WHERE ticket_id = :of",
    "delivery": "id FROM delivery WHERE ticket_id = :of",
    "thread": "thread_id FROM ticket_thread WHERE ticket_id = :of "
    "AND thread_id NOT IN (SELECT thread_id FROM ticket_thread WHERE ticket_id = :to)",
    "participant": "identity_id FROM participant WHERE ticket_id = :of "
    "AND identity_id NOT IN (SELECT identity_id FROM participant WHERE ticket_id = :to)",
}
"""What comes with a ticket: all that was said, and the conversations and people that are new to the other."""


_HELD_BY_A_THIRD = """
SELECT 1 FROM ticket_thread mine JOIN ticket_thread other ON other.thread_id = mine.thread_id
WHERE mine.ticket_id = :merged AND other.is_open = 1 AND other.ticket_id NOT IN (:merged, :into) LIMIT 1
"""
_BEGUN_SINCE = f"""
SELECT tt.thread_id FROM ticket_thread tt WHERE tt.ticket_id = :of
AND tt.thread_id NOT IN (SELECT thread_id FROM ticket_thread WHERE ticket_id = :to)
AND tt.thread_id NOT IN ({_CLAIMED}) AND EXISTS (
    SELECT 1 FROM message m WHERE m.ticket_id = :of AND m.thread_id = tt.thread_id
    AND m.identity_id IN ({_KEPT} 'participant')
) AND NOT EXISTS (
    SELECT 1 FROM message m WHERE m.ticket_id = :of AND m.thread_id = tt.thread_id
    AND m.identity_id IS NOT NULL AND m.identity_id NOT IN ({_KEPT} 'participant')
)
"""
"""Conversations of people who came with the ticket, and of nobody else."""


def _take_back(tx: Tx, params: Params) -> None:
    tx.run(
        "INSERT INTO merged_item (number, kind, item) "
        f"SELECT :number, 'thread', b.thread_id FROM ({_BEGUN_SINCE}) b WHERE true ON CONFLICT DO NOTHING",
        params,
    )
    tx.run(
        "INSERT INTO ticket_thread (ticket_id, thread_id, is_open, joined_at) "
        "SELECT :to, item, 0, :now FROM merged_item WHERE number = :number AND kind = 'thread' "
        "ON CONFLICT DO NOTHING",
        params,
    )
    for kind in ("message", "delivery"):
        where = _CAME_WITH.format(kind=kind)
        tx.run(f"UPDATE {kind} SET ticket_id = :to WHERE ticket_id = :of AND {where}", params)
    tx.run(f"DELETE FROM ticket_thread WHERE ticket_id = :of AND thread_id IN ({_THEIRS})", params)
    tx.run(
        "INSERT INTO participant (ticket_id, identity_id, role) "
        "SELECT DISTINCT m.ticket_id, m.identity_id, 'other' FROM message m "
        "WHERE m.ticket_id = :to AND m.identity_id IS NOT NULL ON CONFLICT DO NOTHING",
        params,
    )
    tx.run(
        f"DELETE FROM participant WHERE ticket_id = :of AND identity_id IN ({_KEPT} 'participant') AND NOT EXISTS "
        "(SELECT 1 FROM message m WHERE m.ticket_id = :of AND m.identity_id = participant.identity_id)",
        params,
    )
    tx.run(
        "UPDATE challenge SET ticket_id = :to WHERE ticket_id = :of "
        "AND identity_id IN (SELECT identity_id FROM participant WHERE ticket_id = :to) "
        "AND identity_id NOT IN (SELECT identity_id FROM participant WHERE ticket_id = :of)",
        params,
    )
    tx.run("DELETE FROM merged_item WHERE number = :number", params)


COUNT_ANEW = """
UPDATE ticket SET
    message_count = (SELECT COUNT(*) FROM message m WHERE m.ticket_id = ticket.id),
    visibility = CASE WHEN EXISTS (
        SELECT 1 FROM ticket_thread tt JOIN thread h ON h.id = tt.thread_id
        WHERE tt.ticket_id = ticket.id AND h.visibility = 'public'
    ) THEN 'public' ELSE 'private' END
WHERE id = :id
"""


def find_brought(tx: Tx, number: TicketNumber) -> Brought:
    merged = one(
        tx.all(
            "SELECT m.id, t.id, t.number FROM ticket t JOIN ticket m ON t.number = m.merged_into "
            "WHERE m.number = :number",
            {"number": number},
        )
    )
    if merged is None:
        return Brought(frozenset(), frozenset())
    rows = tx.all(
        "SELECT kind, item FROM merged_item WHERE number = :number "
        f"AND (kind <> 'thread' OR item NOT IN ({_CLAIMED}))",
        {"number": number, "into": merged[2]},
    )
    since = tx.all(_BEGUN_SINCE, {"number": number, "to": merged[0], "of": merged[1], "into": merged[2]})
    held = tx.all(_HELD_BY_A_THIRD, {"merged": merged[0], "into": merged[1]})
    threads = {item for kind, item in rows if kind == "thread"} | {row[0] for row in since}
    return Brought(
        messages=frozenset(MessageId(item) for kind, item in rows if kind == "message"),
        threads=frozenset(map(ThreadId, threads)),
        elsewhere=bool(held),
    )


def brought_to(tx: Tx, number: TicketNumber) -> dict[TicketNumber, TicketId]:
    """The tickets whose messages are in this one now, by number; also those that came with another."""
    rows = tx.all(
        "WITH RECURSIVE brought(number, id) AS ("
        "SELECT t.number, t.id FROM ticket t WHERE t.merged_into = :number "
        "UNION SELECT t.number, t.id FROM ticket t JOIN brought b ON t.merged_into = b.number"
        ") SELECT number, id FROM brought ORDER BY number",
        {"number": number},
    )
    return {TicketNumber(row[0]): TicketId(row[1]) for row in rows}


def destinations(tx: Tx, ids: Sequence[TicketId]) -> dict[TicketId, TicketId]:
    """Where the messages of merged tickets are now; asks nothing when there are none."""
    if not ids:
        return {}
    rows = tx.all(
        "WITH RECURSIVE way(id, number) AS ("
        "SELECT t.id, t.merged_into FROM ticket t WHERE t.id IN EACH(:ids) "
        "UNION SELECT w.id, t.merged_into FROM way w JOIN ticket t ON t.number = w.number "
        "WHERE t.merged_into IS NOT NULL"
        ") SELECT w.id, t.id FROM way w JOIN ticket t ON t.number = w.number WHERE t.merged_into IS NULL",
        {"ids": list(ids)},
    )
    return {TicketId(row[0]): TicketId(row[1]) for row in rows}
