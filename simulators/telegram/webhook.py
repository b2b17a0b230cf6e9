"""Posting updates to a bot's own address, one at a time, until it says 2xx."""

import asyncio
import re
from contextlib import suppress
from urllib.parse import urlsplit

from simulators.telegram.bots import SimBot, Webhook
from simulators.telegram.errors import bad_request
from simulators.telegram.records import Json
from simulators.telegram.state import PlatformState
from simulators.telegram.updates import Update

POST_TIMEOUT_S = 60.0
"""A webhook that has not answered by then has failed."""

_SECRET = re.compile(r"[A-Za-z0-9_-]{0,256}")


def check_url(url: str) -> None:
    """400 for anything but an http address; the real platform wants https, a loopback one cannot."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "http" and parts.hostname and parts.port != 0 and url.isascii()
    except ValueError:  # no port number
        usable = False
    if not usable:
        raise bad_request("bad webhook: an http:// URL must be provided for this loopback platform")


def check_secret(secret: str) -> None:
    """400 for characters no secret may have (https://core.telegram.org/bots/api#setwebhook)."""
    if not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")


async def push(state: PlatformState, bot: SimBot, hook: Webhook) -> None:
    """Post updates in order for as long as ``hook`` is the bot's webhook."""
    while bot.webhook is hook:
        update = bot.updates.first()
        if update is None:
            await state.bell.wait()
        elif not await _deliver(state, bot, hook, update):
            await state.pause(state.webhook_retry_s)


async def _deliver(state: PlatformState, bot: SimBot, hook: Webhook, update: Update) -> bool:
    bot.updates.note_handed_out([update])
    problem = await _try_post(hook, update.body)
    if problem is not None:
        hook.last_error = (problem, bot.timestamp())
        return False
    bot.updates.finish(update)
    if state.take_fault("repeat", method="webhook") is not None:
        bot.updates.repeat(update.id)
    return True


async def _try_post(hook: Webhook, body: bytes) -> str | None:
    """None when the address answered 2xx; otherwise what getWebhookInfo tells of it."""
    try:
        async with asyncio.timeout(POST_TIMEOUT_S):
            status_line = await _post(hook, body)
    except TimeoutError:
        return "Read timeout expired"
    except OSError:
        return "Connection refused"
    version, _, status = status_line.partition(" ")
    if version.startswith("HTTP/") and status.startswith("2"):
        return None
    return f"Wrong response from the webhook: {status or 'no answer'}"


async def _post(hook: Webhook, body: bytes) -> str:
    """The status line of the answer; empty when the connection was closed without one."""
    parts = urlsplit(hook.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    try:
        writer.write(_head(hook, len(body)) + body)
        await writer.drain()
        status_line = await reader.readline()
        await reader.read()
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    return status_line.decode("latin-1").strip()


def _head(hook: Webhook, size_bytes: int) -> bytes:
    parts = urlsplit(hook.url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers: Json = {
        "Host": parts.netloc,
        "Content-Type": "application/json",
        "Content-Length": size_bytes,
        "Connection": "close",
    }
    if hook.secret:
        headers["X-Telegram-Bot-Api-Secret-Token"] = hook.secret
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
