"""Whether a machine wrote a mail, and how that is known.

What the standards offer comes first (RFC 3834, 3464, 5965, 8098, 2919), then
the marks of single programs, then who it is from.  Words of a subject come
last, and never alone where a person may write them too.
"""

import re
from typing import Literal, NamedTuple

from normalizer.machine_words import AWAY, NOT_DELIVERED, PERHAPS_AWAY
from normalizer.mail_headers import Headers, decoded
from normalizer.mail_reports import STATUS_TYPES
from normalizer.text import one_line
from tickets.model import Automatic

Kind = Literal["auto_reply", "bounce", "list", "receipt", "complaint", "bot"]
MOST_HOPS = 50
"""A mail that so many servers have handed on goes in circles."""


class Mark(NamedTuple):
    """A header that tells a machine's mail: its pattern, what it is, and the reason to show."""

    header: str
    pattern: str
    kind: Kind
    reason: str


DELIVERY_REPORT = "a delivery report (RFC 3464)"
REPORTS = (
    Mark("content-type", r"^\s*multipart/report\b.*feedback-report", "complaint", "a complaint (RFC 5965)"),
    Mark("content-type", r"^\s*multipart/report\b.*disposition", "receipt", "a read receipt (RFC 8098)"),
    Mark("content-type", r"^\s*multipart/report\b", "bounce", DELIVERY_REPORT),
)
MARKS = (
    Mark("auto-submitted", r"^\s*auto-generated\b", "bot", "Auto-Submitted (RFC 3834)"),
    Mark("auto-submitted", r"^\s*(?!no\b)\S", "auto_reply", "Auto-Submitted (RFC 3834)"),
    Mark("x-autoreply", r"\S", "auto_reply", "X-Autoreply"),
    Mark("x-autoreply-from", r"\S", "auto_reply", "X-Autoreply-From"),
    Mark("x-mail-autoreply", r"\S", "auto_reply", "X-Mail-Autoreply"),
    Mark("x-autorespond", r"\S", "auto_reply", "X-Autorespond"),
    Mark("x-autoresponder", r"\S", "auto_reply", "X-Autoresponder"),
    Mark("x-apple-action", r"^\s*vacation\b", "auto_reply", "X-Apple-Action"),
    Mark("x-post-messageclass", r"autoresponder", "auto_reply", "X-Post-MessageClass"),
    Mark("x-fc-machinegenerated", r"\S", "auto_reply", "X-FC-MachineGenerated"),
    Mark("delivered-to", r"^\s*autoresponder\b", "auto_reply", "an autoresponder's address"),
    Mark("precedence", r"^\s*auto_reply\b", "auto_reply", "Precedence"),
    Mark("x-auto-response-suppress", r"\b(all|autoreply)\b", "auto_reply", "X-Auto-Response-Suppress"),
    Mark("list-id", r"\S", "list", "List-Id (RFC 2919)"),
    Mark("list-unsubscribe", r"\S", "list", "List-Unsubscribe (RFC 2369)"),
    Mark("list-post", r"\S", "list", "List-Post (RFC 2369)"),
    Mark("mailing-list", r"\S", "list", "Mailing-List"),
    Mark("x-mailing-list", r"\S", "list", "X-Mailing-List"),
    Mark("x-mlserver", r"\S", "list", "X-MLServer"),
    Mark("precedence", r"^\s*(bulk|list|junk)\b", "list", "Precedence"),
    Mark("x-cron-env", r"\S", "bot", "X-Cron-Env"),
)
NULL_SENDER = (Mark("return-path", r"^\s*<\s*>\s*$", "bounce", "an empty Return-Path"),)
"""Last, as answering machines have none either (RFC 3834 §3.3)."""
_MAIL_SYSTEM = re.compile(
    r"^(?:mailer[-_.]?daemon|post[-_.]?master|mail[-_.]?delivery[-_.]?(?:system|subsystem)"
    r"|double[-_.]?bounce|bounces?|abuse[-_.]?report)(?:[+=-].*)?@",
    re.IGNORECASE,
)
_NOBODY_READS = re.compile(r"^(?:no|not|do[-_.]?not)[-_.]?repl(?:y|ies)(?:[+=-].*)?@", re.IGNORECASE)
_WORDS = re.compile(r"[\w']+")
_CODE = re.compile(r"\b(?:421|45[0-4]|55[0-6])[ -]\D|\b[45]\.\d\.\d{1,3}\b")
"""A reply code of SMTP (RFC 5321 §4.2.3, RFC 3463) …"""
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.\w")
"""… and the address it is about."""
_ENCLOSED = frozenset(("text/rfc822-headers", "message/global-headers", *STATUS_TYPES))
"""What only mail systems enclose; a whole mail people attach too."""


