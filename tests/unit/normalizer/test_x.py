"""Posts of every shape: a message, a reason to ignore it, or quarantine.  Nothing else."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.text import CUT, SHOWN_CHARS
from normalizer.x import FORBIDDEN, UNCERTAIN
from tests.support.builders import T0
from tests.support.golden import OWN_IDS, read
from tickets.errors import PayloadError
from tickets.model import Ignored, InboundMessage

OWN = OWN_IDS["x"]
US = {"start": 0, "end": 5, "username": "desk", "id": OWN}
PICTURE = {"media_key": "3_1", "type": "photo", "url": "https://pbs.twimg.com/media/a.jpg"}


def told(beside: dict[str, Any] | None = None, **fields: Any) -> bytes:
    """A post that mentions us; ``beside`` is what else the event holds."""
    post = {"id": "100", "text": "@desk hi", "author_id": "31", "entities": {"mentions": [US]}} | fields
    return json.dumps({"post": post} | (beside or {})).encode()


def said(payload: bytes) -> InboundMessage:
    message = read("x", payload)
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
        b'{"post":null}',
        b'{"post":{}}',
        b"[" * 100_000,
        b'{"x":' + b"[" * 100_000,
        b'{"post":{"id":"1","author_id":"2","text":"","x":' + b'{"x":' * 100_000,
        told().replace(b'"@desk hi"', b"NaN"),
        told().replace(b"@desk", b"\\ud800"),
        told().replace(b"@desk", b"\xff"),
        told().replace(b'"text": "@desk hi"', b'"text": "hi", "text": 5'),
        told(text=None),
        told(author_id=None),
        told(author_id=31),
        told(id=100),
        told(created_at="yesterday"),
        told(created_at=1772442000),
        told(created_at="2026-13-01T00:00:00Z"),
        told(created_at="10000-01-01T00:00:00Z"),
        told(entities=[]),
        told(entities={"mentions": [{"start": "0"}]}),
        told(entities={"urls": {}}),
        told(note_tweet={}),
        told(referenced_tweets=[{"id": "1"}]),
        told(attachments={"media_keys": [3]}),
        told({"users": None}),
        told({"users": [{"name": "no id"}]}),
        told({"media": [{"type": "photo"}]}),
        told({"posts": [5]}),
    ],
)
def test_an_event_of_a_wrong_shape_is_quarantined(payload: bytes) -> None:
    with pytest.raises(PayloadError):
        read("x", payload)


@pytest.mark.parametrize("number", ["", "x", "-1", " 1", "1\n", "1/2", "٣", "²", "1" * 21, "9" * 5000, "\u202e1"])
@pytest.mark.parametrize(
    "field", ["id", "author_id", "conversation_id", "edit_history_tweet_ids", "referenced_tweets"]
)
def test_an_id_that_is_no_number_is_quarantined(field: str, number: str) -> None:
    """We make names, conversations and addresses of ids."""
    whole: dict[str, Any] = {
        "edit_history_tweet_ids": [number],
        "referenced_tweets": [{"type": "quoted", "id": number}],
    }
    wrong: dict[str, Any] = {field: whole.get(field, number)}
    with pytest.raises(PayloadError):
        read("x", told(**wrong))


def test_unknown_fields_are_a_message_all_the_same() -> None:
    assert said(told({"polls": [1]}, geo={"a": 1}, public_metrics=None)).text == "hi"


def test_whose_posts_are_no_tickets() -> None:
    assert read("x", told(author_id=OWN)) == Ignored("our_own")
    assert read("x", told(referenced_tweets=[{"type": "retweeted", "id": "1"}])) == Ignored("repost")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("&amp;lt;", "&lt;"),
        ("&amp;amp;lt;", "&amp;lt;"),
        ("&lt;b&gt; &amp; co", "<b> & co"),
        ("&lt &quot; &#60; &LT;", "&lt &quot; &#60; &LT;"),
        ("a &amp;&lt;", "a &<"),
    ],
)
def test_three_entities_are_undone_once(written: str, shown: str) -> None:
    assert said(told(text=f"@desk {written}")).text == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@desk hi", "hi"),
        ("@DESK\n@desk hi", "hi"),
        ("@desk", "[no text]"),
        ("@desk, hi", "@desk, hi"),
        ("@desk你好", "@desk你好"),
        ("@desktop hi", "@desktop hi"),
        ("@bo @desk hi", "@bo @desk hi"),
        ("hi @desk", "hi @desk"),
        ("@desk \u202e\x00", "[no text]"),
    ],
)
def test_only_our_own_name_at_the_beginning_is_left_away(text: str, shown: str) -> None:
    assert said(told(text=text)).text == shown


def link(url: str, to: str | None, **fields: Any) -> dict[str, Any]:
    return {"start": 0, "end": 23, "url": url, "expanded_url": to} | fields


@pytest.mark.parametrize(
    ("text", "links", "shown"),
    [
        ("https://t.co/a", [link("https://t.co/a", "https://one.test/?x=1&lt;")], "https://one.test/?x=1&lt;"),
        (
            "https://t.co/a https://t.co/ab",
            [link("https://t.co/a", "https://one.test"), link("https://t.co/ab", "https://two.test")],
            "https://one.test https://two.test",
        ),
        (
            "https://t.co/a https://t.co/b",
            [link("https://t.co/a", "https://t.co/b"), link("https://t.co/b", "https://t.co/a")],
            "https://t.co/b https://t.co/a",
        ),
        ("https://t.co/a", [link("https://t.co/a", None), link("", "https://one.test")], "https://t.co/a"),
        ("https://t.co/a", [link("https://t.co/a", "https://x.test/p/1", media_key="3_1")], "https://x.test/p/1"),
        ("https://t.co/a", [link("https://t.co/a", "https://\u202etest.example\x00")], "https://test.example"),
    ],
)
def test_links_are_written_out_once(text: str, links: list[dict[str, Any]], shown: str) -> None:
    assert said(told(text=text, entities={"urls": links})).text == shown


def test_a_link_cannot_grow_on_itself() -> None:
    assert said(told(text="a", entities={"urls": [link("a", "aa")] * 200})).text == "aa"


def test_a_picture_replaces_its_link_when_it_is_told() -> None:
    """Partial answers of X leave media out; then the address is all there is."""
    own = {"urls": [link("https://t.co/a", "https://x.com/p/1", media_key="3_1")]}
    fields: dict[str, Any] = {
        "text": "look https://t.co/a",
        "entities": own,
        "attachments": {"media_keys": ["3_1"]},
    }
    whole, partial = said(told({"media": [PICTURE]}, **fields)), said(told(**fields))
    assert (whole.text, len(whole.attachments)) == ("look", 1)
    assert (partial.text, partial.attachments) == ("look https://x.com/p/1", ())
    assert said(told({"media": [PICTURE]}, **fields | {"attachments": None})).attachments == ()


@pytest.mark.parametrize(
    ("media", "name", "fetched"),
    [
        (PICTURE, "picture-1.jpg", True),
        (PICTURE | {"url": "https://pbs.twimg.com/media/a.PNG?name=orig"}, "picture-1.png", True),
        (PICTURE | {"url": None}, "picture-1.jpg", False),
        (PICTURE | {"url": ""}, "picture-1.jpg", False),
        (PICTURE | {"type": "video"}, "video-1.mp4", False),
        (PICTURE | {"type": "animated_gif"}, "gif-1.mp4", False),
        ({"media_key": "3_1"}, "video-1.mp4", False),
    ],
)
def test_what_cannot_be_fetched_says_where_it_is(media: dict[str, Any], name: str, fetched: bool) -> None:
    [file] = said(told({"media": [media]}, attachments={"media_keys": ["3_1"]})).attachments
    assert (file.name, file.remote_id is not None) == (name, fetched)
    assert file.note.endswith("https://x.com/i/status/100") != fetched


@pytest.mark.parametrize(
    ("fields", "by", "may"),
    [
        ({}, None, "yes"),
        ({"text": "hi @desk", "entities": {"mentions": [US | {"start": 3}]}}, None, "yes"),
        ({"in_reply_to_user_id": OWN}, "replied_to", "unknown"),
        ({"in_reply_to_user_id": OWN, "entities": None, "text": "hi"}, "replied_to", "unknown"),
        ({"in_reply_to_user_id": "77", "text": "@bo @desk hi"}, "replied_to", "unknown"),
        ({"in_reply_to_user_id": "77", "text": "@bo hi", "entities": None}, "replied_to", "no"),
        (
            {
                "in_reply_to_user_id": OWN,
                "text": "@desk hi @desk",
                "entities": {"mentions": [US, US | {"start": 9}]},
            },
            "replied_to",
            "yes",
        ),
        ({"text": "hi", "entities": None}, "quoted", "yes"),
        ({"text": "hi", "entities": None}, None, "no"),
    ],
)
def test_who_may_be_answered(fields: dict[str, Any], by: str | None, may: str) -> None:
    """BX01."""
    references = [{"type": by, "id": "1"}] if by else []
    payload = told({"posts": [{"id": "1", "author_id": OWN}]}, referenced_tweets=references, **fields)
    message = said(payload)
    assert bool(message.unanswerable) == (may == "no")
    assert message.warnings == ((UNCERTAIN,) if may == "unknown" else ())
    if may == "no":
        assert message.unanswerable == FORBIDDEN.format(post=100)


def test_a_quote_of_another_is_no_call() -> None:
    payload = told(
        {"posts": [{"id": "1", "author_id": "77"}]},
        text="hi",
        entities=None,
        referenced_tweets=[{"type": "quoted", "id": "1"}],
    )
    assert said(payload).unanswerable
    assert said(payload).text == "hi\n[quotes https://x.com/i/status/1]"


@pytest.mark.parametrize(("to", "kept"), [(OWN, True), ("31", True), ("77", False), (None, False)])
def test_replies(to: str | None, kept: bool) -> None:
    payload = told(in_reply_to_user_id=to, referenced_tweets=[{"type": "replied_to", "id": "1"}])
    assert said(payload).reply_to == (("1",) if kept else ())


def test_a_conversation_is_a_persons_own_part_of_a_thread() -> None:
    assert said(told(conversation_id="1")).thread.key == "1/31"
    assert said(told(conversation_id="1", author_id="32")).thread.key == "1/32"
    assert said(told()).thread.key == "100/31"
    assert said(told(conversation_id="1")).thread.visibility == "public"


def test_an_edit_names_the_first_post() -> None:
    """BX13: each edit has an id of its own."""
    first, second, third = (
        said(told(id=number, edit_history_tweet_ids=["100", "101", "102"])) for number in ("100", "101", "102")
    )
    assert {first.external_id, second.external_id, third.external_id} == {"100"}
    assert [one.kind for one in (first, second, third)] == ["message", "edit", "edit"]
    assert [one.aliases for one in (first, second, third)] == [(), ("101",), ("102",)]


def test_a_long_post_is_read_whole() -> None:
    text = "@desk " + "長" * 5000 + " &amp; https://t.co/a"
    long = {"text": text, "entities": {"urls": [link("https://t.co/a", "https://a.test")]}}
    assert said(told(text="@desk 長…", note_tweet=long)).text.endswith("長 & https://a.test")
    assert said(told(note_tweet={"text": "@desk whole"})).text == "whole"


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-03-02T08:59:30.000Z", datetime(2026, 3, 2, 8, 59, 30, tzinfo=UTC)),
        ("2026-03-02T17:59:30+09:00", datetime(2026, 3, 2, 8, 59, 30, tzinfo=UTC)),
        ("2026-03-02T08:59:30", T0),
        ("0001-01-01T00:00:00+14:00", T0),
        ("9999-12-31T23:59:59-14:00", T0),
        (None, T0),
    ],
)
def test_moments(written: str | None, moment: datetime) -> None:
    """The platform's time, in UTC; an impossible one becomes the time of arrival."""
    message = said(told(created_at=written))
    assert (message.sent_at, message.sent_at.tzinfo) == (moment, UTC)


