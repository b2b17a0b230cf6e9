"""What the router must know before it decides about a batch of messages."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeVar

from msgspec.structs import replace

from store import feeds, merging
from store.challenges import challenges_by_code
from store.drafts import drafts
from store.engine import Tx
from store.rows import (
    IDENTITY_COLUMNS,
    THREAD_COLUMNS,
    TICKET_COLUMNS,
    identity_of,
    micros,
    moment,
    printable,
    restriction_of,
    strings_of,
    thread_of,
    ticket_of,
)
from tickets.ids import (
    Channel,
    ExternalMessageId,
    IdentityId,
    MessageId,
    ThreadId,
    TicketId,
    TicketNumber,
)
from tickets.model import Challenge, Identity, Thread, Ticket
from tickets.records import Claim, Context, ContextQuery, FingerprintHit, MessageRef


def find_context(tx: Tx, query: ContextQuery) -> Context:
    """Seven statements, whatever the size of the batch or of the history; more for merged tickets and codes."""
    identities = _identities(tx, query)
    refs = _refs(tx, query)
    threads = _threads(tx, query, {ref.thread_id for ref in refs.values()})
    thread_tickets = _thread_tickets(tx, list(threads))
    numbers = _numbers(tx, query)
    claims = _claims(tx, query)
    challenges = challenges_by_code(tx, query.claims)
    leading = {
        *thread_tickets.values(),
        *(ref.ticket_id for ref in refs.values()),
        *numbers.values(),
        *(claim.ticket_id for claim in claims.values()),
        *(challenge.ticket_id for challenge in challenges.values()),
    }
    tickets = _tickets(tx, leading)
    if moved := merging.destinations(tx, [ticket.id for ticket in tickets.values() if ticket.merged_into]):
        thread_tickets = {thread: moved.get(ticket, ticket) for thread, ticket in thread_tickets.items()}
        numbers = {number: moved.get(ticket, ticket) for number, ticket in numbers.items()}
        claims = {key: _led_on(claim, moved) for key, claim in claims.items()}
        challenges = {key: _led_on(challenge, moved) for key, challenge in challenges.items()}
        tickets = _tickets(tx, {moved.get(ticket, ticket) for ticket in leading})
    return Context(
        identities=identities,
        refs=refs,
        threads={(thread.account, thread.key): thread for thread in threads.values()},
        threads_by_id=threads,
        tickets=tickets,
        thread_tickets=thread_tickets,
        participants=_participants(tx, list(tickets)),
        fingerprints=_fingerprints(tx, query),
        numbers=numbers,
        claims=claims,
        challenges=challenges,
        busy=_busy(tx, identities.values(), query.busy_since),
        drafts=drafts(tx, list(tickets)) if query.drafts else {},
        items=feeds.known_items(tx, query),
        alike=feeds.alike_items(tx, query),
    )


Code = TypeVar("Code", Claim, Challenge)


def _led_on(code: Code, moved: Mapping[TicketId, TicketId]) -> Code:
    return replace(code, ticket_id=moved.get(code.ticket_id, code.ticket_id))


VOUCHED = '{"verdict":"verified",'
"""How a column begins of whose message the platform or its mail server vouches for."""


def _busy(tx: Tx, known: Iterable[Identity], since: datetime | None) -> dict[IdentityId, int]:
    """Of those who were held back lately nobody asks, so that a flood does not make the question dear."""
    if since is None:
        return {}
    free = sorted(one.id for one in known if one.restricted(since) is None)
    rows = tx.all(
        "SELECT m.identity_id, COUNT(*) FROM message m WHERE m.identity_id IN EACH(:ids) AND m.direction = 'in' "
        "AND m.sent_at >= :since AND substr(m.authenticity, 1, :length) = :vouched GROUP BY m.identity_id",
        {"ids": free, "since": micros(since), "vouched": VOUCHED, "length": len(VOUCHED)},
    )
    return {IdentityId(row[0]): int(row[1]) for row in rows}


def _claims(tx: Tx, query: ContextQuery) -> dict[str, Claim]:
    if not query.claims:
        return {}
    rows = tx.all(
        "SELECT c.code_hash, c.ticket_id, c.identity_id, c.expires_at, c.used_at, i.restriction "
        "FROM claim c JOIN identity i ON i.id = c.identity_id WHERE c.code_hash IN EACH(:hashes)",
        {"hashes": sorted(query.claims)},
    )
    return {
        row[0]: Claim(
            code_hash=row[0],
            ticket_id=TicketId(row[1]),
            identity_id=IdentityId(row[2]),
            expires_at=moment(row[3]),
            used=row[4] is not None,
            restriction=restriction_of(row[5]),
        )
        for row in rows
    }


def _identities(tx: Tx, query: ContextQuery) -> dict[tuple[Channel, str], Identity]:
    rows = tx.all(
        f"SELECT {IDENTITY_COLUMNS} FROM identity i WHERE i.external_id IN EACH(:names)",
        {"names": sorted({printable(name) for _, name in query.identities})},
    )
    found = [identity_of(row) for row in rows]
    by_name = {(identity.channel, identity.external_id): identity for identity in found}
    stored = {key: (key[0], printable(key[1])) for key in query.identities}
    return {key: by_name[name] for key, name in stored.items() if name in by_name}


def _refs(tx: Tx, query: ContextQuery) -> dict[tuple[Channel, ExternalMessageId], MessageRef]:
    rows = tx.all(
        "SELECT r.channel, r.ref, r.message_id, m.ticket_id, r.thread_id, r.content_hash, r.ours, m.direction, "
        "m.recipients_cc "
        "FROM message_ref r JOIN message m ON m.id = r.message_id WHERE r.ref IN EACH(:refs)",
        {"refs": sorted({printable(ref) for _, ref in query.refs})},
    )
    by_name = {
        (row[0], row[1]): MessageRef(
            message_id=MessageId(row[2]),
            ticket_id=TicketId(row[3]),
            thread_id=ThreadId(row[4]),
            content_hash=row[5],
            ours=bool(row[6]),
            notice=bool(row[6]) and row[7] == "in",
            copies=strings_of(row[8]) if row[6] and row[7] == "out" else (),
        )
        for row in rows
    }
    stored = {key: (key[0], printable(key[1])) for key in query.refs}
    return {key: by_name[name] for key, name in stored.items() if name in by_name}


def _threads(tx: Tx, query: ContextQuery, ids: set[ThreadId]) -> dict[ThreadId, Thread]:
    rows = tx.all(
        f"SELECT {THREAD_COLUMNS} FROM thread h WHERE h.id IN EACH(:ids) "
        f"UNION SELECT {THREAD_COLUMNS} FROM thread h "
        "WHERE h.account IN EACH(:accounts) AND h.key IN EACH(:keys)",
        {
            "ids": sorted(ids),
            "accounts": sorted({account for account, _ in query.threads}),
            "keys": sorted({printable(key) for _, key in query.threads}),
        },
    )
    asked = {(account, printable(key)) for account, key in query.threads}
    threads = [thread_of(row) for row in rows]
    return {thread.id: thread for thread in threads if thread.id in ids or (thread.account, thread.key) in asked}


def _thread_tickets(tx: Tx, ids: list[ThreadId]) -> dict[ThreadId, TicketId]:
    """The newest ticket of each thread; an open one before any closed."""
    rows = tx.all(
        "SELECT thread_id, ticket_id FROM ticket_thread WHERE thread_id IN EACH(:ids) "
        "ORDER BY is_open, joined_at, ticket_id",
        {"ids": sorted(ids)},
    )
    return {ThreadId(row[0]): TicketId(row[1]) for row in rows}


def _tickets(tx: Tx, ids: set[TicketId]) -> dict[TicketId, Ticket]:
    rows = tx.all(f"SELECT {TICKET_COLUMNS} FROM ticket t WHERE t.id IN EACH(:ids)", {"ids": sorted(ids)})
    return {TicketId(row[0]): ticket_of(row) for row in rows}


def _numbers(tx: Tx, query: ContextQuery) -> dict[TicketNumber, TicketId]:
    if not query.numbers:
        return {}
    rows = tx.all(
        "SELECT number, id FROM ticket WHERE number IN EACH(:numbers)", {"numbers": sorted(query.numbers)}
    )
    return {TicketNumber(row[0]): TicketId(row[1]) for row in rows}


def _participants(tx: Tx, ids: list[TicketId]) -> dict[TicketId, frozenset[IdentityId]]:
    rows = tx.all(
        "SELECT ticket_id, identity_id FROM participant WHERE ticket_id IN EACH(:ids)", {"ids": sorted(ids)}
    )
    found: dict[TicketId, set[IdentityId]] = {}
    for ticket_id, identity_id in rows:
        found.setdefault(TicketId(ticket_id), set()).add(IdentityId(identity_id))
    return {ticket_id: frozenset(people) for ticket_id, people in found.items()}


def _fingerprints(tx: Tx, query: ContextQuery) -> dict[str, tuple[FingerprintHit, ...]]:
    rows = tx.all(
        "SELECT f.value, f.message_id, m.ticket_id, t.number, f.identity_id, i.channel, f.stored_at "
        "FROM fingerprint f JOIN message m ON m.id = f.message_id JOIN ticket t ON t.id = m.ticket_id "
        "JOIN identity i ON i.id = f.identity_id "
        "WHERE f.value IN EACH(:values) AND f.band = 'text' AND f.stored_at >= :since "
        "ORDER BY f.stored_at DESC LIMIT 500",
        {"values": sorted(query.fingerprints), "since": micros(query.fingerprints_since)},
    )
    found: dict[str, list[FingerprintHit]] = {}
    for row in rows:
        hit = FingerprintHit(
            message_id=MessageId(row[1]),
            ticket_id=TicketId(row[2]),
            number=TicketNumber(row[3]),
            identity_id=IdentityId(row[4]),
            channel=row[5],
            stored_at=moment(row[6]),
        )
        found.setdefault(row[0], []).append(hit)
    return {value: tuple(hits) for value, hits in found.items()}
