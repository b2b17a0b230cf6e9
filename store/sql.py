"""The store on SQLite or PostgreSQL: each promise of ``tickets.storage`` as one transaction."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

from store import (
    access,
    admission,
    attachments,
    blobs,
    budgets,
    challenges,
    context,
    deliveries,
    desk,
    erasing,
    feeds,
    health,
    incidents,
    intake,
    jobs,
    merging,
    notices,
    proofs,
    schema,
    spending,
    sweeping,
    workers,
)
from store.engine import Engine, Tx
from store.rows import micros, moment, printable
from store.sqlite import SqliteEngine
from store.vault import Vault
from tickets.errors import ConfigError
from tickets.feeds import FeedFilter, FeedItem
from tickets.ids import (
    AccountId,
    AttachmentId,
    BlobId,
    ChallengeId,
    Channel,
    DeliveryId,
    EventId,
    ExternalMessageId,
    IdentityId,
    IncidentNumber,
    ItemId,
    JobId,
    NoticeId,
    ThreadId,
    ThreadKey,
    TicketId,
    TicketNumber,
    UserId,
)
from tickets.incidents import Incident, IncidentChange, IncidentEvent, Member, MemberRow, Report
from tickets.model import (
    ERASED,
    Attachment,
    Challenge,
    ChannelHealth,
    Delivery,
    RawEvent,
    Receipt,
    ReplyFile,
    Thread,
    Ticket,
    TicketEnvelope,
    TicketEvent,
)
from tickets.notices import Habit, NewNotice, Notice
from tickets.ports import Bucket, CrashHook, no_crash
from tickets.records import (
    Admission,
    ApiToken,
    Brought,
    CommandResult,
    Context,
    ContextQuery,
    Counts,
    Job,
    LeasedEvent,
    NewJob,
    Page,
    QuarantinedEvent,
    Reaped,
    Session,
    TicketChange,
    TicketFilter,
    User,
)
from tickets.spending import Spending, Spent
from tickets.storage import Store, Topic
from tickets.sweeping import Example


def open_store(url: str, key: bytes, *, crash: CrashHook = no_crash) -> Store:
    """A store for ``sqlite:///path`` or ``postgresql://…``; connect with ``open``.

    key: 32 bytes for the secrets at rest.  Raises ConfigError for another URL.
    """
    engine, dialect = make_engine(url)
    return SqlStore(engine, dialect, Vault(key), crash)


def make_engine(url: str) -> tuple[Engine, str]:
    """The database alone, and its dialect; opening it leaves the schema as it is.  Raises ConfigError."""
    if url.startswith("sqlite:///"):
        return SqliteEngine(Path(url.removeprefix("sqlite:///"))), "sqlite"
    if url.startswith(("postgresql://", "postgres://")):
        try:
            from store.postgres import PostgresEngine
        except ImportError as error:
            raise ConfigError("PostgreSQL needs psycopg: pip install 'switchboard[postgres]'.") from error
        return PostgresEngine(url), "postgres"
    raise ConfigError("service.database must begin with sqlite:/// or postgresql://.")


class SqlStore:
    """See ``tickets.storage.Store`` for what each method promises."""

    def __init__(self, engine: Engine, dialect: str, vault: Vault, crash: CrashHook) -> None:
        self._engine = engine
        self._dialect = dialect
        self._vault = vault
        self._crash = crash

    async def open(self) -> None:
        await self._engine.open()
        try:
            await schema.bring_up(self._engine, self._dialect)
        except BaseException:
            await self._engine.close()
            raise

    async def close(self) -> None:
        await self._engine.close()

    async def check(self) -> None:
        await self._engine.write(
            lambda tx: tx.run(
                "INSERT INTO counter (name, value) VALUES ('checked', 1) "
                "ON CONFLICT (name) DO UPDATE SET value = counter.value + 1"  # else nothing would be written
            )
        )

    def pulse(self, topic: Topic) -> int:
        return self._engine.pulse(topic)

    async def wait(self, topic: Topic, pulse: int, timeout_s: float) -> int:
        return await self._engine.wait(topic, pulse, timeout_s)

    # Intake

    async def append_raw(
        self,
        account: AccountId,
        events: Sequence[RawEvent],
        cursor: str | None,
        notices: Sequence[NewNotice] = (),
        *,
        behind: str | None = None,
    ) -> int:
        topics: list[Topic] = ["inbound"] if events else []
        if notices:
            topics.append("events")
        return await self._engine.write(
            lambda tx: intake.append_raw(tx, account, events, cursor, notices, behind, self._crash), topics=topics
        )

    async def list_private(self, account: AccountId, limit: int) -> Sequence[ThreadKey]:
        return await self._engine.read(lambda tx: intake.list_private(tx, account, limit))

    async def find_cursor(self, account: AccountId) -> str | None:
        return await self._engine.read(lambda tx: intake.find_cursor(tx, account))

    async def count_waiting(self) -> int:
        return await self._engine.read(intake.count_waiting)

    async def lease_events(self, holder: str, now: datetime, lease_s: float, limit: int) -> Sequence[LeasedEvent]:
        return await self._engine.write(lambda tx: intake.lease_events(tx, holder, now, lease_s, limit))

    async def find_context(self, query: ContextQuery) -> Context:
        return await self._engine.read(lambda tx: context.find_context(tx, query))

    async def admit(self, admissions: Sequence[Admission], now: datetime) -> dict[TicketId, TicketNumber]:
        return await self._engine.write(
            lambda tx: admission.admit(tx, admissions, now, self._crash), topics=_topics_of(admissions)
        )

    async def release_events(self, ids: Sequence[EventId], retry_at: datetime, holder: str | None = None) -> None:
        await self._engine.write(lambda tx: intake.release_events(tx, ids, retry_at, holder), topics=["inbound"])

    async def read_raw(self, event_id: EventId) -> RawEvent | None:
        return await self._engine.read(lambda tx: intake.read_raw(tx, event_id))

    async def list_quarantine(self, limit: int = 100) -> Sequence[QuarantinedEvent]:
        return await self._engine.read(lambda tx: intake.list_quarantine(tx, limit))

    async def replay(self, event_id: EventId, now: datetime) -> bool:
        return await self._engine.write(lambda tx: intake.replay(tx, event_id, now), topics=["inbound"])

    # Outbox

    async def lease_deliveries(
        self, accounts: Sequence[AccountId], holder: str, now: datetime, lease_s: float, limit: int
    ) -> Sequence[Delivery]:
        return await self._engine.write(
            lambda tx: deliveries.lease_deliveries(tx, accounts, holder, now, lease_s, limit)
        )

    async def take_budget(self, account: AccountId, buckets: Sequence[Bucket], now: datetime) -> float:
        return await self._engine.write(lambda tx: budgets.take_budget(tx, account, buckets, now))

    async def find_wait(self, account: AccountId, buckets: Sequence[Bucket], now: datetime) -> float:
        return await self._engine.read(lambda tx: budgets.find_wait(tx, account, buckets, now))

    async def forecast(self, ids: Sequence[DeliveryId], now: datetime) -> dict[DeliveryId, datetime]:
        return await self._engine.read(lambda tx: budgets.forecast(tx, ids, now))

    async def list_unfinished(self, limit: int = 100) -> Sequence[Delivery]:
        return await self._engine.read(lambda tx: deliveries.list_unfinished(tx, limit))

    async def lease_unknown(
        self, accounts: Sequence[AccountId], holder: str, now: datetime, lease_s: float, limit: int
    ) -> Sequence[Delivery]:
        return await self._engine.write(lambda tx: proofs.lease_unknown(tx, accounts, holder, now, lease_s, limit))

    async def note_look(
        self, delivery_id: DeliveryId, holder: str, detail: str, look_at: datetime | None, now: datetime
    ) -> None:
        await self._engine.write(
            lambda tx: proofs.note_look(tx, delivery_id, holder, detail, look_at, now),
            topics=["events", "outbox"],
        )

    async def queue_unsent(self, delivery_id: DeliveryId, n: int, holder: str, detail: str, now: datetime) -> bool:
        return await self._engine.write(
            lambda tx: proofs.queue_unsent(tx, delivery_id, n, holder, detail, now), topics=["events", "outbox"]
        )

    async def block_bucket(self, account: AccountId, bucket: str, until: datetime) -> None:
        await self._engine.write(lambda tx: budgets.block_bucket(tx, account, bucket, until))

    async def mark_sending(
        self, delivery_id: DeliveryId, n: int, holder: str, now: datetime, name: ExternalMessageId | None = None
    ) -> bool:
        return await self._engine.write(
            lambda tx: deliveries.mark_sending(tx, delivery_id, n, holder, now, name, self._crash),
            topics=["events"],
        )

    async def read_files(self, ids: Sequence[AttachmentId]) -> Sequence[ReplyFile]:
        return await self._engine.read(lambda tx: attachments.read_files(tx, ids))

    async def record_receipt(
        self, delivery_id: DeliveryId, n: int, receipt: Receipt, now: datetime, holder: str | None = None
    ) -> None:
        await self._engine.write(
            lambda tx: deliveries.record_receipt(tx, delivery_id, n, receipt, now, holder, self._crash),
            topics=["events", "outbox"],
        )

    async def record_failure(
        self,
        delivery_id: DeliveryId,
        n: int,
        state: Literal["queued", "held", "failed", "unknown"],
        code: str,
        detail: str,
        next_at: datetime,
        now: datetime,
        holder: str | None = None,
    ) -> None:
        await self._engine.write(
            lambda tx: deliveries.record_failure(tx, delivery_id, n, state, code, detail, next_at, now, holder),
            topics=["events", "outbox"],
        )

    async def give_back(self, delivery_id: DeliveryId, holder: str, now: datetime) -> None:
        await self._engine.write(
            lambda tx: deliveries.give_back(tx, delivery_id, holder, now), topics=["events", "outbox"]
        )

    async def release_held(self, account: AccountId, code: str, now: datetime) -> int:
        return await self._engine.write(
            lambda tx: deliveries.release_held(tx, account, code, now), topics=["events", "outbox"]
        )

    async def postpone(self, delivery_id: DeliveryId, next_at: datetime, why: str, now: datetime) -> None:
        await self._engine.write(lambda tx: deliveries.postpone(tx, delivery_id, next_at, why, now))

    async def settle_delivery(self, delivery: Delivery, expected_state: str, now: datetime) -> bool:
        return await self._engine.write(
            lambda tx: deliveries.replace_delivery(tx, delivery, expected_state), topics=["events", "outbox"]
        )

    async def reap_deliveries(self, now: datetime) -> int:
        return await self._engine.write(lambda tx: deliveries.reap_deliveries(tx, now), topics=["events"])

    async def mark_unreachable(self, channel: Channel, thread_id: ThreadId, now: datetime) -> None:
        await self._engine.write(lambda tx: deliveries.mark_unreachable(tx, channel, thread_id))

    async def find_doubt(self, account: AccountId) -> datetime | None:
        return await self._engine.read(lambda tx: deliveries.find_doubt(tx, account))

    async def find_delivery(self, delivery_id: DeliveryId) -> Delivery | None:
        found = await self._engine.read(lambda tx: deliveries.find_deliveries(tx, [delivery_id]))
        return found[0] if found else None

    # Desk

    async def find_ticket(self, number: TicketNumber) -> TicketEnvelope | None:
        return await self._engine.read(lambda tx: desk.find_ticket(tx, number))

    async def find_command(self, actor: str, key: str) -> CommandResult | None:
        return await self._engine.read(lambda tx: desk.find_command(tx, actor, key))

    async def apply_change(self, change: TicketChange, now: datetime) -> None:
        await self._engine.write(
            lambda tx: desk.apply_change(tx, change, now, self._crash), topics=["events", "outbox"]
        )

    async def find_brought(self, number: TicketNumber) -> Brought:
        return await self._engine.read(lambda tx: merging.find_brought(tx, number))

    async def list_tickets(self, filter: TicketFilter) -> Page:
        return await self._engine.read(lambda tx: desk.list_tickets(tx, filter))

    async def count_tickets(self, user: UserId | None, hidden: frozenset[str] = frozenset()) -> Counts:
        return await self._engine.read(lambda tx: desk.count_tickets(tx, user, hidden))

    async def events_after(self, seq: int, limit: int = 200) -> Sequence[TicketEvent]:
        return await self._engine.read(lambda tx: desk.events_after(tx, seq, limit))

    async def list_to_look(self, now: datetime, limit: int) -> Sequence[Ticket]:
        return await self._engine.read(lambda tx: sweeping.list_to_look(tx, now, limit))

    async def list_unowned(
        self, teams: Sequence[str], after: tuple[int, datetime] | None, limit: int
    ) -> Sequence[Ticket]:
        return await self._engine.read(lambda tx: sweeping.list_unowned(tx, teams, after, limit))

    async def find_unowned(self) -> tuple[Ticket, int] | None:
        return await self._engine.read(sweeping.find_unowned)

    async def count_loads(self) -> Mapping[UserId, int]:
        return await self._engine.read(sweeping.count_loads)

    async def list_examples(self, limit: int) -> Sequence[Example]:
        return await self._engine.read(lambda tx: sweeping.list_examples(tx, limit))

    async def apply_sweep(self, changes: Sequence[TicketChange], now: datetime) -> int:
        return await self._engine.write(
            lambda tx: sweeping.apply_sweep(tx, changes, self._crash), topics=["events", "jobs"]
        )

    async def list_reports(self, after: int, since: datetime, limit: int) -> Sequence[Report]:
        return await self._engine.read(lambda tx: incidents.list_reports(tx, after, since, limit))

    async def list_incidents(self, *, open_only: bool, limit: int = 100) -> Sequence[Incident]:
        return await self._engine.read(lambda tx: incidents.list_incidents(tx, open_only=open_only, limit=limit))

    async def find_incident(self, number: IncidentNumber) -> Incident | None:
        return await self._engine.read(lambda tx: incidents.find_incident(tx, number))

    async def list_members(self, number: IncidentNumber) -> Sequence[Member]:
        return await self._engine.read(lambda tx: incidents.list_members(tx, number))

    async def list_member_rows(self, number: IncidentNumber, limit: int) -> Sequence[MemberRow]:
        return await self._engine.read(lambda tx: incidents.list_member_rows(tx, number, limit))

    async def list_incident_events(self, number: IncidentNumber) -> Sequence[IncidentEvent]:
        return await self._engine.read(lambda tx: incidents.list_events(tx, number))

    async def apply_incident(self, change: IncidentChange, now: datetime) -> IncidentNumber:
        return await self._engine.write(
            lambda tx: incidents.apply_incident(tx, change, now), topics=["events", "jobs"]
        )

    async def newest_seq(self) -> int:
        return await self._engine.read(desk.newest_seq)

    async def find_private(self, identity_id: IdentityId) -> Thread | None:
        return await self._engine.read(lambda tx: desk.find_private(tx, identity_id))

    async def find_challenge(self, challenge_id: ChallengeId) -> Challenge | None:
        return await self._engine.read(lambda tx: challenges.find_challenge(tx, challenge_id))

    async def find_ticket_number(self, ticket_id: TicketId) -> TicketNumber | None:
        return await self._engine.read(lambda tx: desk.find_ticket_number(tx, ticket_id))

    async def list_held(
        self, account: AccountId, after: ExternalMessageId | None, limit: int
    ) -> Sequence[ExternalMessageId]:
        return await self._engine.read(lambda tx: erasing.list_held(tx, account, after, limit))

    async def find_attachment(self, attachment_id: AttachmentId) -> Attachment | None:
        return await self._engine.read(lambda tx: attachments.find_attachment(tx, attachment_id))

    async def store_attachment(self, attachment_id: AttachmentId, content: bytes, now: datetime) -> None:
        def work(tx: Tx) -> None:
            file = attachments.find_attachment(tx, attachment_id)
            if file is not None and file.note == ERASED:
                return
            sha256 = blobs.put(tx, content, micros(now))
            settled = {"state": "stored", "sha256": sha256, "note": "", "size_bytes": len(content)}
            attachments.settle_attachment(tx, attachment_id, settled, now)
            self._crash("store.file_written")

        await self._engine.write(work, topics=["events"])

    async def fail_attachment(self, attachment_id: AttachmentId, note: str, now: datetime) -> None:
        settled = {"state": "missing", "sha256": None, "note": printable(note), "size_bytes": None}

        def work(tx: Tx) -> None:
            file = attachments.find_attachment(tx, attachment_id)
            attachments.settle_attachment(tx, attachment_id, settled, now)
            if file is not None and file.sha256 and file.state == "pending":
                erasing.drop_unused(tx, [file.sha256])

        await self._engine.write(work, topics=["events"])

    async def read_blob(self, blob_id: BlobId) -> AsyncIterator[bytes]:
        n = 0
        while (piece := await self._engine.read(lambda tx, n=n: blobs.chunk(tx, blob_id, n))) is not None:  # type: ignore[misc]
            yield piece
            n += 1

    # Spending

    async def add_spending(self, account: AccountId, spent: Sequence[Spent], now: datetime) -> float:
        return await self._engine.write(lambda tx: spending.add_spending(tx, account, spent, now))

    async def list_spending(self, now: datetime) -> Sequence[Spending]:
        return await self._engine.read(lambda tx: spending.list_spending(tx, now))

    # Feeds

    async def list_items(self, wanted: FeedFilter) -> Sequence[FeedItem]:
        return await self._engine.read(lambda tx: feeds.list_items(tx, wanted))

    async def find_item(self, item_id: ItemId) -> FeedItem | None:
        return await self._engine.read(lambda tx: feeds.find_item(tx, item_id))

    async def want_item(self, item_id: ItemId, by: str, now: datetime) -> bool:
        return await self._engine.write(lambda tx: feeds.want_item(tx, item_id, by, now), topics=["inbound"])

    async def forget_items(self, account: AccountId, names: Sequence[ExternalMessageId]) -> int:
        return await self._engine.write(lambda tx: feeds.forget_items(tx, account, names))

    # Access

    async def add_user(self, user: User) -> None:
        await self._engine.write(lambda tx: access.add_user(tx, user))

    async def set_user(self, user: User) -> None:
        await self._engine.write(lambda tx: access.set_user(tx, user))

    async def list_users(self) -> Sequence[User]:
        return await self._engine.read(access.list_users)

    async def add_session(self, session: Session) -> None:
        await self._engine.write(lambda tx: access.add_session(tx, session))

    async def find_session(self, session_id: str, now: datetime) -> tuple[Session, User] | None:
        return await self._engine.read(lambda tx: access.find_session(tx, session_id, now))

    async def touch_session(self, session_id: str, now: datetime, expires_at: datetime) -> None:
        await self._engine.write(lambda tx: access.touch_session(tx, session_id, now, expires_at))

    async def end_session(self, session_id: str) -> None:
        await self._engine.write(lambda tx: access.end_session(tx, session_id))

    async def add_token(self, token: ApiToken) -> None:
        await self._engine.write(lambda tx: access.add_token(tx, token))

    async def list_tokens(self) -> Sequence[ApiToken]:
        return await self._engine.read(access.list_tokens)

    async def find_token(self, token_hash: str) -> ApiToken | None:
        return await self._engine.read(lambda tx: access.find_token(tx, token_hash))

    async def revoke_token(self, name: str, now: datetime) -> bool:
        return await self._engine.write(lambda tx: access.revoke_token(tx, name, now))

    async def add_signin_link(self, link_hash: str, user_id: UserId, expires_at: datetime) -> None:
        await self._engine.write(lambda tx: access.add_signin_link(tx, link_hash, user_id, expires_at))

    async def use_signin_link(self, link_hash: str, now: datetime) -> User | None:
        return await self._engine.write(lambda tx: access.use_signin_link(tx, link_hash, now))

    # Work

    async def acquire_lease(self, name: str, holder: str, now: datetime, ttl_s: float) -> bool:
        return await self._engine.write(lambda tx: jobs.acquire_lease(tx, name, holder, now, ttl_s))

    async def release_lease(self, name: str, holder: str) -> None:
        await self._engine.write(lambda tx: jobs.release_lease(tx, name, holder))

    async def read_clock(self) -> datetime | None:
        if self._dialect == "sqlite":
            return None
        return await self._engine.read(
            lambda tx: moment(
                tx.all("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)")[0][0]
            )
        )

    async def reap_workers(self, now: datetime, alone: str | None, leaving: str = "") -> Reaped:
        return await self._engine.write(
            lambda tx: workers.reap(tx, now, alone, leaving), topics=["events", "inbound", "outbox", "jobs"]
        )

    async def enqueue_jobs(self, wanted: Sequence[NewJob]) -> int:
        return await self._engine.write(lambda tx: jobs.insert_jobs(tx, wanted), topics=["jobs"])

    async def lease_jobs(self, holder: str, now: datetime, lease_s: float, limit: int) -> Sequence[Job]:
        return await self._engine.write(lambda tx: jobs.lease_jobs(tx, holder, now, lease_s, limit))

    async def finish_job(self, job_id: JobId, holder: str, now: datetime) -> None:
        await self._engine.write(lambda tx: jobs.finish_job(tx, job_id, holder, now))

    async def fail_job(self, job_id: JobId, holder: str, reason: str, retry_at: datetime | None) -> None:
        await self._engine.write(lambda tx: jobs.fail_job(tx, job_id, holder, reason, retry_at))

    async def set_health(self, state: ChannelHealth) -> None:
        await self._engine.write(lambda tx: health.set_health(tx, state), topics=["events"])

    async def list_health(self) -> Sequence[ChannelHealth]:
        return await self._engine.read(health.list_health)

    async def get_secret(self, name: str, make: Callable[[], bytes]) -> bytes:
        return await self._engine.write(lambda tx: self._vault.get_or_make(tx, name, make))

    async def keep_secret(self, name: str, value: bytes) -> None:
        await self._engine.write(lambda tx: self._vault.keep(tx, name, value))

    async def count_rows(self) -> Mapping[str, int]:
        return await self._engine.read(health.count_rows)

    # Notices

    async def raise_notices(self, wanted: Sequence[NewNotice], now: datetime) -> int:
        return await self._engine.write(lambda tx: notices.raise_notices(tx, wanted, now), topics=["events"])

    async def end_notices(self, keys: Sequence[str], now: datetime) -> int:
        return await self._engine.write(lambda tx: notices.end_notices(tx, keys, now), topics=["events"])

    async def dismiss_notice(self, notice_id: NoticeId, now: datetime) -> bool:
        return await self._engine.write(lambda tx: notices.dismiss_notice(tx, notice_id, now), topics=["events"])

    async def list_notices(self, limit: int = 100) -> Sequence[Notice]:
        return await self._engine.read(lambda tx: notices.list_notices(tx, limit))

    async def tell_notices(self, ids: Sequence[NoticeId], deliveries: Sequence[Delivery], now: datetime) -> bool:
        return await self._engine.write(
            lambda tx: notices.tell_notices(tx, ids, deliveries, now), topics=["outbox"]
        )

    async def learn_habits(self, since: datetime, now: datetime) -> int:
        return await self._engine.write(lambda tx: notices.learn_habits(tx, since, now))

    async def list_habits(self, since: datetime) -> Sequence[Habit]:
        return await self._engine.read(lambda tx: notices.list_habits(tx, since))

    async def forget_old(self, now: datetime) -> int:
        return await self._engine.write(lambda tx: jobs.forget_old(tx, now) + feeds.forget_old_items(tx, now))


def _topics_of(admissions: Sequence[Admission]) -> list[Topic]:
    """Who is to be woken: always the inbox, others only when there is something for them."""
    topics: list[Topic] = ["events"]
    if any(a.deliveries for a in admissions):
        topics.append("outbox")
    if any(a.jobs for a in admissions):
        topics.append("jobs")
    return topics