@pytest.mark.parametrize(
    ("lang", "known"), [("zh", "zh"), ("und", None), ("zxx", None), ("qme", None), (None, None)]
)
def test_a_language_is_told_or_not(lang: str | None, known: str | None) -> None:
    assert said(told(lang=lang)).author.language == known


@pytest.mark.parametrize(
    ("users", "name", "handle"),
    [
        ([], "User 31", None),
        ([{"id": "32", "name": "Bo"}], "User 31", None),
        ([{"id": "31"}], "User 31", None),
        ([{"id": "31", "name": "Support\nTeam \u202e✓", "username": "ada"}], "Support Team ✓", "ada"),
    ],
)
def test_names(users: list[dict[str, Any]], name: str, handle: str | None) -> None:
    author = said(told({"users": users})).author
    assert (author.external_id, author.display_name, author.handle) == ("31", name, handle)


def test_a_million_letters_are_cut_for_display() -> None:
    cut = SHOWN_CHARS + len(CUT)
    assert len(said(told(text="字" * 10**6)).text) == cut
    assert len(said(told(text="@bo " * 250_000)).text) == cut
    assert len(said(told(text="&amp;" * 200_000)).text) == cut
    assert (
        said(told(text="@desk " * 170_000 + "x", referenced_tweets=[{"type": "replied_to", "id": "1"}])).text
        == "x"
    )


