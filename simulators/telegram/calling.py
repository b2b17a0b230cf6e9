"""One call of a method, and what the methods share in reading it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from simulators.telegram.bots import SimBot
from simulators.telegram.business import SimBusiness
from simulators.telegram.chats import Conversation
from simulators.telegram.errors import ApiError, bad_request
from simulators.telegram.parameters import Parameters
from simulators.telegram.records import Json
from simulators.telegram.state import PlatformState


@dataclass
class Call:
    """A request that reached its bot.  gone: the caller hung up."""

    state: PlatformState
    bot: SimBot
    parameters: Parameters
    gone: bool = False


@dataclass(frozen=True)
class Answer:
    """A result that needs more than encoding.

    body: JSON text of the result, sent as it is.  description: a sentence
    beside the result, None for none.
    """

    body: bytes
    description: str | None = None


Method: TypeAlias = Callable[[Call], Awaitable[object]]


def find_target(call: Call) -> Conversation:
    """The chat named by ``chat_id``.

    400: unknown, or a group that moved.  403: the person blocked the bot.
    """
    if (business := find_business(call)) is not None:
        return business.target(call.parameters.integer("chat_id", 0, -(2**63), 2**63))
    conversation = find_chat(call)
    if conversation.person is not None and conversation.person.blocks(call.bot):
        raise ApiError(403, "Forbidden: bot was blocked by the user")
    return conversation


def find_business(call: Call) -> SimBusiness | None:
    """The account in whose name the bot writes; None: in its own.  400: it is tied to none such."""
    if not call.parameters.has("business_connection_id"):
        return None
    business = call.bot.businesses.get(call.parameters.text("business_connection_id") or "")
    if business is None:
        raise bad_request("BUSINESS_CONNECTION_INVALID")
    return business


def find_chat(call: Call) -> Conversation:
    """The chat named by ``chat_id``, whether it may be written to or not."""
    if not call.parameters.has("chat_id"):
        raise bad_request("chat_id is empty")
    chat_id = call.parameters.integer("chat_id", 0, -(2**63), 2**63)
    if (new_id := call.bot.migrated.get(chat_id)) is not None:
        raise ApiError(
            400,
            "Bad Request: group chat was upgraded to a supergroup chat",
            migrate_to_chat_id=new_id,
        )
    conversation = call.bot.conversations.get(chat_id)
    if conversation is None:
        raise bad_request("chat not found")
    return conversation


def read_markup(call: Call) -> Json | None:
    """The ``reply_markup``; None when there is none."""
    markup = call.parameters.structure("reply_markup")
    if markup is None or isinstance(markup, dict):
        return markup
    raise bad_request("object expected as reply markup")
