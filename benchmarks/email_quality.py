"""``python -m benchmarks.email_quality [FOLDER]``: how well mails are read, against sample mails of others.

FOLDER (or SWITCHBOARD_DATA): public sets of mails, each in the folder that
this module names; a set that is missing is reported.  What has no expected
result was labelled by hand (``email_labels.toml`` and the names below),
from the input and before any output was seen.  ``--failures`` names every
input that missed.
"""

import hashlib
import json
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from normalizer.registry import normalize
from tickets.errors import PayloadError
from tickets.folds import fresh
from tickets.ids import AccountId
from tickets.model import InboundMessage, RawEvent

LABELS = Path(__file__).with_name("email_labels.toml")
FIELDS = "stalwartlabs+mail-parser/legacy"
MACHINES = ("sisimai+set-of-emails/maildir/bsd", "mikel+mail/spec/fixtures/emails/multipart_report_emails")
PEOPLE = (
    "stalwartlabs+mail-parser/legacy",
    "mailgun+talon/tests/fixtures/standard_replies",
    *(
        f"mikel+mail/spec/fixtures/emails/{name}"
        for name in (
            "attachment_emails", "mime_emails", "multi_charset", "plain_emails", "rfc2822", "rfc6532",
        )
    ),
)  # fmt: skip
BROKEN = "mikel+mail/spec/fixtures/emails/error_emails"
"""Newsletters and spam, broken on purpose: nobody can say of each whether a person wrote it."""
NOT_BY_PEOPLE = frozenset((
    "raw_email_trailing_dot.eml",  # from noreply@
    "raw_email_with_mimepart_without_content_type.eml",  # a delivery report
    "raw_email_encoded_stack_level_too_deep.eml",  # from gmail-noreply@
))  # fmt: skip
NO_WORDS = re.compile(r"[\W_]+")


class Tally(NamedTuple):
    """hits of all, in percent of which the goal is given.  missed: by name."""

    what: str
    hits: int
    of: int
    goal: str
    missed: tuple[str, ...] = ()


def main() -> None:
    folder = Path(next((one for one in sys.argv[1:] if one[0] != "-"), os.environ.get("SWITCHBOARD_DATA", "")))
    console = Console()
    if not folder.is_dir() or str(folder) == ".":
        console.print("Name the folder of sample mails: python -m benchmarks.email_quality FOLDER")
        raise SystemExit(2)
    tallies = [*_exceptions(folder), *_fields(folder), *_replies(folder), *_machines(folder)]
    table = Table("what", "hits", "of", "share", "goal")
    for tally in tallies:
        share = f"{tally.hits / tally.of:.3f}" if tally.of else "-"
        table.add_row(tally.what, str(tally.hits), str(tally.of), share, tally.goal)
    console.print(table)
    if "--failures" in sys.argv:
        for tally in tallies:
            for name in tally.missed:
                console.print(f"{tally.what}: {name}", markup=False, highlight=False, soft_wrap=True)


def read(raw: bytes) -> InboundMessage | Exception:
    """One mail as the program reads it; the exception that it met instead."""
    event = RawEvent(
        channel="email",
        account=AccountId("email:bench"),
        external_id="1",
        conversation="one",
        payload=raw,
        received_at=datetime.now(UTC),
        own_id="nobody@example.invalid",
    )
    try:
        found = normalize(event)
    except Exception as error:  # noqa: BLE001  that is what is counted
        return error
    return found if isinstance(found, InboundMessage) else PayloadError(found.reason)


# Reading at all -----------------------------------------------------------------------


def _exceptions(folder: Path) -> Iterator[Tally]:
    mails = list(_mails(folder, (*MACHINES, *PEOPLE, BROKEN)))
    found = [(path, read(path.read_bytes())) for path in mails]
    broken = [
        f"{path.name}: {type(one).__name__}"
        for path, one in found
        if isinstance(one, Exception) and not isinstance(one, PayloadError)
    ]
    aside = [f"{path.name}: {one}" for path, one in found if isinstance(one, PayloadError)]
    yield Tally("read without an exception", len(mails) - len(broken), len(mails), "all", tuple(broken))
    yield Tally("became a ticket, as they name a sender", len(mails) - len(aside), len(mails), "", tuple(aside))


def _mails(folder: Path, places: tuple[str, ...]) -> Iterator[Path]:
    for place in places:
        paths = sorted((folder / place).glob("*.eml"))
        if not paths:
            print(f"{place} is missing; it is left out.")
        yield from paths


# Fields -------------------------------------------------------------------------------


def _fields(folder: Path) -> Iterator[Tally]:
    paths = list(_mails(folder, (FIELDS,)))
    missed = []
    for path in paths:
        golden = json.loads(path.with_suffix(".json").read_text())
        message = read(path.read_bytes())
        wrong = ["unread"] if isinstance(message, Exception) else _wrong_fields(golden, message)
        if wrong:
            missed.append(f"{path.name}: {', '.join(wrong)}")
    yield Tally(
        "from, to, subject, text, files right", len(paths) - len(missed), len(paths), "0.95", tuple(missed)
    )


