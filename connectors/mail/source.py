"""Receiving: a watermark of UIDVALIDITY and UID, committed with the mails themselves.

\\Seen is no bookmark: people read mail too.  What the server announces is
only a hint; what counts is the search after the watermark.
"""

import asyncio
import logging
import re
from bisect import bisect_right
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from connectors.context import ConnectorContext
from connectors.lateness import is_late
from connectors.mail.imap import Folder, ImapConnection, Listed
from connectors.mail.settings import Settings
from connectors.oauth import Tokens
from tickets.errors import Unreachable
from tickets.model import RawEvent
from tickets.ports import Batch

if TYPE_CHECKING:
    from connectors.mail.keys import SignatureKeys

log = logging.getLogger(__name__)

MOST_AT_ONCE = 50
BYTES_AT_ONCE = 8 * 1024 * 1024
FETCH_ATTEMPTS = 3
LONGEST_LOOK_S = 90.0
"""A sign of life is promised every two minutes; the rest is for the server's answers."""
CLOCKS_DIFFER = timedelta(hours=12)
HEAD_BYTES = 64 * 1024
_FROM = re.compile(rb"^From:(.*(?:\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE)


class Watermark(msgspec.Struct, frozen=True):
    """Where we stand in a folder.

    uid: the last one taken.  since: when the first start was; None: all mail
    is ours to take.  rebuilt: the server has renumbered everything since, so
    that only dates tell what was there before the first start.
    """

    validity: int
    uid: int
    since: datetime | None
    rebuilt: bool = False


class MailSource:
    """One folder of one mailbox."""

    def __init__(self, settings: Settings, context: ConnectorContext, tokens: Tokens | None) -> None:
        self._settings = settings
        self._tokens = tokens
        self._context = context
        self._keys = _keys_of(settings)
        self._connection: ImapConnection | None = None
        self._mark = Watermark(0, 0, None)

    async def batches(self, cursor: str | None) -> AsyncGenerator[Batch, None]:
        connection = ImapConnection(self._settings.imap, self._settings.address, self._tokens)
        self._connection = connection
        try:
            folder = await connection.open()
            self._mark = self._start(folder, cursor)
            yield self._at_mark()
            while True:
                async with aclosing(self._new_mail(connection)) as news:
                    async for batch in news:
                        yield batch
                await self._wait(connection)
                yield Batch(events=())  # still connected
        finally:
            self._connection = None
            await connection.close()

    async def acknowledge(self, batch: Batch) -> None:
        """Mark as read, or move, what is safe now.  The watermark has moved already: a failure loses nothing."""
        uids = [_uid(event) for event in batch.events if event.note != "not_handed_out"]
        if not uids or self._settings.after_intake == "leave" or self._connection is None:
            return
        self._context.crash("mail.before_seen")
        if self._settings.after_intake == "move":
            await self._connection.move(uids, self._settings.imap.done_folder)
        else:
            await self._connection.mark_seen(uids)
        self._context.crash("mail.after_seen")

    def _start(self, folder: Folder, cursor: str | None) -> Watermark:
        """Where to go on.  A new UIDVALIDITY renumbers everything: read again, repeats are recognised."""
        if cursor is None:
            everything = self._settings.first_start == "all"
            since = None if everything else self._context.clock.now()
            return Watermark(folder.validity, 0 if everything else folder.newest_uid, since)
        mark = msgspec.json.decode(cursor, type=Watermark)
        return (
            mark if mark.validity == folder.validity else Watermark(folder.validity, 0, mark.since, rebuilt=True)
        )

    async def _new_mail(self, connection: ImapConnection) -> AsyncGenerator[Batch, None]:
        mark = self._mark
        uids = await connection.list_from(mark.uid + 1)
        for at in range(0, len(uids), MOST_AT_ONCE):
            span = uids[at : at + MOST_AT_ONCE]
            listed = await self._describe(connection, span)
            self._context.crash("mail.listed")
            wanted = [one for one in listed if not (mark.rebuilt and _before(one, mark.since))]
            for group in _by_size(wanted, self._settings.largest_bytes):
                events = await self._fetch(connection, mark.validity, group)
                self._context.crash("mail.fetched")
                self._mark = replace(mark, uid=max(one.uid for one in group))
                yield self._at_mark(events, uids)
            if span[-1] > self._mark.uid:
                self._mark = replace(mark, uid=span[-1])
                yield self._at_mark((), uids)

    def _at_mark(self, events: Sequence[RawEvent] = (), uids: Sequence[int] = ()) -> Batch:
        """uids: what is being read, rising."""
        read = bisect_right(uids, self._mark.uid)
        behind = f"Reading {read} of {len(uids)} mails." if read < len(uids) else ""
        return Batch(events=tuple(events), cursor=msgspec.json.encode(self._mark).decode(), behind=behind)

    async def _fetch(self, connection: ImapConnection, validity: int, group: Sequence[Listed]) -> list[RawEvent]:
        """The mails of a group; one that the server will not hand out becomes an event that says so."""
        largest = self._settings.largest_bytes
        small = [one.uid for one in group if one.size_bytes <= largest]
        large = [one.uid for one in group if one.size_bytes > largest]
        bodies = await self._insist(connection, small)
        heads = await connection.fetch_headers(large) if large else {}
        events = []
        for one in group:
            if one.uid in bodies:
                events.append(self._event(validity, one, bodies[one.uid], ""))
            elif one.uid in large:
                events.append(self._event(validity, one, heads.get(one.uid, b""), "too_large"))
            elif await _is_there(connection, one.uid):
                events.append(self._event(validity, one, b"", "not_handed_out"))
        return await self._with_keys(events)

    async def _with_keys(self, events: list[RawEvent]) -> list[RawEvent]:
        if self._keys is None:
            return events
        try:
            found = await self._keys.find([_head(event.payload) for event in events])
        except Exception:  # a mail must not stop those behind it; without keys it is merely unverified
            log.exception("The keys of signatures could not be looked up")
            return events
        return [replace(event, looked_up=keys) for event, keys in zip(events, found, strict=True)]

    async def _describe(self, connection: ImapConnection, uids: Sequence[int]) -> list[Listed]:
        """Size and date of each; what the server tells of none is listed all the same, unless it is gone."""
        found = {one.uid: one for one in await connection.describe(uids)}
        for uid in [uid for uid in uids if uid not in found]:
            again = await connection.describe([uid])
            if again:
                found[uid] = again[0]
            elif await _is_there(connection, uid):
                found[uid] = Listed(uid, 0, None)
        return sorted(found.values())

    async def _insist(self, connection: ImapConnection, uids: Sequence[int]) -> dict[int, bytes]:
        """Bodies of all the UIDs; those missing are asked for again, one by one."""
        found = await connection.fetch_bodies(uids) if uids else {}
        for _ in range(FETCH_ATTEMPTS - 1):
            for uid in [uid for uid in uids if uid not in found]:
                found |= await connection.fetch_bodies([uid])
        return found

    def _event(self, validity: int, listed: Listed, raw: bytes, note: str) -> RawEvent:
        return RawEvent(
            channel="email",
            account=self._context.account,
            external_id=f"{self._settings.imap.folder}/{validity}/{listed.uid}",
            conversation=_sender(raw) or f"{validity}/{listed.uid}",
            payload=raw,
            received_at=self._context.clock.now(),
            own_id=self._settings.address.lower(),
            note=note,
            late=is_late(listed.received_at, self._context.clock.now()),
        )

    async def _wait(self, connection: ImapConnection) -> None:
        imap = self._settings.imap
        wait_s = min(imap.look_every_s, imap.idle_refresh_s, LONGEST_LOOK_S)
        if connection.announces:
            await connection.wait_for_mail(wait_s)
        else:
            await self._context.clock.sleep(wait_s)


async def _is_there(connection: ImapConnection, uid: int) -> bool:
    """Whether a mail still exists: another reader may have removed it meanwhile."""
    return uid in await connection.list_from(uid)


def _uid(event: RawEvent) -> int:
    return int(event.external_id.rpartition("/")[2])


def _before(one: Listed, since: datetime | None) -> bool:
    """Surely before: clocks differ, and a mail too many is better than one too few."""
    if since is None or one.received_at is None:
        return False
    return one.received_at < since - CLOCKS_DIFFER


def _by_size(listed: Sequence[Listed], largest: int) -> list[list[Listed]]:
    """Groups that fit into memory together, in order."""
    groups: list[list[Listed]] = []
    size_bytes = 0
    for one in listed:
        counted = one.size_bytes if one.size_bytes <= largest else HEAD_BYTES
        if not groups or size_bytes + counted > BYTES_AT_ONCE:
            groups.append([])
            size_bytes = 0
        groups[-1].append(one)
        size_bytes += counted
    return groups


def _keys_of(settings: Settings) -> "SignatureKeys | None":
    if not settings.check_signatures:
        return None
    from connectors.mail.keys import SignatureKeys

    return SignatureKeys(settings.arc_sealers, settings.nameserver)


def _head(raw: bytes) -> str:
    """The header block, lines ended by LF, as far as it is looked at."""
    text = raw[:HEAD_BYTES].replace(b"\r\n", b"\n")
    return text.partition(b"\n\n")[0].decode("utf-8", "replace")


def _sender(raw: bytes) -> str:
    """Who seems to have written: only to keep one person's mails in one hand, never to trust."""
    match = _FROM.search(raw[:HEAD_BYTES].replace(b"\r\n", b"\n"))
    if match is None:
        return ""
    text = match[1].decode("utf-8", "replace")[:1000]
    try:
        address = parseaddr(text)[1]
    except RecursionError:  # so many brackets: nobody's address
        address = ""
    return (address or text.strip()).lower()[:200]


async def probe(settings: Settings, tokens: Tokens | None) -> str:
    """Sign in and out again; what was found, for a person."""
    connection = ImapConnection(settings.imap, settings.address, tokens)
    try:
        async with asyncio.timeout(60):
            await connection.open()
    except TimeoutError as error:
        raise Unreachable("The mail server did not answer within 60 s.") from error
    finally:
        await connection.close()
    return settings.address
