"""Telegram's Bot API on a loopback socket, people included."""

from simulators.telegram.bots import SimBot
from simulators.telegram.chats import Conversation
from simulators.telegram.groups import SimGroup
from simulators.telegram.people import SimPerson
from simulators.telegram.platform import TelegramPlatform
from simulators.telegram.records import ApiCall, SentMessage, SimMessage, Upload
from simulators.telegram.state import FAULTS

__all__ = [
    "FAULTS",
    "ApiCall",
    "Conversation",
    "SentMessage",
    "SimBot",
    "SimGroup",
    "SimMessage",
    "SimPerson",
    "TelegramPlatform",
    "Upload",
]