def _wrong_fields(golden: dict[str, Any], message: InboundMessage) -> list[str]:
    headers = {one["name"]: one["value"] for one in golden["parts"][0]["headers"] if isinstance(one["name"], str)}
    checks: dict[str, Callable[[], bool]] = {
        "from": lambda: [message.author.external_id] == [one.lower() for one in _addresses(headers.get("from"))],
        "to": lambda: sorted(map(str.lower, message.to)) == sorted(map(str.lower, _addresses(headers.get("to")))),
        "subject": lambda: _same(headers.get("subject", {}).get("Text", ""), message.subject or ""),
        "text": lambda: _same(_golden_text(golden), message.text.replace("(empty message)", "")),
        "files": lambda: _same_files(golden, message),
    }
    return [name for name, check in checks.items() if not check()]


def _addresses(value: Any) -> list[str]:
    """Every address of a golden header, those in groups too."""
    if isinstance(value, dict):
        here = [value["address"]] if isinstance(value.get("address"), str) else []
        return here + [one for inner in value.values() for one in _addresses(inner)]
    return [one for inner in value for one in _addresses(inner)] if isinstance(value, list) else []


def _golden_text(golden: dict[str, Any]) -> str:
    """The parts that are shown as text; pictures among them are files, and files are counted apart."""
    shown = [golden["parts"][at]["body"] for at in golden["text_body"] if at not in golden["attachments"]]
    return "\n".join(
        body["Text"] if "Text" in body else unescape(re.sub(r"<[^>]*>", " ", body.get("Html", "")))
        for body in shown
    )


def _same(golden: str, ours: str) -> bool:
    """The same words; a letter that the golden result could not read may be any."""
    pattern = ".?".join(re.escape(_words(piece)) for piece in golden.split("\ufffd"))
    return re.fullmatch(pattern, _words(ours)) is not None


def _same_files(golden: dict[str, Any], message: InboundMessage) -> bool:
    """The same names; a path before a name (``C:\\TEMP\\``) is left out here on purpose."""
    names = [_file_name(golden["parts"][at]) for at in golden["attachments"]]
    ours = [draft.name for draft in message.attachments]
    return len(names) == len(ours) and all(
        want is None or _words(want).endswith(_words(got)) for want, got in zip(names, ours, strict=True)
    )


def _file_name(part: dict[str, Any]) -> str | None:
    for header in part["headers"]:
        found = header["value"].get("ContentType", {}) if isinstance(header["value"], dict) else {}
        for attribute in found.get("attributes") or ():
            name, value = (attribute["name"], attribute["value"]) if isinstance(attribute, dict) else attribute
            if name in ("filename", "name"):
                return str(value)
    return None


def _words(text: str) -> str:
    return NO_WORDS.sub("", text)


# What somebody says now ------------------------------------------------------------------


def _replies(folder: Path) -> Iterator[Tally]:
    labels = tomllib.loads(LABELS.read_text())["reply"]
    exact: list[str] = []
    lost: list[str] = []
    lines = counted = 0
    for label in labels:
        path = folder / label["file"]
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest()[:12] != label["sha256"]:
            print(f"{label['file']} is missing or is not the one that was labelled; it is left out.")
            continue
        counted += 1
        whole, wanted = _labelled(path, label)
        got = fresh(whole)
        if " ".join(got.split()) != " ".join(wanted.split()):
            exact.append(label["file"])
        own = [line for line in (" ".join(one.split()) for one in wanted.split("\n")) if line]
        kept = " ".join(got.split())
        gone = [line for line in own if line not in kept]
        lines += len(own)
        lost += [f"{label['file']}: {line[:80]}" for line in gone]
    yield Tally("replies found exactly", counted - len(exact), counted, "0.75", tuple(exact))
    yield Tally("lines of replies kept", lines - len(lost), lines, "0.98", tuple(lost))


def _labelled(path: Path, label: dict[str, Any]) -> tuple[str, str]:
    """The text that the program reads, and what of it is said now."""
    raw = path.read_bytes()
    if path.suffix in (".eml", ".html"):
        mail = raw if path.suffix == ".eml" else b"From: a@example.org\nContent-Type: text/html\n\n" + raw
        message = read(mail)
        whole = message.text if isinstance(message, InboundMessage) else ""
    else:
        whole = raw.decode("utf-8", "replace")
    if "words" in label:
        return whole, label["words"]
    first, last = label["lines"]
    return whole, "\n".join(whole.split("\n")[first - 1 : last])


# Machines ---------------------------------------------------------------------------------


def _machines(folder: Path) -> Iterator[Tally]:
    machines = list(_mails(folder, MACHINES))
    missed = [path.name for path in machines if not _is_automatic(path)]
    yield Tally("machine mail recognised", len(machines) - len(missed), len(machines), "0.99", tuple(missed))
    people = [path for path in _mails(folder, PEOPLE) if path.name not in NOT_BY_PEOPLE]
    flagged = [path.name for path in people if _is_automatic(path)]
    yield Tally("personal mail left as such", len(people) - len(flagged), len(people), "all", tuple(flagged))


def _is_automatic(path: Path) -> bool:
    message = read(path.read_bytes())
    return isinstance(message, InboundMessage) and message.automatic is not None


if __name__ == "__main__":
    main()
