"""What the lists show of a ticket's words."""

from store.engine import Tx, one
from store.rows import printable
from tickets.folds import fresh, snippet_of


def show_last_words(tx: Tx, ticket_id: str) -> None:
    """The list shows what the person said last and did not delete."""
    row = one(
        tx.all(
            "SELECT text FROM message WHERE ticket_id = :id AND direction = 'in' AND deleted_at IS NULL "
            "AND text <> '' ORDER BY stored_at DESC, id DESC LIMIT 1",
            {"id": ticket_id},
        )
    )
    snippet = printable(snippet_of(fresh(row[0]))) if row else ""
    tx.run("UPDATE ticket SET snippet = :snippet WHERE id = :id", {"id": ticket_id, "snippet": snippet})
