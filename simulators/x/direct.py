"""Direct messages between people and accounts; plain ones, as others are told to no program.

Sources: https://docs.x.com/x-api/direct-messages/lookup/integrate and .../manage/integrate
"""

from __future__ import annotations

import json
from typing import Final

from simulators.x import fields
from simulators.x.calling import Answer, Call
from simulators.x.directs import SimDirect, conversation_of
from simulators.x.people import SimPerson
from simulators.x.problems import forbidden, generic
from simulators.x.records import Json
from simulators.x.timelines import read_token, token

EVENT_FIELDS: Final = (
    "attachments", "created_at", "dm_conversation_id", "entities", "event_type", "id", "participant_ids",
    "referenced_tweets", "sender_id", "text",
)  # fmt: skip
EVENT_TYPES: Final = ("MessageCreate", "ParticipantsJoin", "ParticipantsLeave")
EXPANSIONS: Final = ("attachments.media_keys", "participant_ids", "referenced_tweets.id", "sender_id")
ALLOWED: Final = (
    "dm_event.fields", "event_types", "expansions", "max_results", "media.fields", "pagination_token",
    "tweet.fields", "user.fields",
)  # fmt: skip
LONGEST: Final = 10_000


async def list_all(call: Call) -> Answer:
    """https://docs.x.com/x-api/direct-messages/get-dm-events"""
    return _page(call, None)


async def list_with(call: Call) -> Answer:
    """https://docs.x.com/x-api/direct-messages/get-dm-events-for-a-dm-conversation-with"""
    return _page(call, call.id())


async def send(call: Call) -> Answer:
    """https://docs.x.com/x-api/direct-messages/create-dm-message-by-participant-id"""
    receiver_id = call.id()
    call.query.check()
    _refuse_apps(call)
    body = call.body if isinstance(call.body, dict) else {}
    text, attached = body.get("text"), body.get("attachments") or []
    if not isinstance(text or "", str) or not (text or attached) or len(text or "") > LONGEST:
        raise generic(400, "Invalid Request", "One or more parameters to your request was invalid.")
    if not isinstance(attached, list) or len(attached) > 1:
        raise generic(400, "Invalid Request", "$.attachments: must have at most 1 item")
    state, account = call.state, call.caller.account
    pictures = [state.pictures.find(str(one.get("media_id"))) for one in attached if isinstance(one, dict)]
    if any(one is None or one.owner != account.id for one in pictures):
        raise generic(400, "Invalid Request", "Your media IDs are invalid.")
    person = state.users.get(receiver_id)
    if not isinstance(person, SimPerson) or person.suspended:
        raise forbidden("The user could not be found.")
    if receiver_id in state.directs.unwilling:
        raise forbidden("You cannot send messages to this user.")
    if person.blocks(account):
        raise forbidden("You cannot send messages to this user: you have been blocked.")
    sent = SimDirect(
        state.ids.next(),
        account.id,
        receiver_id,
        text or "",
        state.now(),
        conversation_of(account.id, receiver_id),
        [one.data for one in pictures if one is not None],
    )
    state.directs.all.append(sent)
    state.bell.ring()
    told = {"dm_conversation_id": sent.conversation, "dm_event_id": sent.id}
    return Answer(json.dumps({"data": told}).encode(), 201)


def _refuse_apps(call: Call) -> None:
    if not call.state.directs.open_to_apps:
        raise forbidden("Your client app is not configured with the appropriate oauth1 app permissions.")


def _page(call: Call, other: str | None) -> Answer:
    query = call.query
    shown = {"id", "event_type", "text"} | query.names("dm_event.fields", EVENT_FIELDS)
    expansions = query.names("expansions", EXPANSIONS)
    people = fields.USER_DEFAULTS | query.names("user.fields", fields.USER_FIELDS)
    query.names("media.fields", fields.MEDIA_FIELDS)
    query.names("tweet.fields", fields.TWEET_FIELDS)
    query.names("event_types", EVENT_TYPES)
    size = query.integer("max_results", 100, 1, 100)
    given = query.get("pagination_token")
    begins = read_token(given) if given else None
    if given and begins is None:
        query.refuse_value("pagination_token")
    query.check()
    _refuse_apps(call)
    state = call.state
    found = state.directs.of(call.caller.account.id, other, state.now())
    if begins is not None:
        found = [one for one in found if int(one.id) < begins[1]]
    page, rest = found[:size], found[size:]
    body: Json = {"meta": {"result_count": len(page)}}
    if page:
        body["data"] = [{name: value for name, value in one.shown().items() if name in shown} for one in page]
    if rest:
        body["meta"] = {"result_count": len(page), "next_token": token("o", int(page[-1].id))}
    if "sender_id" in expansions and page:
        users = [state.users[one] for one in dict.fromkeys(one.sender_id for one in page) if one in state.users]
        told = [{name: value for name, value in one.user().items() if name in people} for one in users]
        media = [
            {"media_key": f"3_{one.id}{n}", "type": "photo"} for one in page for n in range(len(one.pictures))
        ]
        body["includes"] = {"users": told, **({"media": media} if media else {})}
    return Answer(json.dumps(body).encode())
