"""Posting updates to a bot's own address, one at a time, until it says 2xx."""

import asyncio
import re
from urllib.parse import urlsplit

from simulators.calling_out import call_out, is_success
from simulators.telegram.bots import SimBot, Webhook
from simulators.telegram.errors import bad_request
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
            status_line, _ = await call_out("POST", hook.url, _secret_of(hook), body)
    except TimeoutError:
        return "Read timeout expired"
    except OSError:
        return "Connection refused"
    if is_success(status_line):
        return None
    return f"Wrong response from the webhook: {status_line.partition(' ')[2] or 'no answer'}"


def _secret_of(hook: Webhook) -> dict[str, str]:
    return {"X-Telegram-Bot-Api-Secret-Token": hook.secret} if hook.secret else {}
