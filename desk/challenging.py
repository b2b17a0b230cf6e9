"""Asking somebody to show who they are, and what came of it.  Pure but for fresh ids and codes."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import idna
from msgspec.structs import replace

from desk.actors import Actor
from desk.answered import asked_in_private
from desk.changes import change_with, channels_of, checked_text, new_event, next_version, reachable_author
from desk.sign_in import SignedIn, SignIn, link_to
from responders.compose import Limits, compose
from responders.templates import ReplyTemplates, in_language
from tickets.claims import hash_of, new_code
from tickets.errors import Refused
from tickets.ids import AccountId, ChallengeId, ThreadId, ThreadKey, new_id
from tickets.model import Challenge, ChallengeWay, Delivery, Identity, ReplyTarget, Ticket, TicketEnvelope
from tickets.records import Challenged, TicketChange
from tickets.states import state_jobs

TEMPLATE: Final = "identity"
LONGEST_EVIDENCE: Final = 500
LONGEST_ADDRESS: Final = 254
"""RFC 5321, section 4.5.3.1.3."""
_ADDRESS = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)


class IdentityChecks(NamedTuple):
    """How people can be asked to show who they are.

    questions: by name, each in several languages.  language: the one to fall
    back on, in which each question is there.  mail: the account that sends codes; None: none does.
    sign_in: the company's own page; None: there is none.  answer_within: so
    long they can show it.  holds: so long it counts then.  private: names of
    prepared answers that tell private data.
    """

    questions: Mapping[str, Mapping[str, str]] = MappingProxyType({})
    language: str = "en"
    mail: AccountId | None = None
    sign_in: SignIn | None = None
    answer_within: timedelta = timedelta(hours=2)
    holds: timedelta = timedelta(hours=12)
    private: frozenset[str] = frozenset()

    @property
    def ways(self) -> tuple[ChallengeWay, ...]:
        """Those that are configured."""
        there: dict[ChallengeWay, object] = {
            "questions": self.questions,
            "code": self.mail,
            "sign_in": self.sign_in,
        }
        return tuple(way for way, means in there.items() if means)


NO_CHECKS: Final = IdentityChecks()


class Asked(NamedTuple):
    """What somebody is asked.  text: what they read in the conversation.  mail: with the code; None: none goes."""

    challenged: Challenged
    text: str
    mail: Delivery | None = None


class Asking:
    """Puts one challenge into words.  own: the program's texts.  limits: of each account."""

    def __init__(
        self, checks: IdentityChecks, own: ReplyTemplates, limits: Mapping[AccountId, Limits], now: datetime
    ) -> None:
        self._checks = checks
        self._own = own
        self._limits = limits
        self._now = now

    def ask(
        self,
        ticket: TicketEnvelope,
        thread_id: ThreadId | None,
        way: ChallengeWay,
        actor: Actor,
        address: str,
        questions: Sequence[str],
    ) -> Asked:
        """address: on record for them, for a code.  questions: their names; none for all.  Raises Refused."""
        answered, _ = asked_in_private(ticket, thread_id)
        person = reachable_author(ticket, answered)
        challenge = Challenge(
            id=ChallengeId(new_id()),
            ticket_id=ticket.ticket.id,
            identity_id=person.id,
            way=way,
            state="asked",
            asked_by=actor.key,
            asked_at=self._now,
            answer_by=self._now + self._checks.answer_within,
        )
        match way:
            case "questions":
                return self._questions(challenge, ticket.ticket, questions)
            case "code":
                return self._code(challenge, ticket, address)
            case "sign_in":
                return self._sign_in(challenge, ticket.ticket, person)

    def _questions(self, challenge: Challenge, ticket: Ticket, names: Sequence[str]) -> Asked:
        known = self._checks.questions
        if not known:
            raise Refused("No questions are configured. An admin can write them into [identity.questions].")
        if strange := [name for name in names if name not in known]:
            raise Refused(f"There is no question {strange[0]!r}. There are: {', '.join(known)}.")
        wanted = tuple(dict.fromkeys(names)) or tuple(known)
        said = [in_language(known[name], ticket.language, self._checks.language) for name in wanted]
        lines = [f"{n}. {text}" for n, text in enumerate(said, 1)] if len(said) > 1 else said
        text = "\n".join((self._own.render(TEMPLATE, ticket.language, "questions"), *lines))
        return Asked(Challenged(replace(challenge, about=", ".join(wanted))), text)

    def _code(self, challenge: Challenge, ticket: TicketEnvelope, address: str) -> Asked:
        address, account = _as_sent(address.strip()), self._checks.mail
        limits = self._limits.get(account) if account else None
        if account is None or limits is None:
            raise Refused("No mail account is configured, so no code can be sent.")
        if not _ADDRESS.fullmatch(address):
            raise Refused("Write the address that you have on record for them, as name@example.org.")
        if address.lower() in (limits.own.lower(), *limits.aliases):
            raise Refused("That is your own address. Write the one that you have on record for them.")
        code, language, shown = new_code(), ticket.ticket.language, half_hidden(address)
        target = ReplyTarget(
            channel="email",
            account=account,
            thread_key=ThreadKey(f"challenge/{challenge.id}"),
            visibility="private",
            to=(address,),
            subject=self._own.render(TEMPLATE, language, "subject"),
        )
        words = self._own.render(TEMPLATE, language, "mail", code=code)
        mail = compose("code", target, words, limits, self._now, ticket_id=ticket.ticket.id)
        text = self._own.render(TEMPLATE, language, "", address=shown)
        return Asked(Challenged(replace(challenge, about=_about(address, ticket)), hash_of(code)), text, mail)

    def _sign_in(self, challenge: Challenge, ticket: Ticket, person: Identity) -> Asked:
        page = self._checks.sign_in
        if page is None:
            raise Refused("No sign-in page is configured. An admin can name one in [identity].")
        link = link_to(page, challenge, person)
        host = urlsplit(page.url).hostname or ""
        text = self._own.render(TEMPLATE, ticket.language, "sign-in", link=link)
        return Asked(Challenged(replace(challenge, about=host)), text)


