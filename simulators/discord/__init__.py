"""Discord's REST API and gateway on loopback sockets, people included."""

from simulators.discord.bots import SimBot
from simulators.discord.channels import SimChannel, SimThread
from simulators.discord.guilds import SimGuild
from simulators.discord.people import SimPerson
from simulators.discord.platform import DiscordPlatform
from simulators.discord.records import ApiCall, SentMessage, SessionStart, SimMessage
from simulators.discord.state import FAULTS

__all__ = [
    "FAULTS",
    "ApiCall",
    "DiscordPlatform",
    "SentMessage",
    "SessionStart",
    "SimBot",
    "SimChannel",
    "SimGuild",
    "SimMessage",
    "SimPerson",
    "SimThread",
]
