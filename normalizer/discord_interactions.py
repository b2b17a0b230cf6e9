"""Discord's commands, forms and buttons.

Source: https://discord.com/developers/docs/interactions/receiving-and-responding, read 2026-11.
"""

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec

from normalizer.discord_shapes import Member, Number, User, moment_of
from normalizer.text import one_line, readable
from tickets.ids import ExternalMessageId, ThreadKey
from tickets.model import Authenticity, Author, Ignored, InboundMessage, RawEvent, ThreadRef

CALLED, PRESSED, SUBMITTED = 2, 3, 5
COMMANDS = frozenset({"help", "status", "human", "close", "language"})
VOUCHED = Authenticity(verdict="verified", by="discord")
Depth = Annotated[list[Any], msgspec.Meta(max_length=25)]


class Option(msgspec.Struct):
    value: Any = None


class Act(msgspec.Struct):
    """name: of a command.  custom_id: of a button.  components: of a form."""

    name: str = ""
    custom_id: str = ""
    options: list[Option] = []
    components: Depth = []


class Whose(Member):
    user: User | None = None


class Interaction(msgspec.Struct):
    id: Number
    type: int
    data: Act
    user: User | None = None
    member: Whose | None = None
    locale: str | None = None


def read_interaction(event: RawEvent, told: msgspec.Raw) -> InboundMessage | Ignored:
    """``event.looked_up`` is the person's direct messages, where it goes on; empty: not known yet."""
    done = msgspec.json.decode(told, type=Interaction)
    user = done.member.user if done.member else done.user
    if user is None or user.bot:
        return Ignored(reason="not_from_a_person")
    if done.type == SUBMITTED:
        return _message(event, done, user, text=_written(done.data), acknowledged=True)
    asked = done.data.custom_id if done.type == PRESSED else done.data.name
    command, _, argument = asked.partition(" ")
    if done.type not in (CALLED, PRESSED) or command not in COMMANDS:
        return Ignored(reason="opens_form" if command == "support" else "unknown_command")
    value = done.data.options[0].value if done.data.options else argument
    given = one_line(value, 64) if isinstance(value, str) else ""
    return _message(event, done, user, command=command, argument=given, interaction=done.id)


def _message(event: RawEvent, done: Interaction, user: User, **said: Any) -> InboundMessage:
    nick = done.member.nick if done.member else None
    direct = event.looked_up or f"@{user.id}"
    return InboundMessage(
        channel="discord",
        account=event.account,
        external_id=ExternalMessageId(f"{direct}/i{done.id}"),
        thread=ThreadRef(key=ThreadKey(direct), visibility="private"),
        author=Author(
            external_id=user.id,
            display_name=one_line(nick or user.global_name or user.username, 80) or f"User {user.id}",
            handle=one_line(user.username, 80) or None,
            language=one_line(done.locale or "", 10) or None,
            since=moment_of(user.id),
        ),
        sent_at=event.received_at,
        authenticity=VOUCHED,
        **{"text": "", **said},
    )


def _written(form: Act) -> str:
    """The last field, which is the question, and the others below it with their names."""
    written = list(_fields(form.components))
    shown = [readable(written[-1][1])] if written else []
    facts = [f"{one_line(name, 45)}: {one_line(value, 200)}" for name, value in written[:-1] if value.strip()]
    return "\n\n".join(part for part in (*shown, "\n".join(facts)) if part) or "[no text]"


def _fields(components: list[Any]) -> Iterator[tuple[str, str]]:
    """Each field's name and value, in rows (type 1) or under labels (type 18)."""
    for row in components:
        if not isinstance(row, dict):
            continue
        inner = row.get("components", [row.get("component")])
        for one in inner if isinstance(inner, list) else ():
            if isinstance(one, dict) and isinstance(one.get("value"), str):
                yield str(one.get("custom_id", "")), one["value"]
