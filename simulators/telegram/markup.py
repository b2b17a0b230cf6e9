"""Texts and their entities, counted in UTF-16 code units as the Bot API counts.

Source: https://core.telegram.org/bots/api#formatting-options and
https://core.telegram.org/api/entities
"""

import re
from collections.abc import Iterator, Sequence

from simulators.telegram.errors import bad_request
from simulators.telegram.records import Json

FORMATS = frozenset(
    {
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "code",
        "pre",
        "text_link",
        "text_mention",
        "custom_emoji",
        "blockquote",
        "expandable_blockquote",
        "date_time",
    }
)
"""Entities a bot can set itself."""

DETECTED = {
    "bot_command": re.compile(r"(?<![\w/])/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?"),
    "url": re.compile(r"https?://[^\s<>\"]+"),
    "email": re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w"),
    "mention": re.compile(r"(?<![\w.])@[A-Za-z]\w{3,31}"),
    "hashtag": re.compile(r"(?<!\w)#\w+"),
}
"""Entities the server finds by itself."""

SERVER_ONLY = frozenset(DETECTED) | {"cashtag", "phone_number"}
"""Entities a bot may name, without effect."""

_CONTROL = {code: " " for code in range(32) if chr(code) not in "\n\r"} | {ord("\r"): None}


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units; an emoji outside the basic plane counts two."""
    return len(text) + sum(character > "\uffff" for character in text)


def clean(text: str) -> str:
    """Control characters become spaces, carriage returns vanish."""
    return text.translate(_CONTROL)


def trim(text: str, entities: Sequence[Json]) -> tuple[str, list[Json]]:
    """Without white space around the text; entities moved and cut to what remains."""
    without_head = text.lstrip()
    head = utf16_length(text) - utf16_length(without_head)
    kept = without_head.rstrip()
    end = utf16_length(kept)
    moved = []
    for entity in entities:
        start, stop = _span(entity)
        start, stop = max(0, start - head), min(end, stop - head)
        if start < stop:
            moved.append({**entity, "offset": start, "length": stop - start})
    return kept, moved


def check_entities(text: str, given: object) -> list[Json]:
    """The entities of a request, in order.  400 for an impossible one.

    Kinds only the server sets (mention, url, …) are dropped without complaint.
    """
    if not isinstance(given, list):
        raise bad_request("can't parse entities: expected an Array")
    borders = set(_borders(text)) if given else set()
    checked = [_check_entity(entity, borders) for entity in given]
    return sorted((entity for entity in checked if entity), key=by_place)


def detect_entities(text: str) -> list[Json]:
    """Commands, links, addresses, mentions and hashtags in a person's text; no overlaps."""
    found: list[Json] = []
    taken: set[int] = set()
    for kind, pattern in DETECTED.items():
        for match in pattern.finditer(text):
            if taken.isdisjoint(range(*match.span())):
                taken.update(range(*match.span()))
                offset = utf16_length(text[: match.start()])
                found.append({"type": kind, "offset": offset, "length": utf16_length(match[0])})
    return sorted(found, key=by_place)


def by_place(entity: Json) -> tuple[int, int]:
    """Sort key: from the start of the text, the longer first."""
    start, end = _span(entity)
    return start, -end


def _check_entity(entity: object, borders: set[int]) -> Json:
    if not isinstance(entity, dict):
        raise bad_request("can't parse MessageEntity: expected an Object")
    kind = entity.get("type")
    if isinstance(kind, str) and kind in SERVER_ONLY:
        return {}
    if not isinstance(kind, str) or kind not in FORMATS:
        raise bad_request("can't parse MessageEntity: Unsupported type specified")
    _check_span(entity, borders)
    if kind == "text_link" and not isinstance(entity.get("url"), str):
        raise bad_request("can't parse MessageEntity: Can't find field \"url\"")
    return entity


def _check_span(entity: Json, borders: set[int]) -> None:
    offset, length = entity.get("offset"), entity.get("length")
    if not isinstance(offset, int) or not isinstance(length, int) or offset < 0 or length <= 0:
        raise bad_request("receive an entity with incorrect offset/length")
    end = offset + length
    if offset > max(borders):
        raise bad_request(f"entity begins after the end of the text at UTF-16 offset {offset}")
    if offset not in borders:
        raise bad_request(f"entity begins in a middle of a UTF-16 symbol at UTF-16 offset {offset}")
    start = f"entity beginning at UTF-16 offset {offset}"
    if end > max(borders):
        raise bad_request(f"{start} ends after the end of the text at UTF-16 offset {end}")
    if end not in borders:
        raise bad_request(f"{start} ends in a middle of a UTF-16 symbol at UTF-16 offset {end}")


def _borders(text: str) -> Iterator[int]:
    position = 0
    yield position
    for character in text:
        position += utf16_length(character)
        yield position


def _span(entity: Json) -> tuple[int, int]:
    offset, length = entity["offset"], entity["length"]
    assert isinstance(offset, int)
    assert isinstance(length, int)
    return offset, offset + length
