"""Who was asked to show who they are, and what came of it."""

from collections.abc import Collection, Sequence

from store.engine import Row, Tx, one
from store.rows import micros, micros_or_none, moment, moment_or_none, printable
from tickets.ids import ChallengeId, IdentityId, TicketId
from tickets.model import Challenge
from tickets.records import Challenged

_COLUMNS = (
    "id, ticket_id, identity_id, way, state, asked_by, asked_at, answer_by, about, evidence, judged_by, ended_at, "
    "holds_until"
)
_PUT = f"""
INSERT INTO challenge ({_COLUMNS}, code_hash)
VALUES (:id, :ticket_id, :identity_id, :way, :state, :asked_by, :asked_at, :answer_by, :about, :evidence,
    :judged_by, :ended_at, :holds_until, :code_hash)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, evidence = excluded.evidence,
    judged_by = excluded.judged_by, ended_at = excluded.ended_at, holds_until = excluded.holds_until
"""


def put_challenges(tx: Tx, changed: Sequence[Challenged]) -> None:
    """Their tickets change with them, so that nobody else writes them meanwhile."""
    tx.many(
        _PUT,
        [
            {
                "id": challenge.id,
                "ticket_id": challenge.ticket_id,
                "identity_id": challenge.identity_id,
                "way": challenge.way,
                "state": challenge.state,
                "asked_by": printable(challenge.asked_by),
                "asked_at": micros(challenge.asked_at),
                "answer_by": micros(challenge.answer_by),
                "about": printable(challenge.about),
                "evidence": printable(challenge.evidence),
                "judged_by": printable(challenge.judged_by),
                "ended_at": micros_or_none(challenge.ended_at),
                "holds_until": micros_or_none(challenge.holds_until),
                "code_hash": code_hash,
            }
            for challenge, code_hash in ((one.challenge, one.code_hash) for one in changed)
        ],
    )


def challenges_of(tx: Tx, tickets: Collection[TicketId]) -> tuple[Challenge, ...]:
    """In the order in which they were asked."""
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM challenge WHERE ticket_id IN EACH(:ids) ORDER BY asked_at, id",
        {"ids": sorted(tickets)},
    )
    return tuple(map(_challenge_of, rows))


def challenges_by_code(tx: Tx, hashes: Collection[str]) -> dict[str, Challenge]:
    """Their tickets are as they were asked in, not where they are now."""
    if not hashes:
        return {}
    rows = tx.all(
        f"SELECT {_COLUMNS}, code_hash FROM challenge WHERE code_hash IN EACH(:hashes)",
        {"hashes": sorted(hashes)},
    )
    return {row[13]: _challenge_of(row) for row in rows}


def find_challenge(tx: Tx, challenge_id: ChallengeId) -> Challenge | None:
    row = one(tx.all(f"SELECT {_COLUMNS} FROM challenge WHERE id = :id", {"id": challenge_id}))
    return None if row is None else _challenge_of(row)


def _challenge_of(row: Row) -> Challenge:
    return Challenge(
        id=ChallengeId(row[0]),
        ticket_id=TicketId(row[1]),
        identity_id=IdentityId(row[2]),
        way=row[3],
        state=row[4],
        asked_by=row[5],
        asked_at=moment(row[6]),
        answer_by=moment(row[7]),
        about=row[8],
        evidence=row[9],
        judged_by=row[10],
        ended_at=moment_or_none(row[11]),
        holds_until=moment_or_none(row[12]),
    )