def test_the_last_of_two_equal_keys_counts() -> None:
    assert said(told().replace(b'"text": "@desk hi"', b'"text": "one", "text": "two"')).text == "two"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    "id", "text", "author_id", "created_at", "conversation_id", "in_reply_to_user_id", "referenced_tweets",
    "entities", "attachments", "lang", "edit_history_tweet_ids", "note_tweet",
)  # fmt: skip
SURROGATES = st.characters(categories=["Cs"])
WRITTEN = st.lists(
    st.sampled_from(["@desk", "@bo", " ", "&amp;", "lt;", "&", "https://t.co/a", "字", "\u202e", "e\u0301", "\n"])
    | st.characters()
    | SURROGATES,
    max_size=20,
).map("".join)


@given(JSON | st.fixed_dictionaries({"post": JSON}))
def test_any_json_is_read_or_quarantined(document: object) -> None:
    _check(json.dumps(document).encode())


@given(
    st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4),
    st.dictionaries(st.sampled_from(["users", "media", "posts"]), JSON, max_size=2),
)
def test_a_post_with_wrong_fields_is_read_or_quarantined(wrong: dict[str, Any], beside: dict[str, Any]) -> None:
    _check(told(beside, **wrong))


@given(WRITTEN, st.lists(st.tuples(WRITTEN, WRITTEN), max_size=3))
def test_any_text_and_links_are_read_or_quarantined(text: str, links: list[tuple[str, str]]) -> None:
    _check(told(text=text, entities={"mentions": [US], "urls": [link(url, to) for url, to in links]}))


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_quarantined(payload: bytes) -> None:
    _check(payload)


