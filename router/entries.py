"""What an admission writes: message, names, files, jobs, history; and what the next message must see of it."""

from datetime import datetime

from router.albums import Gathered
from router.dedupe import Sameness
from router.rules import Rule
from router.threads import Match
from tickets.ids import AttachmentId, ExternalMessageId, MessageId, ThreadId, TicketId, new_id
from tickets.model import (
    Challenge,
    Entity,
    Identity,
    InboundMessage,
    Message,
    Restriction,
    Thread,
    Ticket,
    TicketClock,
    TicketEvent,
)
from tickets.records import (
    Admission,
    Claim,
    Context,
    FingerprintHit,
    MessageRef,
    NewAttachment,
    NewJob,
    NewRef,
)

ACTOR = "router"


def new_thread(message: InboundMessage) -> Thread:
    """A conversation never seen before."""
    return Thread(
        id=ThreadId(new_id()),
        account=message.account,
        channel=message.channel,
        key=message.thread.key,
        visibility=message.thread.visibility,
        title=message.thread.title,
    )


def stored(
    gathered: Gathered,
    ticket: Ticket,
    thread: Thread,
    identity: Identity,
    language: str | None,
    match: Match,
    same: Sameness,
    warnings: tuple[str, ...],
    entities: tuple[Entity, ...],
    now: datetime,
) -> Message:
    """The message as it is kept.  warnings: further sentences for people; empty ones are none."""
    message = gathered.message
    hints = [match.warning, _sameness_hint(same), *warnings]
    return Message(
        id=MessageId(new_id()),
        ticket_id=ticket.id,
        direction="in",
        author=identity.display_name,
        text=message.text,
        sent_at=message.sent_at,
        stored_at=now,
        thread_id=thread.id,
        identity_id=identity.id,
        external_id=message.external_id,
        reply_to=message.reply_to[0] if message.reply_to else None,
        event_id=gathered.event_ids[0],
        subject=message.subject,
        html=message.html,
        language=language,
        authenticity=message.authenticity,
        automatic=message.automatic,
        warnings=(*message.warnings, *(hint for hint in hints if hint)),
        unanswerable=message.unanswerable,
        to=message.to,
        cc=message.cc,
        secrets=message.secrets,
        entities=entities,
    )


def _sameness_hint(same: Sameness) -> str:
    if same.hit is None or not same.hit.number:
        return ""
    if same.kind == "repeat":
        return f"The same person wrote the same text in ticket #{same.hit.number}."
    return f"The same text came over {same.hit.channel} as ticket #{same.hit.number}: perhaps the same person."


def attachments(message: InboundMessage, message_id: MessageId, *, checked: bool) -> tuple[NewAttachment, ...]:
    """Its files, each with a fresh id.  checked: they are shown only once they were."""
    return tuple(
        NewAttachment(AttachmentId(new_id()), message_id, draft, held=checked and draft.content is not None)
        for draft in message.attachments
    )


def refs(
    message: InboundMessage, ticket_id: TicketId, thread_id: ThreadId, message_id: MessageId
) -> tuple[NewRef, ...]:
    """Every name under which it can be answered."""
    names: tuple[ExternalMessageId, ...] = (message.external_id, *message.aliases)
    return tuple(
        NewRef(
            channel=message.channel,
            ref=name,
            message_id=message_id,
            ticket_id=ticket_id,
            thread_id=thread_id,
            part=part,
            content_hash=message.content_hash,
        )
        for part, name in enumerate(dict.fromkeys(names))
    )


def events(
    ticket: Ticket, stored: Message, match: Match, rule: Rule, same: Sameness, now: datetime
) -> tuple[TicketEvent, ...]:
    """That it came, and what that did to the ticket."""
    told = []
    if match.ticket is None:
        told.append(
            event("opened", ticket, now, rule=rule.name, team=ticket.team, category=ticket.category, why=match.why)
        )
    elif match.ticket.status == "closed" and ticket.status == "open":
        told.append(event("reopened", ticket, now, why="new message"))
    told.append(event("received", ticket, now, message_id=stored.id, priority=ticket.priority, same=same.kind))
    return tuple(told)


