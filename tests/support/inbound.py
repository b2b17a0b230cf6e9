"""Messages as normalizers give them, a context, and stand-ins for what surrounds the router."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from router.clocks import ClockRules
from router.decision import Decider, Policy
from router.language import LanguageRecognizer
from router.rules import rule_table
from tests.support.builders import MAIN, T0
from tickets.errors import PayloadError
from tickets.ids import AccountId, DeliveryId, ExternalMessageId, ThreadKey, new_id
from tickets.model import (
    Authenticity,
    Author,
    Delivery,
    DeliveryPart,
    Ignored,
    InboundMessage,
    RawEvent,
    ReplyTarget,
    Thread,
    ThreadRef,
    Ticket,
)
from tickets.ports import CommandAnswer
from tickets.records import Context

VERIFIED = Authenticity(verdict="verified", by="test")
UNVERIFIED = Authenticity(verdict="unverified", by="")
FAILED = Authenticity(verdict="failed", by="test")
MAIL = AccountId("email:main")
REOPEN_WITHIN = timedelta(hours=168)
LANGUAGES = LanguageRecognizer()
"""One for all tests: its model takes a second to load."""


def said(text: str = "Where is my parcel?", who: str = "ann", name: str = "1", **fields: Any) -> InboundMessage:
    """A chat message.  name: the platform's, unique; each person has a conversation of their own."""
    wanted: dict[str, Any] = {
        "channel": "telegram",
        "account": MAIN,
        "external_id": ExternalMessageId(name),
        "thread": ThreadRef(ThreadKey(f"chat-{who}"), "private"),
        "author": Author(who, f"Person {who}"),
        "sent_at": T0,
        "authenticity": VERIFIED,
    }
    return InboundMessage(text=text, **(wanted | fields))


def mailed(
    text: str = "Where is my parcel?", who: str = "ann", name: str = "<1@customers.test>", **fields: Any
) -> InboundMessage:
    """A mail: a conversation of its own, named by its content."""
    content_hash = f"hash of {name} {text}"
    wanted: dict[str, Any] = {
        "channel": "email",
        "account": MAIL,
        "thread": ThreadRef(ThreadKey(content_hash), "private"),
        "author": Author(f"{who}@customers.test", f"Person {who}"),
        "subject": "Parcel",
        "content_hash": content_hash,
    }
    return said(text, who, name, **(wanted | fields))


def empty_context() -> Context:
    return Context({}, {}, {}, {}, {}, {}, {}, {})


def decider(*, notices: "PlainNotices | None" = None, **policy_fields: Any) -> Decider:
    defaults = {"rules": rule_table("support"), "reopen_within": REOPEN_WITHIN, "clocks": ClockRules(targets=())}
    policy = Policy(**defaults | policy_fields)
    return Decider(policy, LANGUAGES, notices or PlainNotices())


class PlainNotices:
    """A NoticeWriter of one word each."""

    def acknowledgement(
        self, message: InboundMessage, thread: Thread, ticket: Ticket, now: datetime
    ) -> Delivery | None:
        return self._notice("acknowledged", message, now)

    def welcome(self, message: InboundMessage, now: datetime) -> Delivery | None:
        return self._notice("welcome", message, now)

    def told(
        self,
        said: CommandAnswer,
        message: InboundMessage,
        now: datetime,
        language: str | None,
        thread: Thread | None,
        ticket: Ticket | None,
    ) -> Delivery:
        words = (said, language, ticket and ticket.number)
        return self._notice(" ".join(str(word) for word in words if word), message, now)

    def _notice(self, text: str, message: InboundMessage, now: datetime) -> Delivery:
        return Delivery(
            id=DeliveryId(new_id()),
            kind="notice",
            target=ReplyTarget(message.channel, message.account, message.thread.key, "private"),
            parts=(DeliveryPart(1, text, "queued"),),
            state="queued",
            next_at=now,
            created_at=now,
            updated_at=now,
        )


class JsonNormalizer:
    """A NormalizerPort for events whose payload says what they are.

    ``{"text": …}`` with any further fields of ``said``; ``{"ignored": reason}``;
    ``{"broken": reason}`` cannot be read; ``{"poison": n}`` fails unexpectedly
    the first n times.
    """

    def __init__(self) -> None:
        self._failures: dict[str, int] = {}

    async def normalize(self, events: Sequence[RawEvent]) -> list[InboundMessage | Ignored | Exception]:
        return [self._one(event) for event in events]

    def _one(self, event: RawEvent) -> InboundMessage | Ignored | Exception:
        told: dict[str, Any] = json.loads(event.payload)
        if "ignored" in told:
            return Ignored(told["ignored"])
        if "broken" in told:
            return PayloadError(told["broken"])
        failed = self._failures.get(event.external_id, 0)
        if failed < told.pop("poison", 0):
            self._failures[event.external_id] = failed + 1
            return RuntimeError("quotes content: my password is swordfish")
        return said(who=event.conversation, name=event.external_id, **told)


def told(name: str, conversation: str = "ann", *, received_at: datetime = T0, **payload: Any) -> RawEvent:
    """A raw event for the JsonNormalizer."""
    return RawEvent(
        "telegram",
        MAIN,
        name,
        conversation,
        json.dumps(payload or {"text": f"Text {name}"}).encode(),
        received_at,
        "bot",
    )
