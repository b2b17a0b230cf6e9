"""Discord's events of every shape: a message, a reason to ignore it, or quarantine.  Nothing else."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.text import CUT, SHOWN_CHARS
from tests.support.builders import T0
from tests.support.golden import OWN_IDS, read
from tickets.errors import PayloadError
from tickets.model import Ignored, InboundMessage

BOT = OWN_IDS["discord"]
WRITTEN = datetime(2026, 3, 2, 8, 59, 30, tzinfo=UTC)
NUMBER = str((int(WRITTEN.timestamp() * 1000) - 1_420_070_400_000) << 22)
PERSON = {"id": "31", "username": "ada", "global_name": "Ada"}
HIGH = "\\ud83d"
LOW = "\\ude00"


def event(kind: str = "MESSAGE_CREATE", **fields: Any) -> bytes:
    """In a direct message, unless ``guild_id`` is given."""
    message = {"id": NUMBER, "channel_id": "5", "author": PERSON, "content": "hi", "mentions": []} | fields
    return json.dumps({"t": kind, "s": 1, "op": 0, "d": message}).encode()


def in_guild(**fields: Any) -> bytes:
    return event(**({"guild_id": "9", "mentions": [{"id": BOT, "username": "switchboard"}]} | fields))


def said(payload: bytes, **fields: Any) -> InboundMessage:
    message = read("discord", payload, **fields)
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
        b'{"t":null,"op":11}',
        b'{"t":"MESSAGE_CREATE"}',
        b'{"t":"MESSAGE_CREATE","d":null}',
        b"[" * 100_000,
        b'{"t":"MESSAGE_CREATE","d":' + b"[" * 100_000,
        b'{"t":"MESSAGE_CREATE","d":{"id":"1","channel_id":"2","x":' + b'{"x":' * 100_000,
        event().replace(b'"hi"', b"NaN"),
        event().replace(b'"hi"', b'"\\ud800"'),
        event().replace(b'"hi"', b'"\\ude00\\ud83d"'),
        event().replace(b"hi", b"\xff"),
        event().replace(b'"content": "hi"', b'"content": "hi", "content": 5'),
        event(content=None),
        event(author=None),
        event(author={"username": "no id"}),
        event(author={"id": 31}),
        event(type="0"),
        event(flags=1.5),
        event(mentions={}),
        event(mentions=[None]),
        event(attachments=[{"filename": "no id"}]),
        event(attachments=[{"id": "1", "size": "big"}]),
        event(attachments=[{"id": "1", "size": -1}]),
        event(attachments=[{"id": "1", "size": 10**30}]),
        event(attachments=[{"id": "1", "duration_secs": 1}]).replace(b'secs": 1', b'secs": 1e999'),
        event(message_snapshots=[{}]),
        event(sticker_items=[[]]),
        event(poll="x"),
        event(webhook_id=5),
        event("MESSAGE_DELETE", channel_id=5),
    ],
)
def test_an_event_of_a_wrong_shape_is_quarantined(payload: bytes) -> None:
    with pytest.raises(PayloadError):
        read("discord", payload)


@pytest.mark.parametrize(
    "number", ["", "x", "-1", "1.0", " 1", "1\n", "1/2", "../..", "٣", "²", "1" * 21, "9" * 5000]
)
@pytest.mark.parametrize("field", ["id", "channel_id"])
@pytest.mark.parametrize("kind", ["MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE"])
def test_an_id_that_is_no_number_is_quarantined(kind: str, field: str, number: str) -> None:
    """We make names, conversations and addresses of ids."""
    with pytest.raises(PayloadError):
        read("discord", event(kind, **{field: number}))


def test_an_author_without_a_number_is_nobody() -> None:
    with pytest.raises(PayloadError):
        read("discord", event(author={"id": ""}))


@pytest.mark.parametrize("kind", ["READY", "MESSAGE_REACTION_ADD", "MESSAGE_POLL_VOTE_ADD", "FROM_THE_FUTURE"])
def test_an_unknown_kind_of_event_is_ignored(kind: str) -> None:
    assert read("discord", event(kind, id=["any", "shape"])) == Ignored("not_a_message")


@pytest.mark.parametrize("kind", [1, 2, 3, 4, 5, 6, 7, 8, 12, 18, 21, 22, 24, 46, 10**20])
def test_notices_are_ignored(kind: int) -> None:
    assert read("discord", event(type=kind)) == Ignored("notice")


@pytest.mark.parametrize("kind", [0, 19, 20, 23])
def test_what_people_write_is_read(kind: int) -> None:
    assert said(event(type=kind)).text == "hi"


@pytest.mark.parametrize(
    "fields",
    [{"author": PERSON | {"bot": True}}, {"author": PERSON | {"id": BOT, "bot": True}}, {"webhook_id": "7"}],
)
@pytest.mark.parametrize("kind", ["MESSAGE_CREATE", "MESSAGE_UPDATE"])
def test_machines_are_never_answered(kind: str, fields: dict[str, Any]) -> None:
    """BD12: our own words, another bot's, a webhook's."""
    assert read("discord", event(kind, **fields)) == Ignored("not_from_a_person")


@pytest.mark.parametrize("mentions", [[], [{"id": "77"}]])
def test_talk_among_others_is_none_of_our_business(mentions: list[Any]) -> None:
    payload = in_guild(mentions=mentions, content=f"<@&{BOT}> @everyone <@{BOT}>", mention_everyone=True)
    assert read("discord", payload) == Ignored("not_addressed")


def test_conversations() -> None:
    """BD11: a direct message channel or a thread is one; in a channel each person has their own."""
    assert said(event()).thread.key == "5"
    assert said(event()).thread.visibility == "private"
    assert said(in_guild()).thread.key == "5/31"
    assert said(in_guild(), note="thread").thread.key == "5"
    assert said(in_guild(), note="thread").thread.visibility == "public"
    assert said(in_guild()).external_id == said(in_guild(), note="thread").external_id == f"5/{NUMBER}"


@pytest.mark.parametrize("guild", [False, True])
@pytest.mark.parametrize(
    ("author", "public"), [({"id": BOT}, True), (PERSON, True), ({"id": "77"}, False), (None, False)]
)
def test_replies(guild: bool, author: dict[str, Any] | None, public: bool) -> None:
    """In public only to us and to themselves; in private to anything, deleted or not."""
    replied = {"id": "1", "author": author} if author else None
    fields: dict[str, Any] = {"message_reference": {"type": 0, "message_id": "1"}, "referenced_message": replied}
    message = said(in_guild(**fields) if guild else event(**fields))
    assert message.reply_to == (("5/1",) if public or not guild else ())


def test_a_forwarded_message_is_no_reply() -> None:
    assert said(event(message_reference={"type": 1, "message_id": "1", "channel_id": "6"})).reply_to == ()


def test_a_reply_names_the_channel_it_refers_to() -> None:
    assert said(event(message_reference={"message_id": "1", "channel_id": "6"})).reply_to == ("6/1",)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (f"<@{BOT}> hi", "hi"),
        (f"  <@!{BOT}>, : hi", "hi"),
        (f"hi <@{BOT}>", "hi @Switch"),
        (f"<@{BOT}>", "[no text]"),
        ("<@31> <@!31>", "@Ada @Ada"),
        ("<@77> <#5> <@&31>", "<@77> <#5> <@&31>"),
        ("<:aha:1> <a:aha:1> <a:a:1> <:a:1> <:_:1>", ":aha: :aha: :a: :a: :_:"),
        ("<t:1772442000:R> </help:1> <id:customize>", "<t:1772442000:R> </help:1> <id:customize>"),
        ("<@31", "<@31"),
        ("<@" + "3" * 21 + ">", "<@" + "3" * 21 + ">"),
        ("**x** ||y|| `z`", "**x** ||y|| `z`"),
        ("\u202e\x00", "[no text]"),
        ("[bank](https://evil.test/x)", "[bank](https://evil.test/x)"),  # BD04: where it leads stands there
    ],
)
def test_tags_are_shown_as_people_see_them(written: str, shown: str) -> None:
    mentions = [{"id": BOT, "username": "switchboard", "global_name": "Switch"}, PERSON]
    assert said(event(content=written, mentions=mentions)).text == shown


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"content": ""}, "[no text]"),
        ({"content": " \n"}, "[no text]"),
        ({"sticker_items": [{"name": "two\nlines"}, {}]}, "[sticker two lines] [sticker ]\nhi"),
        ({"content": "", "poll": {"question": {"text": "Which?"}}}, "[poll: Which?]"),
        ({"content": "", "poll": {"question": {"text": "a\nb " + "x" * 300}}}, f"[poll: a b {'x' * 195}…]"),
        ({"content": "", "poll": {}}, "[poll: ]"),
        ({"content": "", "poll": {"question": "x"}}, "[poll: ]"),
        ({"content": "", "poll": {"question": {"text": {"a": 1}}}}, "[poll: ]"),
        ({"content": "", "flags": 8192, "attachments": [{"id": "1"}]}, "[voice message, 0 s]"),
        ({"content": "", "flags": 8192}, "[no text]"),
        ({"content": "", "message_snapshots": [{"message": {}}]}, "[forwarded]"),
        ({"message_snapshots": [{"message": {"content": "a"}}, {"message": {"content": "b"}}]},
         "hi\n[forwarded] a\n[forwarded] b"),
    ],
)  # fmt: skip
def test_every_content_is_readable(content: dict[str, Any], text: str) -> None:
    """BD20."""
    assert said(event(**content)).text == text


@pytest.mark.parametrize(
    ("member", "author", "name"),
    [
        ({"nick": "Nick"}, PERSON, "Nick"),
        ({"nick": None}, PERSON, "Ada"),
        (None, PERSON | {"global_name": None}, "ada"),
        (None, {"id": "31", "username": " \u202e"}, "User 31"),
        ({"nick": "Support\nTeam \u202e✓"}, PERSON, "Support Team ✓"),
    ],
)
def test_names(member: dict[str, Any] | None, author: dict[str, Any], name: str) -> None:
    message = said(event(member=member, author=author))
    assert message.author.display_name == name
    assert message.author.external_id == "31"


@pytest.mark.parametrize(
    ("edited", "moment"),
    [
        ("2026-03-02T18:00:15+09:00", datetime(2026, 3, 2, 9, 0, 15, tzinfo=UTC)),
        ("2026-03-02T09:00:15.123456Z", datetime(2026, 3, 2, 9, 0, 15, 123456, tzinfo=UTC)),
        ("2026-03-02T09:00:15", T0),  # whose nine o'clock?
        ("yesterday", T0),
        ("", T0),
        ("0001-01-01T00:00:00+14:00", T0),
        ("9999-12-31T23:59:59-14:00", T0),
        ("99999-01-01T00:00:00+00:00", T0),
        (None, WRITTEN),
    ],
)
def test_moments(edited: str | None, moment: datetime) -> None:
    """The platform's time, in UTC; an impossible one becomes the time of arrival."""
    message = said(event("MESSAGE_UPDATE", edited_timestamp=edited))
    assert (message.sent_at, message.sent_at.tzinfo) == (moment, UTC)


