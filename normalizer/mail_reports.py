"""What a mail system says became of a mail (RFC 3464), or an odd one in its own words."""

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from normalizer.addresses import parse_addresses
from normalizer.machine_words import LATE
from normalizer.text import one_line
from tickets.model import AttachmentDraft, DeliveryReport

Outcome = Literal["failed", "delayed", "delivered"]
MOST_RECIPIENTS = 100
SAID_CHARS = 300
_FIELD = re.compile(r"^([A-Za-z-]{1,40}):[ \t]*(.*(?:\n[ \t].*)*)", re.MULTILINE)
_ACTIONS: dict[str, Outcome] = {
    "failed": "failed",
    "delayed": "delayed",
    "delivered": "delivered",
    "relayed": "delivered",
    "expanded": "delivered",
}
_CLASSES: dict[str, Outcome] = {"5": "failed", "4": "delayed", "2": "delivered"}
_WORST: tuple[Outcome, ...] = ("failed", "delayed", "delivered")
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_REPLY = re.compile(r"\b(?:(?P<code>421|45[0-4]|55[0-6])[ -]|(?P<status>[45]\.\d\.\d{1,3})\b)")
"""RFC 5321 §4.2.3, RFC 3463 …"""
_OF_MAIL = re.compile(
    r"@|\b(?:smtp|mail|mailbox|user|recipient|account|host|server|said|relay|quota|spam|rejected|denied|blocked|"
    r"unknown|full)",
    re.IGNORECASE,
)
"""… in a line about mail: an order may have such a number too."""
LINE_CHARS = 1_000
_ADDRESS = re.compile(r"[^\s<>@,;:\"()\[\]]{1,64}@[^\s<>@,;:\"()\[\]]{1,255}")
READ_CHARS = 20_000
STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
"""RFC 3464, RFC 6533."""


def read_report(subject: str, text: str, attachments: Iterable[AttachmentDraft]) -> DeliveryReport | None:
    """What is reported, of several recipients the worst; None where nobody can tell."""
    parts = (draft.content for draft in attachments if draft.media_type in STATUS_TYPES)
    found = [report for content in parts if content for report in _by_the_rules(content)]
    found.sort(key=lambda report: _WORST.index(report.outcome))
    return found[0] if found else _in_own_words(subject, text[:READ_CHARS])


def _by_the_rules(content: bytes) -> Iterator[DeliveryReport]:
    """One report a recipient: groups of fields, apart by blank lines."""
    text = content[: 8 * READ_CHARS].decode("utf-8", "replace").replace("\r\n", "\n")
    for group in re.split(r"\n[ \t]*\n", text)[: MOST_RECIPIENTS + 1]:
        fields = {name.lower(): " ".join(value.split()) for name, value in _FIELD.findall(group)}
        status = _STATUS.search(fields.get("status", ""))
        action = _ACTIONS.get(fields.get("action", "").split(" ")[0].lower())
        outcome = action or (_CLASSES[status[1][0]] if status else None)
        if outcome is None:
            continue
        said = fields.get("diagnostic-code", "").partition(";")[2] or fields.get("diagnostic-code", "")
        yield DeliveryReport(
            outcome=outcome,
            recipient=_recipient(fields.get("final-recipient") or fields.get("original-recipient") or ""),
            status=status[1] if status else "",
            said=one_line(said, SAID_CHARS),
        )


def _recipient(field: str) -> str:
    """``rfc822; ada@customers.test`` (RFC 3464 §2.3.2), with angle brackets or without."""
    addresses, _clean = parse_addresses(field.partition(";")[2].strip())
    return addresses[0].address if addresses else ""


def _in_own_words(subject: str, text: str) -> DeliveryReport | None:
    """The first line with a refusal by SMTP; without any nothing is guessed, and a delay is never a failure."""
    lines = (line[:LINE_CHARS] for line in text.split("\n"))
    found = ((line, reply) for line in lines if (reply := _REPLY.search(line)) and _OF_MAIL.search(line))
    line, reply = next(found, ("", None))
    if reply is None:
        return None
    late = any(word in subject.casefold() for word in LATE)
    outcome: Outcome = "failed" if (reply["code"] or reply["status"]).startswith("5") and not late else "delayed"
    address = _ADDRESS.search(line) or _ADDRESS.search(text)
    status = _STATUS.search(line)
    return DeliveryReport(
        outcome=outcome,
        recipient=address[0] if address else "",
        status=status[1] if status else "",
        said=one_line(line, SAID_CHARS),
    )