def _check(payload: bytes) -> None:
    try:
        result = read("x", payload)
    except PayloadError:
        return
    if isinstance(result, InboundMessage):
        assert result.external_id.isascii()
        assert result.author.display_name
        assert result.text
        assert result.sent_at.tzinfo is UTC
        f"{result.text}{result.author}".encode()


def test_what_we_posted_ourselves_is_an_answer_only_where_it_was_looked_for() -> None:
    fields: dict[str, Any] = {
        "author_id": OWN,
        "text": "@linwei 今天会到账",
        "in_reply_to_user_id": "31",
        "conversation_id": "90",
        "referenced_tweets": [{"type": "replied_to", "id": "99"}],
    }
    assert read("x", told(**fields)) == Ignored("our_own")
    answer = read("x", told(**fields), note="own")
    assert isinstance(answer, InboundMessage)
    assert (answer.by_us, answer.text, answer.reply_to) == (True, "今天会到账", ("99",))
    assert (answer.thread.key, answer.unanswerable, answer.warnings) == ("90/31", "", ())
    assert read("x", told(author_id=OWN), note="own") == Ignored("our_own")


def test_what_a_post_answers_stands_above_it_unless_it_is_the_persons_own() -> None:
    beside = {
        "posts": [{"id": "99", "author_id": "7", "text": "ฝากเงิน &amp; ถอน\nไม่ได้"}],
        "users": [{"id": "7", "name": "สมชาย", "username": "somchai"}],
    }
    reply = {"referenced_tweets": [{"type": "replied_to", "id": "99"}]}
    assert said(told(beside, **reply)).text == "> สมชาย (@somchai):\n> ฝากเงิน & ถอน\n> ไม่ได้\n\nhi"
    assert said(told(beside, author_id="7", **reply)).text == "hi"
