"""Mail as fetched from a mailbox: any bytes become a message, or a clear reason why not.

Runs in a killable worker process.  Caps come first and bytes come first: the
structure is read with ``policy.compat32`` (ten times faster than the default
policy, which also raises on hostile headers), single headers are guarded.
"""

import hashlib
import re

from normalizer import mail_body, mail_headers
from normalizer import mail_machines as machines
from normalizer.known import Known
from normalizer.mail_headers import Headers
from normalizer.mail_reports import read_report
from normalizer.text import one_line, readable
from tickets.errors import PayloadError
from tickets.ids import ExternalMessageId, ThreadKey
from tickets.model import Authenticity, Author, Automatic, Ignored, InboundMessage, RawEvent, ThreadRef
from tickets.own_names import HEADER, alias_in, looks_ours, named_by

HEADER_BYTES = 100 * 1024
"""Postfix's own limit for a header block is 102,400 bytes."""
_HEADER_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
RAW_SHOWN_BYTES = 64 * 1024
TOO_LARGE = "This mail is too large to be fetched; it was left in the mailbox."
MANY_DELIMITERS = 5_000
"""More lines that look like MIME delimiters than this: not parsed, as the parser takes minutes."""


def normalize_mail(event: RawEvent, known: Known) -> InboundMessage | Ignored:
    """One mail.  Raises PayloadError when nobody can be named as the sender."""
    if event.note == "not_handed_out":
        raise PayloadError("the mail server did not hand it out; it is still in the mailbox")
    head, body = split(event.payload)
    if event.note == "too_large":
        return _build(event, head, body, mail_body.unread(TOO_LARGE), known)
    if body.count(b"\n--") > MANY_DELIMITERS:
        return normalize_unparsed(event, "It has too many parts to be taken apart.", known)
    return _build(event, head, body, mail_body.read(_parsable(event.payload)), known)


def normalize_unparsed(event: RawEvent, why: str, known: Known) -> InboundMessage | Ignored:
    """The same without taking the body apart: for mails that overwhelm the parser.

    why: a sentence for the person who reads it.  Linear in the mail's size.
    """
    head, body = split(event.payload)
    shown = body[:RAW_SHOWN_BYTES].decode("utf-8", "replace")
    contents = mail_body.unread(f"{why} This is the beginning as it came; the whole is kept.", shown)
    return _build(event, head, body, contents, known)


def split(raw: bytes) -> tuple[bytes, bytes]:
    """Header block (at most 100 KiB, whole lines, ends in a newline) and body, line ends made LF."""
    probe = raw[: HEADER_BYTES + 2].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    end = probe.find(b"\n\n")
    text = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if probe.startswith(b"\n"):
        return b"", text[1:]
    if end >= 0:
        return text[: end + 1], text[end + 2 :]
    if len(raw) <= HEADER_BYTES:
        return text.rstrip(b"\n") + b"\n", b""
    cut = probe.rfind(b"\n", 0, HEADER_BYTES) + 1
    end = text.find(b"\n\n")
    return probe[:cut], text[end + 2 :] if end >= 0 else b""


def _parsable(raw: bytes) -> bytes:
    """The mail as it came, line ends and all, unless its header block is over the cap."""
    if len(raw) <= HEADER_BYTES or _HEADER_END.search(raw, 0, HEADER_BYTES + 4):
        return raw
    head, body = split(raw)
    return head + b"\n" + body


