"""Methods about the bot itself and what it can look up."""

import json
import re
from datetime import timedelta

from simulators.telegram.calling import Call, find_business, find_chat
from simulators.telegram.errors import bad_request, flood
from simulators.telegram.files import DOWNLOAD_MAX_BYTES
from simulators.telegram.records import Json

CLOSE_AFTER = timedelta(minutes=10)
"""close is refused for this long after the launch (https://core.telegram.org/bots/api#close)."""

LOGGED_OUT_FOR = timedelta(minutes=10)
"""After logOut the token is refused for so long (https://core.telegram.org/bots/api#logout)."""

COMMANDS_MAX = 100
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")


async def get_me(call: Call) -> Json:
    """https://core.telegram.org/bots/api#getme"""
    return {
        **call.bot.user(),
        "can_join_groups": True,
        "can_read_all_group_messages": call.bot.hears_groups,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


async def close(call: Call) -> bool:
    """https://core.telegram.org/bots/api#close"""
    left = CLOSE_AFTER - call.bot.age()
    if left > timedelta(0):
        raise flood(max(1, int(left.total_seconds())))
    return True


async def log_out(call: Call) -> bool:
    """https://core.telegram.org/bots/api#logout"""
    call.bot.logged_out_until = call.bot.now() + LOGGED_OUT_FOR
    return True


async def get_chat(call: Call) -> Json:
    """https://core.telegram.org/bots/api#getchat"""
    return {
        **find_chat(call).info,
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": False,
            "limited_gifts": False,
            "unique_gifts": False,
            "premium_subscription": False,
            "gifts_from_channels": False,
        },
    }


async def get_business_connection(call: Call) -> Json:
    """https://core.telegram.org/bots/api#getbusinessconnection"""
    business = find_business(call)
    if business is None:
        raise bad_request("BUSINESS_CONNECTION_INVALID")
    return business.shown()


async def get_file(call: Call) -> Json:
    """https://core.telegram.org/bots/api#getfile"""
    if not call.parameters.has("file_id"):
        raise bad_request("file_id not specified")
    stored = call.bot.files.find(call.parameters.text("file_id"))
    if stored is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if len(stored.data) > DOWNLOAD_MAX_BYTES:
        raise bad_request("file is too big")
    return {**stored.reference(), "file_path": stored.path}


async def set_my_commands(call: Call) -> bool:
    """https://core.telegram.org/bots/api#setmycommands"""
    commands = call.parameters.structure("commands")
    if not isinstance(commands, list):
        raise bad_request("can't parse commands JSON object")
    if len(commands) > COMMANDS_MAX:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    call.bot.commands[_scope(call)] = [_check_command(command) for command in commands]
    return True


async def get_my_commands(call: Call) -> list[Json]:
    """https://core.telegram.org/bots/api#getmycommands"""
    return call.bot.commands.get(_scope(call), [])


async def delete_my_commands(call: Call) -> bool:
    """https://core.telegram.org/bots/api#deletemycommands"""
    call.bot.commands.pop(_scope(call), None)
    return True


async def answer_callback_query(call: Call) -> bool:
    """https://core.telegram.org/bots/api#answercallbackquery"""
    query_id = call.parameters.text("callback_query_id")
    if query_id not in call.bot.callback_queries:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    call.bot.callback_queries.discard(query_id)
    return True


def _scope(call: Call) -> str:
    scope = call.parameters.structure("scope") or {"type": "default"}
    return json.dumps([scope, call.parameters.text("language_code")], sort_keys=True)


def _check_command(command: object) -> Json:
    if not isinstance(command, dict):
        raise bad_request("can't parse BotCommand: expected an Object")
    name, description = command.get("command"), command.get("description")
    if not isinstance(name, str) or not _COMMAND.fullmatch(name.removeprefix("/")):
        raise bad_request("BOT_COMMAND_INVALID")
    if not isinstance(description, str) or not 1 <= len(description) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": name.removeprefix("/"), "description": description}
