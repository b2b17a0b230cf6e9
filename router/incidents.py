"""Incidents: many people, one cause, over channels and languages.  Pure: time comes from the reports alone.

A report is held for an hour.  What many different people say within that time and nobody said as often before (an
error code, a link, one wording, the same trouble with the same thing) raises an incident.  From then on every
report is weighed against it (``router.centres``); the more of what comes in belongs to it, the less is asked of
one more.
"""

import math
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, Literal, NamedTuple

from router.bursts import Measure, are_copies, is_burst, may_raise
from router.centres import Centre
from router.reports import Feature, Held, Key, Report
from router.usual import Usual
from router.wordings import Wordings

__all__ = ("Finder", "Incident", "Known", "Match", "Report", "Settings")

SHORT: Final = 6
"""A burst is looked for in the whole window, and in this part of it."""
HELD_BY_KEY: Final = 200
"""Reports that are looked at for one burst, the newest."""
RECENT: Final = 60
"""Reports by whose incidents the next one's is guessed."""
LOOKED_BACK: Final = 600
"""Reports that belong to none and are weighed anew when an incident grew."""
GROWN: Final = 1.5
"""An incident has grown when it has so many times more members."""
SAMPLE: Final = 30
"""Members that are weighed to tell whether two incidents are one."""
JOIN: Final = 3.0
"""Log odds from which a report belongs to an incident."""
RELATED: Final = 0.5
"""The same, on average, of a burst that comes while an incident is open."""
COINCIDES: Final = -2.0
"""The same of a wording that comes up while an incident is open."""
PRIOR_LEAST: Final = -3.0
"""What the share of an incident in the last reports speaks against one more at most, and for it."""
PRIOR_MOST: Final = 0.5
KNOWN_SHARE: Final = 0.05
"""Of the members with a mark, from which an incident is about that."""
FEW: Final = 1000.0
"""Reports; where fewer were seen as usual an incident learns that also from what comes beside it."""
QUIET: Final = 100
"""Reports in a window.  Where more come and nobody knows yet what is usual, only what grows is a burst."""
LIKE_MEMBERS: Final = 0.2
"""Share of the members from which a mark is shared by them."""


class Settings(NamedTuple):
    """fewest_people: different ones that make an incident.  window: how long a report is held for one, and an
    incident is open without a new one.  half_life: of what counts as usual."""

    fewest_people: int = 5
    window: timedelta = timedelta(hours=1)
    half_life: timedelta = timedelta(days=2)


class Match(NamedTuple):
    """A message that belongs to an incident from now on.

    why: short sentences.  score: log odds.  before: the incident that it belonged to until now, which is the same
    one and is gone; None for none.
    """

    incident: str
    message: str
    why: tuple[str, ...]
    score: float
    before: str | None = None


class Incident(NamedTuple):
    """As it is now.

    key: the name of the message that it began with.  kind: ``copies`` when one text came again and again that
    tells of no trouble, as spam does.  members, removed: messages, in the order in which they joined.  languages,
    channels: how many messages.  typical: the message that says best what it is about.  marks: what members share,
    most telling first, as in ``router.causes.Signature``.
    """

    key: str
    kind: Literal["trouble", "copies"]
    raised_at: datetime
    began_at: datetime
    last_at: datetime
    members: tuple[str, ...]
    removed: tuple[str, ...]
    people: int
    languages: dict[str | None, int]
    channels: dict[str, int]
    typical: str
    marks: tuple[str, ...]


class Known(NamedTuple):
    """What was stored of an incident: see ``Incident``."""

    key: str
    kind: Literal["trouble", "copies"]
    raised_at: datetime
    members: tuple[str, ...]
    removed: tuple[str, ...] = ()