def _build(
    event: RawEvent, head: bytes, body: bytes, contents: mail_body.Contents, known: Known
) -> InboundMessage:
    headers = mail_headers.read(head)
    sender, warnings = mail_headers.sender(headers)
    if sender is None:
        raise PayloadError("the mail names no sender (no From)")
    authenticity = _authenticity(event, headers, sender.address.rpartition("@")[2], known)
    own = sender.address in (event.own_id.lower(), *known.aliases)
    if own and authenticity.verdict != "verified":
        raise PayloadError("it claims to come from our own address and no trusted server vouches for it")
    automatic = _automatic(event, headers, sender.address, contents)
    bounced = automatic is not None and automatic.kind == "bounce"
    reported = (contents.reported or _named_in_text(contents)) if bounced else ()
    answers = _answered(event, headers, reported)
    claims = tuple(name for name in answers if looks_ours(name, event.own_id))
    by_the_rules = automatic is not None and automatic.reason == machines.DELIVERY_REPORT
    subject = one_line(mail_headers.decoded(headers.first("subject")), 300)
    content_hash = _content_hash(headers, body)
    to, cc = mail_headers.plain_addresses(headers, "to"), mail_headers.plain_addresses(headers, "cc")
    message_id = mail_headers.message_id(headers) or f"<{content_hash}@no-message-id.invalid>"
    return InboundMessage(
        channel="email",
        account=event.account,
        external_id=ExternalMessageId(message_id),
        thread=ThreadRef(key=ThreadKey(content_hash), visibility="private"),
        author=Author(external_id=sender.address, display_name=sender.name or sender.address),
        text=readable(contents.text) or "(empty message)",
        subject=subject,
        html=contents.html,
        sent_at=mail_headers.sent_at(headers, event.received_at),
        authenticity=authenticity,
        reply_to=answers,
        to=to,
        cc=cc,
        attachments=contents.attachments,
        automatic=automatic,
        content_hash=content_hash,
        warnings=(*warnings, *mail_headers.warnings(headers, sender), *contents.warnings),
        unanswerable=mail_headers.unanswerable(sender),
        report=read_report(subject, contents.text, contents.attachments) if bounced else None,
        stray=by_the_rules and bool(reported) and not claims,
        claims=claims,
        ticket_number=mail_headers.ticket_number(subject),
        own=own,
        alias=alias_in([*to, *cc], event.own_id, known.aliases) or "",
    )


def _authenticity(event: RawEvent, headers: Headers, domain: str, known: Known) -> Authenticity:
    """A trusted server's word against it is outweighed only by the seal of a trusted one before it (ARC)."""
    told = mail_headers.authenticity(headers, domain, known.authserv_ids)
    if told.verdict == "verified" or not event.looked_up:
        return told
    from normalizer import mail_signatures  # 10 MB that only they need who want it

    proof = mail_signatures.checked(event.payload, event.looked_up, headers, domain, known.arc_sealers)
    if proof is None or (told.verdict == "failed" and proof.by not in known.arc_sealers):
        return told
    return proof


def _automatic(event: RawEvent, headers: Headers, sender: str, contents: mail_body.Contents) -> Automatic | None:
    """Machines by their marks; and whatever brings one of our own mails back, marks or not."""
    if looks_ours(headers.first(HEADER.lower()).strip(), event.own_id):
        return Automatic(kind="bot", reason="it is one of our own mails that came back")
    enclosed = frozenset(draft.media_type for draft in contents.attachments)
    return machines.automatic(headers, sender, contents.text, enclosed)


def _answered(event: RawEvent, headers: Headers, reported: tuple[str, ...]) -> tuple[ExternalMessageId, ...]:
    """What it answers, most trusted first: signed addresses, signed Message-IDs, then what anybody can name."""
    plus = [named_by(recipient, event.own_id) for recipient in mail_headers.recipients(headers)]
    named = [*mail_headers.references(headers), *reported]
    ours = [name for name in named if looks_ours(name, event.own_id)]
    every = [*(name for name in plus if name), *ours, *named]
    return tuple(dict.fromkeys(ExternalMessageId(name) for name in every))


def _named_in_text(contents: mail_body.Contents) -> tuple[str, ...]:
    """What an odd report quotes of a head in its text."""
    return tuple(dict.fromkeys(mail_body.names_in(contents.text.encode("utf-8", "replace"))))


def _content_hash(headers: Headers, body: bytes) -> str:
    """Equal for copies of one mail that took different ways: trace headers do not count."""
    digest = hashlib.sha256()
    for name in ("message-id", "from", "date", "subject"):
        digest.update(headers.first(name).encode("utf-8", "surrogateescape") + b"\0")
    digest.update(body)
    return digest.hexdigest()[:40]
