"""Methods that receive: getUpdates and the webhook's three."""

import asyncio
from contextlib import suppress

from simulators.telegram import webhook
from simulators.telegram.bots import Poll, Webhook
from simulators.telegram.calling import Answer, Call
from simulators.telegram.errors import ApiError, bad_request
from simulators.telegram.records import Json
from simulators.telegram.updates import Update

POLL_MAX_S = 50
"""The server ends a long poll after so many seconds, whatever ``timeout`` asks."""


async def get_updates(call: Call) -> Answer:
    """https://core.telegram.org/bots/api#getupdates"""
    bot, parameters = call.bot, call.parameters
    if bot.webhook is not None:
        raise ApiError(
            409,
            "Conflict: can't use getUpdates method while webhook is active;"
            " use deleteWebhook to delete the webhook first",
        )
    _set_allowed(call)
    poll = bot.begin_poll()
    bot.updates.settle(parameters.integer("offset", 0, -(2**31), 2**31))
    try:
        await _wait(call, poll, parameters.integer("timeout", 0, 0, POLL_MAX_S))
    finally:
        bot.finish_poll(poll)
    if poll.ended is not None:
        raise ApiError(409, f"Conflict: {poll.ended}")
    batch = [] if call.gone else _batch(call, parameters.integer("limit", 100, 1, 100))
    return Answer(b"[" + b",".join(update.body for update in batch) + b"]")


async def set_webhook(call: Call) -> Answer:
    """https://core.telegram.org/bots/api#setwebhook"""
    parameters = call.parameters
    url = parameters.text("url").strip()
    if not url:
        return await delete_webhook(call)
    webhook.check_url(url)
    secret = parameters.text("secret_token")
    webhook.check_secret(secret)
    _forget_if_asked(call)
    _set_allowed(call)
    call.bot.end_poll("terminated by setWebhook request")
    call.bot.webhook = Webhook(url, secret, parameters.integer("max_connections", 40, 1, 100))
    call.state.spawn(webhook.push(call.state, call.bot, call.bot.webhook))
    return Answer(b"true", "Webhook was set")


async def delete_webhook(call: Call) -> Answer:
    """https://core.telegram.org/bots/api#deletewebhook"""
    _forget_if_asked(call)
    if call.bot.webhook is None:
        return Answer(b"true", "Webhook is already deleted")
    call.bot.webhook = None
    call.state.bell.ring()
    return Answer(b"true", "Webhook was deleted")


async def get_webhook_info(call: Call) -> Json:
    """https://core.telegram.org/bots/api#getwebhookinfo"""
    hook, queue = call.bot.webhook, call.bot.updates
    info: Json = {
        "url": hook.url if hook else "",
        "has_custom_certificate": False,
        "pending_update_count": len(queue.pending()),
    }
    if hook is not None:
        info["max_connections"] = hook.max_connections
        if hook.last_error is not None:
            info["last_error_message"], info["last_error_date"] = hook.last_error
    if queue.allowed is not None:
        info["allowed_updates"] = sorted(queue.allowed)
    return info


async def _wait(call: Call, poll: Poll, timeout_s: int) -> None:
    """Until there is an update, the time is over, or nobody can be answered any more."""
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            while not (
                call.bot.updates.waiting()
                or poll.ended
                or call.gone
                or call.state.stopped.is_set()
                or timeout_s == 0
            ):
                await call.state.bell.wait()


def _batch(call: Call, limit: int) -> list[Update]:
    past = call.bot.updates.recent(limit)
    if past and call.state.take_fault("repeat", method="getUpdates") is not None:
        for update in past:
            call.bot.updates.repeat(update.id)
    batch = call.bot.updates.take(limit)
    if len(batch) > 1 and call.state.take_fault("reorder", method="getUpdates") is not None:
        batch.reverse()
    call.bot.updates.note_handed_out(batch)
    return batch


def _set_allowed(call: Call) -> None:
    allowed = call.parameters.structure("allowed_updates")
    if allowed is None:
        return
    if not isinstance(allowed, list):
        raise bad_request("can't parse allowed_updates: expected an Array of String")
    call.bot.updates.allow([kind for kind in allowed if isinstance(kind, str)])


def _forget_if_asked(call: Call) -> None:
    if call.parameters.flag("drop_pending_updates"):
        call.bot.updates.forget_all()