def _beginning(words: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted((word.casefold() for word in words), key=len, reverse=True)
    return re.compile(rf"\W*(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")


_BEGINS, _MAY_BEGIN = _beginning(AWAY), _beginning(PERHAPS_AWAY)
_SENT_ON = re.compile(r"\W*[^\W\d_]{1,4}\s?[:：]")
"""``Fwd:``, ``Re:``, in whatever language: a person sends it on, or asks about it."""
_NOT_DELIVERED = {words.casefold(): words for words in NOT_DELIVERED}
_ENDS = re.compile(r"\s*(?:[:：–—(\[（【!！.。]|$)|\s+-")


def automatic(headers: Headers, address: str, text: str, enclosed: frozenset[str]) -> Automatic | None:
    """Whether a machine wrote it, with the reason; None for a person's mail.

    address: the sender's.  text: the readable body.  enclosed: the media
    types of what came with it.
    """
    return (
        _marked(headers, REPORTS)
        or _from_mail_system(address)
        or _marked(headers, MARKS)
        or _from_nobody(address)
        or _going_in_circles(headers)
        or _by_its_words(headers, text, enclosed)
        or _marked(headers, NULL_SENDER)
    )


def _marked(headers: Headers, marks: tuple[Mark, ...]) -> Automatic | None:
    for mark in marks:
        for value in headers.all(mark.header):
            if re.search(mark.pattern, value[:2000], re.IGNORECASE | re.DOTALL):
                return Automatic(kind=mark.kind, reason=mark.reason)
    return None


def _from_mail_system(address: str) -> Automatic | None:
    if not _MAIL_SYSTEM.match(address):
        return None
    return Automatic(kind="bounce", reason=f"the sender is {address.partition('@')[0]}@")


def _from_nobody(address: str) -> Automatic | None:
    if not _NOBODY_READS.match(address):
        return None
    return Automatic(kind="bot", reason=f"the sender is {address.partition('@')[0]}@")


def _going_in_circles(headers: Headers) -> Automatic | None:
    hops = len(headers.all("received"))
    return (
        Automatic(kind="bot", reason=f"{hops} servers handed it on: it goes in circles")
        if hops >= MOST_HOPS
        else None
    )


def _by_its_words(headers: Headers, text: str, enclosed: frozenset[str]) -> Automatic | None:
    """A subject that is an answering machine's, or a mail system's with the proof of it in the mail."""
    subject = one_line(decoded(headers.first("subject")), 300).casefold()
    answers = headers.has("in-reply-to") or headers.has("references")
    begins = _BEGINS.match(subject) or (_MAY_BEGIN.match(subject) if answers else None)
    if begins and _ENDS.match(subject, begins.end()):
        return Automatic(kind="auto_reply", reason=f"its subject begins with “{_shown(begins[0])}”")
    told = next(filter(subject.__contains__, _NOT_DELIVERED), None) if not _SENT_ON.match(subject) else None
    shown = text[:20_000]
    if told and (enclosed & _ENCLOSED or (_CODE.search(shown) and _ADDRESS.search(shown))):
        return Automatic(kind="bounce", reason=f"its subject says “{_NOT_DELIVERED[told]}”, and it holds a report")
    return None


def _shown(words: str) -> str:
    return " ".join(_WORDS.findall(words))
