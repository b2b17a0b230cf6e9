"""``switchboard explain``: what would become of a message, without touching the store."""

import base64
import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import typer

from router import albums
from router.decision import Decider
from router.gist import gist_of, read
from router.language import LanguageRecognizer
from router.urgency import is_urgent
from service.clock import SystemClock
from service.commands.common import ConfigOption, in_loop, read_config
from service.config import Config
from service.parsers import Parsers
from service.wiring import make_decider, make_parsers, sorter_of
from tickets.errors import ConfigError, PayloadError
from tickets.folds import Kind, fresh, passages
from tickets.ids import AccountId, Channel, EventId, ExternalMessageId, ThreadKey
from tickets.model import Authenticity, Author, Ignored, InboundMessage, RawEvent, ThreadRef
from tickets.records import Admission, Context

FOLDS: dict[Kind, str] = {"quote": "quoted", "signature": "signature", "disclaimer": "disclaimer"}
ChannelName = Literal["email", "telegram", "discord", "x"]


def explain(
    file: Annotated[Path, typer.Argument(help="The raw message, e.g. mail.eml; - for standard input.")],
    channel: Annotated[ChannelName | None, typer.Option("--channel", help="Where it came from.")] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help='Many: lines of {"id", "channel", "raw_b64" or "text"}.')
    ] = False,
    own_id: Annotated[
        str, typer.Option("--own-id", help="Our own id there: a Discord or X message says by it whom it calls.")
    ] = "",
    config: ConfigOption = None,
) -> None:
    """Print as JSON what would become of a raw message. Nothing is stored, sent or fetched."""
    settings = read_config(config)
    if file.suffix.lower() == ".eml":
        channel = channel or "email"
    if not jsonl and channel is None:
        raise ConfigError("Say where the message came from: --channel email, telegram, discord or x.")
    raw = _read(file)
    lines = _lines(raw) if jsonl else iter([{"channel": channel, "raw": raw}])
    in_loop(_explain_all(_Explainer(settings, own_id), lines, batch=jsonl))


async def _explain_all(explainer: "_Explainer", lines: Iterator[dict[str, Any]], *, batch: bool) -> None:
    try:
        for line in lines:
            found = await explainer.explain(line)
            if batch:
                found = {"id": line.get("id"), **found}
                typer.echo(json.dumps(found, ensure_ascii=False))
            else:
                if "error" in found:
                    found = {"message": None, "decision": {"verdict": "quarantined", "reason": found["error"]}}
                typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
    finally:
        await explainer.close()


class _Explainer:
    def __init__(self, settings: Config, own_id: str) -> None:
        self._own_id = own_id
        self._clock = SystemClock()
        self._accounts = settings.accounts
        self._parsers: Parsers = make_parsers(settings)
        self._languages = LanguageRecognizer(settings.router.languages)
        self._decider: Decider = make_decider(settings, self._languages)
        self._sorter = sorter_of(settings)

    async def close(self) -> None:
        await self._parsers.close()

    async def explain(self, line: dict[str, Any]) -> dict[str, Any]:
        if "error" in line:
            return {"error": line["error"]}
        if "text" in line:
            return self._decided(_plain(line["channel"], line["text"], self._clock.now()))
        (result,) = await self._parsers.normalize([self._event(line["channel"], line["raw"])])
        if isinstance(result, InboundMessage):
            return self._decided(result)
        if isinstance(result, Ignored):
            return {"message": None, "decision": {"verdict": "ignored", "reason": result.reason}}
        return {"error": str(result) if isinstance(result, PayloadError) else f"failed: {type(result).__name__}"}

    def _decided(self, message: InboundMessage) -> dict[str, Any]:
        message = read(message)
        gathered = albums.Gathered(message, (EventId(0),))
        decided = self._decider.decide(gathered, _nothing_known(), self._clock.now())
        routed = self._routed(message, decided)
        told = _message(message) | {"language": routed["language"]}
        return {"message": told, "decision": _decision(decided), **routed}

    def _routed(self, message: InboundMessage, decided: Admission) -> dict[str, Any]:
        """What is recognised in a message, and what follows from that."""
        stored, ticket, gist = decided.message, decided.ticket, gist_of(message)
        language = stored.language if stored else None
        about = self._sorter.classified(message, language)
        entities = stored.entities if stored else ()
        return {
            "language": language,
            "language_confidence": round(self._languages.find(gist.sample).confidence, 3),
            "category": about.category,
            "category_confidence": round(about.confidence, 3),
            "urgent": is_urgent(gist, language),
            "entities": msgspec.to_builtins(entities),
            "missing": list(self._sorter.missing(about.category or "", entities)),
            "secrets_masked": list(message.secrets),
            "priority": ticket.priority if ticket else None,
            "priority_reasons": msgspec.to_builtins(ticket.priority_reasons) if ticket else [],
            "team": ticket.team if ticket else None,
            "line": ticket.line if ticket else None,
            "clocks": msgspec.to_builtins(ticket.clocks) if ticket else [],
        }

    def _event(self, channel: Channel, raw: bytes) -> RawEvent:
        account = self._account(channel)
        settings = self._accounts[account].settings if account in self._accounts else None
        return RawEvent(
            channel=channel,
            account=account,
            external_id="explain",
            conversation="explain",
            payload=raw,
            received_at=self._clock.now(),
            own_id=self._own_id or str(getattr(settings, "address", "0")).lower(),
        )

    def _account(self, channel: Channel) -> AccountId:
        """The channel's first configured account, whose settings then apply; a nameless one without any."""
        configured = (account for account, one in self._accounts.items() if one.channel == channel)
        return next(configured, AccountId(f"{channel}:explain"))


