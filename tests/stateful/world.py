"""A real store with real workers, in one process and in a time that the test owns."""

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from graphlib import TopologicalSorter
from typing import Any, NamedTuple, TypeVar

import psycopg
from msgspec.structs import replace

from desk.actors import Actor
from desk.challenging import IdentityChecks
from desk.commands import Desk
from desk.sweeping import Sweeper
from responders.compose import Limits
from responders.outbox import Outbox
from responders.proof import Prover
from router.clocks import ClockRules
from router.intake import Intake
from router.teams import Team
from router.triggers import Triggers
from service.jobs import JobRunner
from store.rows import micros
from tests.stateful.platforms import CHANNELS, LIMITS, Crashed, Fuse, Platforms, with_files
from tests.support.clock import ManualClock
from tests.support.inbound import JsonNormalizer, decider
from tests.support.stores import Database
from tickets.ids import AccountId, DeliveryId, ExternalMessageId, ThreadKey, TicketId, TicketNumber, UserId
from tickets.model import Automatic, Delivery, DeliveryReport, InboundMessage, RawEvent, Thread, Ticket
from tickets.records import Reaped

T = TypeVar("T")
WORKER_S = 30.0
AGENT = Actor(key="user:u-1", name="Aylin", role="admin", user_id=UserId("u-1"))
KEPT = ("counter", "schema_version")
"""Tables that the migrations filled."""


class Silence:
    """A NoticeWriter that writes none."""

    def acknowledgement(self, message: InboundMessage, thread: Thread, ticket: Ticket, now: object) -> None:
        return None

    def welcome(self, message: InboundMessage, now: object) -> None:
        return None


class Readers(JsonNormalizer):
    """See ``JsonNormalizer``; after an ``upgrade`` what was broken can be read.

    ``{"came_back": true}``: a mail system's report that the message it answers was not delivered.
    """

    upgraded = False

    def _one(self, event: RawEvent) -> Any:
        payload: dict[str, Any] = json.loads(event.payload)
        if self.upgraded:
            payload.pop("broken", None)
        came_back = payload.pop("came_back", False)
        found = super()._one(replace(event, payload=json.dumps(payload).encode()))
        return replace(found, automatic=MACHINE, report=FAILED) if came_back else found


MACHINE = Automatic("bounce", "a delivery report")
FAILED = DeliveryReport("failed", "ann@customers.test", "5.1.1")


class Rooms:
    """A database that is opened once and emptied for each example."""

    def __init__(self, database: Database) -> None:
        self.loop = asyncio.new_event_loop()
        self.fuse = Fuse()
        self.store = database.store(crash=self.fuse)
        self.loop.run_until_complete(self.store.open())
        if database.engine == "sqlite":
            file = sqlite3.connect(database.url.removeprefix("sqlite:///"), isolation_level=None, timeout=30)
            self._connection: Any = file
            tables = "SELECT name, NULL FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        else:
            self._connection = psycopg.connect(database.url, autocommit=True)
            tables = (
                "SELECT t.relname, c.conrelid::regclass::text FROM pg_class t "
                "LEFT JOIN pg_constraint c ON c.confrelid = t.oid AND c.contype = 'f' AND c.conrelid <> t.oid "
                "WHERE t.relkind = 'r' AND t.relnamespace = current_schema()::regnamespace"
            )
        order: TopologicalSorter[str] = TopologicalSorter()
        for table, referring in self.rows(tables):
            order.add(table, *([referring] if referring else []))
        self._tables = [name for name in order.static_order() if name not in KEPT]
        self._sqlite = database.engine == "sqlite"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What is really in the database, read past the store."""
        cursor = self._connection.execute(sql)
        return cursor.fetchall() if cursor.description else []

    def empty(self) -> None:
        if self._sqlite:
            self.rows("BEGIN IMMEDIATE")
            for table in (*self._tables, "sqlite_sequence"):
                self.rows(f"DELETE FROM {table}")
            self.rows("UPDATE counter SET value = 0")
            self.rows("COMMIT")
            return
        # Deleting is quicker than TRUNCATE, which makes every table a new file.
        self.rows("; ".join([*(f"DELETE FROM {table}" for table in self._tables), "UPDATE counter SET value = 0"]))

    def close(self) -> None:
        self._connection.close()
        self.loop.run_until_complete(self.store.close())
        self.loop.close()


TEAMS = (Team("support", assign=True),)


class Worker:
    """One worker's hands."""

    def __init__(self, world: "World", holder: str) -> None:
        store, clock, fuse = world.rooms.store, world.clock, world.rooms.fuse
        self.holder = holder
        self.intake = Intake(store, world.readers, world.decider, clock, fuse, holder)
        self.outbox = Outbox(store, clock, fuse, holder)
        self.prover = Prover(store, clock, fuse, holder)
        self.sweeper = Sweeper(store, clock, ClockRules(), Triggers(), TEAMS, fuse)