@pytest.mark.parametrize(("number", "year"), [("0", 2015), ("9" * 20, 2770)])
def test_the_first_and_the_last_id(number: str, year: int) -> None:
    assert said(event(id=number)).sent_at.year == year


@pytest.mark.parametrize(("size", "fetched"), [(25 * 2**20, True), (25 * 2**20 + 1, False), (None, True)])
def test_files_too_large_are_told(size: int | None, fetched: bool) -> None:
    [file] = said(event(attachments=[{"id": "8", "size": size, "url": "https://evil.example.test/"}])).attachments
    assert file.remote_id == (f"5/{NUMBER}/8" if fetched else None)
    assert bool(file.note) != fetched
    assert (file.name, file.media_type) == ("file", "application/octet-stream")


def test_a_million_letters_are_cut_for_display() -> None:
    assert len(said(event(content="字" * 10**6)).text) == SHOWN_CHARS + len(CUT)
    assert len(said(event(content="<@" * 10**6)).text) == SHOWN_CHARS + len(CUT)
    assert len(said(event(content="e" + "\u0301" * 10**6)).text) == 9
    assert said(event(content=" " * 10**6 + "x")).text == "x"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Z" + "\u0335" * 2_000 + "a", "Z" + "\u0335" * 8 + "a"),
        ("||" * 900 + "hilfe", "||" * 900 + "hilfe"),
        ("help" + "".join(chr(0xE0000 + ord(letter)) for letter in "evil"), "help"),
    ],
)
def test_towers_of_marks_bars_and_letters_that_nobody_sees(written: str, shown: str) -> None:
    """BD06: whole in the original; on the screen no letter has more than eight marks."""
    assert said(event(content=written)).text == shown


