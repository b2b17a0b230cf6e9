"""What people do with a bot's commands, forms and buttons, and how it answers.

Source: https://discord.com/developers/docs/interactions/receiving-and-responding
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from simulators.discord.bodies import text
from simulators.discord.calling import NOTHING, Answer, Call
from simulators.discord.errors import ApiError, invalid_form, missing_access, unknown
from simulators.discord.records import Json

if TYPE_CHECKING:
    from simulators.discord.bots import SimBot

COMMAND, COMPONENT, SUBMIT = 2, 3, 5
MESSAGE, DEFERRED, MODAL = 4, 5, 9
EPHEMERAL = 1 << 6
ANSWERED_WITHIN = timedelta(seconds=3)
FOLLOWED_WITHIN = timedelta(minutes=15)
COMMANDS_MAX = 100
TEXT_MAX = 2000


@dataclass
class SimInteraction:
    """One thing somebody did, and what they see of the bot's answer.

    kind: COMMAND, COMPONENT or SUBMIT.  answer: its type; None until there is one.
    shown: what they read; None while nothing, or the bot "is thinking".
    form: the form that was opened.  labels: of the buttons under what they read.
    """

    id: int
    token: str
    bot: SimBot
    kind: int
    at: datetime
    answer: int | None = None
    shown: str | None = None
    form: Json | None = None
    ephemeral: bool = False
    labels: list[str] = field(default_factory=list)


def put_commands(call: Call) -> Answer:
    """https://discord.com/developers/docs/interactions/application-commands#bulk-overwrite-global-application-commands"""
    _check_application(call)
    commands = call.body.parsed
    if not isinstance(commands, list) or len(commands) > COMMANDS_MAX:
        raise invalid_form("commands", "LIST_TYPE_CONVERT", "A list of at most 100 commands.")
    for command in commands:
        if not isinstance(command, dict) or not 1 <= len(text(command, "description")) <= 100:
            raise invalid_form("description", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    call.bot.commands = [{**command, "id": str(call.state.snowflakes.next())} for command in commands]
    return Answer(call.bot.commands)


def get_commands(call: Call) -> Answer:
    """https://discord.com/developers/docs/interactions/application-commands#get-global-application-commands"""
    _check_application(call)
    return Answer(call.bot.commands)


def respond(call: Call) -> Answer:
    """https://discord.com/developers/docs/interactions/receiving-and-responding#create-interaction-response"""
    done = call.state.interactions.get(call.places["token"])
    if done is None or str(done.id) != call.places["interaction"]:
        raise unknown(10062, "interaction")
    if done.answer is not None:
        raise ApiError(400, 40060, "Interaction has already been acknowledged.")
    if call.state.now() - done.at > ANSWERED_WITHIN:
        raise unknown(10062, "interaction")
    fields = call.body.fields()
    kind, data = fields.get("type"), fields.get("data")
    data = data if isinstance(data, dict) else {}
    if kind not in (MESSAGE, DEFERRED, MODAL) or (kind == MODAL and done.kind == SUBMIT):
        raise invalid_form("type", "BASE_TYPE_CHOICES", "This answer does not fit.")
    done.answer, done.ephemeral = int(str(kind)), data.get("flags") == EPHEMERAL
    if kind == MODAL:
        done.form = data
    elif kind == MESSAGE:
        _show(call, done, data)
    call.state.bell.ring()
    return NOTHING


def edit_original(call: Call) -> Answer:
    """https://discord.com/developers/docs/interactions/receiving-and-responding#edit-original-interaction-response"""
    done = call.state.interactions.get(call.places["token"])
    if done is None or done.answer not in (MESSAGE, DEFERRED) or call.state.now() - done.at > FOLLOWED_WITHIN:
        raise ApiError(401, 50027, "Invalid Webhook Token")
    _show(call, done, call.body.fields())
    call.state.bell.ring()
    return Answer({"id": str(call.state.snowflakes.next()), "channel_id": "1", "content": done.shown})


def labels_of(fields: Mapping[str, object]) -> dict[str, str]:
    """The buttons of a message: what each is called, and the name behind it."""
    rows = fields.get("components")
    found = [one for row in rows for one in row.get("components", [])] if isinstance(rows, list) else []
    return {str(one["label"]): str(one["custom_id"]) for one in found if one.get("type") == 2}


def _show(call: Call, done: SimInteraction, fields: Json) -> None:
    content = text(fields, "content")
    if not 1 <= len(content) <= TEXT_MAX:
        raise invalid_form("content", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 2000 in length.")
    allowed = fields.get("allowed_mentions")
    if not isinstance(allowed, dict) or allowed.get("parse") != []:
        call.state.violations.append("an answer to an interaction could ping: no allowed_mentions")
    done.shown, done.labels = content, list(labels_of(fields))


def _check_application(call: Call) -> None:
    if call.places["application"] != str(call.bot.application_id):
        raise missing_access()