class Part(NamedTuple):
    """A piece of an answer, as it stands in the database.

    text: with its files.  started_at: when it was last begun, in microseconds.
    """

    n: int
    text: str
    state: str
    name: ExternalMessageId | None
    started_at: int | None


class Answer(NamedTuple):
    """A delivery, as it stands in the database; times in microseconds."""

    id: DeliveryId
    account: AccountId
    thread: ThreadKey
    ticket: TicketId
    message: str
    state: str
    created_at: int
    updated_at: int
    look_at: int | None
    code: str
    detail: str
    parts: tuple[Part, ...]


class Spoken(NamedTuple):
    """A message or note."""

    name: str
    ticket: TicketId
    direction: str
    text: str
    stored_at: int
    deleted: bool
    thread: ThreadKey | None
    account: AccountId | None
    id: str


class Case(NamedTuple):
    """A ticket."""

    id: TicketId
    number: TicketNumber
    status: str
    waiting_since: int | None
    unanswered: int


class Picture(NamedTuple):
    """Everything as it stands, each in the order in which it came.  cases: without those that are merged."""

    cases: list[Case]
    spoken: list[Spoken]
    answers: list[Answer]
    crowded: list[str]
    """Conversations with more than one open ticket."""


class BareCodes:
    """Texts for codes: nothing but the code, or where it went, so that it goes out in one piece."""

    def render(self, _name: str, _language: str | None, _part: str, /, **values: str) -> str:
        return next(iter(values.values()), "Code")


CODES = AccountId("email:codes")
"""Over which codes would be mailed; nobody sends for it here."""