def test_the_last_of_two_equal_keys_counts() -> None:
    assert said(event().replace(b'"content": "hi"', b'"content": "one", "content": "two"')).text == "two"


def test_escapes_that_make_one_letter_are_read() -> None:
    assert said(event().replace(b"hi", f"{HIGH}{LOW}".encode())).text == "😀"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    "id", "channel_id", "author", "content", "type", "flags", "guild_id", "webhook_id", "member", "mentions",
    "attachments", "edited_timestamp", "message_reference", "referenced_message", "message_snapshots",
    "sticker_items", "poll",
)  # fmt: skip
KINDS = st.sampled_from(["MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE"])
SURROGATES = st.characters(categories=["Cs"])


@given(JSON | st.fixed_dictionaries({"t": KINDS, "d": JSON}))
def test_any_json_is_read_or_quarantined(document: object) -> None:
    _check(json.dumps(document).encode())


@given(KINDS, st.dictionaries(st.sampled_from(FIELDS), JSON, min_size=1, max_size=4))
def test_a_message_with_wrong_fields_is_read_or_quarantined(kind: str, wrong: dict[str, Any]) -> None:
    _check(event(kind, **wrong))


@given(st.text(st.characters() | SURROGATES, max_size=40), st.text(st.characters() | SURROGATES, max_size=8))
def test_any_text_and_name_is_read_or_quarantined(content: str, name: str) -> None:
    _check(event(content=content, author={"id": "31", "username": name, "global_name": name}))


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_quarantined(payload: bytes) -> None:
    _check(payload)


def _check(payload: bytes) -> None:
    try:
        result = read("discord", payload)
    except PayloadError:
        return
    if isinstance(result, InboundMessage):
        assert result.external_id.replace("/", "").isascii()
        assert result.author.display_name
        assert result.text or result.attachments or result.kind == "delete"
        assert result.sent_at.tzinfo is UTC
        f"{result.text}{result.author}".encode()
