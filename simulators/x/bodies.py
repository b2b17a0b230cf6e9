"""Reading the body of POST /2/tweets.

Source: https://docs.x.com/x-api/posts/creation-of-a-post
"""

from __future__ import annotations

from dataclasses import dataclass

from simulators.x.parameters import ID
from simulators.x.problems import ApiError, invalid_request
from simulators.x.records import Json
from simulators.x.weights import MAX_LENGTH, weighted_length

MEDIA_MAX = 4

_KNOWN = frozenset(
    {
        "card_uri",
        "community_id",
        "direct_message_deep_link",
        "edit_options",
        "for_super_followers_only",
        "geo",
        "made_with_ai",
        "media",
        "nullcast",
        "paid_partnership",
        "poll",
        "quote_tweet_id",
        "reply",
        "reply_settings",
        "share_with_followers",
        "text",
    }
)
_REPLY = frozenset({"in_reply_to_tweet_id", "exclude_reply_user_ids", "auto_populate_reply_metadata"})
_MEDIA = frozenset({"media_ids", "tagged_user_ids"})
_TOO_LONG = (
    "Your Tweet text is too long. For more information on how Twitter determines text length"
    " see https://github.com/twitter/twitter-text."
)


@dataclass(frozen=True)
class NewPost:
    """A post as asked for.  reply_to, quoting: ids, None for none.  excluded: users not to mention."""

    text: str
    reply_to: str | None
    excluded: list[str]
    quoting: str | None
    media_ids: list[str]
    body: Json


def read_new_post(body: object) -> NewPost:
    """The body, checked.  ApiError 400: not an object, of another shape, empty, too long."""
    if not isinstance(body, dict):
        raise _invalid("Requests with bodies must have content-type of application/json.")
    _check_names(body, _KNOWN, "$")
    reply, media = _part(body, "reply"), _part(body, "media")
    _check_names(reply, _REPLY, "$.reply")
    _check_names(media, _MEDIA, "$.media")
    new = NewPost(
        _text(body),
        _id(reply, "in_reply_to_tweet_id", "$.reply"),
        _ids(reply, "exclude_reply_user_ids", "$.reply"),
        _id(body, "quote_tweet_id", "$"),
        _ids(media, "media_ids", "$.media"),
        body,
    )
    _check(new)
    return new


def _check(new: NewPost) -> None:
    if "reply" in new.body and new.reply_to is None:
        raise _invalid("$.reply.in_reply_to_tweet_id: is missing but it is required")
    if len(new.media_ids) > MEDIA_MAX:
        raise _invalid(f"$.media.media_ids: there must be a maximum of {MEDIA_MAX} items in the array")
    if new.media_ids and new.quoting is not None:
        raise _invalid("Only one of media, poll and quote_tweet_id may be provided.")
    if not new.text.strip() and not new.media_ids:
        raise _invalid("Either `text` or `media.media_ids` is required and must not be empty.")
    if weighted_length(new.text) > MAX_LENGTH:
        raise _invalid(_TOO_LONG)


def _invalid(message: str) -> ApiError:
    return invalid_request({"parameters": {}, "message": message})


def _check_names(body: Json, known: frozenset[str], where: str) -> None:
    for name in body:
        if name not in known:
            raise _invalid(
                f"{where}.{name}: is not defined in the schema and the schema does not allow additional properties"
            )


def _kind(value: object) -> str:
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return kinds.get(type(value), "null")


def _part(body: Json, name: str) -> Json:
    part = body.get(name, {})
    if not isinstance(part, dict):
        raise _invalid(f"$.{name}: {_kind(part)} found, object expected")
    return part


def _text(body: Json) -> str:
    text = body.get("text", "")
    if not isinstance(text, str):
        raise _invalid(f"$.text: {_kind(text)} found, string expected")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise _invalid("$.text: is not valid UTF-8")
    return text


def _id(body: Json, name: str, where: str) -> str | None:
    return _checked_id(body[name], f"{where}.{name}") if name in body else None


def _ids(body: Json, name: str, where: str) -> list[str]:
    values = body.get(name, [])
    if not isinstance(values, list):
        raise _invalid(f"{where}.{name}: {_kind(values)} found, array expected")
    return [_checked_id(value, f"{where}.{name}[{number}]") for number, value in enumerate(values)]


def _checked_id(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise _invalid(f"{where}: {_kind(value)} found, string expected")
    if not ID.fullmatch(value):
        raise _invalid(f"{where}: does not match the regex pattern ^[0-9]{{1,19}}$")
    return value
