"""What of a group's talk is for us, as the operator wants it."""

import json
from typing import Any

import pytest

from normalizer.known import Hearing, Known
from normalizer.registry import normalize
from router.albums import gather
from tests.support.builders import T0
from tickets.ids import AccountId, EventId
from tickets.model import Ignored, InboundMessage, RawEvent


def read(hearing: Hearing, n: int = 1, kind: str = "message", **message: Any) -> InboundMessage | Ignored:
    told = {
        "message_id": n,
        "date": 1772442000,
        "chat": {"id": -100777, "type": "supergroup", "title": "Buyers"},
        "from": {"id": 2002, "first_name": "Lin"},
    } | message
    payload = json.dumps({"update_id": n, kind: told}).encode()
    event = RawEvent("telegram", AccountId("telegram:main"), "1", "c", payload, T0, "4711", looked_up="desk_bot")
    return normalize(event, Known(groups=hearing))


CALL: dict[str, Any] = {"text": "@desk_bot 请帮忙", "entities": [{"type": "mention", "offset": 0, "length": 9}]}


@pytest.mark.parametrize(
    ("hearing", "message", "heard"),
    [
        ("off", CALL, False),
        ("mentions", CALL, True),
        ("all", CALL, True),
        ("off", {"text": "大家好"}, False),
        ("mentions", {"text": "大家好"}, False),
        ("all", {"text": "大家好"}, True),
    ],
)
def test_as_much_is_heard_as_is_wanted(hearing: Hearing, message: dict[str, Any], heard: bool) -> None:
    assert isinstance(read(hearing, **message), InboundMessage) is heard


def picture(n: int, **more: Any) -> InboundMessage:
    found = read("mentions", n, media_group_id="9", photo=[{"file_id": f"p{n}", "file_size": 1}], **more)
    assert isinstance(found, InboundMessage)
    return found


def test_an_album_is_for_us_when_one_of_its_pictures_is() -> None:
    caption = {"caption": "@desk_bot ดูรูป", "caption_entities": [{"type": "mention", "offset": 0, "length": 9}]}
    (album,) = gather([(EventId(1), picture(1)), (EventId(2), picture(2, **caption)), (EventId(3), picture(3))])
    assert not album.message.unaddressed
    assert (album.message.text, len(album.message.attachments)) == ("ดูรูป", 3)


def test_an_album_of_others_is_for_nobody() -> None:
    (album,) = gather([(EventId(1), picture(1)), (EventId(2), picture(2, caption="nur für Ann"))])
    assert album.message.unaddressed


def test_a_name_that_only_begins_like_the_bots_is_anothers() -> None:
    entities = [{"type": "mention", "offset": 0, "length": 14}]
    assert read("mentions", text="@desk_bot_fake hi", entities=entities) == Ignored("not_addressed")


def test_emoji_before_the_name_shift_nothing() -> None:
    """Telegram counts in UTF-16 units, of which an emoji has two."""
    found = read("mentions", text="😀😀 @desk_bot hi", entities=[{"type": "mention", "offset": 5, "length": 9}])
    assert isinstance(found, InboundMessage)
    assert found.text == "😀😀 @desk_bot hi"


def test_links_keep_their_words_behind_the_call() -> None:
    text = "@desk_bot, see here"
    entities = [
        {"type": "mention", "offset": 0, "length": 9},
        {"type": "text_link", "offset": 15, "length": 4, "url": "https://evil.test"},
    ]
    found = read("mentions", text=text, entities=entities)
    assert isinstance(found, InboundMessage)
    assert found.text == "see here (https://evil.test)"


def test_an_edit_that_takes_the_name_away_is_told() -> None:
    """Whoever has the message keeps the version; it opens nothing."""
    edited = read("mentions", kind="edited_message", text="pay 900", edit_date=1772442060)
    assert isinstance(edited, InboundMessage)
    assert (edited.kind, edited.unaddressed) == ("edit", True)


def test_whoever_writes_in_another_name_is_never_taken_for_a_person() -> None:
    """BT25: an anonymous admin writes as the group, a channel's post comes by itself, and neither is ours."""
    anonymous = {"from": {"id": 1087968824, "is_bot": True, "first_name": "Group"}}
    group = {"id": -100777, "type": "supergroup", "title": "Buyers"}
    channel = {"id": -100888, "type": "channel", "title": "<b>Nachrichten</b>"}
    assert isinstance(read("all", sender_chat=group, **anonymous, **CALL), Ignored)
    assert isinstance(read("all", sender_chat=channel, is_automatic_forward=True, **anonymous, **CALL), Ignored)
    said = read("all", sender_chat=channel, **anonymous, **CALL)
    assert isinstance(said, InboundMessage)
    assert (said.author.external_id, said.author.display_name) == ("-100888", "<b>Nachrichten</b>")
