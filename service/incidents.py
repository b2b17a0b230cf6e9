"""The leader's look at reports: incidents are found, grow, and whoever comes late is told at once."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec
from msgspec.structs import replace

from desk.incidents import tell_jobs
from router import incidents as found
from router.causes import Signature
from router.incidents import Finder, Known, Match
from router.signatures import decoded
from tickets.errors import Conflict
from tickets.ids import IncidentNumber, MessageId
from tickets.incidents import Incident, IncidentChange, IncidentEvent, IncidentStore, Member, Report
from tickets.notices import NewNotice, NoticeStore
from tickets.ports import Clock

log = logging.getLogger(__name__)

PROGRAM: Final = "program:incidents"
PAGE: Final = 500
OVERLAP: Final = 1_000
"""Reports that are looked at again, as of several workers one may commit later what it began earlier."""
LEARNT_FROM: Final = timedelta(hours=12)
"""After a restart what is usual is learnt from so far back."""
UNSEEN: Final = timedelta(minutes=5)
"""What is so new, and belongs to none, may have been seen by nobody before the restart."""
MOST_LEARNT: Final = 40_000
TITLE_CHARS: Final = 100
THINGS: Final = ("code", "link", "name", "about")
NAMED: Final = 3
"""Marks of each kind that a title names."""
ATTEMPTS: Final = 5


class IncidentRecords(IncidentStore, NoticeStore, Protocol):
    """What is needed of a store."""


class IncidentWatch:
    """Finds incidents in what is reported.  May be asked as often as one likes; only the leader does."""

    def __init__(self, store: IncidentRecords, clock: Clock, settings: found.Settings | None = None) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings or found.Settings()
        self.rest()

    def rest(self) -> None:
        """Another worker leads: what was known here is read again once this one does."""
        self._finder: Finder | None = None
        self._seq = 0
        self._seen: dict[MessageId, int] = {}
        self._known: dict[str, Incident] = {}
        self._reports: dict[str, Report] = {}
        self._removed: set[str] = set()

    async def look(self) -> int:
        """Look at what came since; how many reports.  Raises StoreUnavailable."""
        if self._finder is None:
            self._finder = await self._resumed()
        await self._heed_people(self._finder)
        now = self._clock.now()
        since = now - self._settings.window
        reports = await self._store.list_reports(max(0, self._seq - OVERLAP), since, PAGE + OVERLAP)
        fresh = [one for one in reports if one.message_id not in self._seen]
        if fresh:
            matches = await asyncio.to_thread(self._add, self._finder, fresh)
            await self._keep(self._finder, matches, now)
            self._remember(fresh)
        self._finder.forget(now - 2 * self._settings.window)
        return len(fresh)

    async def _resumed(self) -> Finder:
        """As it was before a restart."""
        finder = Finder(self._settings)
        now = self._clock.now()
        reports: list[Report] = []
        seq = 0
        while len(reports) < MOST_LEARNT:
            page = await self._store.list_reports(seq, now - LEARNT_FROM, PAGE)
            if not page:
                break
            seq = page[-1].seq
            reports += page
        known, settled = [], set[str]()
        for incident in await self._store.list_incidents(open_only=True):
            members = await self._store.list_members(incident.number)
            self._known[incident.key] = incident
            removed = tuple(one.message_id for one in members if one.removed_by)
            self._removed.update(removed)
            current = tuple(one.message_id for one in members if not one.removed_by)
            known.append(Known(incident.key, incident.kind, incident.raised_at, current, removed))
            settled.update((*current, *removed))
        old = [one for one in reports if one.message_id in settled or one.at < now - UNSEEN]
        self._remember(old)
        self._seen = {one.message_id: one.seq for one in old}
        self._seq = min((one.seq - 1 for one in reports if one.message_id not in self._seen), default=self._seq)
        await asyncio.to_thread(finder.resume, [_read(one) for one in old], known)
        return finder

    async def _heed_people(self, finder: Finder) -> None:
        """What people decided meanwhile: none, over, or no member."""
        if not self._known:
            return
        for key, before in list(self._known.items()):
            after = await self._store.find_incident(before.number)
            if after is None or after.version == before.version:
                continue
            self._known[key] = after
            if after.state != "open":
                del self._known[key]
                _leave(finder, key, dismissed=after.state == "dismissed")
                continue
            for member in await self._store.list_members(after.number):
                if member.removed_by and member.message_id not in self._removed:
                    self._removed.add(member.message_id)
                    _remove(finder, key, member.message_id)

    def _add(self, finder: Finder, reports: Sequence[Report]) -> list[Match]:
        matches: list[Match] = []
        for report in reports:
            self._reports[report.message_id] = report
            matches += finder.add(_read(report))
        return matches

    def _remember(self, reports: Iterable[Report]) -> None:
        for report in reports:
            self._seen[report.message_id] = report.seq
            self._seq = max(self._seq, report.seq)
            self._reports[report.message_id] = report
        self._seen = {key: seq for key, seq in self._seen.items() if seq > self._seq - 2 * OVERLAP}
        oldest = self._clock.now() - 2 * self._settings.window
        self._reports = {key: one for key, one in self._reports.items() if one.at >= oldest}

    async def _keep(self, finder: Finder, matches: Sequence[Match], now: datetime) -> None:
        """Each incident's new members in one transaction, and those that are a part of it from now on."""
        last = {match.message: match for match in matches}
        for key in dict.fromkeys(match.incident for match in last.values()):
            try:
                seen = finder.incident(key)
            except KeyError:  # it became another one within these reports
                continue
            mine = [match for match in last.values() if match.incident == key]
            await self._commit(seen, mine, now)
        for before in {match.before for match in matches if match.before} - {None}:
            into = next((m.incident for m in last.values() if m.before == before), None)
            if before in self._known and into in self._known:
                await self._merge(self._known[before], self._known[into].number, now)

    async def _commit(self, seen: found.Incident, matches: Sequence[Match], now: datetime) -> None:
        joined = tuple(self._member(match) for match in matches if match.message in self._reports)
        for _ in range(ATTEMPTS):
            before = self._known.get(seen.key)
            change = self._change(seen, before, joined, now)
            try:
                number = await self._store.apply_incident(change, now)
            except Conflict:
                await self._read_again(seen.key, before)
                continue
            after = replace(change.incident, number=number)
            self._known[seen.key] = after
            if before is None:
                await self._store.raise_notices([_notice(after, now)], now)
            return
        log.warning("An incident changes all the time; its new members join with the next report")

    async def _read_again(self, key: str, before: Incident | None) -> None:
        if before is not None and (after := await self._store.find_incident(before.number)) is not None:
            self._known[key] = after
            return
        for incident in await self._store.list_incidents(open_only=False):
            if incident.key == key:
                self._known[key] = incident

    def _change(
        self, seen: found.Incident, before: Incident | None, joined: tuple[Member, ...], now: datetime
    ) -> IncidentChange:
        if before is None:
            incident = Incident(
                number=IncidentNumber(0),
                key=MessageId(seen.key),
                kind=seen.kind,
                state="open",
                title=title_of(seen.marks),
                raised_at=now,
                last_at=seen.last_at,
                people=seen.people,
                marks=seen.marks,
            )
            event = IncidentEvent("raised", PROGRAM, now, {"people": seen.people, "members": len(joined)})
            return IncidentChange(incident, 0, joined, events=(event,))
        incident = replace(
            before, last_at=seen.last_at, people=seen.people, marks=seen.marks, version=before.version + 1
        )
        event = IncidentEvent("grew", PROGRAM, now, {"people": seen.people, "members": len(joined)})
        return IncidentChange(incident, before.version, joined, events=(event,), jobs=tell_jobs(incident, now))

    async def _merge(self, before: Incident, into: IncidentNumber, now: datetime) -> None:
        after = replace(before, state="merged", merged_into=into, version=before.version + 1)
        event = IncidentEvent("merged", PROGRAM, now, {"into": into})
        try:
            await self._store.apply_incident(IncidentChange(after, before.version, events=(event,)), now)
        except Conflict:
            log.warning("An incident that became a part of another was changed at the same moment")
        self._known.pop(before.key, None)

    def _member(self, match: Match) -> Member:
        report = self._reports[match.message]
        return Member(report.message_id, report.ticket_id, report.at, match.why)


