"""From a message and what is known to what becomes of it.  No I/O: same input, same decision but for fresh ids."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from msgspec.structs import replace

from router import albums, dedupe, entries, feeds, links, priority, rules
from router.albums import Gathered
from router.categories import Classifier
from router.causes import signature_of
from router.claims import Brought, brought, join_jobs, known_in, opens_talk, use
from router.clocks import ClockRules, timed
from router.commands import carry_out
from router.dedupe import Sameness
from router.entities import EntityFinder, EntityRules
from router.feeds import Feeds
from router.gist import gist_of
from router.hand import answered_by_hand
from router.language import LanguageRecognizer
from router.moves import moved, waiting_again
from router.names import WARNING, passes_for
from router.people import Person
from router.priority import WEIGHTS, Circumstances, Weights
from router.reactions import react
from router.signatures import encoded
from router.sorting import Sorter
from router.threads import Match, match_ticket, open_in
from router.triggers import Triggers
from tickets.claims import without
from tickets.demands import demands_of
from tickets.folds import snippet_of
from tickets.ids import (
    AccountId,
    TicketId,
    TicketNumber,
    new_id,
)
from tickets.model import (
    Delivery,
    Entity,
    Gist,
    Identity,
    InboundMessage,
    Participant,
    Reason,
    Restriction,
    Thread,
    Ticket,
)
from tickets.ports import NoticeWriter
from tickets.records import (
    Admission,
    Bounce,
    Context,
    MessageChange,
    MessageRef,
    Restricting,
)
from tickets.states import state_jobs

SUBJECT_CHARS = 80
PROGRAM = "Switchboard"
STRAY = "a report about a mail that was not sent from here"


class Flood(NamedTuple):
    """Whoever writes so many messages in so short a time is muted for a while.

    messages: 0 for nobody.
    """

    messages: int = 30
    within: timedelta = timedelta(minutes=10)
    mute: timedelta = timedelta(hours=1)


class Policy(NamedTuple):
    """What the operator decided.

    acknowledge_again_after: the same person is acknowledged at most once in this time.
    languages: in which we speak, with what each calls itself.  young: for how long
    somebody is new to a platform.  files_are_checked: nobody sees a file before it was.
    own_names: names that nobody but ours should bear.  identity_holds: so long it counts that
    somebody has shown who they are.  entities: how accounts and orders look.  silent: accounts
    that must not say anything by themselves.  sorter: whose work what is.  weights: of
    priorities.  clocks: by when things are to happen.  triggers: the
    operator's rules.
    """

    rules: tuple[rules.Rule, ...]
    reopen_within: timedelta
    aliases: rules.AliasTeams = {}
    acknowledge_again_after: timedelta = timedelta(days=1)
    flood: Flood = Flood()
    languages: Mapping[str, str] = MappingProxyType({})
    young: timedelta = timedelta(0)
    files_are_checked: bool = False
    feeds: Feeds = MappingProxyType({})
    own_names: tuple[str, ...] = ()
    identity_holds: timedelta = timedelta(hours=12)
    entities: EntityRules = EntityRules()
    silent: frozenset[AccountId] = frozenset()
    sorter: Sorter = Sorter()
    weights: Weights = WEIGHTS
    clocks: ClockRules = ClockRules()
    triggers: Triggers = Triggers()


class Decider:
    """Decides about one message after the other, remembering its decisions in the context."""

    def __init__(self, policy: Policy, languages: LanguageRecognizer, notices: NoticeWriter) -> None:
        self._policy = policy
        self._languages = languages
        self._notices = notices
        self._entities = EntityFinder(policy.entities)

    def decide(self, gathered: Gathered, context: Context, now: datetime) -> Admission:
        """What becomes of a message.  ``context`` is brought up to date with it."""
        admission = self._decide(gathered, context, now)
        if admission.ticket is None:
            return admission
        ticket, passed = timed(admission.ticket, now, self._policy.clocks)
        events = (*admission.events, *(entries.clock(ticket, clock, now) for clock in passed))
        ruled = self._policy.triggers.apply(ticket, events, _said(gathered.message), now)
        ticket = ruled.ticket if ruled.ticket is ticket else timed(ruled.ticket, now, self._policy.clocks)[0]
        context.tickets[ticket.id] = ticket
        return replace(
            admission,
            ticket=ticket,
            events=(*events, *ruled.events),
            jobs=(*admission.jobs, *ruled.jobs),
            deliveries=() if ruled.hold else admission.deliveries,
        )

    def _decide(self, gathered: Gathered, context: Context, now: datetime) -> Admission:
        message = gathered.message
        identity = context.identities.get((message.channel, message.author.external_id))
        author = identity.id if identity else None
        if message.command == "start" and opens_talk(message, author, context, now):
            gathered = gathered._replace(message=replace(message, command="", argument=""))
            return self._decide(gathered, context, now)
        if message.command:
            return self._answer_command(gathered, context, now)
        if message.by_us:
            return answered_by_hand(gathered, context, now)
        if message.stray:
            return Admission(event_ids=gathered.event_ids, verdict="ignored", reason=STRAY)
        gist = gist_of(message)
        same = dedupe.recognize(message, gist.fingerprint, author, context)
        if same.kind == "redelivery" and same.ref is not None:
            return feeds.known_as(gathered, same.ref.ticket_id, context)
        if same.kind in ("redelivery", "echo"):
            return Admission(event_ids=gathered.event_ids, verdict="ignored", reason=same.kind)
        if message.kind == "reaction":
            return react(gathered, identity, context, now)
        if message.kind != "message":
            return self._change(gathered, context, now)
        if message.group and (known := context.refs.get((message.channel, albums.group_ref(message.group)))):
            return _straggler(gathered, known, context, now, checked=self._policy.files_are_checked)
        if message.unaddressed:
            return Admission(event_ids=gathered.event_ids, verdict="ignored", reason="not_addressed")
        if message.feed:
            restriction = _restriction(message, context, now)
            blocked = restriction is not None and restriction.kind == "block"
            language = self._languages.recognize(gist.sample, message.author.language)
            read = feeds.read_along(gathered, self._policy.feeds, language, context, now, blocked=blocked)
            if read is not None:
                return read
        return self._admit(gathered, gist, identity, same, context, now)

    @property
    def classifier(self) -> Classifier:
        """What says what messages are about."""
        return self._policy.sorter.classifier

    def busy_since(self, now: datetime) -> datetime | None:
        """From when on people's messages count as a flood; None where nothing does."""
        return now - self._policy.flood.within if self._policy.flood.messages else None

    def _answer_command(self, gathered: Gathered, context: Context, now: datetime) -> Admission:
        message = gathered.message
        restriction = _restriction(message, context, now)
        if restriction is not None and restriction.kind == "block":
            return Admission(event_ids=gathered.event_ids, verdict="ignored", reason="blocked")
        silent = message.late or restriction is not None
        if message.command != "start":
            return self._carry_out(gathered, context, now, silent=silent)
        welcome = None if silent else self._notices.welcome(message, now)
        return Admission(
            event_ids=gathered.event_ids,
            verdict="ticket",
            reason="command start",
            deliveries=(welcome,) if welcome else (),
        )

    def _carry_out(self, gathered: Gathered, context: Context, now: datetime, *, silent: bool) -> Admission:
        """A command of the person's, done once and, unless silent, answered in their language."""
        message = gathered.message
        identity = context.identities.get((message.channel, message.author.external_id))
        thread = context.threads.get((message.account, message.thread.key))
        ticket = open_in(thread.id, context) if thread else None
        people = context.participants.get(ticket.id, frozenset()) if ticket else frozenset()
        alone = people <= {identity.id if identity else None}
        done = carry_out(
            message.command,
            ticket,
            now,
            alone=alone,
            argument=message.argument,
            languages=self._policy.languages,
        )
        person = Person.of(message, identity, None, now).choosing(done.language) if done.language else None
        language = person.identity.speaks if person else identity.speaks if identity else None
        same = (message.account, message.thread.key, f"{message.author.external_id} {done.said} {language}")
        again = same in context.told and not message.interaction  # who floods is answered once a batch
        if not silent:
            context.told.add(same)
        told = (
            (self._notices.told(done.said, message, now, language, thread, ticket),)
            if not silent and not again
            else ()
        )
        if done.ticket is not None:
            context.tickets[done.ticket.id] = done.ticket
        if person is not None:
            context.identities[(message.channel, message.author.external_id)] = person.identity
        return Admission(
            event_ids=gathered.event_ids,
            verdict="ticket",
            reason=f"command {message.command}",
            new_contact=person.new_contact if person else None,
            new_identity=person.identity if person and person.is_new else None,
            changed_identity=person.identity if person and person.is_changed else None,
            ticket=done.ticket,
            ticket_version=ticket.version if done.ticket and ticket else 0,
            thread_id=thread.id if done.ticket and thread else None,
            deliveries=told,
            jobs=state_jobs(done.ticket, (message.channel,), now)
            if done.ticket and done.ticket.status == "closed"
            else (),
            events=(entries.event(done.event, done.ticket, now),) if done.ticket else (),
        )

    def _change(self, gathered: Gathered, context: Context, now: datetime) -> Admission:
        """An edit or a deletion becomes a version; an edit of a message we never saw becomes a message."""
        message = gathered.message
        ref = context.refs.get((message.channel, message.external_id))
        ticket = context.tickets.get(ref.ticket_id) if ref else None
        if ref is None or ticket is None:
            if message.feed and message.kind == "delete":
                return feeds.withdrawn(gathered, context)
            if message.kind == "delete":
                return Admission(event_ids=gathered.event_ids, verdict="ignored", reason="deletes_unknown")
            anew = Gathered(replace(message, kind="message", gist=None), gathered.event_ids)
            return self._decide(anew, context, now)
        deleted = message.kind == "delete"
        elsewhere = ticket.status == "closed" and open_in(ref.thread_id, context) is not None
        restriction = _restriction(message, context, now)
        blocked = restriction is not None and restriction.kind == "block"
        changed = moved(ticket, now, reopen=not (deleted or elsewhere or blocked))
        context.tickets[ticket.id] = changed
        return Admission(
            event_ids=gathered.event_ids,
            verdict="ticket",
            ticket=changed,
            ticket_version=ticket.version,
            thread_id=ref.thread_id,
            change=self._said_now(message, ref, now),
            segments=frozenset() if deleted else gist_of(message).segments,
            events=(
                entries.event("deleted" if deleted else "edited", changed, now, message_id=ref.message_id),
                *entries.covered(changed, message, ref.message_id, now),
            ),
        )

    def _said_now(self, message: InboundMessage, ref: MessageRef, now: datetime) -> MessageChange:
        """What an edit or a deletion leaves of a message."""
        if message.kind == "delete":
            return MessageChange(message_id=ref.message_id, at=now, text=None)
        entities = self._entities.find(gist_of(message).said)
        return MessageChange(ref.message_id, now, message.text, message.secrets, entities)

    def _admit(
        self,
        gathered: Gathered,
        gist: Gist,
        identity: Identity | None,
        same: Sameness,
        context: Context,
        now: datetime,
    ) -> Admission:
        message = gathered.message
        hint = (identity.speaks if identity else None) or message.author.language
        language = self._languages.recognize(gist.sample, hint)
        person = Person.of(message, identity, language, now)
        match = match_ticket(message, identity.id if identity else None, context, now, self._policy.reopen_within)
        restriction = person.identity.restricted(now)
        rule = rules.decide(message, self._policy.rules, self._policy.aliases)
        rule = rules.held_back(rule, restriction)
        thread = match.thread or entries.new_thread(message)
        bounce = _bounce(message, match, context)
        found = self._entities.find(f"{message.subject or ''}\n{gist.said}")
        ticket = self._ticket(message, person.identity, match, rule, context, language, found, now)
        if bounce and bounce.name is None:
            ticket = waiting_again(ticket, now)
        blocked = restriction is not None and restriction.kind == "block"
        holds = self._policy.identity_holds
        code = Brought() if blocked else brought(message, person.identity.id, ticket, match, context, now, holds)
        gathered, said = _uncoded(gathered, gist, context)
        own_name = passes_for(message.author, self._policy.own_names)
        warnings = (code.warning, WARNING.format(name=own_name) if own_name else "", *links.warnings(found))
        stored = entries.stored(
            gathered, ticket, thread, person.identity, language, match, same, warnings, found, now
        )
        notices, person = self._told(message, thread, ticket, match, rule, person, code, language, now)
        muted = self._flooding(message, person.identity, context, now)
        person = person.held_back(muted)
        use(code, context)
        admission = Admission(
            event_ids=gathered.event_ids,
            verdict="ticket",
            reason=match.why,
            new_contact=person.new_contact,
            new_identity=person.identity if person.is_new else None,
            changed_identity=person.identity if person.is_changed else None,
            new_thread=None if match.thread else thread,
            ticket=ticket,
            ticket_version=match.ticket.version if match.ticket else 0,
            thread_id=thread.id,
            participants=(Participant(person.identity.id, "other" if match.ticket else "requester"),),
            message=stored,
            attachments=entries.attachments(message, stored.id, checked=self._policy.files_are_checked),
            refs=entries.refs(message, ticket.id, thread.id, stored.id),
            bounce=bounce,
            restricting=Restricting(frozenset({person.identity.id}), muted, gently=True) if muted else None,
            claimed=code.claim.code_hash if code.claim else "",
            shown=code.shown,
            fingerprint=gist.fingerprint,
            signature=_signature(message, gist, found, language) if ticket.waiting_since else "",
            segments=gist.segments,
            snippet=snippet_of(said),
            deliveries=notices[: demands_of(message.channel).automatic_answers],
            events=(
                *entries.events(ticket, stored, match, rule, same, now),
                *entries.muted(ticket, muted, now),
                *entries.claimed(ticket, code.claim, stored.id, context, now),
                *entries.identified(ticket, code.shown, stored.id, now),
                *entries.covered(ticket, message, stored.id, now),
            ),
        )
        jobs = (*entries.file_jobs(admission, message, now), *join_jobs(ticket, code.claim, now))
        admission = replace(admission, jobs=jobs)
        if message.feed:
            item, told = feeds.taken_up(gathered, self._policy.feeds, ticket, language, context, now)
            admission = replace(admission, item=item, events=(*admission.events, *told))
        entries.remember(admission, message, thread, person.identity, context)
        return admission

    def _ticket(
        self,
        message: InboundMessage,
        identity: Identity,
        match: Match,
        rule: rules.Rule,
        context: Context,
        language: str | None,
        entities: tuple[Entity, ...],
        now: datetime,
    ) -> Ticket:
        recognized, language = language, identity.chosen_language or language
        before = match.ticket
        muted = identity.restricted(now) is not None
        circumstances = Circumstances(
            unanswered=before.unanswered if before else 0,
            language=recognized,
            before=before.priority_reasons if before and before.status != "closed" else (),
            muted=muted,
            young=rules.is_young(message, self._policy.young),
            pretends=bool(passes_for(message.author, self._policy.own_names)),
            vip=self._policy.sorter.vips.has(message) or bool(before and before.vip),
            entities=entities,
        )
        points, reasons = priority.score(message, circumstances, self._policy.weights)
        if before and muted and context.participants.get(before.id, frozenset()) - {identity.id}:
            points, reasons = before.priority, before.priority_reasons  # others wait here, too
        if before is None:
            opened = _opened(message, identity, rule, points, reasons, language, now)
            return self._policy.sorter.opened(opened, message, recognized) if rule.outcome.counts else opened
        if not rule.outcome.counts:
            return replace(before, updated_at=now, version=before.version + 1)
        after = replace(
            moved(before, now, reopen=True),
            priority=points,
            priority_reasons=reasons,
            language=language or before.language,
            waiting_since=before.waiting_since or now,
            unanswered=before.unanswered + 1,
        )
        return self._policy.sorter.went_on(before, after, message, recognized)

    def _flooding(
        self, message: InboundMessage, author: Identity, context: Context, now: datetime
    ) -> Restriction | None:
        """What holds back somebody who writes on and on; only they themselves count, not who bears their name."""
        vouched = message.authenticity.verdict == "verified" and message.automatic is None and not message.late
        if not vouched or not self._policy.flood.messages or author.restricted(now):
            return None
        wrote = context.busy.get(author.id, 0) + 1
        context.busy[author.id] = wrote
        if wrote < self._policy.flood.messages:
            return None
        return Restriction(kind="mute", reason="flood", by=PROGRAM, since=now, until=now + self._policy.flood.mute)

    def _told(
        self,
        message: InboundMessage,
        thread: Thread,
        ticket: Ticket,
        match: Match,
        rule: rules.Rule,
        person: Person,
        code: Brought,
        language: str | None,
        now: datetime,
    ) -> tuple[tuple[Delivery, ...], Person]:
        """That the message arrived, or that its code was recognised.

        The first at most once a ticket, once a person and day, and never to
        machines, the unverified or the unanswerable; the second in private only.
        """
        if code.claim is not None or code.shown is not None:
            held = person.identity.restricted(now) is not None
            silent = message.account in self._policy.silent
            if held or silent or message.late or message.unanswerable or message.thread.visibility == "public":
                return (), person
            speaks = person.identity.chosen_language or language
            return (self._notices.told("claimed", message, now, speaks, thread, ticket),), person
        if message.acknowledged:
            return (), person.acknowledged(now)
        last = person.identity.acknowledged_at
        again = last is None or now - last >= self._policy.acknowledge_again_after
        if match.ticket is not None or not rule.outcome.acknowledge or not again or message.unanswerable:
            return (), person
        notice = None if message.late else self._notices.acknowledgement(message, thread, ticket, now)
        if notice is None:
            return (), person
        return (notice,), person.acknowledged(now)


