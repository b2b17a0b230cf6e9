"""discord.py's errors as ours, at one edge."""

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import discord

from connectors.discord.caps import NoRoom, waits
from tickets.errors import (
    ConnectorError,
    CredentialRejected,
    DeliveryError,
    RateLimited,
    SwitchboardError,
    Unreachable,
)

CANNOT_WRITE_TO = frozenset({50007, 50278})
"""The person, or their settings, accept no direct message.  https://discord.com/developers/docs/topics/opcodes-and-status-codes"""
TOO_MANY_THREADS = frozenset({160006, 160007})
"""Open ones, on a server."""
SHORTEST_PAUSE_S = 1.0
BANNED_PAUSE_S = 60.0
"""Where a 429 names no time: it came from the wall before Discord, which is strict."""
WRONG_TOKEN = "Discord refuses the bot's token. Make a new one in the developer portal, page Bot."
_FINAL_CLOSES = {
    4004: WRONG_TOKEN,
    4010: "Discord refuses the shard this program asks for. Upgrade it.",
    4011: "The bot is in more servers than one connection may serve; this program uses one.",
    4012: "Discord no longer speaks this version of its gateway. Upgrade this program.",
    4013: "Discord does not know the intents this program asks for. Upgrade it.",
    4014: "Discord does not allow this bot the intents it asks for. Allow them in the developer portal, page Bot.",
}


@contextmanager
def translated() -> Iterator[None]:
    """As ConnectorError."""
    try:
        yield
    except SwitchboardError:
        raise
    except discord.LoginFailure as error:
        raise CredentialRejected(WRONG_TOKEN) from error
    except discord.RateLimited as error:
        raise RateLimited("Discord asks for a pause.", max(SHORTEST_PAUSE_S, error.retry_after)) from error
    except discord.HTTPException as error:
        raise _refusal(error) from error
    except discord.PrivilegedIntentsRequired as error:
        raise CredentialRejected(_FINAL_CLOSES[4014]) from error
    except discord.ConnectionClosed as error:
        raise _closed(error) from error
    except Exception as error:
        # A first connection that fails, or an answer of a wrong shape, leaves the
        # library with an AttributeError, KeyError or worse.
        raise Unreachable(f"Discord cannot be reached ({type(error).__name__}).") from error


def _refusal(error: discord.HTTPException) -> ConnectorError:
    if error.status == 401:
        return CredentialRejected(WRONG_TOKEN)
    if error.status == 429:
        return RateLimited("Discord asks for a pause.", BANNED_PAUSE_S)
    if error.code in TOO_MANY_THREADS:
        return NoRoom()
    return Unreachable(f"Discord answered {error.status}: {_told(error)}.")


def _closed(error: discord.ConnectionClosed) -> ConnectorError:
    if (why := _FINAL_CLOSES.get(error.code)) is not None:
        return CredentialRejected(why)
    return Unreachable(f"Discord closed the connection ({error.code}).")


@contextmanager
def translated_delivery() -> Iterator[None]:
    """As DeliveryError, each saying whether the message may have arrived."""
    try:
        yield
    except DeliveryError:
        raise
    except discord.RateLimited as error:
        raise _not_now("Discord asks for a pause.", max(SHORTEST_PAUSE_S, error.retry_after)) from error
    except discord.HTTPException as error:
        raise _undelivered(error) from error
    except RateLimited as error:
        raise _not_now(str(error), error.retry_after_s) from error
    except (aiohttp.ClientConnectorError, Unreachable) as error:
        raise DeliveryError(
            "unreachable", "Discord cannot be reached.", temporary=True, delivered=False
        ) from error
    except Exception as error:
        raise DeliveryError(
            "no_answer", f"Discord gave no clear answer ({type(error).__name__}).", temporary=True, delivered=None
        ) from error


def _not_now(text: str, retry_after_s: float) -> DeliveryError:
    return DeliveryError("rate_limited", text, temporary=True, delivered=False, retry_after_s=retry_after_s)


def _undelivered(error: discord.HTTPException) -> DeliveryError:
    if error.status == 401:
        return DeliveryError("credential", "Discord refuses the bot's token.", temporary=True, delivered=False)
    if error.status == 429:
        return _not_now("Discord asks for a pause.", BANNED_PAUSE_S)
    if error.status >= 500:
        return DeliveryError("no_answer", f"Discord answered {error.status}.", temporary=True, delivered=None)
    if error.code in TOO_MANY_THREADS:
        return waits()
    if error.code in CANNOT_WRITE_TO:
        text = "The person accepts no direct messages from the bot."
        return DeliveryError("blocked", text, temporary=False, delivered=False)
    if error.status == 404:
        text = f"The conversation is gone: {_told(error)}."
        return DeliveryError("gone", text, temporary=False, delivered=False)
    text = f"Discord refuses the message: {_told(error)}."
    return DeliveryError("refused", text, temporary=False, delivered=False)


def _told(error: discord.HTTPException) -> str:
    """What Discord said, short enough to show."""
    return " ".join(error.text.split())[:200].rstrip(".") or "no reason given"
