"""Routes about the bot itself, the gateway, people and guilds."""

from __future__ import annotations

from simulators.discord.bodies import snowflake
from simulators.discord.calling import Answer, Call
from simulators.discord.errors import ApiError, invalid_form, missing_access, unknown
from simulators.discord.guilds import SimGuild

DAY_MS = 24 * 60 * 60 * 1000


def get_me(call: Call) -> Answer:
    """https://discord.com/developers/docs/resources/user#get-current-user"""
    return Answer(call.bot.own_user())


def get_application(call: Call) -> Answer:
    """https://discord.com/developers/docs/resources/application#get-current-application"""
    bot = call.bot
    owner = {"id": str(bot.application_id + 1), "username": "owner", "discriminator": "0", "avatar": None}
    return Answer(
        {
            **bot.application(),
            "name": bot.name,
            "description": "",
            "icon": None,
            "summary": "",
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "owner": {**owner, "global_name": None, "public_flags": 0},
            "team": None,
            "hook": True,
            "bot": bot.user(),
        }
    )


def get_gateway(call: Call) -> Answer:
    """https://discord.com/developers/docs/events/gateway#get-gateway-bot"""
    begun = sum(start.kind == "identify" for start in call.bot.starts)
    limit = {
        "total": call.bot.sessions_a_day,
        "remaining": max(0, call.bot.sessions_a_day - begun),
        "reset_after": DAY_MS if begun else 0,
        "max_concurrency": 1,
    }
    return Answer({"url": call.gateway_url, "shards": 1, "session_start_limit": limit})


def get_user(call: Call) -> Answer:
    """https://discord.com/developers/docs/resources/user#get-user"""
    user = call.state.user(call.place("user"))
    if user is None:
        raise unknown(10013, "User")
    return Answer(user)


def open_dm(call: Call) -> Answer:
    """https://discord.com/developers/docs/resources/user#create-dm"""
    user_id = snowflake(call.body.fields(), "recipient_id")
    if user_id is None:
        raise invalid_form("recipient_id", "BASE_TYPE_REQUIRED", "This field is required")
    person = call.state.people.get(user_id)
    if person is None:
        raise ApiError(400, 50033, "Invalid Recipient(s)")
    return Answer(person.direct(call.bot).shape())


def get_guild(call: Call) -> Answer:
    """https://discord.com/developers/docs/resources/guild#get-guild"""
    return Answer(_find_guild(call).summary())


def get_member(call: Call) -> Answer:
    """https://discord.com/developers/docs/resources/guild#get-guild-member"""
    guild = _find_guild(call)
    user = call.state.user(call.place("user"))
    if user is None:
        raise unknown(10007, "Member")
    return Answer(guild.member(user))


def get_active_threads(call: Call) -> Answer:
    """https://discord.com/developers/docs/resources/guild#list-active-guild-threads"""
    threads = _find_guild(call).active_threads(call.bot)
    joined = [thread.member(call.bot.id) for thread in threads if call.bot.id in thread.joined]
    return Answer({"threads": [thread.shape() for thread in threads], "members": joined})


def _find_guild(call: Call) -> SimGuild:
    guild = call.state.guilds.get(call.place("guild"))
    if guild is None:
        raise unknown(10004, "Guild")
    if call.bot not in guild.bots:
        raise missing_access()
    return guild
