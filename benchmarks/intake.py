"""From raw events to routed, searchable, committed tickets, with full durability."""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from connectors.telegram.settings import Settings
from router.intake import Intake
from router.language import LanguageRecognizer
from service.clock import SystemClock
from service.config import AccountConfig, load
from service.parsers import Parsers
from service.wiring import make_decider
from store.sql import open_store
from tickets.ids import AccountId
from tickets.model import RawEvent
from tickets.ports import no_crash
from tickets.secret import Secret

CHAT = AccountId("telegram:bench")
MAIL = AccountId("email:bench")
BATCH = 200
TEXTS = (
    "Hallo, wie lange dauert eine Auszahlung auf mein Bankkonto normalerweise?",
    "我的账户无法登录，请帮我检查一下。",
    "アプリが開きません。エラー503が表示されます。",
    "My withdrawal is still pending, can you tell me why?",
    "บัญชีของฉันเข้าไม่ได้ ช่วยตรวจสอบด้วย",
    "لا أستطيع تسجيل الدخول إلى حسابي",
    "Không đăng nhập được vào tài khoản của tôi",
    "मेरा भुगतान अभी तक नहीं आया है",
)


def measure_chat(url: str, engine: str, count: int = 4_000) -> dict[str, float]:
    """Chat messages a second, half of them from known people, and statements for each."""
    rate, statements = asyncio.run(_run(url, [_update(n, n % (count // 2)) for n in range(count)]))
    return {f"{engine}: chat events a second": rate, f"{engine}: statements a chat event": statements}


def measure_mail(url: str, engine: str, count: int = 1_000) -> dict[str, float]:
    """Plain mails a second, parsed in worker processes."""
    rate, _ = asyncio.run(_run(url, [_mail(n) for n in range(count)]))
    return {f"{engine}: plain mails a second": rate}


def measure_history(url: str, engine: str, history: int = 20_000, count: int = 2_000) -> dict[str, float]:
    """The rate with a full store over the rate with an empty one: 1.0 is flat."""
    empty, _ = asyncio.run(_run(url, [_update(n, n) for n in range(count)]))
    asyncio.run(_run(url, [_update(n, n) for n in range(count, history)]))
    full, _ = asyncio.run(_run(url, [_update(n, n) for n in range(history, history + count)]))
    return {f"{engine}: rate with {history:,} tickets over empty": full / empty}


async def _run(url: str, events: list[RawEvent]) -> tuple[float, float]:
    """Events a second and statements an event, from appending to committed tickets."""
    store = open_store(url, secrets.token_bytes(32))
    await store.open()
    clock = SystemClock()
    parsers = Parsers({MAIL: ("mx.example.test",)})
    languages = LanguageRecognizer()
    languages.warm()
    await parsers.normalize([_mail(-1), _mail(-2)])
    settings = Settings(token=Secret("1:benchmark-token"))
    config = load(None, {})._replace(accounts={CHAT: AccountConfig("telegram", settings)})
    intake = Intake(store, parsers, make_decider(config, languages), clock, no_crash, "bench")
    with _counted(store) as counted:
        began = time.perf_counter()
        for at in range(0, len(events), BATCH):
            await store.append_raw(events[at].account, events[at : at + BATCH], str(at))
            while await intake.drain_inbound():
                pass
        spent = time.perf_counter() - began
    await parsers.close()
    await store.close()
    return len(events) / spent, counted() / len(events)


@contextmanager
def _counted(store: Any) -> Iterator[Callable[[], int]]:
    """Statements run meanwhile; one with many rows counts once."""
    module = __import__(type(store._engine).__module__, fromlist=["Tx"])
    names = ("all", "run", "many")
    kept = {name: getattr(module.Tx, name) for name in names}
    count = 0

    def counting(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any) -> Any:
            nonlocal count
            count += 1
            return call(*args)

        return counted

    for name in names:
        setattr(module.Tx, name, counting(kept[name]))
    try:
        yield lambda: count
    finally:
        for name in names:
            setattr(module.Tx, name, kept[name])


def _update(n: int, person: int) -> RawEvent:
    sender = f'{{"id": {person + 1}, "is_bot": false, "first_name": "P{person}", "language_code": "en"}}'
    body = (
        f'{{"update_id": {n}, "message": {{"message_id": {n + 1}, "date": 1795000000, "from": {sender}, '
        f'"chat": {{"id": {person + 1}, "type": "private"}}, "text": "{TEXTS[n % len(TEXTS)]} {n}"}}}}'
    )
    return _event("telegram", CHAT, n, str(person + 1), body.encode())


def _mail(n: int) -> RawEvent:
    text = (TEXTS[n % len(TEXTS)] + "\n") * 20
    head = (
        f"From: Person {n % 200} <p{n % 200}@customers.test>\nTo: support@example.test\nSubject: Question {n}\n"
        f"Message-ID: <{n}.{secrets.token_hex(4)}@customers.test>\nDate: Sat, 21 Nov 2026 10:00:00 +0000\n"
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
    )
    return _event("email", MAIL, n, f"p{n % 200}@customers.test", (head + text).encode())


def _event(channel: Any, account: AccountId, n: int, conversation: str, payload: bytes) -> RawEvent:
    return RawEvent(
        channel=channel,
        account=account,
        external_id=str(n),
        conversation=conversation,
        payload=payload,
        received_at=datetime.now(UTC),
        own_id="1",
    )