def _as_sent(address: str) -> str:
    """With a domain of any script as mail servers take it (RFC 5891); what cannot be one stays, to be refused.

    Not as older software reads it, for which ``straße`` and ``strasse`` were one (RFC 3490): they may be
    two people's.
    """
    name, _, host = address.rpartition("@")
    if len(address) > LONGEST_ADDRESS or host.isascii():
        return address
    try:
        return f"{name}@{idna.encode(host.lower()).decode('ascii')}"
    except idna.IDNAError:
        return address


def _as_read(address: str) -> str:
    """With the domain as people write it."""
    name, _, host = address.rpartition("@")
    try:
        return f"{name}@{idna.decode(host)}"
    except (idna.IDNAError, UnicodeError):
        return address


def half_hidden(address: str) -> str:
    """``m•••@e•••.org``, by which its owner knows which it is, and nobody else learns it."""
    name, _, host = _as_read(address).rpartition("@")
    domain, _, end = host.rpartition(".")
    return f"{_first(name)}•••@{_first(domain)}•••.{end}"


def _first(words: str) -> str:
    """Of what has so few letters that one tells it, none."""
    return words[:1] if len(words) > 2 else ""


def _about(address: str, ticket: TicketEnvelope) -> str:
    """Who writes may have named it themselves: then it shows only that they read its mail."""
    said = [one.external_id for one in ticket.identities if one.channel == "email"]
    for message in (one for one in ticket.messages if one.direction == "in"):
        said += [message.text, message.subject or "", *(version.text for version in message.versions), *message.cc]
    forms = {address.lower(), _as_read(address).lower()}
    named = any(form in words.lower() for words in said for form in forms)
    return f"{half_hidden(address)} (which they had named here themselves)" if named else half_hidden(address)


def challenged(
    change: TicketChange, asked: Asked, actor: Actor, ticket: TicketEnvelope, now: datetime
) -> TicketChange:
    """The answer in which somebody is asked, with the challenge, and with the mail that goes with it."""
    new = asked.challenged.challenge
    event = new_event("challenged", actor, ticket, now, way=new.way, challenge=new.id)
    return replace(change, challenged=asked.challenged, mailed=asked.mail, events=(*change.events, event))


def judged(
    ticket: TicketEnvelope,
    challenge_id: ChallengeId,
    evidence: str,
    actor: Actor,
    now: datetime,
    holds: timedelta,
    *,
    passed: bool,
) -> TicketChange:
    """What a colleague says came of it.  Raises Refused where that is not theirs to say, or was said already."""
    before = next((one for one in ticket.challenges if one.id == challenge_id), None)
    if before is None:
        raise Refused("Nobody was asked that in this ticket.")
    if passed and before.way != "questions":
        raise Refused("The program itself sees whether the code comes back, or whether they sign in.")
    if before.state == "failed" or (passed and before.state == "shown"):
        raise Refused("A colleague has said already what came of it. Reload the page.")
    if passed and not _answered_since(ticket, before):
        raise Refused("They have not answered yet. What they write is to be compared with your records.")
    words = checked_text(evidence)
    if len(words) > LONGEST_EVIDENCE:
        raise Refused(f"Say in {LONGEST_EVIDENCE} characters what shows it, without the answers themselves.")
    after = replace(
        before,
        state="shown" if passed else "failed",
        evidence=words,
        judged_by=actor.key,
        ended_at=now,
        holds_until=now + holds if passed else None,
    )
    return _ended(ticket, next_version(ticket.ticket, now), after, actor, now)


def _answered_since(ticket: TicketEnvelope, challenge: Challenge) -> bool:
    """Whether who was asked has written since, vouched for by platform or mail server."""
    return any(
        message.identity_id == challenge.identity_id
        and message.direction == "in"
        and message.stored_at > challenge.asked_at
        and message.authenticity is not None
        and message.authenticity.verdict == "verified"
        for message in ticket.messages
    )


def signed_in(
    ticket: TicketEnvelope, said: SignedIn, host: str, actor: Actor, now: datetime, holds: timedelta
) -> TicketChange | None:
    """The company's page says who they are: they wait for us again.  None where it was known.  Raises Refused."""
    before = next((one for one in ticket.challenges if one.id == said.challenge_id), None)
    if before is None or before.way != "sign_in":
        raise Refused("This address is not known here.")
    if before.state == "shown":
        return None
    if not before.open(now) or ticket.ticket.status == "closed":
        raise Refused("This address has run out.")
    how = f" ({', '.join(said.how)})" if said.how else ""
    after = replace(
        before,
        state="shown",
        evidence=f"Signed in at {host} as {said.account}{how}.",
        ended_at=now,
        holds_until=now + holds,
    )
    moved = next_version(ticket.ticket, now)
    if moved.status == "pending":
        moved = replace(moved, status="open", waiting_since=now, unanswered=1)
    jobs = state_jobs(moved, channels_of(ticket), now) if moved.status != ticket.ticket.status else ()
    return replace(_ended(ticket, moved, after, actor, now), jobs=jobs)


def _ended(ticket: TicketEnvelope, moved: Ticket, after: Challenge, actor: Actor, now: datetime) -> TicketChange:
    kind = "identified" if after.state == "shown" else "unidentified"
    event = new_event(kind, actor, ticket, now, way=after.way, challenge=after.id, status=moved.status)
    return replace(change_with(ticket, moved, event), challenged=Challenged(after))
