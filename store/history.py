"""Ticket events: numbered and committed in one order."""

from collections.abc import Sequence

from store.engine import Tx
from store.rows import event_params
from tickets.model import TicketEvent

INSERT_EVENT = """
INSERT INTO ticket_event (kind, actor, at, ticket_id, message_id, delivery_id, data)
VALUES (:kind, :actor, :at, :ticket_id, :message_id, :delivery_id, :data)
"""


def insert_events(tx: Tx, events: Sequence[TicketEvent]) -> None:
    if events:
        keep_order(tx)
    tx.many(INSERT_EVENT, [event_params(event) for event in events])


def keep_order(tx: Tx) -> None:
    """Let no other transaction number events until this one has ended.

    Otherwise a lower number could be committed after a higher one, and
    whoever reads on after the higher one would never see it.
    """
    tx.run("UPDATE counter SET value = value WHERE name = 'event_order'")
