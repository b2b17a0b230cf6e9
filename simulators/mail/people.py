"""Outside correspondents: people with a mail address somewhere else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.utils import format_datetime, parseaddr

from simulators.mail.compose import Attachment, Draft, HeaderChanges, build, trace_fields
from simulators.mail.mailbox import Clock
from simulators.mail.sent import SentMail, read_sent

ATTRIBUTIONS = {
    "de": "Am {date} schrieb {name}:",
    "en": "On {date}, {name} wrote:",
    "es": "El {date}, {name} escribió:",
    "fr": "Le {date}, {name} a écrit :",
    "it": "Il {date}, {name} ha scritto:",
    "ja": "{date} {name}:",
    "nl": "Op {date} schreef {name}:",
    "pt": "Em {date}, {name} escreveu:",
    "ru": "{date}, {name} пишет:",
    "zh": "{name} 于 {date} 写道：",
}
"""The line mail programs put above quoted text, by language; others use "en"."""


@dataclass(frozen=True)
class Outside:
    """What a person needs of the world.

    accept: takes a finished mail in and brings it to its recipients; raises
    LookupError when no mailbox or person of the platform is among them.
    authserv_id: who signs Authentication-Results (RFC 8601).
    """

    now: Clock
    next_message_id: Callable[[str], str]
    accept: Callable[[SentMail], None]
    authserv_id: str


@dataclass(eq=False)
class Person:
    """One correspondent.  ``received`` holds what reached them, in order; ``language`` as in BCP 47."""

    name: str
    address: str
    language: str
    outside: Outside
    received: list[SentMail] = field(default_factory=list)

    def write(
        self,
        *,
        to: str,
        subject: str,
        text: str,
        html: str | None = None,
        attachments: Sequence[Attachment] = (),
        in_reply_to: str | None = None,
        references: Sequence[str] = (),
        message_id: str | None = None,
        cc: Sequence[str] = (),
        headers: HeaderChanges | None = None,
        authenticated: bool = True,
    ) -> bytes:
        """Send a mail; the bytes as they lie in the mailbox.

        to: an address, with or without a display name; a subaddress
        ("support+x@example.test") reaches its mailbox.  message_id: None lets
        the platform make a new one.  headers: set last, None removes a field.
        authenticated: whether the topmost Authentication-Results field tells
        of a passed or a failed DMARC check.  Raises LookupError when no
        recipient exists on the platform.
        """
        draft = Draft(
            sender=str(Address(self.name, addr_spec=self.address)),
            to=to,
            subject=subject,
            text=text,
            message_id=message_id or self.outside.next_message_id(self.address),
            at=self.outside.now(),
            html=html,
            attachments=attachments,
            in_reply_to=in_reply_to,
            references=references,
            cc=cc,
            language=self.language,
            headers=headers or {},
        )
        return self._send(draft, authenticated)

    def reply(
        self,
        mail: SentMail,
        text: str,
        *,
        html: str | None = None,
        attachments: Sequence[Attachment] = (),
        headers: HeaderChanges | None = None,
        authenticated: bool = True,
    ) -> bytes:
        """Answer a mail this person received, quoting it below; the bytes as delivered.

        Goes to Reply-To, else From, with In-Reply-To and References as RFC
        5322 section 3.6.4 has them.  Raises ValueError for a mail that is not
        among ``received``.
        """
        if not any(mail is mine for mine in self.received):
            raise ValueError(f"{self.address} never received this mail")
        own_id = [mail.message_id] if mail.message_id else []
        return self.write(
            to=mail.header("Reply-To") or mail.header("From") or mail.envelope_from,
            subject=reply_subject(mail.subject),
            text=f"{text}\n\n{self._attribution(mail)}\n{quoted(mail.text)}\n",
            html=html,
            attachments=attachments,
            in_reply_to=mail.message_id,
            references=[*mail.references, *own_id],
            headers=headers,
            authenticated=authenticated,
        )

    def _send(self, draft: Draft, authenticated: bool) -> bytes:
        raw = self._trace(draft.at, authenticated) + build(draft)
        recipients = [parseaddr(address)[1] for address in (draft.to, *draft.cc)]
        self.outside.accept(read_sent(self.address, recipients, raw, draft.at))
        return raw

    def _trace(self, at: datetime, authenticated: bool) -> bytes:
        domain = self.address.rpartition("@")[2]
        verdict = "pass" if authenticated else "fail"
        server = self.outside.authserv_id
        results = f"{server}; dmarc={verdict} header.from={domain}; spf={verdict}; dkim={verdict}"
        received = f"from mail.{domain} by {server} with ESMTPS; {format_datetime(at)}"
        return trace_fields(
            [
                ("Authentication-Results", results),
                ("Return-Path", f"<{self.address}>"),
                ("Received", received),
            ]
        )

    def _attribution(self, mail: SentMail) -> str:
        pattern = ATTRIBUTIONS.get(self.language.partition("-")[0].lower(), ATTRIBUTIONS["en"])
        name, address = parseaddr(mail.header("From") or mail.envelope_from)
        return pattern.format(date=mail.at.strftime("%Y-%m-%d %H:%M"), name=name or address)


def reply_subject(subject: str) -> str:
    """The subject with one "Re: " in front (RFC 5322 section 3.6.5)."""
    return subject if subject[:3].lower() == "re:" else f"Re: {subject}"


def quoted(text: str) -> str:
    """The text as mail programs quote it, "> " before every line."""
    return "\n".join(f"> {line}".rstrip() for line in text.rstrip("\n").split("\n"))