class Finder:
    """Finds incidents in reports, one at a time, in the order of their times."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self._usual = Usual(self.settings.half_life)
        self._wordings = Wordings()
        self._window: deque[Held] = deque()
        self._short: deque[Held] = deque()
        self._recent: deque[Held] = deque(maxlen=RECENT)
        self._loose: Counter[Feature] = Counter()
        self._loose_window = self._loose_short = 0
        self._by_key: dict[Key, deque[Held]] = {}
        self._centres: dict[str, Centre] = {}
        self._now: datetime | None = None

    def add(self, report: Report) -> tuple[Match, ...]:
        """Every message that belongs to an incident, or to another one, because of this report."""
        held = self._take(report)
        matches = [*self._place(held)]
        for centre in self._open():
            if centre.key in self._centres and len(centre) >= centre.next_look:
                centre.next_look = int(len(centre) * GROWN)
                matches += self._look_back(centre)
                matches += self._merge(centre)
        return tuple(matches)

    def incidents(self) -> tuple[Incident, ...]:
        """All that are remembered, the first raised first."""
        return tuple(self._seen(centre) for centre in self._centres.values())

    def incident(self, key: str) -> Incident:
        """Raises KeyError for one that is forgotten, or another one now."""
        return self._seen(self._centres[key])

    def remove(self, incident: str, message: str) -> None:
        """A person says that a message is no member: what says nearly the same is none any more.

        Raises KeyError where the incident or the member is unknown.
        """
        centre = self._centres[incident]
        held = centre.leave(message)
        centre.refuse(held)
        if self._now is not None and held.report.at > self._now - self.settings.window:
            self._let_loose(held)

    def dismiss(self, incident: str) -> None:
        """A person says that it is none: what its members say counts as usual from now on."""
        for held in self._centres.pop(incident).members.values():
            held.centre = None
            self._usual.add((*held.features, *held.keys), held.report.at)

    def close(self, incident: str) -> None:
        """It is over: nothing joins it any more, and nothing that its members said raises another.

        Raises KeyError for one that is forgotten.
        """
        for held in self._centres.pop(incident).members.values():
            held.centre = None

    def forget(self, before: datetime) -> None:
        """Incidents without a report since then."""
        self._centres = {key: one for key, one in self._centres.items() if one.last_at >= before}

    def resume(self, reports: Iterable[Report], known: Iterable[Known] = ()) -> None:
        """After a restart, from what is stored, in any order: memberships as they were, nothing is raised.

        What is usual is learnt from the reports again; those of two half-lives are enough.  Members whose reports
        are gone are no members any more.
        """
        stored = sorted(known, key=lambda one: one.raised_at)
        for one in stored:
            self._centres[one.key] = Centre(one.key, one.raised_at, copies=one.kind == "copies")
        belongs = {message: one.key for one in stored for message in one.members}
        removed = {message: one.key for one in stored for message in one.removed}
        for report in sorted(reports, key=lambda one: (one.at, one.message)):
            held = self._take(report)
            if report.message in belongs:
                self._centres[belongs[report.message]].join(held)
                continue
            if report.message in removed:
                self._centres[removed[report.message]].refuse(held)
            self._let_loose(held)
        for centre in self._centres.values():
            centre.next_look = max(centre.next_look, int(len(centre) * GROWN))

    def _take(self, report: Report) -> Held:
        self._move_on(report.at)
        held = Held(report, self._wordings.learn(report.signature))
        self._window.append(held)
        self._short.append(held)
        self._recent.append(held)
        return held

    def _move_on(self, at: datetime) -> None:
        self._now = max(at, self._now or at)
        while self._short and self._short[0].report.at <= self._now - self.settings.window / SHORT:
            held = self._short.popleft()
            held.recent = False
            self._loose_short -= held.loose
        while self._window and self._window[0].report.at <= self._now - self.settings.window:
            held = self._window.popleft()
            self._drop_keys(held)
            if held.loose:
                self._tie(held)
                self._usual.add((*held.features, *held.keys), held.report.at)

    def _drop_keys(self, held: Held) -> None:
        for key in held.keys:
            crowd = self._by_key.get(key)
            while crowd and (crowd[0] is held or not crowd[0].loose):
                crowd.popleft()
            if crowd is not None and not crowd:
                del self._by_key[key]

    def _place(self, held: Held) -> Iterator[Match]:
        best = self._best((held,))
        if best is not None and best[0] >= JOIN:
            yield self._join(held, best[1], best[0])
            return
        self._let_loose(held)
        for key in held.keys:
            if held.centre is None and self._bursts(key):
                yield from self._raise(key)

    def _let_loose(self, held: Held) -> None:
        """It belongs to none, and may be the beginning of one."""
        held.loose = True
        self._loose_window += 1
        self._loose_short += held.recent
        self._loose.update(held.features)
        for key in held.keys:
            self._by_key.setdefault(key, deque(maxlen=HELD_BY_KEY)).append(held)
        if not held.accuses and self._usual.total < FEW:
            for centre in self._open():
                if self._prior(centre) < 0:
                    centre.learn_rest(held)

    def _tie(self, held: Held) -> None:
        if held.loose:
            held.loose = False
            self._loose_window -= 1
            self._loose_short -= held.recent
            for feature in held.features:
                self._loose[feature] -= 1
                if not self._loose[feature]:
                    del self._loose[feature]

    def _best(self, some: tuple[Held, ...], key: Key | None = None) -> tuple[float, Centre] | None:
        """The open incident that reports fit best on average, with their score.  key: of their burst."""
        scores = [
            (sum(self._score(one, centre, key) for one in some) / len(some), centre) for centre in self._open()
        ]
        return max(scores, key=lambda one: one[0], default=None)

    def _score(self, held: Held, centre: Centre, key: Key | None = None) -> float:
        burst = key is not None and key[0] == "same"
        return self._prior(centre) + centre.fit(held, self._usual, self._loose, burst=burst)

    def _prior(self, centre: Centre) -> float:
        """By how many of the last reports belong to it, and to others or none."""
        mine = sum(one.centre is centre for one in self._recent)
        odds = math.log((mine + 1.0) / (len(self._recent) - mine + 1.0))
        return min(max(odds, PRIOR_LEAST), PRIOR_MOST)

    def _open(self) -> list[Centre]:
        now = self._now
        return [one for one in self._centres.values() if now and one.is_open(now, self.settings.window)]

    def _bursts(self, key: Key) -> bool:
        crowd = self._by_key[key]
        if len(crowd) < self.settings.fewest_people:
            return False
        some = [one for one in crowd if one.loose]
        if len(some) < len(crowd):
            crowd.clear()
            crowd.extend(some)
        short = [one for one in some if one.recent]
        return any(
            is_burst(key, ones, measure, self.settings.fewest_people)
            for ones, measure in ((short, self._of_short(key, some, short)), (some, self._of_window(key, some)))
            if measure is not None
        )

    def _of_short(self, key: Key, some: list[Held], short: list[Held]) -> Measure:
        """What came before in the window counts as usual."""
        span, held, recent = self.settings.window / SHORT, self._loose_window, self._loose_short
        usual, total = self._usual.count(key) + len(some) - len(short), self._usual.total + held - recent
        return Measure(usual, total, recent - len(short), self._by_clock(key, span), held)

    def _of_window(self, key: Key, some: list[Held]) -> Measure | None:
        """None where much is said and nobody knows yet what is usual."""
        total, held = self._usual.total, self._loose_window
        if held > QUIET and total < FEW:
            return None
        by_clock = self._by_clock(key, self.settings.window)
        return Measure(self._usual.count(key), total, held - len(some), by_clock, held)

    def _by_clock(self, key: Key, span: timedelta) -> float:
        return self._usual.expected(key, span, self._now) if self._now is not None else 0.0

    def _raise(self, key: Key) -> Iterator[Match]:
        """A new incident, unless an open one is about the same."""
        some = tuple(one for one in self._by_key[key] if one.loose)
        best = self._best(some, key)
        related = COINCIDES if key[0] == "same" else RELATED
        if best is not None and best[0] >= related and self._is_about(best[1], key, some):
            for one in some:
                score = self._score(one, best[1], key)
                if score >= min(0.0, related):
                    yield self._join(one, best[1], score)
            return
        if not may_raise(key, some, self.settings.fewest_people):
            return
        centre = self._new_centre(some)
        for one in some:
            yield self._join(one, centre, JOIN)
        yield from self._look_back(centre)

    def _new_centre(self, some: tuple[Held, ...]) -> Centre:
        names = [one.report.message for one in some]
        name = next((one for one in names if one not in self._centres), f"{names[0]}/{len(self._centres)}")
        centre = self._centres[name] = Centre(name, some[-1].report.at, copies=are_copies(some))
        if self._usual.total < FEW:
            for one in self._window:
                if one.loose and not one.accuses and one.report.at < some[0].report.at:
                    centre.learn_rest(one)
        return centre

    def _is_about(self, centre: Centre, key: Key, some: tuple[Held, ...]) -> bool:
        """Whether what bursts is what its members have; of late it may still be complained of in new ways."""
        if self._now is None or self._now - centre.raised_at >= self.settings.window:
            marks = [mark for mark in key[1:] if isinstance(mark, str)]
            return all(centre.counts[mark] > KNOWN_SHARE * len(centre) for mark in marks)
        if key[0] in ("same", "code", "link"):
            return True
        topics = {one for one in centre.marks(LIKE_MEMBERS) if one.startswith(("about:", "name:"))}
        shared = sum(not topics.isdisjoint(one.report.signature.marks) for one in some)
        return not topics or 2 * shared >= len(some)

    def _join(self, held: Held, centre: Centre, score: float) -> Match:
        before = held.centre.key if held.centre is not None else None
        why = tuple(self._reasons(held, centre)) if len(centre) else ()
        self._tie(held)
        centre.join(held)
        return Match(centre.key, held.report.message, why, score, before)

    def _reasons(self, held: Held, centre: Centre) -> Iterator[str]:
        marks = [mark for mark in held.report.signature.marks if centre.counts[mark]]
        said = {kind: _said(kind, marks) for kind in ("code", "link", "name", "about", "wrong")}
        if said["code"]:
            yield f"same error code {said['code'].upper()}"
        if said["link"]:
            yield f"same link {said['link']}"
        same = centre.counts[("same", held.wording)]
        if same and held.wording:
            yield f"says the same as {same} other{'s' if same > 1 else ''}"
        trouble = ", ".join(one for one in (said["about"], said["wrong"]) if one)
        if trouble and held.accuses:
            yield f"same trouble: {trouble}"
        if said["name"]:
            yield f"same names: {said['name']}"

    def _look_back(self, centre: Centre) -> Iterator[Match]:
        """Those who came before it was known well enough."""
        loose = (one for one in reversed(self._window) if one.loose)
        for one in list(islice(loose, LOOKED_BACK)):
            score = self._score(one, centre)
            if score >= JOIN:
                yield self._join(one, centre, score)

    def _merge(self, centre: Centre) -> Iterator[Match]:
        """Smaller incidents of the same time that turn out to be the same one; the name of the first stays."""
        for other in self._open():
            if other is centre or centre.key not in self._centres or not self._is_part(other, centre):
                continue
            stays, goes = (centre, other) if centre.raised_at <= other.raised_at else (other, centre)
            del self._centres[goes.key]
            stays.next_look = max(stays.next_look, centre.next_look)
            for refused in goes.refused.values():
                stays.refuse(refused)
            for one in goes.members.values():
                yield self._join(one, stays, JOIN)

    def _is_part(self, small: Centre, large: Centre) -> bool:
        if not 0 < len(small) <= len(large) or small.copies or large.copies:
            return False
        if abs(small.raised_at - large.raised_at) > self.settings.window:
            return False
        some = list(small.members.values())[-SAMPLE:]
        return sum(self._score(one, large) for one in some) / len(some) >= JOIN

    def _seen(self, centre: Centre) -> Incident:
        members = centre.members.values()
        return Incident(
            centre.key,
            "copies" if centre.copies else "trouble",
            centre.raised_at,
            min((one.report.at for one in members), default=centre.raised_at),
            centre.last_at,
            tuple(centre.members),
            tuple(centre.refused),
            len(centre.people),
            dict(Counter(one.report.language for one in members)),
            dict(Counter(one.report.channel for one in members)),
            _typical(centre),
            self._shared(centre),
        )

    def _shared(self, centre: Centre) -> tuple[str, ...]:
        size = len(centre)
        marks = centre.marks(LIKE_MEMBERS)
        weighed = {mark: centre.lift(mark, self._usual) * centre.counts[mark] / size for mark in marks if size}
        return tuple(sorted((mark for mark in weighed if weighed[mark] > 0), key=lambda one: (-weighed[one], one)))


def _said(kind: str, marks: list[str]) -> str:
    return ", ".join(mark.partition(":")[2] for mark in marks if mark.startswith(f"{kind}:"))


def _typical(centre: Centre) -> str:
    """The first member of those who have most in common with all others (a medoid by marks and wording)."""

    def common(held: Held) -> float:
        marks = held.report.signature.marks
        shared = sum(centre.counts[mark] for mark in marks) / math.sqrt(len(marks) + 1)
        return shared + 2 * centre.counts[("same", held.wording)]

    return max(centre.members.values(), key=common).report.message if len(centre) else ""
