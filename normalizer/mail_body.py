"""A mail's parts: the text to read, the HTML made inert, the attachments as bytes."""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message
from email.policy import compat32
from operator import add
from typing import NamedTuple

from normalizer import html
from normalizer.asides import Asides
from normalizer.charsets import decode
from normalizer.mail_headers import decoded
from normalizer.text import one_line
from tickets.model import AttachmentDraft
from tickets.own_names import HEADER

MAX_PARTS = 1_000
MAX_DEPTH = 50
MAX_PARAMETER_CHARS = 32 * 1024
_NAME_LINE = re.compile(
    rb"^[ >\t]*(?:Message-ID|%b):\s*(<[^<>\s]{1,900}>)" % HEADER.encode(), re.IGNORECASE | re.MULTILINE
)
_NAME = re.compile(rb"(<[^<>\s]{1,900}>)")


class Contents(NamedTuple):
    """text: for people.  html: cleaned, None without.  reported: Message-IDs a delivery report is about."""

    text: str
    html: str | None
    attachments: tuple[AttachmentDraft, ...]
    reported: tuple[str, ...]
    warnings: tuple[str, ...]


def unread(why: str, text: str = "") -> Contents:
    """Contents of a mail that was not taken apart."""
    return Contents(text, None, (), (), (why,))


def read(raw: bytes) -> Contents:
    """Take a whole mail apart.  May be slow or recurse deeply: run it where it can be killed."""
    asides = Asides()
    return _Reader(asides).read(message_from_bytes(asides.shortened(raw), policy=compat32))


class _Text(NamedTuple):
    """A part to read.  group: which multipart/alternative it is a version of; 0: it stands for itself."""

    is_html: bool
    text: str
    group: int


class _Reader:
    def __init__(self, asides: Asides) -> None:
        self._asides = asides
        self.texts: list[_Text] = []
        self.attachments: list[AttachmentDraft] = []
        self.reported: list[str] = []
        self.warnings: dict[str, None] = {}

    def read(self, message: Message) -> Contents:
        for part, group in self._leaves(message):
            self._take(part, group)
        pages = [one.text for one in self.texts if one.is_html]
        cleaned = html.clean("\n".join(pages)) if pages else None
        text = self._read_out()
        return Contents(text, cleaned, tuple(self.attachments), tuple(self.reported), tuple(self.warnings))

    def _read_out(self) -> str:
        """Everything there is to read, in order; of what is there in several versions, one."""
        pieces: list[str] = []
        groups: set[int] = set()
        for one in self.texts:
            if one.group and one.group not in groups:
                groups.add(one.group)
                pieces.append(self._version([other for other in self.texts if other.group == one.group]))
            elif not one.group and not one.is_html:
                pieces.append(one.text)
            elif not one.group and not _is_told(one.text, pieces):
                pieces.append(html.to_text(one.text))
        return "\n\n".join(piece.strip("\n") for piece in pieces if piece.strip())

    def _version(self, versions: list[_Text]) -> str:
        """The plain one, unless it only says that there is another."""
        text = "\n\n".join(one.text for one in versions if not one.is_html and one.text.strip())
        page = "\n".join(one.text for one in versions if one.is_html)
        if page and (not text or self._says_otherwise(text, page)):
            return html.to_text(page) or text
        return text

    def _says_otherwise(self, text: str, page: str) -> bool:
        """Whether the formatted version is another and much longer one."""
        words = html.without_tags(page)
        if _have_in_common(text, words):
            return False
        self._warn("Its plain text and its formatted version say different things; look at both.")
        return len(text) < STUB_SHARE * len(" ".join(words.split()))

    def _leaves(self, message: Message) -> Iterator[tuple[Message, int]]:
        """Every part that is no container, outermost first, without recursion; and its group of versions."""
        waiting: list[tuple[Message, int, int]] = [(message, 0, 0)]
        count = 0
        while waiting:
            part, depth, group = waiting.pop()
            count += 1
            if count > MAX_PARTS or depth > MAX_DEPTH:
                self._warn("Some parts are not shown: there are too many, or they are nested too deeply.")
                continue
            if _type(part).startswith("multipart/") and part.is_multipart():
                group = count if _type(part) == "multipart/alternative" else group
                waiting.extend((child, depth + 1, group) for child in reversed(_children(part)))
            else:
                yield part, group

    def _take(self, part: Message, group: int) -> None:
        media_type = _type(part)
        name = _name(part)
        if media_type in ("text/plain", "text/html") and not name and _disposition(part) != "attachment":
            self._take_text(part, media_type, group)
        elif media_type in ("message/rfc822", "message/global"):
            self._take_nested(part)
        else:
            self._take_file(part, media_type, name)

    def _take_text(self, part: Message, media_type: str, group: int) -> None:
        text, certain = decode(self._bytes(part), _parameter(part, "charset"))
        if not certain:
            self._warn("The character set was unclear; some letters may be wrong.")
        self.texts.append(_Text(media_type == "text/html", text, group))

    def _take_nested(self, part: Message) -> None:
        nested = next(iter(_children(part)), None)
        if nested is None:
            return
        for header in ("message-id", HEADER):
            self.reported += names_in(str(nested.get(header, "")).encode("utf-8", "replace"), _NAME)
        subject = one_line(decoded(str(nested.get("subject", ""))[:2000]), 100)
        content = self._written_out(nested)
        note = "This enclosed message cannot be written out; it is in the original." if content is None else ""
        self._attach(f"{subject or 'message'}.eml", "message/rfc822", content, note=note)

    def _take_file(self, part: Message, media_type: str, name: str) -> None:
        if media_type == "message/external-body":
            self._warn("A part lies elsewhere; it was not fetched.")
        if media_type == "message/partial":
            self._warn("This is one piece of a message that was sent in several.")
        if media_type == "text/calendar":
            self._warn("It brings an invitation as a file; nothing was accepted or entered anywhere.")
        if media_type in ("application/ms-tnef", "application/vnd.ms-tnef"):
            self._warn("A part is in a format that only Outlook reads; ask for the files if they matter.")
        if media_type in ("application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted"):
            self._warn("The message is encrypted; it can be opened only from the original.")
        content = self._bytes(part)
        if media_type in NAMING:
            self.reported += names_in(content)
        identity = str(part.get("content-id", ""))[:300].strip("<> \t") or None
        self._attach(name or _fallback_name(media_type), media_type, content, content_id=identity)

    def _bytes(self, part: Message) -> bytes:
        """What a part holds; of reports and pieces of messages, which are parsed as messages, their source."""
        if part.is_multipart():
            return b"".join(self._written_out(child) or b"" for child in _children(part))
        try:
            self._asides.restore(part)
            payload = part.get_payload(decode=True)
        except (ValueError, LookupError):
            payload = None
        return self._asides.whole(payload) if isinstance(payload, bytes) else b""

    def _written_out(self, message: Message) -> bytes | None:
        """A message's source; None when the library cannot write it."""
        try:
            return self._asides.whole(message.as_bytes())
        except (MessageError, RecursionError, ValueError, LookupError):
            return None

    def _attach(
        self, name: str, media_type: str, content: bytes | None, *, content_id: str | None = None, note: str = ""
    ) -> None:
        size_bytes = None if content is None else len(content)
        self.attachments.append(
            AttachmentDraft(
                name=name,
                media_type=media_type,
                size_bytes=size_bytes,
                content=content,
                content_id=content_id,
                note=note,
            )
        )

    def _warn(self, sentence: str) -> None:
        self.warnings[sentence] = None


