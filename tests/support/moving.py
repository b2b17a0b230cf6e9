"""A store with something of every kind in it, and a target whose inserts can be held up."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from msgspec.structs import replace

from tests.support.builders import (
    MAIN,
    T0,
    answer,
    at,
    changing,
    event,
    file,
    following,
    get_ticket,
    ignoring,
    lease,
    opening,
    outgoing,
    queue,
    raw,
    receive,
    thread,
    user,
)
from tests.support.stores import Database
from tickets.ids import DeliveryId, ExternalMessageId, MessageId, TicketNumber, UserId
from tickets.model import ChannelHealth, Receipt
from tickets.ports import Bucket
from tickets.records import Admission, ApiToken, MessageChange, NewJob, Session
from tickets.segments import segments
from tickets.storage import Store

WORDS = {
    "chinese": "我的账户被盗了，请马上冻结",
    "arabic": "لم أستلم طلبي منذ أسبوعين",
    "thai": "ฉันลืมรหัสผ่านของบัญชี",
    "hindi": "मेरा पैसा वापस कब आएगा",
    "emoji": "help me please 👩‍👩‍👧 🏳️‍🌈",
    "marks": "line\r\nline\ttab \\N \\. \\\\x41 '; DROP TABLE ticket; --",
}
LOCK = 4711
FILE = bytes(range(256)) * 3000
"""Three chunks, each byte in it."""


def using(database: Database, work: Callable[[Store], object]) -> object:
    """What ``work`` returns for the open store."""

    async def through() -> object:
        store = database.store()
        await store.open()
        try:
            return await work(store)  # type: ignore[misc]
        finally:
            await store.close()

    return asyncio.run(through())


async def fill(store: Store, *, tickets: int = 30) -> None:
    """Rows in every table, in several languages; postings for several batches."""
    for n, (name, words) in enumerate(WORDS.items()):
        await receive(store, raw(name, f"chat {name}", payload=words.encode() * (1 if n else 60_000), note=words))
    leased = await lease(store, limit=3)
    many = [
        opening(f"{name}{n}", text=f"{words} {' '.join(f'w{n}x{m}' for m in range(100))}")
        for n in range(tickets // len(WORDS))
        for name, words in WORDS.items()
    ]
    await store.admit(many, T0)
    first = await get_ticket(store, TicketNumber(1))
    more = following(first, "more", leased[0].id, attachments=(file("report", "more"),))
    more = replace(more, fingerprint="f" * 64, events=(event("message", "chinese0"),))
    await store.admit([more, ignoring(leased[1].id), Admission((leased[2].id,), "quarantined", "坏的")], T0)
    await store.store_attachment(more.attachments[0].id, FILE, T0)
    edit = MessageChange(MessageId("m-chinese0"), at(5), "改过的话")
    await store.admit([Admission((), "ticket", change=edit)], at(5))
    await _answer(store)
    await _house(store)


async def _answer(store: Store) -> None:
    known = await get_ticket(store, TicketNumber(2))
    said, sent = outgoing("answer", known, text="شكرا لك"), answer("answer", known, texts=("شكرا", "لك"))
    await store.apply_change(changing(known, "key", message=said, delivery=sent, segments=segments("شكرا")), T0)
    await store.lease_deliveries([MAIN], "w", T0, 60, 10)
    assert await store.mark_sending(DeliveryId("d-answer"), 1, "w", T0)
    await store.record_receipt(DeliveryId("d-answer"), 1, Receipt(ExternalMessageId("x/1"), T0), T0, "w")
    await store.take_budget(MAIN, [Bucket("all", 30, 1.0)], T0)


async def _house(store: Store) -> None:
    await store.append_raw(MAIN, [], "cursor 7")
    await store.add_user(user("Zoë 王", password_hash="$argon2id$…"))
    await store.add_session(Session("s" * 64, UserId("u-Zoë 王"), "csrf", T0, T0, at(1_000_000)))
    await store.add_token(ApiToken("bot", "agent", "h" * 64, T0))
    await store.add_signin_link("l" * 64, UserId("u-Zoë 王"), at(1_000_000))
    await store.set_health(ChannelHealth(MAIN, "telegram", "up", "на связи", T0, T0))
    await store.get_secret("telegram:main/webhook", lambda: b"\x00\xff secret")
    await store.acquire_lease("leader", "w", T0, 5)
    await store.enqueue_jobs([NewJob("fetch", f"job {n}", T0, {"attachment": "a"}) for n in range(3)])
    gone = (await store.lease_jobs("w", T0, 60, 10))[-1]
    await store.finish_job(gone.id, "w", T0)
    await queue_alone(store)


async def queue_alone(store: Store) -> None:
    """An answer that still waits."""
    known = await get_ticket(store, TicketNumber(3))
    await queue(store, answer("waiting", known, message_id=None, thread_id=thread("thai0").id))


@contextmanager
def held_up(url: str, table: str, nth: int = 1) -> Iterator[psycopg.Connection]:
    """Inserts into a table of the target wait from the nth row on, until the connection is closed.

    The schema must stand already.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SEQUENCE IF NOT EXISTS seen")
        connection.execute(
            "CREATE OR REPLACE FUNCTION hold_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF nextval('seen') >= TG_ARGV[0]::int8 THEN PERFORM pg_advisory_xact_lock_shared({LOCK}); END IF; "
            "RETURN NEW; END $$"
        )
        connection.execute(
            f"CREATE TRIGGER hold_up BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION hold_up({nth})"
        )
        connection.execute(f"SELECT pg_advisory_lock({LOCK})")
        yield connection


def somebody_waits(connection: psycopg.Connection) -> bool:
    """Whether an insert is being held up."""
    found = connection.execute(
        "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = %s", (LOCK,)
    )
    return found.fetchone() is not None