def _plain(channel: Channel, text: str, now: datetime) -> InboundMessage:
    """A text alone, as if a person nobody knows had written it in private."""
    return InboundMessage(
        channel=channel,
        account=AccountId(f"{channel}:explain"),
        external_id=ExternalMessageId("explain"),
        thread=ThreadRef(ThreadKey("explain"), "private"),
        author=Author("explain", "Somebody"),
        text=text,
        sent_at=now,
        authenticity=Authenticity("unverified", "", "only a text was given"),
    )


def _message(message: InboundMessage) -> dict[str, Any]:
    author = message.author
    sender: Any = [author.external_id] if message.channel == "email" else author.external_id
    return {
        "channel": message.channel,
        "kind": message.kind,
        "from": sender,
        "from_name": author.display_name,
        "to": list(message.to),
        "cc": list(message.cc),
        "subject": message.subject,
        "text": message.text,
        **_said(message.text),
        "attachments": [
            {"name": draft.name, "type": draft.media_type, "size_bytes": draft.size_bytes}
            for draft in message.attachments
        ],
        "sent_at": message.sent_at.isoformat(),
        "external_id": message.external_id,
        "reply_to": list(message.reply_to),
        "automatic": _automatic(message),
        "authenticity": msgspec.to_builtins(message.authenticity),
        "warnings": list(message.warnings),
        "unanswerable": message.unanswerable,
    }


def _said(text: str) -> dict[str, str]:
    """What of the text is said now, and what is folded."""
    found = passages(text)
    folded = {kind: [one.text.strip("\n") for one in found if one.kind == kind] for kind in FOLDS}
    return {"new_text": fresh(text), **{name: "\n\n".join(folded[kind]) for kind, name in FOLDS.items()}}


def _automatic(message: InboundMessage) -> dict[str, Any]:
    found = message.automatic
    return {
        "is": found is not None,
        "kind": found.kind if found else None,
        "reason": found.reason if found else None,
    }


def _decision(decided: Admission) -> dict[str, Any]:
    ticket = decided.ticket
    if ticket is None:
        return {"verdict": "no ticket", "reason": decided.reason}
    return {
        "verdict": "ticket",
        "subject": ticket.subject,
        "team": ticket.team,
        "language": ticket.language,
        "priority": ticket.priority,
        "priority_reasons": [{"label": one.label, "points": one.points} for one in ticket.priority_reasons],
        "waits_for_us": ticket.waiting_since is not None,
        "acknowledged": [part.text for delivery in decided.deliveries for part in delivery.parts],
    }


def _nothing_known() -> Context:
    return Context({}, {}, {}, {}, {}, {}, {}, {})


def _read(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}.") from error


def _lines(raw: bytes) -> Iterator[dict[str, Any]]:
    """Each line's channel and bytes; a line that is wrong tells so in ``error``."""
    for number, line in enumerate(raw.splitlines(), 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
            if found["channel"] not in ("email", "telegram", "discord", "x"):
                raise ValueError("channel")
            content = (
                {"raw": base64.b64decode(found["raw_b64"], validate=True)}
                if "raw_b64" in found
                else {"text": str(found["text"])}
            )
            yield {"id": found.get("id"), "channel": found["channel"], **content}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            identity = found.get("id") if isinstance(found := _loose(line), dict) else None
            yield {"id": identity, "error": f"line {number} is not as described ({type(error).__name__})"}


def _loose(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None
