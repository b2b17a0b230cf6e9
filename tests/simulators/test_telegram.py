"""The loopback Telegram, held to the Bot API by the unmodified python-telegram-bot and by raw HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import telegram
import telegram.error
from telegram import Bot, InputMediaPhoto, MessageEntity, ReplyParameters
from telegram.request import HTTPXRequest

from simulators.faults import Faults
from simulators.telegram import FAULTS, SentMessage, SimBot, SimPerson, TelegramPlatform, Upload

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.time = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **span: float) -> None:
        self.time += timedelta(**span)


class Raw:
    """Plain HTTP against one bot."""

    def __init__(self, client: httpx.AsyncClient, platform: TelegramPlatform) -> None:
        self._client = client
        self._platform = platform

    async def __call__(self, method: str, token: str = TOKEN, **parameters: Any) -> httpx.Response:
        url = f"{self._platform.base_url}{token}/{method}"
        body = json.dumps(parameters)  # escapes lone surrogates, which httpx's own encoder refuses
        return await self._client.post(url, content=body, headers={"content-type": "application/json"})

    async def updates(self, **parameters: Any) -> list[Any]:
        answer = await self("getUpdates", **parameters)
        assert answer.status_code == 200
        return answer.json()["result"]

    async def refusal(self, method: str, **parameters: Any) -> tuple[int, str]:
        answer = await self(method, **parameters)
        body = answer.json()
        assert body["ok"] is False
        assert body["error_code"] == answer.status_code
        return answer.status_code, body["description"]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def platform(clock: Clock) -> AsyncIterator[TelegramPlatform]:
    async with TelegramPlatform(now=clock, webhook_retry_s=0.01) as running:
        yield running


@pytest.fixture
def account(platform: TelegramPlatform) -> SimBot:
    return platform.add_bot(TOKEN, username="support_bot", name="Support")


@pytest.fixture
def anna(platform: TelegramPlatform) -> SimPerson:
    return platform.add_person("Anna", username="anna", language_code="de")


@pytest.fixture
async def bot(platform: TelegramPlatform, account: SimBot) -> AsyncIterator[Bot]:
    library = Bot(
        TOKEN,
        base_url=platform.base_url,
        base_file_url=platform.base_file_url,
        request=_without_certificates(),
        get_updates_request=_without_certificates(),
    )
    async with library:
        yield library


def _without_certificates() -> HTTPXRequest:
    """Loading them takes longer than most tests here."""
    return HTTPXRequest(httpx_kwargs={"verify": False})


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=10, verify=False) as client:
        yield client


@pytest.fixture
def raw(http: httpx.AsyncClient, platform: TelegramPlatform, account: SimBot) -> Raw:
    return Raw(http, platform)


# --- the envelope


async def test_the_library_logs_in(bot: Bot) -> None:
    assert (bot.id, bot.username, bot.first_name) == (110201543, "support_bot", "Support")


async def test_parameters_are_read_wherever_they_stand(
    platform: TelegramPlatform, account: SimBot, anna: SimPerson, http: httpx.AsyncClient, clock: Clock
) -> None:
    anna.write("hello", account)
    url = f"{platform.base_url}{TOKEN}/SENDmessage"
    chat = {"chat_id": str(anna.id)}
    answers = [
        await http.get(url, params={**chat, "text": "query"}),
        await http.post(url, data={**chat, "text": "form"}),
        await http.post(url, data={**chat, "text": "multipart"}, files={"unused": b"x"}),
    ]
    clock.advance(seconds=2)
    answers += [
        await http.post(url, json={"chat_id": anna.id, "text": "json"}),
        await http.post(url, params=chat, json={"text": "both"}),
    ]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert [message.text for message in platform.sent] == ["query", "form", "multipart", "json", "both"]
    assert {call.method for call in platform.calls} == {"sendMessage"}


async def test_a_bad_token_is_unauthorized(raw: Raw, platform: TelegramPlatform) -> None:
    assert await raw.refusal("getMe", token="1:wrong") == (401, "Unauthorized")
    stranger = Bot("1:wrong", base_url=platform.base_url, request=_without_certificates())
    async with stranger.request:
        with pytest.raises(telegram.error.InvalidToken):
            await stranger.get_me()
    assert platform.calls[0].bot_id is None


async def test_unknown_method_and_unknown_path_are_not_found(
    raw: Raw, platform: TelegramPlatform, http: httpx.AsyncClient
) -> None:
    assert await raw.refusal("sendTelepathy") == (404, "Not Found: method not found")
    answer = await http.get(platform.base_url.removesuffix("bot") + "elsewhere")
    assert (answer.status_code, answer.json()["ok"]) == (404, False)


async def test_a_broken_body_is_a_bad_request(
    raw: Raw, platform: TelegramPlatform, http: httpx.AsyncClient
) -> None:
    url = f"{platform.base_url}{TOKEN}/getMe"
    answer = await http.post(url, content=b"{no json", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error_code"]) == (400, 400)


async def test_calls_record_parameters_but_no_token(raw: Raw, platform: TelegramPlatform, clock: Clock) -> None:
    await raw("sendMessage", chat_id=4, text="x")
    call = platform.calls[0]
    assert (call.at, call.bot_id, call.method, call.status) == (clock.time, 110201543, "sendMessage", 400)
    assert call.parameters == {"chat_id": "4", "text": "x"}
    assert TOKEN not in repr(platform.calls)


# --- updates


async def test_an_update_is_handed_out_until_an_offset_confirms_it(
    bot: Bot, platform: TelegramPlatform, account: SimBot, anna: SimPerson
) -> None:
    first, second = anna.write("one", account), anna.write("two", account)
    assert [update.message.text for update in await bot.get_updates()] == ["one", "two"]
    assert platform.pending(account) == [first.update_id, second.update_id]
    assert platform.confirmed(account) == []

    (left,) = await bot.get_updates(offset=second.update_id)
    assert left.message.text == "two"
    assert left.message.from_user.language_code == "de"
    assert left.message.chat.id == left.message.from_user.id == anna.id
    assert platform.confirmed(account) == [first.update_id]
    assert platform.handed_out(account) == [first.update_id, second.update_id, second.update_id]


async def test_a_limit_is_kept_within_one_and_a_hundred(raw: Raw, account: SimBot, anna: SimPerson) -> None:
    for number in range(101):
        anna.write(str(number), account)
    assert len(await raw.updates()) == 100
    assert len(await raw.updates(limit=500)) == 100
    assert len(await raw.updates(limit=7)) == 7
    assert len(await raw.updates(limit=0)) == 1


async def test_a_negative_offset_keeps_only_the_last(
    raw: Raw, platform: TelegramPlatform, account: SimBot, anna: SimPerson
) -> None:
    ids = [anna.write(str(number), account).update_id for number in range(5)]
    assert [update["update_id"] for update in await raw.updates(offset=-2)] == ids[3:]
    assert platform.pending(account) == ids[3:]


async def test_a_long_poll_ends_when_somebody_writes(
    bot: Bot, platform: TelegramPlatform, account: SimBot, anna: SimPerson
) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await platform.until(account.polling)
    assert not poll.done()
    anna.write("wake up", account)
    (update,) = await asyncio.wait_for(poll, 5)
    assert update.message.text == "wake up"


async def test_a_long_poll_ends_with_nothing_when_its_time_is_over(raw: Raw) -> None:
    assert await raw.updates(timeout=1) == []


async def test_of_two_pollers_the_older_gets_a_conflict(
    bot: Bot, raw: Raw, platform: TelegramPlatform, account: SimBot, anna: SimPerson
) -> None:
    older = asyncio.create_task(raw("getUpdates", timeout=30))
    await platform.until(account.polling)
    newer = asyncio.create_task(bot.get_updates(timeout=30))
    refused = (await asyncio.wait_for(older, 5)).json()
    assert refused["error_code"] == 409
    assert refused["description"].startswith("Conflict: terminated by other getUpdates request")
    anna.write("for the newer", account)
    assert len(await asyncio.wait_for(newer, 5)) == 1


async def test_a_poller_that_hung_up_is_handed_nothing(
    raw: Raw, platform: TelegramPlatform, account: SimBot, anna: SimPerson
) -> None:
    poll = asyncio.create_task(raw("getUpdates", timeout=30))
    await platform.until(account.polling)
    poll.cancel()
    await platform.until(lambda: not account.polling())
    anna.write("later", account)
    assert platform.handed_out(account) == []
    assert len(await raw.updates()) == 1


async def test_updates_are_gone_after_a_day(
    raw: Raw, platform: TelegramPlatform, account: SimBot, anna: SimPerson, clock: Clock
) -> None:
    anna.write("old", account)
    clock.advance(hours=23)
    young = anna.write("young", account)
    clock.advance(hours=1, seconds=1)
    assert platform.pending(account) == [young.update_id]
    assert [update["message"]["text"] for update in await raw.updates()] == ["young"]
    assert platform.confirmed(account) == []


async def test_after_a_week_of_silence_ids_start_anew_and_old_offsets_lose_nothing(
    raw: Raw, account: SimBot, anna: SimPerson, clock: Clock, platform: TelegramPlatform
) -> None:
    before = platform.inject_update(account, {"update_id": 2**31 - 5, "message": {}})
    await raw.updates(offset=before + 1)
    clock.advance(days=8)
    after = anna.write("back again", account).update_id
    assert after is not None
    assert after < before
    assert [update["update_id"] for update in await raw.updates(offset=before + 1)] == [after]
    assert await raw.updates(offset=after + 1) == []


async def test_allowed_updates_are_remembered_and_do_not_touch_the_past(
    raw: Raw, account: SimBot, anna: SimPerson
) -> None:
    message = anna.write("one", account)
    await raw.updates(allowed_updates=["edited_message"])
    assert anna.write("unwanted", account).update_id is None
    anna.edit(message, "one, corrected")
    kinds = [sorted(update.keys() - {"update_id"}) for update in await raw.updates()]
    assert kinds == [["message"], ["edited_message"]]
    await raw.updates(allowed_updates=[])
    assert anna.write("wanted again", account).update_id is not None


async def test_some_kinds_come_only_when_asked_for(raw: Raw, account: SimBot) -> None:
    assert account.updates.add("message_reaction", {}) is None
    await raw.updates(allowed_updates=["message_reaction"])
    assert account.updates.add("message_reaction", {}) is not None


async def test_hostile_updates_arrive_as_they_are(
    raw: Raw, platform: TelegramPlatform, account: SimBot, anna: SimPerson
) -> None:
    given = platform.inject_update(account, {"message": {"date": "yesterday", "text": "\ud83d"}})
    kept = platform.inject_update(account, {"update_id": 42, "galaxy": True})
    spliced = platform.inject_update(account, b'{"update_id": 77, "message": {"deep": [[[]]]}}')
    nameless = platform.inject_update(account, b"[1, null]")
    updates = await raw.updates()
    assert updates[0]["update_id"] == given
    assert updates[0]["message"] == {"date": "yesterday", "text": "\ud83d"}
    assert updates[1:] == [
        {"update_id": 42, "galaxy": True},
        {"update_id": 77, "message": {"deep": [[[]]]}},
        [1, None],
    ]
    assert (kept, spliced, nameless) == (42, 77, 78)
    assert await raw.updates(offset=79) == updates[:1]


async def test_bytes_that_are_no_json_break_the_answer_as_told(
    raw: Raw, platform: TelegramPlatform, account: SimBot
) -> None:
    platform.inject_update(account, b'{"update_id": ')
    deep = platform.inject_update(account, b"[" * 100_000)
    answer = await raw("getUpdates")
    assert answer.text == '{"ok":true,"result":[{"update_id": ,' + "[" * 100_000 + "]}"
    assert await raw.updates(offset=deep + 1) == []


async def test_a_confirmed_update_can_be_repeated(
    raw: Raw, platform: TelegramPlatform, account: SimBot, anna: SimPerson
) -> None:
    update_id = anna.write("again", account).update_id
    assert update_id is not None
    await raw.updates()
    await raw.updates(offset=update_id + 1)
    platform.repeat_update(account, update_id)
    again = await raw.updates(offset=update_id + 1)
    assert [update["update_id"] for update in again] == [update_id]
    assert await raw.updates(offset=update_id + 1) == []
    with pytest.raises(KeyError):
        platform.repeat_update(account, 1)


# --- what people do


async def test_a_person_writes_with_entities_counted_in_utf16(bot: Bot, account: SimBot, anna: SimPerson) -> None:
    anna.write("😀 /help https://example.org a@example.org @support_bot #late", account)
    (update,) = await bot.get_updates()
    found = update.message.parse_entities()
    assert {entity.type: text for entity, text in found.items()} == {
        "bot_command": "/help",
        "url": "https://example.org",
        "email": "a@example.org",
        "mention": "@support_bot",
        "hashtag": "#late",
    }


async def test_a_person_answers_quotes_and_edits(bot: Bot, account: SimBot, anna: SimPerson, clock: Clock) -> None:
    question = anna.write("where is it?", account)
    answer = await bot.send_message(anna.id, "on its way")
    anna.write("thanks", account, reply_to=answer.message_id)
    clock.advance(minutes=1)
    anna.edit(question, "where is my parcel?")
    _, thanks, edited = await bot.get_updates()
    assert thanks.message.reply_to_message.text == "on its way"
    assert thanks.message.reply_to_message.from_user.is_bot
    assert edited.edited_message.message_id == question.message_id
    assert edited.edited_message.text == "where is my parcel?"
    assert edited.edited_message.edit_date - edited.edited_message.date == timedelta(minutes=1)
    with pytest.raises(KeyError):
        anna.write("to nothing", account, reply_to=999)


async def test_files_of_people_can_be_downloaded(bot: Bot, account: SimBot, anna: SimPerson) -> None:
    anna.send_photo(b"a photo", account, caption="look")
    anna.send_document(b"a letter", account, name="letter.pdf", mime_type="application/pdf")
    anna.send_voice(b"a voice", account, duration_s=3)
    anna.send_sticker(b"a sticker", account, emoji="🎉")
    messages = [update.message for update in await bot.get_updates()]
    assert (messages[0].caption, messages[1].document.file_name) == ("look", "letter.pdf")
    assert messages[2].voice._duration == timedelta(seconds=3)
    assert messages[3].sticker.emoji == "🎉"
    parts = [message.effective_attachment for message in messages]
    files = [await (part[-1] if isinstance(part, tuple) else part).get_file() for part in parts]
    assert [bytes(await file.download_as_bytearray()) for file in files] == [
        b"a photo",
        b"a letter",
        b"a voice",
        b"a sticker",
    ]


async def test_other_contents_arrive(bot: Bot, account: SimBot, anna: SimPerson) -> None:
    anna.send_location(52.5, 13.4, account)
    anna.send_contact("+49 30 1", "Ben", account)
    anna.send_content(account, {"dice": {"emoji": "🎲", "value": 3}})
    location, contact, dice = [update.message for update in await bot.get_updates()]
    assert (location.location.latitude, contact.contact.first_name, dice.dice.value) == (52.5, "Ben", 3)


async def test_an_album_is_one_update_per_picture(bot: Bot, account: SimBot, anna: SimPerson) -> None:
    anna.send_album([b"1", b"2", b"3"], account, caption="all three")
    messages = [update.message for update in await bot.get_updates()]
    assert len({message.media_group_id for message in messages}) == 1
    assert [message.caption for message in messages] == ["all three", None, None]
    assert len({message.message_id for message in messages}) == 3


async def test_a_file_beyond_twenty_megabytes_cannot_be_fetched(
    bot: Bot, account: SimBot, anna: SimPerson, platform: TelegramPlatform, http: httpx.AsyncClient
) -> None:
    anna.send_document(bytes(20 * 1024 * 1024), account, name="fits", mime_type="x/y")
    anna.send_document(bytes(20 * 1024 * 1024 + 1), account, name="too.big", mime_type="x/y")
    fits, too_big = [update.message.document for update in await bot.get_updates()]
    assert (await fits.get_file()).file_size == 20 * 1024 * 1024
    with pytest.raises(telegram.error.BadRequest, match="File is too big"):
        await too_big.get_file()
    for path, status in (("documents/file_0.fits", 200), ("documents/file_1.big", 404)):
        assert (await http.get(f"{platform.base_file_url}{TOKEN}/{path}")).status_code == status


async def test_a_file_belongs_to_one_bot(
    raw: Raw, platform: TelegramPlatform, account: SimBot, anna: SimPerson, http: httpx.AsyncClient
) -> None:
    anna.send_photo(b"private", account)
    (update,) = await raw.updates()
    file_id = update["message"]["photo"][-1]["file_id"]
    path = (await raw("getFile", file_id=file_id)).json()["result"]["file_path"]
    platform.add_bot("7:other", username="other_bot", name="Other")
    assert (await raw("getFile", token="7:other", file_id=file_id)).status_code == 400
    assert (await http.get(f"{platform.base_file_url}{TOKEN}/{path}")).content == b"private"
    assert (await http.get(f"{platform.base_file_url}7:other/{path}")).status_code == 404
    assert (await http.get(f"{platform.base_file_url}1:wrong/{path}")).status_code == 401


async def test_a_block_is_told_and_refuses_messages(bot: Bot, account: SimBot, anna: SimPerson) -> None:
    anna.write("hello", account)
    anna.block(account)
    with pytest.raises(telegram.error.Forbidden, match="bot was blocked by the user"):
        await bot.send_message(anna.id, "still there?")
    with pytest.raises(ValueError, match="blocks"):
        anna.write("while blocking", account)
    anna.unblock(account)
    await bot.send_message(anna.id, "welcome back")
    changes = [update.my_chat_member for update in (await bot.get_updates())[1:]]
    assert [change.new_chat_member.status for change in changes] == ["kicked", "member"]


# --- what bots send


@pytest.fixture
def chat_id(account: SimBot, anna: SimPerson) -> int:
    """A chat in which Anna has written message 1."""
    anna.write("hello", account)
    return anna.id


async def test_a_text_is_accepted_and_recorded(
    bot: Bot, platform: TelegramPlatform, account: SimBot, chat_id: int, clock: Clock
) -> None:
    bold = MessageEntity(MessageEntity.BOLD, 0, 2)
    answer = await bot.send_message(
        chat_id, "hi there", entities=[bold], reply_parameters=ReplyParameters(1), disable_notification=True
    )
    (sent,) = platform.sent
    assert (sent.bot, sent.chat_id, sent.message_id, sent.text) == (account, chat_id, 2, "hi there")
    assert sent.entities == [{"type": "bold", "offset": 0, "length": 2}]
    assert (sent.reply_to, sent.kind, sent.date, sent.silent) == (1, "text", clock.time, True)
    assert answer.message_id == 2
    assert answer.reply_to_message.text == "hello"
    assert answer.entities == (bold,)


async def test_nobody_is_written_to_first(raw: Raw, platform: TelegramPlatform) -> None:
    ben = platform.add_person("Ben")
    not_found = (400, "Bad Request: chat not found")
    assert await raw.refusal("sendMessage", chat_id=ben.id, text="hi") == not_found
    assert await raw.refusal("sendMessage", chat_id="@ben", text="hi") == not_found
    assert await raw.refusal("sendMessage", text="hi") == (400, "Bad Request: chat_id is empty")
    assert platform.sent == []


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("x" * 4096, None),
        ("x" * 4097, "message is too long"),
        ("😀" * 2048, None),
        ("😀" * 2049, "message is too long"),
        ("  " + "x" * 4096 + "\n", None),
        ("", "message text is empty"),
        (" \n\r ", "text must be non-empty"),
        ("half \ud83d of it", "strings must be encoded in UTF-8"),
    ],
)
async def test_the_length_of_a_text(
    raw: Raw, platform: TelegramPlatform, chat_id: int, text: str, verdict: str | None
) -> None:
    answer = await raw("sendMessage", chat_id=chat_id, text=text)
    assert answer.json().get("description") == (verdict and f"Bad Request: {verdict}")
    assert [message.text for message in platform.sent] == ([] if verdict else [text.strip()])


async def test_the_limit_counts_after_parsing(raw: Raw, platform: TelegramPlatform, chat_id: int) -> None:
    text = "<b>" + "&amp;" * 4096 + "</b>"
    assert (await raw("sendMessage", chat_id=chat_id, text=text, parse_mode="html")).status_code == 200
    assert platform.sent[0].text == "&" * 4096


async def test_html_becomes_text_and_entities(raw: Raw, platform: TelegramPlatform, chat_id: int) -> None:
    source = (
        ' 😀<b>bold <i>both</i></b> <a href="https://example.org/?a=1&amp;b=2">link</a>'
        '<pre><code class="language-python">x &lt; 1</code></pre><tg-spoiler></tg-spoiler> &copy; &#65;'
    )
    await raw("sendMessage", chat_id=chat_id, text=source, parse_mode="HTML")
    (sent,) = platform.sent
    assert sent.text == "😀bold both linkx < 1 &copy; A"
    assert sent.entities == [
        {"type": "bold", "offset": 2, "length": 9},
        {"type": "italic", "offset": 7, "length": 4},
        {"type": "text_link", "offset": 12, "length": 4, "url": "https://example.org/?a=1&amp;b=2"},
        {"type": "pre", "offset": 16, "length": 5, "language": "python"},
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ä <foo>x</foo>", 'Unsupported start tag "foo" at byte offset 3'),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ('<a href="x', 'Unclosed start tag "a" at byte offset 0'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
async def test_broken_html_is_refused_in_the_servers_words(
    raw: Raw, platform: TelegramPlatform, chat_id: int, text: str, reason: str
) -> None:
    refusal = await raw.refusal("sendMessage", chat_id=chat_id, text=text, parse_mode="HTML")
    assert refusal == (400, f"Bad Request: can't parse entities: {reason}")
    assert platform.sent == []


async def test_an_unknown_parse_mode_is_refused(raw: Raw, chat_id: int) -> None:
    refusal = await raw.refusal("sendMessage", chat_id=chat_id, text="x", parse_mode="rtf")
    assert refusal == (400, "Bad Request: unsupported parse_mode")


@pytest.mark.parametrize(
    ("entity", "reason"),
    [
        ({"type": "bold", "offset": 9, "length": 1}, "begins after the end of the text at UTF-16 offset 9"),
        ({"type": "bold", "offset": 0, "length": 9}, "ends after the end of the text at UTF-16 offset 9"),
        ({"type": "bold", "offset": 0, "length": 1}, "ends in a middle of a UTF-16 symbol"),
        ({"type": "bold", "offset": 1, "length": 2}, "begins in a middle of a UTF-16 symbol"),
        ({"type": "bold", "offset": -1, "length": 2}, "incorrect offset/length"),
        ({"type": "loud", "offset": 0, "length": 2}, "Unsupported type specified"),
        ({"type": ["bold"], "offset": 0, "length": 2}, "Unsupported type specified"),
        ({"type": "text_link", "offset": 0, "length": 2}, 'Can\'t find field "url"'),
        ("bold", "expected an Object"),
    ],
)
async def test_impossible_entities_are_refused(raw: Raw, chat_id: int, entity: object, reason: str) -> None:
    code, description = await raw.refusal("sendMessage", chat_id=chat_id, text="😀ab", entities=[entity])
    assert code == 400
    assert reason in description


async def test_entities_move_with_the_trimmed_text(raw: Raw, platform: TelegramPlatform, chat_id: int) -> None:
    given = [{"type": "bold", "offset": 1, "length": 4}, {"type": "url", "offset": 0, "length": 1}]
    await raw("sendMessage", chat_id=chat_id, text="  ab  ", entities=given)
    assert platform.sent[0].text == "ab"
    assert platform.sent[0].entities == [{"type": "bold", "offset": 0, "length": 2}]


async def test_a_reply_to_nothing_is_refused_unless_allowed(
    raw: Raw, platform: TelegramPlatform, chat_id: int
) -> None:
    missing = (400, "Bad Request: message to be replied not found")
    message = {"chat_id": chat_id, "text": "x"}
    assert await raw.refusal("sendMessage", **message, reply_parameters={"message_id": 99}) == missing
    assert await raw.refusal("sendMessage", **message, reply_to_message_id=99) == missing
    lenient = {"message_id": 99, "allow_sending_without_reply": True}
    assert (await raw("sendMessage", **message, reply_parameters=lenient)).status_code == 200
    assert [sent.reply_to for sent in platform.sent] == [None]


async def test_a_private_chat_has_no_threads(raw: Raw, chat_id: int) -> None:
    refusal = await raw.refusal("sendMessage", chat_id=chat_id, text="x", message_thread_id=1)
    assert refusal == (400, "Bad Request: message thread not found")


async def test_files_are_accepted_with_their_bytes(bot: Bot, platform: TelegramPlatform, chat_id: int) -> None:
    photo = await bot.send_photo(chat_id, b"a photo", caption="look")
    await bot.send_document(chat_id, b"a letter", filename="letter.pdf")
    await bot.send_photo(chat_id, photo.photo[-1].file_id)
    assert [(sent.kind, sent.file, sent.text) for sent in platform.sent] == [
        ("photo", b"a photo", "look"),
        ("document", b"a letter", ""),
        ("photo", b"a photo", ""),
    ]
    assert platform.sent[1].file_name == "letter.pdf"
    uploaded = platform.calls[-2].parameters["document"]
    assert isinstance(uploaded, Upload)
    assert uploaded.data == b"a letter"


async def test_files_that_cannot_be_sent(raw: Raw, chat_id: int, platform: TelegramPlatform) -> None:
    for value in ("", "attach://nowhere", "AgADunknown", "http://example.org/x.jpg"):
        assert (await raw("sendPhoto", chat_id=chat_id, photo=value)).status_code == 400
    refusal = await raw.refusal("sendPhoto", chat_id=chat_id, caption="x" * 1025)
    assert refusal == (400, "Bad Request: message caption is too long")
    assert platform.sent == []


async def test_sizes_of_files_that_are_sent(
    http: httpx.AsyncClient, platform: TelegramPlatform, chat_id: int
) -> None:
    async def status(kind: str, size: int) -> int:
        url = f"{platform.base_url}{TOKEN}/send{kind}"
        answer = await http.post(url, data={"chat_id": chat_id}, files={kind: ("name.bin", bytes(size))})
        return answer.status_code

    assert await status("photo", 0) == 400
    assert await status("photo", 10 * 1024 * 1024 + 1) == 400
    assert await status("document", 50 * 1024 * 1024 + 1) == 413
    assert await status("document", 10 * 1024 * 1024 + 1) == 200
    assert len(platform.sent) == 1


async def test_a_bot_sends_an_album(bot: Bot, platform: TelegramPlatform, chat_id: int) -> None:
    media = [InputMediaPhoto(b"1", caption="both"), InputMediaPhoto(b"2")]
    messages = await bot.send_media_group(chat_id, media)
    assert [sent.file for sent in platform.sent] == [b"1", b"2"]
    assert [sent.text for sent in platform.sent] == ["both", ""]
    assert len({sent.album for sent in platform.sent}) == 1
    assert {message.media_group_id for message in messages} == {platform.sent[0].album}


async def test_an_album_has_two_to_ten_items(raw: Raw, chat_id: int, platform: TelegramPlatform) -> None:
    for size in (1, 11):
        media = [{"type": "photo", "media": "x"}] * size
        assert (await raw("sendMediaGroup", chat_id=chat_id, media=media)).status_code == 400
    assert platform.sent == []


async def test_chat_actions_are_checked(bot: Bot, raw: Raw, chat_id: int, platform: TelegramPlatform) -> None:
    assert await bot.send_chat_action(chat_id, "typing")
    refusal = await raw.refusal("sendChatAction", chat_id=chat_id, action="yawning")
    assert refusal == (400, "Bad Request: wrong parameter action in request")
    assert platform.sent == []


async def test_a_message_is_edited(bot: Bot, platform: TelegramPlatform, chat_id: int) -> None:
    first = await bot.send_message(chat_id, "first")
    edited = await bot.edit_message_text("second", chat_id, first.message_id)
    assert isinstance(edited, telegram.Message)
    assert (edited.text, edited.message_id) == ("second", first.message_id)
    assert (platform.sent[0].text, platform.sent[0].versions) == ("second", ["first"])
    with pytest.raises(telegram.error.BadRequest, match="Message is not modified"):
        await bot.edit_message_text("second", chat_id, first.message_id)
    with pytest.raises(telegram.error.BadRequest, match="Message to edit not found"):
        await bot.edit_message_text("third", chat_id, 99)
    with pytest.raises(telegram.error.BadRequest, match="Message can't be edited"):
        await bot.edit_message_text("her own", chat_id, 1)


async def test_a_message_is_deleted_within_two_days(
    bot: Bot, platform: TelegramPlatform, chat_id: int, clock: Clock
) -> None:
    first, second = [await bot.send_message(chat_id, text) for text in ("first", "second")]
    assert await first.delete()
    assert [sent.deleted for sent in platform.sent] == [True, False]
    with pytest.raises(telegram.error.BadRequest, match="Message to delete not found"):
        await first.delete()
    with pytest.raises(telegram.error.BadRequest, match="Message to be replied not found"):
        await bot.send_message(chat_id, "x", reply_parameters=ReplyParameters(first.message_id))
    clock.advance(hours=48, seconds=1)
    with pytest.raises(telegram.error.BadRequest, match="can't be deleted"):
        await second.delete()


# --- the bot's account


async def test_commands_are_kept_per_scope_and_language(bot: Bot, raw: Raw) -> None:
    await bot.set_my_commands([("help", "Get help")])
    await bot.set_my_commands([("hilfe", "Hilfe")], language_code="de")
    assert [command.command for command in await bot.get_my_commands()] == ["help"]
    assert [command.command for command in await bot.get_my_commands(language_code="de")] == ["hilfe"]
    bad = [{"command": "Not Valid", "description": "x"}]
    assert await raw.refusal("setMyCommands", commands=bad) == (400, "Bad Request: BOT_COMMAND_INVALID")
    assert await bot.delete_my_commands()
    assert await bot.get_my_commands() == ()


async def test_a_callback_query_is_answered_once(bot: Bot, platform: TelegramPlatform, account: SimBot) -> None:
    platform.inject_update(account, {"callback_query": {"id": "77", "data": "close:1"}})
    assert await bot.answer_callback_query("77")
    with pytest.raises(telegram.error.BadRequest, match="Query is too old"):
        await bot.answer_callback_query("77")


async def test_get_chat_tells_of_the_person(bot: Bot, chat_id: int) -> None:
    chat = await bot.get_chat(chat_id)
    assert (chat.type, chat.first_name, chat.username) == ("private", "Anna", "anna")


async def test_close_is_refused_at_first_and_log_out_shuts_the_bot_out(bot: Bot, raw: Raw, clock: Clock) -> None:
    with pytest.raises(telegram.error.RetryAfter):
        await bot.close()
    clock.advance(minutes=10)
    assert await bot.close()
    assert await bot.log_out()
    assert await raw.refusal("getMe") == (400, "Logged out")
    clock.advance(minutes=10)
    assert (await raw("getMe")).status_code == 200


def test_a_token_has_a_shape_and_an_id_of_its_own() -> None:
    platform = TelegramPlatform()
    platform.add_bot("1:a")
    with pytest.raises(ValueError, match="a token is"):
        platform.add_bot("no token")
    with pytest.raises(ValueError, match="already"):
        platform.add_bot("1:b")


# --- flood limits


async def test_a_chat_takes_a_short_burst_then_one_a_second(
    raw: Raw, platform: TelegramPlatform, chat_id: int, clock: Clock
) -> None:
    statuses = [(await raw("sendMessage", chat_id=chat_id, text="x")).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert len(platform.violations) == 1
    clock.advance(seconds=1)
    statuses = [(await raw("sendMessage", chat_id=chat_id, text="x")).status_code for _ in range(2)]
    assert statuses == [200, 429]
    assert len(platform.sent) == 4


async def test_a_flood_says_when_to_come_back_and_notes_who_does_not_listen(
    bot: Bot, platform: TelegramPlatform, chat_id: int, clock: Clock
) -> None:
    for _ in range(3):
        await bot.send_message(chat_id, "x")
    with pytest.raises(telegram.error.RetryAfter) as refused:
        await bot.send_message(chat_id, "x")
    assert refused.value._retry_after == timedelta(seconds=1)
    clock.advance(seconds=0.5)
    with pytest.raises(telegram.error.RetryAfter):
        await bot.send_message(chat_id, "x")
    assert any("before retry_after was over" in violation for violation in platform.violations)
    noted = len(platform.violations)
    clock.advance(seconds=1)
    await bot.send_message(chat_id, "x")
    assert len(platform.violations) == noted


async def test_thirty_a_second_over_all_chats(
    raw: Raw, platform: TelegramPlatform, account: SimBot, clock: Clock
) -> None:
    people = [platform.add_person(f"P{number}") for number in range(31)]
    for person in people:
        person.write("hi", account)
    statuses = [(await raw("sendMessage", chat_id=person.id, text="x")).status_code for person in people]
    assert statuses == [200] * 30 + [429]
    clock.advance(seconds=1)
    assert (await raw("sendMessage", chat_id=people[30].id, text="x")).status_code == 200


async def test_twenty_a_minute_in_a_group(
    raw: Raw, platform: TelegramPlatform, account: SimBot, clock: Clock
) -> None:
    group = platform.add_group("Desk", account)
    answers = [await raw("sendMessage", chat_id=group.id, text="x") for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert answers[-1].json()["parameters"] == {"retry_after": 60}
    clock.advance(minutes=1)
    assert (await raw("sendMessage", chat_id=group.id, text="x")).status_code == 200


async def test_limits_that_are_not_enforced_are_still_noted(clock: Clock, http: httpx.AsyncClient) -> None:
    async with TelegramPlatform(now=clock, enforce_limits=False) as platform:
        account, anna = platform.add_bot(TOKEN), platform.add_person("Anna")
        anna.write("hi", account)
        for _ in range(4):
            assert (await Raw(http, platform)("sendMessage", chat_id=anna.id, text="x")).status_code == 200
        assert len(platform.violations) == 1


# --- groups


async def test_a_forum_takes_its_topics_and_general_has_no_id(
    raw: Raw, platform: TelegramPlatform, account: SimBot, anna: SimPerson
) -> None:
    forum = platform.add_group("Desk", account, topics={7})
    anna.write("in the group", account, group=forum)
    (update,) = await raw.updates()
    assert (update["message"]["chat"]["id"], update["message"]["message_id"]) == (forum.id, 1)
    message = {"chat_id": forum.id, "text": "x"}
    for wrong in (1, 8):
        refusal = await raw.refusal("sendMessage", **message, message_thread_id=wrong)
        assert refusal == (400, "Bad Request: message thread not found")
    await raw("sendMessage", **message, message_thread_id=7)
    await raw("sendMessage", **message)
    assert [sent.thread_id for sent in platform.sent] == [7, None]


async def test_an_upgraded_group_tells_its_new_id(bot: Bot, platform: TelegramPlatform, account: SimBot) -> None:
    group = platform.add_group("Desk", account)
    old_id = group.id
    platform.upgrade_group(group)
    (update,) = await bot.get_updates()
    assert (update.message.chat.id, update.message.migrate_to_chat_id) == (old_id, group.id)
    with pytest.raises(telegram.error.ChatMigrated) as moved:
        await bot.send_message(old_id, "x")
    assert moved.value.new_chat_id == group.id
    await bot.send_message(group.id, "x")


# --- webhooks


@pytest.fixture
async def hook() -> AsyncIterator[SimpleNamespace]:
    """A web address: ``requests`` it got as (header lines, update), ``statuses`` it will answer, then 200."""
    got = SimpleNamespace(requests=[], statuses=[], url="")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        size = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
        got.requests.append((head.split("\r\n"), json.loads(await reader.readexactly(size))))
        status = got.statuses.pop(0) if got.statuses else 200
        writer.write(f"HTTP/1.1 {status} Whatever\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    got.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook?x=1"
    yield got
    server.close()
    await server.wait_closed()


def _confirmed(platform: TelegramPlatform, account: SimBot, count: int) -> Callable[[], bool]:
    return lambda: len(platform.confirmed(account)) == count


async def test_a_webhook_gets_updates_in_order_and_each_until_it_is_taken(
    bot: Bot, platform: TelegramPlatform, account: SimBot, anna: SimPerson, hook: SimpleNamespace
) -> None:
    hook.statuses += [500, 302]
    anna.write("before", account)
    await bot.set_webhook(hook.url, secret_token="s3cret")
    anna.write("after", account)
    await platform.until(_confirmed(platform, account, 2))
    texts = [update["message"]["text"] for _, update in hook.requests]
    assert texts == ["before", "before", "before", "after"]
    head = hook.requests[0][0]
    assert head[0] == "POST /hook?x=1 HTTP/1.1"
    assert "X-Telegram-Bot-Api-Secret-Token: s3cret" in head
    info = await bot.get_webhook_info()
    assert (info.url, info.pending_update_count) == (hook.url, 0)
    assert info.last_error_message == "Wrong response from the webhook: 302 Whatever"


async def test_a_webhook_can_get_an_update_twice(
    bot: Bot, platform: TelegramPlatform, account: SimBot, anna: SimPerson, hook: SimpleNamespace
) -> None:
    platform.faults.arm("repeat", method="webhook")
    await bot.set_webhook(hook.url)
    update_id = anna.write("twice", account).update_id
    await platform.until(lambda: platform.handed_out(account) == [update_id, update_id])
    await bot.delete_webhook()
    assert platform.confirmed(account) == [update_id]


async def test_polling_and_webhook_exclude_each_other(
    bot: Bot, raw: Raw, platform: TelegramPlatform, account: SimBot, anna: SimPerson, hook: SimpleNamespace
) -> None:
    poll = asyncio.create_task(raw("getUpdates", timeout=30))
    await platform.until(account.polling)
    await bot.set_webhook(hook.url)
    assert (await poll).json()["description"] == "Conflict: terminated by setWebhook request"
    with pytest.raises(telegram.error.Conflict, match="webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    anna.write("by poll", account)
    assert len(await bot.get_updates()) == 1
    assert hook.requests == []


async def test_an_unreachable_webhook_keeps_its_updates(
    bot: Bot, raw: Raw, platform: TelegramPlatform, account: SimBot, anna: SimPerson
) -> None:
    anna.write("kept", account)
    await bot.set_webhook("http://127.0.0.1:1/")  # nothing listens on the port of tcpmux
    await platform.until(lambda: len(platform.handed_out(account)) > 1)
    info = await bot.get_webhook_info()
    assert (info.pending_update_count, info.last_error_message) == (1, "Connection refused")
    for unusable in ("https://example.org", "http://", "http://example.org:port/", "http://example.org/ü"):
        assert (await raw("setWebhook", url=unusable)).status_code == 400
    assert (await raw("setWebhook", url=info.url, secret_token="no spaces")).status_code == 400
    await bot.delete_webhook(drop_pending_updates=True)
    assert platform.pending(account) == []


# --- reactions, start and stop


async def test_scripted_people_react(
    bot: Bot, platform: TelegramPlatform, account: SimBot, anna: SimPerson, chat_id: int
) -> None:
    heard = []

    async def answer(message: SentMessage) -> None:
        anna.write(f"thanks for {message.text!r}", account, reply_to=message.message_id)

    platform.on_answer(answer)
    platform.on_answer(lambda message: heard.append(message.text))
    await bot.send_message(chat_id, "help")
    updates = await bot.get_updates(offset=-1, timeout=5)
    assert updates[0].message.text == "thanks for 'help'"
    assert heard == ["help"]


async def test_a_failing_reaction_is_reported_by_stop(http: httpx.AsyncClient) -> None:
    def fail(message: SentMessage) -> None:
        raise LookupError(message.text)

    platform = TelegramPlatform()
    await platform.start()
    account, anna = platform.add_bot(TOKEN), platform.add_person("Anna")
    anna.write("hi", account)
    platform.on_answer(fail)
    await Raw(http, platform)("sendMessage", chat_id=anna.id, text="boom")
    with pytest.raises(LookupError, match="boom"):
        await platform.stop()


async def test_stop_cuts_open_polls_and_start_goes_on_at_the_same_address(
    raw: Raw, platform: TelegramPlatform, account: SimBot, anna: SimPerson
) -> None:
    poll = asyncio.create_task(raw("getUpdates", timeout=50))
    await platform.until(account.polling)
    address = platform.base_url
    await asyncio.wait_for(platform.stop(), 1)
    with pytest.raises(httpx.TransportError):
        await poll
    assert platform.calls[0].status is None
    with pytest.raises(httpx.ConnectError):
        await raw("getMe")
    anna.write("while it was down", account)
    await platform.start()
    assert platform.base_url == address
    assert len(await raw.updates()) == 1


async def test_until_gives_up(platform: TelegramPlatform) -> None:
    with pytest.raises(TimeoutError):
        await platform.until(lambda: False, timeout_s=0.01)


# --- faults


async def test_a_dropped_call_was_done_or_not_as_armed(raw: Raw, platform: TelegramPlatform, chat_id: int) -> None:
    platform.faults.arm("drop_before_accept", method="sendmessage")
    platform.faults.arm("drop_after_accept", method="sendmessage")
    assert (await raw("getMe")).status_code == 200
    for text, sent in (("lost", []), ("unheard", ["unheard"])):
        with pytest.raises(httpx.TransportError):
            await raw("sendMessage", chat_id=chat_id, text=text)
        assert [message.text for message in platform.sent] == sent
    assert [call.status for call in platform.calls] == [200, None, None]
    assert [fault.name for fault in platform.faults.fired] == ["drop_before_accept", "drop_after_accept"]


async def test_the_library_sees_a_drop_as_a_network_error(
    bot: Bot, platform: TelegramPlatform, chat_id: int
) -> None:
    platform.faults.arm("drop_after_accept", method="sendMessage")
    with pytest.raises(telegram.error.NetworkError):
        await bot.send_message(chat_id, "accepted")
    assert [message.text for message in platform.sent] == ["accepted"]


async def test_answers_are_spoilt(raw: Raw, platform: TelegramPlatform, chat_id: int) -> None:
    platform.faults.arm("garble")
    platform.faults.arm("truncate")
    for text in ("garbled", "cut"):
        answer = await raw("sendMessage", chat_id=chat_id, text=text)
        assert answer.status_code == 200
        with pytest.raises(ValueError):
            answer.json()
    assert answer.text.startswith('{"ok":true,"result":{')
    assert [message.text for message in platform.sent] == ["garbled", "cut"]


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_proxy_answers_with_a_page(
    raw: Raw, platform: TelegramPlatform, chat_id: int, status: int
) -> None:
    platform.faults.arm("status", status=status)
    answer = await raw("sendMessage", chat_id=chat_id, text="x")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert platform.sent == []


async def test_a_flood_can_hit_one_chat(
    raw: Raw, platform: TelegramPlatform, account: SimBot, chat_id: int, clock: Clock
) -> None:
    ben = platform.add_person("Ben")
    ben.write("hi", account)
    platform.faults.arm("flood", retry_after=3600, chat_id=chat_id)
    assert (await raw("sendMessage", chat_id=ben.id, text="x")).status_code == 200
    hit = await raw("sendMessage", chat_id=chat_id, text="x")
    assert (hit.status_code, hit.json()["parameters"]) == (429, {"retry_after": 3600})
    assert platform.violations == []
    clock.advance(seconds=3599)
    await raw("sendChatAction", chat_id=chat_id, action="typing")
    await raw("sendMessage", chat_id=ben.id, text="x")
    assert platform.violations == []
    await raw("sendMessage", chat_id=chat_id, text="too early")
    assert len(platform.violations) == 1


async def test_refusals_on_request(bot: Bot, platform: TelegramPlatform) -> None:
    platform.faults.arm("unauthorized", method="getMe")
    platform.faults.arm("conflict", method="getUpdates", times=2)
    with pytest.raises(telegram.error.InvalidToken):
        await bot.get_me()
    for _ in range(2):
        with pytest.raises(telegram.error.Conflict):
            await bot.get_updates()
    assert await bot.get_updates() == ()


async def test_a_delay_comes_on_top_of_another_fault(
    raw: Raw, platform: TelegramPlatform, account: SimBot
) -> None:
    platform.faults.arm("delay", seconds=0.02)
    platform.faults.arm("status", status=503)
    began = asyncio.get_running_loop().time()
    assert (await raw("getMe")).status_code == 503
    assert asyncio.get_running_loop().time() - began >= 0.015


async def test_stop_does_not_wait_for_a_delay(raw: Raw, platform: TelegramPlatform) -> None:
    platform.faults.arm("delay", seconds=60)
    call = asyncio.create_task(raw("getMe"))
    await platform.until(lambda: len(platform.calls) == 1)
    await asyncio.wait_for(platform.stop(), 1)
    with pytest.raises(httpx.TransportError):
        await call


async def test_updates_are_repeated_and_reordered(
    raw: Raw, platform: TelegramPlatform, account: SimBot, anna: SimPerson
) -> None:
    first, second = [anna.write(text, account).update_id for text in ("first", "second")]
    assert second is not None
    platform.faults.arm("reorder")
    platform.faults.arm("repeat")
    ids = [update["update_id"] for update in await raw.updates()]
    assert ids == [second, first]
    third = anna.write("third", account).update_id
    ids = [update["update_id"] for update in await raw.updates(offset=second + 1)]
    assert ids == [second, first, third]
    assert [fault.name for fault in platform.faults.fired] == ["reorder", "repeat"]


def test_faults_have_names() -> None:
    with pytest.raises(ValueError, match="unknown fault"):
        TelegramPlatform().faults.arm("drop")
    assert "drop_after_accept" in FAULTS


def test_a_fault_that_does_not_match_stays_armed() -> None:
    faults = Faults(frozenset({"slow"}))
    faults.arm("slow", where="there")
    faults.arm("slow", where="here")
    taken = faults.take("slow", matching=lambda fault: fault.details["where"] == "here")
    assert taken is not None
    assert taken.details == {"where": "here"}
    assert faults.take("slow", matching=lambda fault: fault.details["where"] == "here") is None
    assert [fault.details for fault in faults.fired] == [{"where": "here"}]
    assert faults.take("slow") is not None
