"""What the router must know, looked up in the memory store."""

from collections import Counter

from msgspec.structs import replace

from simulators.memory_store.items import alike_items, known_items
from simulators.memory_store.merging import destination
from simulators.memory_store.tables import Tables
from tickets.ids import ExternalMessageId, IdentityId, ThreadId, TicketId
from tickets.model import Challenge
from tickets.records import BY_HAND, Context, ContextQuery, Draft, FingerprintHit, MessageRef


def find_context(tables: Tables, query: ContextQuery) -> Context:
    refs = {name: _now(tables, tables.refs[name]) for name in query.refs if name in tables.refs}
    asked = {tables.thread_names[name] for name in query.threads if name in tables.thread_names}
    thread_ids = asked | {ref.thread_id for ref in refs.values()}
    threads = {thread_id: tables.threads[thread_id] for thread_id in thread_ids}
    newest = _newest_tickets(tables, thread_ids)
    known_numbers = [number for number in query.numbers if number in tables.ticket_numbers]
    numbers = {number: destination(tables, tables.ticket_numbers[number]) for number in known_numbers}
    claims = {
        key: replace(
            tables.claims[key],
            ticket_id=destination(tables, tables.claims[key].ticket_id),
            restriction=tables.identities[tables.claims[key].identity_id].restriction,
        )
        for key in query.claims
        if key in tables.claims
    }
    challenges = {
        key: _led_on(tables, tables.challenges[tables.challenge_codes[key]])
        for key in query.claims
        if key in tables.challenge_codes
    }
    ticket_ids = {
        *(claim.ticket_id for claim in claims.values()),
        *(challenge.ticket_id for challenge in challenges.values()),
        *newest.values(),
        *(ref.ticket_id for ref in refs.values()),
        *numbers.values(),
    }
    known = [name for name in query.identities if name in tables.identity_names]
    return Context(
        identities={name: tables.identities[tables.identity_names[name]] for name in known},
        refs=refs,
        threads={(thread.account, thread.key): thread for thread in threads.values()},
        threads_by_id=threads,
        tickets={ticket_id: tables.tickets[ticket_id] for ticket_id in ticket_ids},
        thread_tickets=newest,
        participants=_participants(tables, ticket_ids),
        fingerprints=_fingerprints(tables, query),
        numbers=numbers,
        claims=claims,
        challenges=challenges,
        busy=_busy(tables, query),
        drafts=_drafts(tables, ticket_ids) if query.drafts else {},
        items=known_items(tables, query),
        alike=alike_items(tables, query),
    )


def _led_on(tables: Tables, challenge: Challenge) -> Challenge:
    return replace(challenge, ticket_id=destination(tables, challenge.ticket_id))


def _drafts(tables: Tables, tickets: set[TicketId]) -> dict[ExternalMessageId, Draft]:
    waiting = (
        one
        for one in sorted(tables.deliveries.values(), key=lambda one: (one.created_at, one.id))
        if one.ticket_id in tickets and one.state in ("held", "sent") and one.code == BY_HAND
    )
    return {
        one.target.in_reply_to: Draft(one.id, one.message_id, one.ticket_id, one.target.in_reply_to)
        for one in waiting
        if one.target.in_reply_to and one.message_id and one.ticket_id
    }


def _busy(tables: Tables, query: ContextQuery) -> dict[IdentityId, int]:
    if query.busy_since is None:
        return {}
    known = {tables.identity_names[name] for name in query.identities if name in tables.identity_names}
    free = {one for one in known if tables.identities[one].restricted(query.busy_since) is None}
    wrote = Counter(
        one.identity_id
        for one in tables.messages.values()
        if one.direction == "in"
        and one.identity_id in free
        and one.sent_at >= query.busy_since
        and one.authenticity is not None
        and one.authenticity.verdict == "verified"
    )
    return {who: count for who, count in wrote.items() if who is not None}


def _now(tables: Tables, ref: MessageRef) -> MessageRef:
    """A reference with the ticket that its message is in now."""
    return replace(ref, ticket_id=tables.messages[ref.message_id].ticket_id)


def _newest_tickets(tables: Tables, thread_ids: set[ThreadId]) -> dict[ThreadId, TicketId]:
    """The ticket that joined last; the open one, if there is one, comes before any closed."""
    joined = sorted(tables.ticket_threads.items(), key=lambda item: (item[1].open, item[1].place))
    newest = {thread_id: ticket_id for (ticket_id, thread_id), _ in joined if thread_id in thread_ids}
    return {thread_id: destination(tables, ticket_id) for thread_id, ticket_id in newest.items()}


def _participants(tables: Tables, ticket_ids: set[TicketId]) -> dict[TicketId, frozenset[IdentityId]]:
    found: dict[TicketId, set[IdentityId]] = {}
    for ticket_id, identity_id in tables.participants:
        if ticket_id in ticket_ids:
            found.setdefault(ticket_id, set()).add(identity_id)
    return {ticket_id: frozenset(people) for ticket_id, people in found.items()}


def _fingerprints(tables: Tables, query: ContextQuery) -> dict[str, tuple[FingerprintHit, ...]]:
    """Newest first."""
    found: dict[str, list[FingerprintHit]] = {}
    for (value, _), hit in tables.fingerprints.items():
        if value in query.fingerprints and hit.stored_at >= query.fingerprints_since:
            ticket_id = tables.messages[hit.message_id].ticket_id
            now = replace(hit, ticket_id=ticket_id, number=tables.tickets[ticket_id].number)
            found.setdefault(value, []).append(now)
    return {
        value: tuple(sorted(hits, key=lambda hit: hit.stored_at, reverse=True)) for value, hits in found.items()
    }
