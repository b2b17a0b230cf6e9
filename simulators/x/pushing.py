"""The endpoints of webhooks and of the Activity API, and what is pushed when somebody posts.

Sources: https://docs.x.com/x-api/webhooks/introduction, https://docs.x.com/x-api/activity/introduction
"""

from __future__ import annotations

import json

from simulators.x.calling import Answer, Call
from simulators.x.hooks import EVENTS, Hook, Subscription
from simulators.x.posts import mentioned, referenced
from simulators.x.problems import generic
from simulators.x.records import Json, SimPost
from simulators.x.state import PlatformState


async def list_hooks(call: Call) -> Answer:
    """https://docs.x.com/x-api/webhooks/get-webhook"""
    call.query.check()
    mine = [hook.shown() for hook in call.state.hooks.hooks.values() if hook.app is call.caller.account]
    return _answer({"data": mine, "meta": {"result_count": len(mine)}})


async def create_hook(call: Call) -> Answer:
    """https://docs.x.com/x-api/webhooks/create-webhook"""
    call.query.check()
    url = call.body.get("url") if isinstance(call.body, dict) else None
    if not isinstance(url, str):
        raise generic(400, "Invalid Request", "$.url: is missing but it is required")
    hook = Hook(call.state.ids.next(), call.caller.account, url)
    if not await hook.challenge(call.state.ids.next()):
        raise generic(400, "CrcValidationFailed", "Crc check failed: the response token is not the expected one.")
    call.state.hooks.hooks[hook.id] = hook
    return _answer({"data": hook.shown()})


async def check_hook(call: Call) -> Answer:
    """https://docs.x.com/x-api/webhooks/validate-webhook"""
    call.query.check()
    hook = call.state.hooks.hooks.get(call.id())
    if hook is None or hook.app is not call.caller.account:
        raise generic(404, "Not Found")
    hook.valid = await hook.challenge(call.state.ids.next())
    return _answer({"data": {"attempted": True}})


async def list_subscriptions(call: Call) -> Answer:
    """https://docs.x.com/x-api/activity/get-x-activity-subscriptions"""
    call.query.check()
    return _answer({"data": [one.shown() for one in call.state.hooks.subscriptions]})


async def subscribe(call: Call) -> Answer:
    """https://docs.x.com/x-api/activity/create-x-activity-subscription"""
    call.query.check()
    body = call.body if isinstance(call.body, dict) else {}
    wanted = body.get("filter")
    user_id = wanted.get("user_id") if isinstance(wanted, dict) else None
    event_type, hook_id = body.get("event_type"), body.get("webhook_id")
    if event_type not in EVENTS or user_id not in call.state.users or hook_id not in call.state.hooks.hooks:
        raise generic(400, "Invalid Request", "One or more parameters to your request was invalid.")
    kept = call.state.hooks.subscriptions
    if any((one.event_type, one.user_id) == (event_type, user_id) for one in kept):
        raise generic(409, "Conflict", "There is a subscription like this already.")
    made = Subscription(call.state.ids.next(), str(event_type), str(user_id), str(hook_id))
    kept.append(made)
    return _answer({"data": {"subscription": made.shown()}})


async def unsubscribe(call: Call) -> Answer:
    """https://docs.x.com/x-api/activity/delete-x-activity-subscription"""
    call.query.check()
    kept = call.state.hooks.subscriptions
    gone = next((one for one in kept if one.id == call.id()), None)
    if gone is None:
        raise generic(404, "Not Found")
    kept.remove(gone)
    return _answer({"data": {"deleted": True}})


def announce(state: PlatformState, post: SimPost) -> None:
    """Tell whoever wants to know of a new post."""
    authors = {kind: _authors(state, post, kind) for kind in ("replied_to", "quoted")}
    concerned = {
        "post.mention.create": mentioned(post.payload),
        "post.reply.create": authors["replied_to"],
        "post.quote.create": authors["quoted"],
    }
    for event_type, users in concerned.items():
        for user_id in users - {post.author.id}:
            for hook in state.hooks.wanted(event_type, user_id):
                state.spawn(_deliver(state, hook, _event(state, event_type, user_id, post)))


async def _deliver(state: PlatformState, hook: Hook, event: Json) -> None:
    state.hooks.delivered.append(await hook.deliver(event))
    state.bell.ring()


def _event(state: PlatformState, event_type: str, user_id: str, post: SimPost) -> Json:
    """The post with fewer fields than asking for it gives."""
    names = ("id", "text", "author_id", "conversation_id", "created_at", "lang", "edit_history_tweet_ids")
    return {
        "event_uuid": state.ids.next(),
        "filter": {"user_id": user_id},
        "event_type": event_type,
        "payload": {name: post.payload[name] for name in names if name in post.payload},
    }


def _authors(state: PlatformState, post: SimPost, kind: str) -> set[str]:
    found = (state.posts.find(post_id) for post_id in referenced(post.payload, kind))
    return {one.author.id for one in found if one is not None}


def _answer(told: Json) -> Answer:
    return Answer(json.dumps(told).encode())
