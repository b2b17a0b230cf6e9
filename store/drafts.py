"""Answers that wait for being posted by hand."""

from collections.abc import Sequence
from datetime import datetime

from store.deliveries import tell
from store.engine import Tx
from store.rows import micros, printable, target_of
from tickets.errors import Conflict
from tickets.ids import DeliveryId, ExternalMessageId, MessageId, TicketId
from tickets.records import BY_HAND, Draft, Posted


def drafts(tx: Tx, tickets: Sequence[TicketId]) -> dict[ExternalMessageId, Draft]:
    """Of these tickets, by what each answers; of several the newest.

    Also those that a person says were posted, until the post itself is known.
    """
    rows = tx.all(
        "SELECT d.id, d.message_id, d.ticket_id, d.target FROM delivery d WHERE d.ticket_id IN EACH(:tickets) "
        "AND d.state IN ('held', 'sent') AND d.code = :code AND d.message_id IS NOT NULL "
        "ORDER BY d.created_at, d.id",
        {"tickets": list(tickets), "code": BY_HAND},
    )
    found = [(target_of(row[3]).in_reply_to, row) for row in rows]
    return {
        answers: Draft(DeliveryId(row[0]), MessageId(row[1]), TicketId(row[2]), answers)
        for answers, row in found
        if answers is not None
    }


def post(tx: Tx, posted: Posted, now: datetime) -> None:
    """Somebody posted it.  Raises Conflict when it waits no more."""
    values = {"id": posted.delivery_id, "now": micros(now), "code": BY_HAND}
    changed = tx.run(
        "UPDATE delivery SET state = 'sent', code = '', detail = 'Posted by hand.', updated_at = :now "
        "WHERE id = :id AND state IN ('held', 'sent') AND code = :code",
        values,
    )
    if not changed:
        raise Conflict("the draft waits no more")
    name = printable(posted.external_id)
    tx.run(
        "UPDATE delivery_part SET state = 'sent', external_id = :name, sent_at = :at WHERE delivery_id = :id",
        {"id": posted.delivery_id, "name": name, "at": micros(posted.at)},
    )
    tx.run(
        "UPDATE message SET external_id = :name WHERE id = (SELECT message_id FROM delivery WHERE id = :id)",
        {"id": posted.delivery_id, "name": name},
    )
    tell(tx, posted.delivery_id, "sent", 1, BY_HAND, now)
