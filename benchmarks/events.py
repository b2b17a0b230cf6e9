"""Raw events as the platforms hand them out, made by number."""

import secrets
from datetime import UTC, datetime

import msgspec

from tickets.ids import AccountId, Channel
from tickets.model import RawEvent

ACCOUNTS: dict[Channel, AccountId] = {
    "telegram": AccountId("telegram:bench"),
    "discord": AccountId("discord:bench"),
    "x": AccountId("x:bench"),
    "email": AccountId("email:bench"),
}
OWN_ID = "1"
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


def chat(n: int, person: int) -> RawEvent:
    """Event number n, by turns from Telegram, Discord and X."""
    return (_telegram, _discord, _x)[n % 3](n, person)


def mail(n: int) -> RawEvent:
    """A plain mail of about 3 KB."""
    text = (TEXTS[n % len(TEXTS)] + "\n") * 20
    head = (
        f"From: Person {n % 200} <p{n % 200}@customers.test>\nTo: support@example.test\nSubject: Question {n}\n"
        f"Message-ID: <{n}.{secrets.token_hex(4)}@customers.test>\nDate: Sat, 21 Nov 2026 10:00:00 +0000\n"
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
    )
    return _event("email", n, f"p{n % 200}@customers.test", (head + text).encode())


def _telegram(n: int, person: int) -> RawEvent:
    sender = {"id": person + 1, "is_bot": False, "first_name": f"P{person}", "language_code": "en"}
    message = {
        "message_id": n + 1,
        "date": 1_795_000_000,
        "from": sender,
        "chat": {"id": person + 1, "type": "private"},
        "text": _text(n),
    }
    return _event("telegram", n, str(person + 1), msgspec.json.encode({"update_id": n, "message": message}))


def _discord(n: int, person: int) -> RawEvent:
    author = {"id": str(person + 2), "username": f"p{person}", "global_name": f"P{person}"}
    message = {
        "id": str((n + 1) << 22),
        "channel_id": str(person + 2),
        "type": 0,
        "author": author,
        "content": _text(n),
        "mentions": [],
        "attachments": [],
    }
    payload = msgspec.json.encode({"t": "MESSAGE_CREATE", "s": n, "op": 0, "d": message})
    return _event("discord", n, str(person + 2), payload)


def _x(n: int, person: int) -> RawEvent:
    author = str(person + 2)
    post = {
        "id": str((n + 1) << 22),
        "text": f"@support {_text(n)}",
        "author_id": author,
        "conversation_id": str((n + 1) << 22),
        "created_at": "2026-11-21T10:00:00.000Z",
        "entities": {"mentions": [{"start": 0, "end": 8, "username": "support", "id": OWN_ID}]},
        "edit_history_tweet_ids": [str((n + 1) << 22)],
    }
    users = [{"id": author, "name": f"P{person}", "username": f"p{person}"}]
    return _event("x", n, author, msgspec.json.encode({"post": post, "users": users, "media": [], "posts": []}))


def _text(n: int) -> str:
    return f"{TEXTS[n % len(TEXTS)]} {n}"


def _event(channel: Channel, n: int, conversation: str, payload: bytes) -> RawEvent:
    return RawEvent(
        channel=channel,
        account=ACCOUNTS[channel],
        external_id=str(n),
        conversation=conversation,
        payload=payload,
        received_at=datetime.now(UTC),
        own_id=OWN_ID,
    )
