"""The loopback Discord's gateway, held to the documentation by a client made by hand."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from simulators.discord import DiscordPlatform, SimBot, SimGuild, SimPerson
from tests.simulators.test_discord_tools import (
    DIRECT_MESSAGES,
    GUILD_MESSAGES,
    GUILDS,
    MESSAGE_CONTENT,
    TOKEN,
    USUAL,
    Clock,
    Dialler,
    Raw,
    Wire,
    http_client,
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def platform(clock: Clock) -> AsyncIterator[DiscordPlatform]:
    async with DiscordPlatform(now=clock) as running:
        yield running


@pytest.fixture
def bot(platform: DiscordPlatform) -> SimBot:
    return platform.add_bot(TOKEN)


@pytest.fixture
def anna(platform: DiscordPlatform) -> SimPerson:
    return platform.add_person("Anna")


@pytest.fixture
def guild(platform: DiscordPlatform, bot: SimBot) -> SimGuild:
    return platform.add_guild("Shop", bot)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with http_client() as client:
        yield client


@pytest.fixture
def dial(http: aiohttp.ClientSession, platform: DiscordPlatform, bot: SimBot) -> Dialler:
    return Dialler(http, platform)


async def texts(wire: Wire, count: int) -> list[str]:
    return [(await wire.event("MESSAGE_CREATE"))["content"] for _ in range(count)]


# --- the handshake


async def test_ready_comes_after_identify(
    dial: Dialler, platform: DiscordPlatform, bot: SimBot, guild: SimGuild
) -> None:
    bot.message_content = True
    channel = guild.add_channel("help")
    wire = await dial()
    assert (await wire.answer(10))["heartbeat_interval"] == 41250
    assert not platform.connected(bot)
    await wire.identify(USUAL | MESSAGE_CONTENT)
    ready = await wire.event("READY")
    assert (ready["v"], ready["user"]["id"], ready["private_channels"]) == (10, str(bot.id), [])
    assert ready["guilds"] == [{"id": str(guild.id), "unavailable": True}]
    assert ready["application"] == {"id": str(bot.application_id), "flags": 1 << 19}
    whole = await wire.event("GUILD_CREATE")
    assert [found["id"] for found in whole["channels"]] == [str(channel.id)]
    assert whole["roles"][0]["name"] == "@everyone"
    assert [member["user"]["id"] for member in whole["members"]] == [str(bot.id)]
    assert platform.connected(bot)
    [start] = platform.sessions(bot)
    assert (start.kind, start.session_id, start.compress) == ("identify", ready["session_id"], "")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"token": "wrong"}, 4004),
        ({"token": 5}, 4002),
        ({"properties": None}, 4002),
        ({"intents": None}, 4013),
        ({"intents": "all"}, 4013),
        ({"intents": 1 << 40}, 4013),
        ({"intents": -1}, 4013),
        ({"intents": USUAL | MESSAGE_CONTENT}, 4014),
        ({"intents": 1 << 1}, 4014),
        ({"intents": 1 << 8}, 4014),
        ({"shard": [1, 1]}, 4010),
        ({"shard": "x"}, 4010),
    ],
)
async def test_a_bad_identify_is_closed(
    dial: Dialler, platform: DiscordPlatform, bot: SimBot, data: dict[str, Any], code: int
) -> None:
    wire = await dial()
    await wire.answer(10)
    await wire.send(2, {"token": TOKEN, "intents": USUAL, "properties": {}, **data})
    assert await wire.ended() == code
    assert not any(start.accepted for start in platform.sessions(bot))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", 4002),
        ("[]", 4002),
        ("[" * 3000, 4002),
        ('{"d": {}}', 4002),
        ('{"op": "2", "d": {}}', 4002),
        ('{"op": 2, "d": []}', 4002),
        ('{"op": 1, "d": "x"}', 4002),
        (json.dumps({"op": 1, "d": None, "x": "x" * 5000}), 4002),
        ('{"op": 99, "d": {}}', 4001),
        ('{"op": 3, "d": {}}', 4003),
        ('{"op": 6, "d": {"token": "wrong", "session_id": "x", "seq": 1}}', 4004),
        (json.dumps({"op": 6, "d": {"token": TOKEN, "session_id": "x", "seq": None}}), 4002),
    ],
)
async def test_a_bad_payload_is_closed(dial: Dialler, text: str, code: int) -> None:
    wire = await dial()
    await wire.answer(10)
    await wire.send_text(text)
    assert await wire.ended() == code


@pytest.mark.parametrize(
    "query", [{"v": "9"}, {"v": ""}, {"encoding": "etf"}, {"compress": "brotli"}, {"compress": "zlib"}]
)
async def test_other_protocols_are_closed(dial: Dialler, query: dict[str, str]) -> None:
    assert await (await dial(**query)).ended() == 4012


async def test_a_second_identify_is_closed(dial: Dialler) -> None:
    wire = await dial()
    await wire.enter()
    await wire.identify()
    assert await wire.ended() == 4005


async def test_a_page_is_no_gateway(http: aiohttp.ClientSession, platform: DiscordPlatform) -> None:
    async with http.get(platform.gateway_url.replace("ws:", "http:")) as answer:
        assert answer.status == 400


# --- heartbeats and the limit on payloads


async def test_heartbeats_are_answered_also_before_identify(
    dial: Dialler, platform: DiscordPlatform, bot: SimBot
) -> None:
    wire = await dial()
    await wire.answer(10)
    await wire.send(1, None)
    await wire.answer(11)
    await wire.identify()
    await wire.event("READY")
    platform.request_heartbeat(bot)
    await wire.answer(1)
    await wire.send(1, wire.seq)
    await wire.answer(11)


async def test_a_client_without_heartbeats_is_closed(http: aiohttp.ClientSession) -> None:
    async with DiscordPlatform(heartbeat_s=0.1) as platform:
        bot = platform.add_bot(TOKEN)
        wire = await Dialler(http, platform)()
        ready = await wire.enter()
        assert await wire.ended() == 4009
        assert not platform.connected(bot)
        again = await Dialler(http, platform)()
        await again.resume(ready["session_id"], 1)
        assert await again.answer(9) is False


async def test_a_client_with_heartbeats_stays(http: aiohttp.ClientSession) -> None:
    async with DiscordPlatform(heartbeat_s=0.1) as platform:
        bot = platform.add_bot(TOKEN)
        wire = await Dialler(http, platform)()
        await wire.enter()
        for _ in range(300):
            await wire.send(1, 1)
            await wire.answer(11)
        assert platform.connected(bot)
        assert platform.violations == []


async def test_too_many_payloads_are_closed(dial: Dialler, platform: DiscordPlatform) -> None:
    wire = await dial()
    await wire.enter()
    for _ in range(119):
        await wire.send(1, 1)
        await wire.answer(11)
    await wire.send(3, {"status": "online"})
    assert await wire.ended() == 4008
    assert platform.violations == ["a client sent more than 120 gateway payloads in 60 s"]


# --- events


async def test_intents_decide_what_is_told(
    dial: Dialler, platform: DiscordPlatform, bot: SimBot, anna: SimPerson, guild: SimGuild
) -> None:
    channel = guild.add_channel("help")
    private, public, structure = await dial(), await dial(), await dial()
    await private.enter(DIRECT_MESSAGES)
    await public.enter(GUILD_MESSAGES)
    await structure.enter(GUILDS, guilds=1)
    anna.write("in private", bot)
    anna.say("in public", channel, mention=bot)
    guild.add_channel("news")
    assert (await private.event("MESSAGE_CREATE"))["content"] == "in private"
    assert (await public.event("MESSAGE_CREATE"))["content"] == f"<@{bot.id}> in public"
    assert (await structure.event("CHANNEL_CREATE"))["name"] == "news"


async def test_a_dm_has_no_guild_and_a_guild_message_has_a_member(
    dial: Dialler, bot: SimBot, anna: SimPerson, guild: SimGuild
) -> None:
    channel = guild.add_channel("help")
    wire = await dial()
    await wire.enter(guilds=1)
    direct = anna.write("hi", bot)
    public = anna.say("hi", channel, mention=bot)
    told = await wire.event("MESSAGE_CREATE")
    assert told == direct.payload
    assert (told["id"], "guild_id" in told, "member" in told) == (str(direct.id), False, False)
    assert told["author"] == anna.user()
    told = await wire.event("MESSAGE_CREATE")
    assert told == public.payload
    assert (told["guild_id"], told["mentions"][0]["id"]) == (str(guild.id), str(bot.id))
    assert "user" not in told["member"]


async def test_content_is_hidden_without_the_intent(
    dial: Dialler, bot: SimBot, anna: SimPerson, guild: SimGuild
) -> None:
    channel = guild.add_channel("help")
    bot.message_content = True
    blind, seeing = await dial(), await dial()
    await blind.enter(guilds=1)
    await seeing.enter(USUAL | MESSAGE_CONTENT, guilds=1)
    message = anna.say("secret", channel, files=[("a", "text/plain", b"a")])
    anna.edit(message, "still secret")
    anna.edit(message, f"now for <@{bot.id}>")
    told = await blind.event("MESSAGE_CREATE")
    assert (told["content"], told["attachments"]) == ("", [])
    assert (await seeing.event("MESSAGE_CREATE"))["attachments"][0]["filename"] == "a"
    assert (await blind.event("MESSAGE_UPDATE"))["content"] == ""
    assert (await seeing.event("MESSAGE_UPDATE"))["content"] == "still secret"
    assert (await blind.event("MESSAGE_UPDATE"))["content"] == f"now for <@{bot.id}>"


async def test_a_bot_hears_itself(
    dial: Dialler, http: aiohttp.ClientSession, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    wire = await dial()
    await wire.enter()
    sent = await Raw(http, platform).post(anna.dm(bot), "hello", nonce="n1", enforce_nonce=True)
    await Raw(http, platform).post(anna.dm(bot), "hello", nonce="n1", enforce_nonce=True)
    anna.write("end", bot)
    echo = await wire.event("MESSAGE_CREATE")
    assert (echo["id"], echo["nonce"], echo["author"]["id"]) == (sent["id"], "n1", str(bot.id))
    assert await texts(wire, 1) == ["end"]


async def test_threads_are_told_before_their_messages(
    dial: Dialler, anna: SimPerson, guild: SimGuild, bot: SimBot
) -> None:
    channel = guild.add_channel("help")
    wire = await dial()
    await wire.enter(guilds=1)
    question = anna.say("?", channel, mention=bot)
    thread = anna.start_thread(channel, "on it", question)
    anna.say("inside", thread, mention=bot)
    loose = anna.start_thread(channel, "loose")
    await wire.event("MESSAGE_CREATE")
    created = await wire.event("THREAD_CREATE")
    assert (created["id"], created["parent_id"]) == (str(question.id), str(channel.id))
    updated = await wire.event("MESSAGE_UPDATE")
    assert (updated["id"], updated["flags"] & 32) == (str(question.id), 32)
    starter = await wire.event("MESSAGE_CREATE")
    assert (starter["type"], starter["channel_id"]) == (21, str(thread.id))
    assert starter["referenced_message"]["id"] == str(question.id)
    assert (await wire.event("MESSAGE_CREATE"))["channel_id"] == str(thread.id)
    assert (await wire.event("THREAD_CREATE"))["id"] == str(loose.id)
    system = await wire.event("MESSAGE_CREATE")
    assert (system["type"], system["channel_id"]) == (18, str(channel.id))


async def test_anything_may_be_sent_or_injected(
    dial: Dialler, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    wire = await dial()
    await wire.enter(0)
    platform.inject_event(bot, "MESSAGE_CREATE", b'{"id": 1.50, "x": "\\ud800"}')
    platform.inject_event(bot, "TYPING_START", {"user_id": "1"})
    platform.inject_event(bot, "SOMETHING_NEW", None)
    assert await wire.event("MESSAGE_CREATE") == {"id": 1.5, "x": "\ud800"}
    assert await wire.event("TYPING_START") == {"user_id": "1"}
    assert await wire.event("SOMETHING_NEW") is None
    sticker = {"sticker_items": [{"id": "1", "name": "wave", "format_type": 1}], "id": "7"}
    message = anna.send_content(bot, sticker)
    assert (message.text, message.payload["sticker_items"]) == ("", sticker["sticker_items"])
    assert message.payload["id"] == str(message.id)
    odd = anna.write("\ud800 \x00", bot, files=[("\ud800.txt", "text/plain\r\nX: y", b"")])
    assert odd.text == "\ud800 \x00"


# --- compression


async def test_the_zlib_stream_is_one_context(dial: Dialler, bot: SimBot, anna: SimPerson) -> None:
    wire = await dial(compress="zlib-stream")
    await wire.enter()
    for number in range(3):
        anna.write(f"message {number}", bot)
    assert await texts(wire, 3) == ["message 0", "message 1", "message 2"]
    assert wire.frames == 5


async def test_messages_may_come_in_several_frames(
    dial: Dialler, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    wire = await dial(compress="zlib-stream")
    await wire.enter()
    platform.faults.arm("split_frames", parts=3)
    anna.write("whole", bot)
    frames = wire.frames
    assert await texts(wire, 1) == ["whole"]
    assert wire.frames == frames + 3


# --- sessions


async def test_what_was_missed_is_replayed_in_order(
    dial: Dialler, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    wire = await dial()
    await wire.enter()
    first = anna.write("one", bot)
    assert await texts(wire, 1) == ["one"]
    seq = wire.seq
    platform.disconnect(bot, 4000)
    assert await wire.ended() == 4000
    missed = [anna.write(text, bot) for text in ("two", "three")]
    assert platform.handed_out(bot) == [first.id]
    again = await dial()
    await again.resume(wire.session_id, seq)
    payloads = [await again.receive() for _ in range(3)]
    assert [payload["t"] for payload in payloads] == ["MESSAGE_CREATE", "MESSAGE_CREATE", "RESUMED"]
    assert [payload["s"] for payload in payloads] == [3, 4, 5]
    anna.write("four", bot)
    assert await texts(again, 1) == ["four"]
    assert again.seq == 6
    assert platform.handed_out(bot)[:3] == [first.id, *(message.id for message in missed)]
    resumed = platform.sessions(bot)[1]
    assert (resumed.kind, resumed.session_id, resumed.seq) == ("resume", wire.session_id, 2)


async def test_an_older_seq_is_replayed_again(
    dial: Dialler, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    wire = await dial()
    await wire.enter()
    message = anna.write("one", bot)
    await texts(wire, 1)
    again = await dial()
    await again.resume(wire.session_id, 1)
    assert await texts(again, 1) == ["one"]
    await again.event("RESUMED")
    assert platform.handed_out(bot) == [message.id, message.id]
    assert await wire.ended() == 4000  # a session has one socket


async def test_sessions_wait_for_so_long(
    dial: Dialler, platform: DiscordPlatform, bot: SimBot, clock: Clock
) -> None:
    first, second = await dial(), await dial()
    await first.enter()
    await second.enter()
    platform.disconnect(bot)
    assert await first.ended() == 1006
    clock.advance(seconds=180)
    again = await dial()
    await again.resume(first.session_id, first.seq)
    await again.event("RESUMED")
    clock.advance(seconds=1)
    late = await dial()
    await late.resume(second.session_id, second.seq)
    assert await late.answer(9) is False
    await late.identify()  # on the same socket
    await late.event("READY")


async def test_a_clean_close_ends_the_session(dial: Dialler, platform: DiscordPlatform, bot: SimBot) -> None:
    for code, accepted in ((4000, True), (1000, False), (1001, False)):
        wire = await dial()
        await wire.enter()
        await wire.close(code)
        await platform.until(lambda: not platform.connected(bot))
        again = await dial()
        await again.resume(wire.session_id, wire.seq)
        await again.receive()
        assert platform.sessions(bot)[-1].accepted is accepted
        await again.close()
        await platform.until(lambda: not platform.connected(bot))


async def test_a_seq_from_the_future_is_closed(dial: Dialler, platform: DiscordPlatform, bot: SimBot) -> None:
    wire = await dial()
    await wire.enter()
    platform.disconnect(bot)
    again = await dial()
    await again.resume(wire.session_id, 50)
    assert await again.ended() == 4007


async def test_forgotten_sessions_go_on_but_are_not_resumed(
    dial: Dialler, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    wire = await dial()
    await wire.enter()
    platform.forget_sessions(bot)
    anna.write("still here", bot)
    assert await texts(wire, 1) == ["still here"]
    platform.disconnect(bot)
    again = await dial()
    await again.resume(wire.session_id, wire.seq)
    assert await again.answer(9) is False


@pytest.mark.parametrize("keep", [True, False])
async def test_a_restart_may_keep_the_sessions(
    dial: Dialler, platform: DiscordPlatform, bot: SimBot, anna: SimPerson, keep: bool
) -> None:
    wire = await dial()
    await wire.enter()
    await platform.stop(keep_sessions=keep)
    assert await wire.ended() == 1006
    anna.write("meanwhile", bot)
    await platform.start()
    again = await dial()
    await again.resume(wire.session_id, wire.seq)
    if keep:
        assert await texts(again, 1) == ["meanwhile"]
    else:
        assert await again.answer(9) is False
        await again.identify()
        await again.event("READY")
    assert platform.connected(bot)
