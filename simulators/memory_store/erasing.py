"""Erasing in the memory store: see ``tickets.records.Erasing``."""

from collections.abc import Iterable, Iterator
from dataclasses import replace as replace_row
from datetime import datetime

from msgspec.structs import replace

from simulators.memory_store.tables import Tables
from tickets.ids import AccountId, EventId, ExternalMessageId, TicketNumber
from tickets.model import ERASED
from tickets.records import Admission, Erasing


def erase(tables: Tables, number: TicketNumber, erasing: Erasing, now: datetime) -> None:
    for message_id in erasing.messages:
        tables.erased[message_id] = True
        message = tables.messages[message_id]
        tables.messages[message_id] = replace(
            message,
            text="",
            html=None,
            subject=None,
            typed=None,
            warnings=(),
            secrets=(),
            entities=(),
            versions=(),
            deleted_at=message.deleted_at or now,
        )
    for value, message_id in list(tables.fingerprints):
        if message_id in erasing.messages:
            del tables.fingerprints[value, message_id]
    for seq, report in list(tables.reports.items()):
        if report.message_id in erasing.messages:
            del tables.reports[seq]
    _drop_files(tables, erasing)
    for event_id, row in list(tables.events.items()):
        event = row.event
        if event.account == erasing.account and event.external_id.startswith(erasing.originals):
            empty(tables, event_id)
    tables.searched[number] = tables.searched.get(number, frozenset()) - erasing.forgotten


def empty(tables: Tables, event_id: EventId) -> None:
    """Forget what a raw event holds."""
    row = tables.events[event_id]
    tables.events[event_id] = replace_row(row, event=replace(row.event, payload=b""), emptied=True)


def heed_erased(tables: Tables, admissions: Iterable[Admission]) -> Iterator[Admission]:
    """What still comes in about an erased message brings nothing of it back."""
    for admission in admissions:
        message = tables.messages.get(admission.change.message_id) if admission.change else None
        if message is None or message.id not in tables.erased:
            yield admission
            continue
        yield admission.without_words()


def _drop_files(tables: Tables, erasing: Erasing) -> None:
    for file in list(tables.attachments.values()):
        if file.message_id in erasing.messages:
            tables.attachments[file.id] = replace(
                file, name="file", state="missing", size_bytes=None, sha256=None, remote_id=None, note=ERASED
            )
    drop_unused(tables)


def drop_unused(tables: Tables) -> None:
    """Forget contents that nothing is any more."""
    used = {file.sha256 for file in tables.attachments.values()}
    for name in list(tables.blobs):
        if name not in used:
            del tables.blobs[name]


def list_held(
    tables: Tables, account: AccountId, after: ExternalMessageId | None, limit: int
) -> tuple[ExternalMessageId, ...]:
    found = []
    for (_channel, name), ref in tables.refs.items():
        message = tables.messages[ref.message_id]
        held = message.direction == "in" and message.deleted_at is None and not ref.ours
        if held and tables.threads[ref.thread_id].account == account and name > (after or ""):
            found.append(name)
    found += [name for of, name in tables.items if of == account and name > (after or "")]
    return tuple(sorted(set(found))[:limit])