def title_of(marks: Sequence[str]) -> str:
    """What its members share, as ``app: error, crash``; people give it a better one."""
    kinds = [mark.partition(":")[::2] for mark in marks]
    about = [what.upper() if kind == "code" else what for kind, what in kinds if kind in THINGS][:NAMED]
    wrong = [what for kind, what in kinds if kind == "wrong"][:NAMED]
    return (": ".join(", ".join(one) for one in (about, wrong) if one) or "the same words")[:TITLE_CHARS]


def _read(report: Report) -> found.Report:
    try:
        signature = decoded(report.signature)
    except msgspec.DecodeError:
        signature = Signature()
    return found.Report(
        report.message_id, report.identity_id, report.at, report.language, report.channel, signature
    )


def _leave(finder: Finder, key: str, *, dismissed: bool) -> None:
    """What is over takes nobody in any more; what was none counts as usual."""
    try:
        finder.dismiss(key) if dismissed else finder.close(key)
    except KeyError:
        log.debug("The incident was forgotten already")


def _remove(finder: Finder, key: str, message: MessageId) -> None:
    try:
        finder.remove(key, message)
    except KeyError:
        log.debug("The report was no member any more")


def _notice(incident: Incident, now: datetime) -> NewNotice:
    text = (
        f"{incident.people} people report the same: {incident.title}. "
        f"Look at /incidents/{incident.number}, and tell them all with one answer."
    )
    return NewNotice("incident", f"incident:{incident.number}", text, now)