NAMING = frozenset(
    ("message/delivery-status", "message/global-delivery-status", "text/rfc822-headers", "message/global-headers")
)
"""Parts of reports that hold the headers of what they are about (RFC 3462, RFC 6533)."""
FEWEST_PAIRS = 20
SAME_SHARE = 0.5
STUB_SHARE = 0.3
COMPARED_CHARS = 20_000
_NO_LETTERS = re.compile(r"[\W_\d]+")


def pairs_of(text: str) -> frozenset[str]:
    """The pairs of letters in a text: what two versions in any language have in common if they say the same."""
    letters = _NO_LETTERS.sub("", text[:COMPARED_CHARS]).casefold()
    return frozenset(map(add, letters, letters[1:]))


def _have_in_common(one: str, other: str) -> bool:
    """Whether two texts say the same, or are too short to tell."""
    if one.split() == other.split():
        return True  # most are, and comparing words costs a tenth
    first, second = pairs_of(one), pairs_of(other)
    fewer = min(len(first), len(second))
    return fewer < FEWEST_PAIRS or len(first & second) >= SAME_SHARE * fewer


def _is_told(page: str, pieces: list[str]) -> bool:
    """Whether a formatted part repeats what was read before, as where versions are sent as parts."""
    before = "".join(pieces[-1:])
    return bool(before.strip()) and _have_in_common(before, html.without_tags(page))


def names_in(raw: bytes, pattern: re.Pattern[bytes] = _NAME_LINE) -> list[str]:
    """Message-IDs in a head, quoted or not; at most five."""
    return [found.decode("utf-8", "replace") for found in pattern.findall(raw[:100_000])[:5]]


def _type(part: Message) -> str:
    """``type/subtype`` in lower case; bytes of no meaning for a header too long to read."""
    if len(str(part.get("content-type", ""))) > MAX_PARAMETER_CHARS:
        return "application/octet-stream"
    return part.get_content_type()


def _parameter(part: Message, name: str) -> str | None:
    try:
        value = part.get_param(name)
    except (ValueError, LookupError, TypeError):
        return None
    return value if isinstance(value, str) else None


def _disposition(part: Message) -> str:
    return str(part.get("content-disposition", ""))[:MAX_PARAMETER_CHARS].split(";")[0].strip().lower()


def _name(part: Message) -> str:
    """The attachment's name as a label: one line, no path, at most 200 characters; empty without one."""
    for header in ("content-disposition", "content-type"):
        if len(str(part.get(header, ""))) > MAX_PARAMETER_CHARS:
            return "attachment"
    try:
        name = part.get_filename()
    except (ValueError, LookupError, TypeError, UnicodeError):
        return "attachment"
    label = one_line(decoded(str(name)), 200).replace("\\", "/")
    return label.rpartition("/")[2] or "attachment" if name else ""


def _children(part: Message) -> list[Message]:
    """The parts of a container.  Of a leaf none: asking it for its payload raises for a charset such as idna."""
    payload = part.get_payload() if part.is_multipart() else []
    return [child for child in payload if isinstance(child, Message)]


def _fallback_name(media_type: str) -> str:
    known = {"text/calendar": "invite.ics", "message/delivery-status": "delivery-status.txt"}
    return known.get(media_type, f"attachment.{media_type.rpartition('/')[2][:20] or 'bin'}")