def event(
    kind: str, ticket: Ticket, now: datetime, *, message_id: MessageId | None = None, **data: str | int | None
) -> TicketEvent:
    """An event by the router, with the ticket's state after it."""
    return TicketEvent(
        kind=kind,
        actor=ACTOR,
        at=now,
        ticket_id=ticket.id,
        message_id=message_id,
        data={**data, "status": ticket.status},
    )


def file_jobs(admission: Admission, message: InboundMessage, now: datetime) -> tuple[NewJob, ...]:
    """One job for each file that must still be fetched from the platform, or checked."""
    wanted = [
        ("check_attachment" if one.held else "fetch_attachment", one.id)
        for one in admission.attachments
        if one.held or (one.draft.content is None and one.draft.remote_id)
    ]
    return tuple(
        NewJob(kind, f"{kind}:{file_id}", now, {"attachment": file_id, "account": message.account})
        for kind, file_id in wanted
    )


def claimed(
    ticket: Ticket, claim: Claim | None, message_id: MessageId, context: Context, now: datetime
) -> tuple[TicketEvent, ...]:
    """That a code was brought; its other holder's name stands by it, so that they are known to be one."""
    if claim is None:
        return ()
    number = context.tickets[claim.ticket_id].number
    return (event("claimed", ticket, now, message_id=message_id, number=number, identity=claim.identity_id),)


def clock(ticket: Ticket, passed: TicketClock, now: datetime) -> TicketEvent:
    """That a clock was warned of, or missed."""
    due = passed.due_at.isoformat() if passed.due_at else ""
    return event(f"clock_{passed.state}", ticket, now, clock=passed.kind, due=due)


def identified(
    ticket: Ticket, shown: Challenge | None, message_id: MessageId, now: datetime
) -> tuple[TicketEvent, ...]:
    """That somebody showed who they are; nothing where nobody did."""
    if shown is None:
        return ()
    return (event("identified", ticket, now, message_id=message_id, way=shown.way, challenge=shown.id),)


def covered(
    ticket: Ticket, message: InboundMessage, message_id: MessageId, now: datetime
) -> tuple[TicketEvent, ...]:
    """That secrets stood in a message; nothing where none did."""
    if not message.secrets:
        return ()
    return (event("covered", ticket, now, message_id=message_id, secrets=", ".join(message.secrets)),)


def muted(ticket: Ticket, restriction: Restriction | None, now: datetime) -> tuple[TicketEvent, ...]:
    """That the program muted somebody; nothing where it did not."""
    if restriction is None or restriction.until is None:
        return ()
    until = restriction.until.isoformat()
    return (event("muted", ticket, now, reason=restriction.reason, until=until),)


def remember(
    admission: Admission, message: InboundMessage, thread: Thread, identity: Identity, context: Context
) -> None:
    """Bring the context up to date, so that the next message of the batch sees this one."""
    ticket = admission.ticket
    assert ticket is not None
    context.identities[(message.channel, identity.external_id)] = identity
    context.threads[(thread.account, thread.key)] = thread
    context.threads_by_id[thread.id] = thread
    context.tickets[ticket.id] = ticket
    context.thread_tickets[thread.id] = ticket.id
    people = context.participants.get(ticket.id, frozenset())
    context.participants[ticket.id] = people | {identity.id}
    if admission.fingerprint and admission.message is not None:
        stored = admission.message
        hit = FingerprintHit(stored.id, ticket.id, ticket.number, identity.id, message.channel, stored.stored_at)
        earlier = context.fingerprints.get(admission.fingerprint, ())
        context.fingerprints[admission.fingerprint] = (hit, *earlier)
    for ref in admission.refs:
        context.refs.setdefault(
            (ref.channel, ref.ref),
            MessageRef(ref.message_id, ref.ticket_id, ref.thread_id, ref.content_hash, ref.ours),
        )
