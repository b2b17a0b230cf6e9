"""What may be pressed under our messages.

Whoever changes their program can send any data as if they had pressed it, so
each button is signed for its chat (https://core.telegram.org/bots/api#callbackquery).
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from tickets.model import Button

BUTTONS = "buttons"
"""The name of the account's secret."""
SIGNED_BYTES = 15
"""20 characters; with the longest command far within the 64 bytes that Telegram allows."""
IN_A_ROW = 3
SHORT_CHARS = 12
"""Labels not longer than this stand beside each other, so that they can be read on a phone."""


def keyboard(buttons: Sequence[Button], chat: int, secret: bytes) -> InlineKeyboardMarkup | None:
    """None where there is nothing to press."""
    if not buttons:
        return None
    keys = [InlineKeyboardButton(one.label, callback_data=signed(one.command, chat, secret)) for one in buttons]
    beside = IN_A_ROW if all(len(one.label) <= SHORT_CHARS for one in buttons) else 1
    return InlineKeyboardMarkup([keys[at : at + beside] for at in range(0, len(keys), beside)])


def signed(command: str, chat: int, secret: bytes) -> str:
    """What a button holds."""
    meant = f"{chat}/{command}".encode("utf-8", "replace")
    digest = hmac.new(secret, meant, hashlib.sha256).digest()[:SIGNED_BYTES]
    return f"{urlsafe_b64encode(digest).decode()}{command}"


def command_of(data: str, chat: int, secret: bytes) -> str:
    """The command behind a button of ours in this chat; empty for anything else."""
    command = data[SIGNED_BYTES * 4 // 3 :]
    given, right = data.encode("utf-8", "replace"), signed(command, chat, secret).encode("utf-8", "replace")
    return command if command and hmac.compare_digest(given, right) else ""
