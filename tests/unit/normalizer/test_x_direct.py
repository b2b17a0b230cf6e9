"""Direct messages of X of every shape: a message, a reason to ignore it, or quarantine."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.registry import normalize
from tests.support.builders import T0
from tests.support.golden import OWN_IDS
from tickets.errors import PayloadError
from tickets.ids import AccountId
from tickets.model import Ignored, InboundMessage, RawEvent

US = OWN_IDS["x"]
HERS = {"id": "31", "name": "梅", "username": "mei_x", "created_at": "2020-01-02T03:04:05.000Z"}


def read(payload: bytes) -> InboundMessage | Ignored:
    return normalize(RawEvent("x", AccountId("x:main"), "dm/7", "dm/31", payload, T0, US))


def told(**fields: Any) -> bytes:
    direct = {
        "id": "1582838499983564806",
        "sender_id": "31",
        "text": "提现没有到账",
        "created_at": "2026-03-02T08:59:30.000Z",
        "dm_conversation_id": f"31-{US}",
        "event_type": "MessageCreate",
    } | fields
    return json.dumps({"direct": direct, "users": [HERS], "media": []}).encode()


def said(payload: bytes) -> InboundMessage:
    message = read(payload)
    assert isinstance(message, InboundMessage)
    return message


def test_a_talk_with_somebody_is_a_private_conversation() -> None:
    message = said(told())
    assert (message.thread.key, message.thread.visibility) == ("dm/31", "private")
    assert (message.author.external_id, message.author.display_name, message.author.handle) == (
        "31",
        "梅",
        "mei_x",
    )
    assert (message.text, message.sent_at) == ("提现没有到账", datetime(2026, 3, 2, 8, 59, 30, tzinfo=UTC))
    assert message.external_id == "dm/1582838499983564806"
    assert (message.unanswerable, message.authenticity.verdict) == ("", "verified")


def test_ours_and_what_is_said_in_groups_are_no_tickets() -> None:
    assert read(told(sender_id=US)) == Ignored("our_own")
    assert read(told(dm_conversation_id="1578398451921985538")) == Ignored("group")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a &lt; b &amp;&amp; c", "a < b && c"),
        ("\u202egnp.exe\x00", "gnp.exe"),
        ("", "[no text]"),
        ("สวัสดี " * 3, "สวัสดี สวัสดี สวัสดี"),
        ("{0.__class__} %s ${x} <script>", "{0.__class__} %s ${x} <script>"),
    ],
)
def test_words(text: str, shown: str) -> None:
    assert said(told(text=text)).text == shown


def test_links_are_shown_as_they_were_written() -> None:
    urls = [
        {"url": "https://t.co/abc", "expanded_url": "https://acme.test/help?a=1&b=2"},
        {"url": "https://t.co/pic", "expanded_url": "https://twitter.com/messages/media/1582838499983564806"},
        {"url": "https://t.co/nil"},
    ]
    text = "ดู https://t.co/abc &amp; https://t.co/nil https://t.co/pic"
    found = said(told(text=text, entities={"urls": urls}))
    assert found.text == "ดู https://acme.test/help?a=1&b=2 & https://t.co/nil"


def test_pictures_that_x_keeps_say_so() -> None:
    message = json.loads(told(text="", attachments={"media_keys": ["3_1", "9_9"]}))
    message["media"] = [{"media_key": "3_1", "type": "photo"}]
    found = said(json.dumps(message).encode())
    assert [(one.name, one.remote_id) for one in found.attachments] == [("picture", None), ("file", None)]
    assert "look at it on X" in found.attachments[0].note
    assert found.text == ""


@pytest.mark.parametrize(
    "payload",
    [b"", b"null", b"[]", b"{", b"\xff", b"{}", told(id="../x"), told(id=7), told(sender_id=""), told(text=5),
     told(attachments=[]), b'{"direct":' + b"[" * 100_000],
)  # fmt: skip
def test_what_has_another_shape_is_quarantined(payload: bytes) -> None:
    with pytest.raises(PayloadError):
        read(payload)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=9,
)


@given(st.dictionaries(st.sampled_from(["id", "text", "sender_id", "attachments", "created_at"]), JSON))
def test_wrong_fields_are_read_or_quarantined(wrong: dict[str, Any]) -> None:
    with suppress(PayloadError):
        read(told(**wrong))