def _signature(message: InboundMessage, gist: Gist, entities: tuple[Entity, ...], language: str | None) -> str:
    """What tells others of the same cause; nothing of a machine's."""
    return "" if message.automatic is not None else encoded(signature_of(gist.said, entities, language))


def _said(message: InboundMessage) -> str:
    return f"{message.subject or ''}\n{gist_of(message).said}"


def _uncoded(gathered: Gathered, gist: Gist, context: Context) -> tuple[Gathered, str]:
    """A message and what it says, with codes of ours in it as colleagues see them: they may still be good."""
    message, known = gathered.message, known_in(gathered.message, context)
    if not known:
        return gathered, gist.said
    subject = message.subject and without(message.subject, known)
    plain = replace(message, text=without(message.text, known), subject=subject, html=None)
    return gathered._replace(message=plain), without(gist.said, known)


def _bounce(message: InboundMessage, match: Match, context: Context) -> Bounce | None:
    """The answer of ours that a mail system says it could not deliver to the person; a copy of it is another's."""
    report = message.report
    if report is None or report.outcome != "failed" or match.ticket is None:
        return None
    refs = ((name, context.refs.get((message.channel, name))) for name in message.reply_to)
    name, about = next(((name, ref) for name, ref in refs if ref is not None and ref.ours), (None, None))
    if about is None or report.recipient.lower() in about.copies:
        return None
    words = (report.recipient, report.said or report.status)
    told = ": ".join(word for word in words if word)
    why = f"A mail system sent it back ({told})." if told else "A mail system sent it back."
    return Bounce(about.message_id, why, name if about.notice else None)


