"""One request that reached its route, and what the routes share in reading it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from simulators.discord.bodies import Body
from simulators.discord.bots import SimBot
from simulators.discord.channels import Channel
from simulators.discord.errors import invalid_form, missing_access, missing_permissions, unknown
from simulators.discord.records import Json
from simulators.discord.snowflakes import parse_snowflake
from simulators.discord.state import PlatformState


@dataclass(frozen=True)
class Call:
    """A request of a bot.  places: the ids and words in its path, by name.  gateway_url: for whoever asks."""

    state: PlatformState
    bot: SimBot
    places: Mapping[str, str]
    query: Mapping[str, str]
    body: Body
    gateway_url: str

    def place(self, name: str) -> int:
        """An id in the path; 400 when it is none."""
        value = self.places[name]
        number = parse_snowflake(value)
        if number is None:
            raise invalid_form(f"{name}_id", "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')
        return number


@dataclass(frozen=True)
class Answer:
    """What a route answers; no body goes with 204."""

    body: object = None
    status: int = 200


NOTHING = Answer(status=204)

Route: TypeAlias = Callable[[Call], Answer]


def find_channel(call: Call) -> Channel:
    """The channel in the path.  404: unknown.  403: the bot may not look there."""
    channel = call.state.channels.get(call.place("channel"))
    if channel is None:
        raise unknown(10003, "Channel")
    if call.bot not in channel.readers():
        raise missing_access()
    return channel


def find_writable(call: Call) -> Channel:
    """Likewise, for writing.  403: the bot may not write there."""
    channel = find_channel(call)
    if not channel.writable_by(call.bot):
        raise missing_permissions()
    return channel


def find_message(call: Call, channel: Channel) -> tuple[int, Json]:
    """The message in the path.  404: unknown, or deleted."""
    message_id = call.place("message")
    message = channel.messages.get(message_id)
    if message is None:
        raise unknown(10008, "Message")
    return message_id, message