class World:
    """One example's life: a clock, platforms, two workers and a person at the desk."""

    def __init__(self, rooms: Rooms) -> None:
        rooms.empty()
        rooms.fuse.armed = None
        self.rooms = rooms
        self.clock = ManualClock()
        self.platforms = Platforms(self.clock)
        self.readers = Readers()
        self.decider = decider(notices=Silence(), clocks=ClockRules())  # type: ignore[arg-type]
        limits = {**LIMITS, CODES: Limits(None, "characters", "desk@example.test")}
        own, checks = BareCodes(), IdentityChecks(mail=CODES)
        self.desk = Desk(rooms.store, self.clock, rooms.fuse, limits, own=own, checks=checks)  # type: ignore[arg-type]
        self.jobs = JobRunner(rooms.store, self.clock, "jobs", {}, self.desk)
        self.dead: set[str] = set()
        self.crashes = 0
        self._hired = 0
        self.workers = [self._hire(), self._hire()]

    # Running

    def run(self, work: Awaitable[T]) -> T:
        async def whole() -> T:
            return await work

        return self.rooms.loop.run_until_complete(whole())

    def risk(self, worker: Worker, point: str | None, work: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
        """Let a worker do something; it dies at the named point if it gets there: then None, and another comes."""
        try:
            return self.attempt(point, work)
        except Crashed:
            self.bury(worker)
            return None

    def attempt(self, point: str | None, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Raises Crashed when it gets to the named point."""
        self.rooms.fuse.armed = point
        try:
            return self.run(work())
        except BaseExceptionGroup as group:
            crashed, others = group.split(Crashed)
            if crashed is None or others is not None:
                raise
            raise Crashed(point) from group
        finally:
            self.rooms.fuse.armed = None

    def bury(self, worker: Worker) -> None:
        """It died with all it had in hand, and nobody has noticed yet."""
        self.crashes += 1
        self.dead.add(worker.holder)
        self.workers[self.workers.index(worker)] = self._hire()

    def _hire(self) -> Worker:
        self._hired += 1
        worker = Worker(self, f"worker-{self._hired}")
        self._renew(worker)
        return worker

    def _renew(self, worker: Worker) -> None:
        name = f"worker:{worker.holder}"
        assert self.run(self.rooms.store.acquire_lease(name, worker.holder, self.clock.now(), WORKER_S))

    # What happens to everybody

    def pass_time(self, seconds: float) -> Reaped:
        """The living renew their leases; who did not is found dead."""
        self.clock.move(seconds)
        for worker in self.workers:
            self._renew(worker)
        return self._reap(None)

    def power_cut(self) -> Reaped:
        """All die at once; the first to come back knows that it is alone."""
        for worker in list(self.workers):
            self.bury(worker)
        first, *others = self.workers
        reaped = self._reap(first.holder)
        for worker in others:
            self.workers[self.workers.index(worker)] = self._hire()
        return reaped

    def leave(self, worker: Worker) -> Reaped:
        """A worker ends in good order."""
        reaped = self.run(self.rooms.store.reap_workers(self.clock.now(), None, leaving=worker.holder))
        self.dead -= set(reaped.workers)
        self.workers[self.workers.index(worker)] = self._hire()
        return reaped

    def _reap(self, alone: str | None) -> Reaped:
        reaped = self.run(self.rooms.store.reap_workers(self.clock.now(), alone))
        self.dead -= set(reaped.workers)
        return reaped

    def codes_mailed(self, ticket: TicketId) -> list[str]:
        """To addresses on record, in the order in which they were asked for."""
        sql = (
            "SELECT p.text FROM delivery d JOIN delivery_part p ON p.delivery_id = d.id "
            f"WHERE d.kind = 'code' AND d.ticket_id = '{ticket}' ORDER BY d.created_at, d.id"
        )
        return [row[0] for row in self.rooms.rows(sql)]

    # Looking

    def look(self) -> Picture:
        rows = self.rooms.rows
        parts: dict[str, list[Part]] = {}
        digests = dict(rows("SELECT id, sha256 FROM attachment"))
        for delivery, n, text, *part, files in rows(
            "SELECT delivery_id, n, text, state, external_id, started_at, files FROM delivery_part "
            "ORDER BY delivery_id, n"
        ):
            whole = with_files(text, [digests[file] for file in json.loads(files)])
            parts.setdefault(delivery, []).append(Part(n, whole, *part))
        answers = rows(
            "SELECT d.id, d.account, t.key, d.ticket_id, d.message_id, d.state, d.created_at, d.updated_at, "
            "d.look_at, d.code, d.detail FROM delivery d JOIN thread t ON t.id = d.thread_id "
            "ORDER BY d.created_at, d.id"
        )
        spoken = rows(
            "SELECT m.external_id, m.ticket_id, m.direction, m.text, m.stored_at, m.deleted_at IS NOT NULL, "
            "t.key, t.account, m.id FROM message m LEFT JOIN thread t ON t.id = m.thread_id "
            "ORDER BY m.stored_at, m.id"
        )
        return Picture(
            cases=[
                Case(*row)
                for row in rows(
                    "SELECT id, number, status, waiting_since, unanswered FROM ticket "
                    "WHERE merged_into IS NULL ORDER BY number"
                )
            ],
            spoken=[Spoken(*row) for row in spoken],
            answers=[Answer(*row, parts=tuple(parts[row[0]])) for row in answers],
            crowded=[
                row[0]
                for row in rows(
                    "SELECT tt.thread_id FROM ticket_thread tt JOIN ticket t ON t.id = tt.ticket_id "
                    "WHERE t.status <> 'closed' GROUP BY tt.thread_id HAVING COUNT(*) > 1"
                )
            ],
        )

    def holds_conversations(self) -> bool:
        """Whether some conversation is in somebody's hands, perhaps a dead one's."""
        held = f"lease_holder IS NOT NULL AND lease_until > {micros(self.clock.now())}"
        return self.rooms.rows(f"SELECT COUNT(*) FROM conversation WHERE {held}") != [(0,)]

    def unfinished(self) -> list[Delivery]:
        """Without codes that would be mailed."""
        found = self.run(self.rooms.store.list_unfinished(1_000))
        return [one for one in found if one.kind != "code"]

    def event(self, account: AccountId, who: str, name: str, **payload: Any) -> RawEvent:
        """A raw event for the readers."""
        told = {"channel": CHANNELS[account], "account": account, **payload}
        return RawEvent(
            channel=CHANNELS[account],
            account=account,
            external_id=name,
            conversation=who,
            payload=json.dumps(told).encode(),
            received_at=self.clock.now(),
            own_id="us",
        )