def _restriction(message: InboundMessage, context: Context, now: datetime) -> Restriction | None:
    identity = context.identities.get((message.channel, message.author.external_id))
    return identity.restricted(now) if identity else None


def _opened(
    message: InboundMessage,
    identity: Identity,
    rule: rules.Rule,
    points: int,
    reasons: tuple[Reason, ...],
    language: str | None,
    now: datetime,
) -> Ticket:
    return Ticket(
        id=TicketId(new_id()),
        number=TicketNumber(0),
        subject=message.subject or _first_words(gist_of(message).said),
        status="open" if rule.outcome.open else "closed",
        priority=points,
        priority_reasons=reasons,
        team=rule.outcome.team,
        channel=message.channel,
        account=message.account,
        requester_id=identity.id,
        requester=identity.display_name,
        created_at=now,
        updated_at=now,
        language=language,
        waiting_since=now if rule.outcome.counts else None,
        unanswered=int(rule.outcome.counts),
    )


def _first_words(text: str) -> str:
    line = " ".join(text[: SUBJECT_CHARS * 4].split())
    return line if len(line) <= SUBJECT_CHARS else line[: SUBJECT_CHARS - 1] + "…"


def _straggler(
    gathered: Gathered, known: MessageRef, context: Context, now: datetime, *, checked: bool
) -> Admission:
    """An album's picture that came after its album was admitted joins the message it belongs to."""
    message = gathered.message
    ticket = context.tickets[known.ticket_id]
    changed = moved(ticket, now, reopen=False)
    context.tickets[ticket.id] = changed
    admission = Admission(
        event_ids=gathered.event_ids,
        verdict="ticket",
        reason="album",
        ticket=changed,
        ticket_version=ticket.version,
        attachments=entries.attachments(message, known.message_id, checked=checked),
        refs=entries.refs(message, ticket.id, known.thread_id, known.message_id),
        events=(entries.event("received", changed, now, message_id=known.message_id, same="album"),),
    )
    return replace(admission, jobs=entries.file_jobs(admission, message, now))
