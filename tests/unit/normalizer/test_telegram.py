"""Telegram updates of every shape: a message, a reason to ignore it, or quarantine.  Nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import T0
from tests.support.golden import read
from tickets.errors import PayloadError
from tickets.model import Ignored, InboundMessage

PERSON = {"id": 31, "is_bot": False, "first_name": "Ada"}
CHAT = {"id": 31, "type": "private"}


def update(kind: str = "message", **fields: Any) -> bytes:
    message = {"message_id": 5, "date": 1772442000, "chat": CHAT, "from": PERSON, **fields}
    return json.dumps({"update_id": 1, kind: message}).encode()


def said(**fields: Any) -> InboundMessage:
    message = read("telegram", update(**fields))
    assert isinstance(message, InboundMessage)
    return message


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe",
        b'"text"',
        b"{}",
        b'{"update_id":"1"}',
        b"[" * 100_000,
        b'{"update_id":1,"x":' + b"[" * 100_000,
        update(date="today"),
        update(message_id=None),
        update(chat={"id": 1}),
        update(text=5),
        update(**{"from": {"first_name": "no id"}}),
        update(photo=[{"file_size": 1}]),
        update(document=[]),
        update(entities=[{"type": "bold"}]),
        update(reply_to_message={"text": "no id"}),
        update(poll="x"),
        update(text="x").replace(b'"message_id": 5', b'"message_id": 1' + b"0" * 5000),
    ],
)
def test_an_update_of_a_wrong_shape_is_quarantined(payload: bytes) -> None:
    """BT01."""
    with pytest.raises(PayloadError):
        read("telegram", payload)


@pytest.mark.parametrize("kind", ["my_chat_member", "inline_query", "from_the_future"])
def test_an_unknown_kind_of_update_is_ignored(kind: str) -> None:
    """BT03."""
    assert read("telegram", json.dumps({"update_id": 1, kind: {"any": ["shape"]}}).encode()) == Ignored(
        "not_a_message"
    )


def test_unknown_fields_and_contents_are_a_message_all_the_same() -> None:
    """BT03."""
    message = said(text="hi", forward_origin={"type": "user"}, brand_new={"a": [1]})
    assert message.text == "hi"
    assert said(gift={"gift": {}}).text == "[unsupported content]"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"contact": {"first_name": "Ada", "phone_number": "+15550100"}}, "[contact: Ada +15550100]"),
        ({"location": {"latitude": 1.5, "longitude": 2}}, "[location: 1.5, 2]"),
        ({"poll": {"question": "Which?"}}, "[poll: Which?]"),
        ({"dice": {"emoji": "🎲", "value": 6}}, "[dice: 🎲 6]"),
        ({"sticker": {"file_id": "s"}}, "[sticker ]"),
        ({"voice": {"file_id": "v", "duration": 9}}, "[voice message, 9 s]"),
        ({"video_note": {"file_id": "v"}}, "[video message, 0 s]"),
        ({"story": {"id": 1}}, "[story]"),
        ({"paid_media": {"star_count": 50, "paid_media": []}}, "[paid media, stars: 50]"),
        ({"location": {"latitude": 1.5, "longitude": 2, "live_period": 60}}, "[live location: 1.5, 2]"),
        ({"venue": {"title": "{0.__class__}", "address": "%s"}}, "[place: {0.__class__}, %s]"),
        ({"game": {"title": "Chess"}}, "[game: Chess]"),
        ({"invoice": {"title": "Abo", "total_amount": 100}}, "[invoice: Abo]"),
        ({"checklist": {"title": "Einkauf", "tasks": []}}, "[checklist: Einkauf]"),
        ({"location": {"no": "coordinates"}}, "[location: , ]"),
        ({"poll": {"question": "two\nlines " + "x" * 300}}, f"[poll: two lines {'x' * 189}…]"),
        ({"text": "\u202e\x00"}, "[unsupported content]"),
        ({"caption": "look", "video": {"file_id": "v"}}, "look"),
    ],
)
def test_every_content_is_one_readable_line(content: dict[str, Any], text: str) -> None:
    """BT21."""
    assert said(**content).text == text


def test_four_thousand_emoji_and_entities_beyond_them() -> None:
    """BT08."""
    links = [(0, 2), (8190, 2), (8191, 2), (9000, 1), (-1, 2), (3, 0), (2**40, 1)]
    entities = [{"type": "text_link", "offset": at, "length": n, "url": f"http://x{at}.test"} for at, n in links]
    text = said(text="😀" * 4096, entities=entities).text
    assert text.count("😀") == 4096
    assert text.startswith("😀 (http://x0.test)😀")
    assert text.endswith("😀 (http://x8190.test)")
    assert text.count("http") == 2


def test_an_entity_that_tears_a_letter_spoils_nothing_else() -> None:
    text = said(
        text="a😀b", entities=[{"type": "text_link", "offset": 0, "length": 2, "url": "http://x.test"}]
    ).text
    assert text.startswith("a")
    assert text.endswith("b")
    assert "http://x.test" in text
    text.encode()


def test_ids_may_fall_and_chats_may_share_message_numbers() -> None:
    """BT04. A message is named by bot, chat and number; ``update_id`` means nothing after a week of silence."""
    one = said(text="x", chat={"id": 1, "type": "private"})
    two = said(text="x", chat={"id": 2, "type": "private"})
    assert (one.external_id, two.external_id) == ("4711/1/5", "4711/2/5")


@pytest.mark.parametrize(
    ("text", "command", "argument"),
    [
        ("/start", "start", ""),
        ("/start abc", "start", "abc"),
        ("/started", "", ""),
        ("please /start", "", ""),
        ("/HELP@desk_bot", "help", ""),
        ("/start " + "x" * 1_000, "start", "x" * 64),
        ("/status ", "status", ""),
        ("/refund", "", ""),
        ("/", "", ""),
        ("/human 我的卡被偷了", "", ""),  # words are kept, as a message
        ("/close no, wait", "", ""),
    ],
)
def test_commands_are_told_from_talk(text: str, command: str, argument: str) -> None:
    found = said(text=text)
    assert (found.command, found.argument) == (command, argument)


def test_a_command_with_a_picture_is_a_message() -> None:
    found = said(text=None, caption="/human", photo=[{"file_id": "p", "file_size": 1}])
    assert (found.command, len(found.attachments)) == ("", 1)


def test_a_start_that_was_edited_in_is_talk() -> None:
    edited = read("telegram", update("edited_message", text="/start", edit_date=1772442060))
    assert isinstance(edited, InboundMessage)
    assert (edited.kind, edited.command) == ("edit", "")


@pytest.mark.parametrize("date", [10**15, -(10**15)])
def test_an_impossible_date_becomes_the_time_of_arrival(date: int) -> None:
    assert said(text="x", date=date).sent_at == T0


@pytest.mark.parametrize(("size", "fetched"), [(20_000_000, True), (20_000_001, False), (None, True)])
def test_files_that_bots_cannot_fetch_are_told(size: int | None, fetched: bool) -> None:
    """BT20."""
    [file] = said(document={"file_id": "d", "file_size": size}).attachments
    assert (file.remote_id is not None) == fetched
    assert bool(file.note) != fetched


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    "text",
    "caption",
    "entities",
    "photo",
    "document",
    "voice",
    "sticker",
    "location",
    "venue",
    "contact",
    "poll",
    "dice",
    "story",
    "chat",
    "from",
    "date",
    "message_id",
    "reply_to_message",
    "media_group_id",
)


@given(JSON | st.fixed_dictionaries({"update_id": st.integers(), "message": JSON}))
def test_any_json_is_read_or_quarantined(document: object) -> None:
    _check(json.dumps(document).encode())


@given(st.dictionaries(st.sampled_from(FIELDS), JSON, min_size=1, max_size=4))
def test_a_message_with_wrong_fields_is_read_or_quarantined(wrong: dict[str, Any]) -> None:
    _check(update(**{"text": "hi"} | wrong))


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_quarantined(payload: bytes) -> None:
    _check(payload)


def _check(payload: bytes) -> None:
    try:
        result = read("telegram", payload)
    except PayloadError:
        return
    if isinstance(result, InboundMessage):
        assert result.external_id
        assert result.author.display_name
        assert result.text or result.attachments
