"""The loopback Discord's REST API and CDN, held to the documentation by raw HTTP."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from simulators.discord import DiscordPlatform, SimBot, SimChannel, SimGuild, SimPerson
from simulators.discord.limits import INVALID_MAX, InvalidRequests
from tests.simulators.test_discord_tools import OTHER_TOKEN, QUIET, TOKEN, Clock, Raw, http_client


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
def channel(guild: SimGuild) -> SimChannel:
    return guild.add_channel("help")


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with http_client() as client:
        yield client


@pytest.fixture
def raw(http: aiohttp.ClientSession, platform: DiscordPlatform, bot: SimBot) -> Raw:
    return Raw(http, platform)


# --- tokens, paths, bodies


@pytest.mark.parametrize("token", [None, "wrong", f"{TOKEN}x"])
async def test_a_wrong_token_is_unauthorized(raw: Raw, platform: DiscordPlatform, token: str | None) -> None:
    status, body, _ = await raw("GET", "/users/@me", token=token)
    assert (status, body) == (401, {"message": "401: Unauthorized", "code": 0})
    assert platform.calls[0].bot_id is None


async def test_the_scheme_must_be_bot(http: aiohttp.ClientSession, platform: DiscordPlatform, bot: SimBot) -> None:
    async with http.get(f"{platform.api_url}/users/@me", headers={"Authorization": TOKEN}) as answer:
        assert answer.status == 401


async def test_the_gateway_address_needs_no_token(raw: Raw, platform: DiscordPlatform) -> None:
    assert (await raw("GET", "/gateway", token=None))[1] == {"url": platform.gateway_url}
    status, body, _ = await raw("GET", "/gateway/bot")
    assert (status, body["url"], body["shards"]) == (200, platform.gateway_url, 1)
    assert body["session_start_limit"]["max_concurrency"] == 1


async def test_paths_and_methods_are_known(raw: Raw, channel: SimChannel) -> None:
    assert await raw.refusal("GET", "/nothing") == (404, 0, "404: Not Found")
    assert await raw.refusal("PUT", f"/channels/{channel.id}/messages") == (405, 0, "405: Method Not Allowed")
    assert (await raw.refusal("GET", "/channels/abc"))[:2] == (400, 50035)
    assert (await raw.refusal("GET", f"/channels/{'9' * 30}"))[:2] == (400, 50035)


async def test_every_call_is_recorded(raw: Raw, platform: DiscordPlatform, bot: SimBot, anna: SimPerson) -> None:
    await raw.post(anna.dm(bot), "hello")
    await raw("GET", "/nothing", wait="1")
    first, second = platform.calls
    assert (first.method, first.path, first.status) == ("POST", f"/channels/{anna.dm(bot)}/messages", 200)
    assert (first.bot_id, first.body) == (bot.id, {"content": "hello", **QUIET})
    assert (second.method, second.path, second.status, second.query) == ("GET", "/nothing", 404, {"wait": "1"})


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"{", 50109), (b"[1]", 50035), (b'"text"', 50035), (b"\xff\xfe", 50109), (b"[" * 100_000, 50109)],
)
async def test_broken_json_is_refused(
    http: aiohttp.ClientSession, platform: DiscordPlatform, bot: SimBot, anna: SimPerson, body: bytes, code: int
) -> None:
    headers = {"Authorization": f"Bot {TOKEN}", "Content-Type": "application/json"}
    url = f"{platform.api_url}/channels/{anna.dm(bot)}/messages"
    async with http.post(url, data=body, headers=headers) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, code)
    assert platform.sent == []


# --- who may look and write


async def test_unknown_and_forbidden_channels(
    raw: Raw, platform: DiscordPlatform, bot: SimBot, anna: SimPerson, channel: SimChannel
) -> None:
    other = platform.add_bot(OTHER_TOKEN, username="other_bot")
    hidden = platform.add_guild("Elsewhere", other).add_channel("secret")
    assert await raw.refusal("GET", "/channels/1") == (404, 10003, "Unknown Channel")
    assert await raw.refusal("GET", f"/channels/{hidden.id}") == (403, 50001, "Missing Access")
    assert await raw.refusal("GET", f"/channels/{anna.dm(other)}/messages") == (403, 50001, "Missing Access")
    channel.writable = False
    body = {"content": "hello", **QUIET}
    path = f"/channels/{channel.id}/messages"
    assert await raw.refusal("POST", path, body) == (403, 50013, "Missing Permissions")
    assert await raw.ok("GET", path) == []
    channel.readable = False
    assert (await raw.refusal("GET", path))[:2] == (403, 50001)
    assert (await raw.refusal("GET", "/users/1"))[:2] == (404, 10013)
    assert (await raw.refusal("GET", "/guilds/1/threads/active"))[:2] == (404, 10004)


async def test_a_person_who_blocks_is_out_of_reach(raw: Raw, bot: SimBot, anna: SimPerson) -> None:
    path = f"/channels/{anna.dm(bot)}/messages"
    anna.block(bot)
    with pytest.raises(ValueError):
        anna.write("hello", bot)
    refusal = await raw.refusal("POST", path, {"content": "hello", **QUIET})
    assert refusal == (403, 50007, "Cannot send messages to this user")
    anna.unblock(bot)
    await raw.post(anna.dm(bot), "hello")


async def test_a_dm_is_opened_once(raw: Raw, bot: SimBot, anna: SimPerson) -> None:
    dm = await raw.ok("POST", "/users/@me/channels", {"recipient_id": str(anna.id)})
    assert (dm["id"], dm["type"], dm["recipients"][0]["id"]) == (str(anna.dm(bot)), 1, str(anna.id))
    assert await raw.ok("POST", "/users/@me/channels", {"recipient_id": anna.id}) == dm
    assert (await raw.refusal("POST", "/users/@me/channels", {}))[:2] == (400, 50035)
    assert (await raw.refusal("POST", "/users/@me/channels", {"recipient_id": bot.id}))[:2] == (400, 50033)


# --- writing


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"content": ""}, 50006),
        ({"content": " \n "}, 50006),
        ({}, 50006),
        ({"content": 5}, 50035),
        ({"content": "x" * 2001}, 50035),
        ({"content": "x", "nonce": "n" * 26}, 50035),
        ({"content": "x", "nonce": 10**25}, 50035),
        ({"content": "x", "nonce": [1]}, 50035),
        ({"content": "x", "message_reference": {"message_id": "1"}}, 50035),
        ({"content": "x", "message_reference": "1"}, 50035),
    ],
)
async def test_invalid_forms_are_refused(
    raw: Raw, platform: DiscordPlatform, bot: SimBot, anna: SimPerson, body: Any, code: int
) -> None:
    refusal = await raw.refusal("POST", f"/channels/{anna.dm(bot)}/messages", {**QUIET, **body})
    assert refusal[:2] == (400, code)
    assert platform.sent == []


async def test_the_longest_text_is_accepted(
    raw: Raw, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    message = await raw.post(anna.dm(bot), "😀" * 2000, nonce="n" * 25)
    assert (message["content"], message["nonce"]) == ("😀" * 2000, "n" * 25)
    assert platform.sent[0].text == "😀" * 2000


async def test_a_reply_refers_to_what_it_answers(
    raw: Raw, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    question = anna.write("why?", bot)
    answer = await raw.post(question.channel_id, "because", message_reference={"message_id": str(question.id)})
    assert (answer["type"], answer["referenced_message"]["content"]) == (19, "why?")
    assert answer["mentions"] == []
    assert platform.sent[0].reply_to == question.id
    anna.delete(question)
    path = f"/channels/{question.channel_id}/messages/{answer['id']}"
    assert (await raw.ok("GET", path))["referenced_message"] is None
    gone = {"message_id": str(question.id), "fail_if_not_exists": False}
    plain = await raw.post(question.channel_id, "anyway", message_reference=gone)
    assert (plain["type"], "message_reference" in plain) == (0, False)


async def test_an_enforced_nonce_makes_one_message_for_five_minutes(
    raw: Raw, platform: DiscordPlatform, bot: SimBot, anna: SimPerson, clock: Clock, channel: SimChannel
) -> None:
    dm = anna.dm(bot)
    first = await raw.post(dm, "once", nonce="a1", enforce_nonce=True)
    clock.advance(minutes=4, seconds=59)
    assert await raw.post(dm, "twice?", nonce="a1", enforce_nonce=True) == first
    assert [message.text for message in platform.sent] == ["once"]
    await raw.post(channel.id, "elsewhere", nonce="a1", enforce_nonce=True)
    await raw.post(dm, "not enforced", nonce="a1")
    await raw.post(dm, "other", nonce="a2", enforce_nonce=True)
    clock.advance(minutes=5)
    await raw.post(dm, "forgotten", nonce="a1", enforce_nonce=True)
    texts = [message.text for message in platform.sent]
    assert texts == ["once", "elsewhere", "not enforced", "other", "forgotten"]


@pytest.mark.parametrize("allowed", [None, {"parse": ["users"]}, {}, {"users": ["1"]}])
async def test_a_message_that_could_ping_is_noted(
    raw: Raw, platform: DiscordPlatform, bot: SimBot, anna: SimPerson, allowed: Any
) -> None:
    await raw.post(anna.dm(bot), "@everyone", allowed_mentions=allowed)
    assert platform.violations == ["a message could ping: no allowed_mentions"]


async def test_only_allowed_mentions_mention(raw: Raw, bot: SimBot, anna: SimPerson) -> None:
    dm, text = anna.dm(bot), f"<@{anna.id}>"
    assert (await raw.post(dm, text))["mentions"] == []
    allowed = {"parse": [], "users": [str(anna.id)]}
    assert (await raw.post(dm, text, allowed_mentions=allowed))["mentions"][0]["id"] == str(anna.id)
    reply = {"message_id": str(anna.write("?", bot).id)}
    pinging = {"parse": [], "replied_user": True}
    assert (await raw.post(dm, "!", message_reference=reply, allowed_mentions=pinging))["mentions"] != []


async def test_only_own_messages_are_changed(
    raw: Raw, platform: DiscordPlatform, bot: SimBot, anna: SimPerson, channel: SimChannel
) -> None:
    dm = f"/channels/{anna.dm(bot)}/messages/{anna.write('mine', bot).id}"
    inside = f"/channels/{channel.id}/messages/{anna.say('mine', channel).id}"
    assert (await raw.refusal("PATCH", dm, {"content": "x"}))[:2] == (403, 50005)
    assert (await raw.refusal("DELETE", dm))[:2] == (403, 50003)
    assert (await raw.refusal("DELETE", inside))[:2] == (403, 50013)
    own = await raw.post(channel.id, "typo")
    path = f"/channels/{channel.id}/messages/{own['id']}"
    assert (await raw.refusal("PATCH", path, {"content": ""}))[:2] == (400, 50006)
    assert (await raw.ok("PATCH", path, {"content": "fixed", **QUIET}))["content"] == "fixed"
    assert await raw.ok("PUT", f"{path}/reactions/👍/@me") == ""
    assert (await raw.ok("GET", path))["reactions"][0]["emoji"]["name"] == "👍"
    assert await raw.ok("DELETE", path) == ""
    assert await raw.refusal("GET", path) == (404, 10008, "Unknown Message")
    assert platform.violations == []


async def test_typing(raw: Raw, bot: SimBot, anna: SimPerson) -> None:
    assert (await raw("POST", f"/channels/{anna.dm(bot)}/typing"))[:2] == (204, "")


# --- the history


async def test_pages_are_newest_first(raw: Raw, bot: SimBot, anna: SimPerson, platform: DiscordPlatform) -> None:
    ids = [str(anna.write(str(number), bot).id) for number in range(10)]
    path = f"/channels/{anna.dm(bot)}/messages"

    async def page(**query: Any) -> list[str]:
        return [message["content"] for message in await raw.ok("GET", path, **query)]

    assert await page() == list("9876543210")
    assert await page(limit=3) == list("987")
    assert await page(limit=3, before=ids[5]) == list("432")
    assert await page(limit=3, after=ids[5]) == list("876")
    assert await page(limit=3, around=ids[5]) == list("654")
    assert await page(limit=2, after="0") == list("10")
    assert platform.handed_out(bot)[-2:] == [int(ids[1]), int(ids[0])]


@pytest.mark.parametrize(
    "query",
    [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"after": "x"}, {"after": "1", "before": "2"}],
)
async def test_a_wrong_page_is_refused(raw: Raw, bot: SimBot, anna: SimPerson, query: dict[str, str]) -> None:
    assert (await raw.refusal("GET", f"/channels/{anna.dm(bot)}/messages", **query))[:2] == (400, 50035)


async def test_the_history_has_no_nonces(raw: Raw, bot: SimBot, anna: SimPerson) -> None:
    await raw.post(anna.dm(bot), "hello", nonce="n1")
    [message] = await raw.ok("GET", f"/channels/{anna.dm(bot)}/messages")
    assert "nonce" not in message


async def test_content_needs_the_intent_a_mention_or_a_dm(
    raw: Raw, bot: SimBot, anna: SimPerson, channel: SimChannel
) -> None:
    own = await raw.post(channel.id, "own")
    files = [("a.txt", "text/plain", b"x")]
    anna.say("plain", channel, files=files)
    anna.say("named", channel, mention=bot, files=files)
    anna.send_content(bot, {"poll": {"question": {"text": "?"}}, "embeds": [{}]}, channel=channel)
    question = await raw.ok("GET", f"/channels/{channel.id}/messages/{own['id']}")
    assert question["content"] == "own"
    poll, named, plain, _ = await raw.ok("GET", f"/channels/{channel.id}/messages")
    assert (plain["content"], plain["attachments"], plain["author"]["username"]) == ("", [], "anna")
    assert (named["content"], len(named["attachments"])) == (f"<@{bot.id}> named", 1)
    assert (poll.get("poll"), poll["embeds"]) == (None, [])
    bot.message_content = True
    assert (await raw.ok("GET", f"/channels/{channel.id}/messages/{plain['id']}"))["content"] == "plain"


async def test_a_quiet_reply_is_not_for_the_bot(
    raw: Raw, platform: DiscordPlatform, bot: SimBot, anna: SimPerson, channel: SimChannel
) -> None:
    await raw.post(channel.id, "ask me")
    [sent] = platform.sent
    loud = anna.say("loud", channel, reply_to=sent)
    quiet = anna.say("quiet", channel, reply_to=sent, ping=False)
    path = f"/channels/{channel.id}/messages"
    assert (await raw.ok("GET", f"{path}/{loud.id}"))["content"] == "loud"
    answer = await raw.ok("GET", f"{path}/{quiet.id}")
    assert (answer["content"], answer["referenced_message"]["content"]) == ("", "ask me")


# --- threads


async def test_a_thread_hangs_on_its_message(
    raw: Raw, bot: SimBot, anna: SimPerson, guild: SimGuild, channel: SimChannel
) -> None:
    message = anna.say("parcel lost", channel)
    path = f"/channels/{channel.id}/messages/{message.id}/threads"
    assert (await raw.refusal("POST", path, {"name": ""}))[:2] == (400, 50035)
    thread = await raw.ok("POST", path, {"name": "parcel"})
    assert (thread["id"], thread["parent_id"], thread["type"]) == (str(message.id), str(channel.id), 11)
    assert (await raw.refusal("POST", path, {"name": "again"}))[:2] == (400, 160004)
    inside = await raw.post(int(thread["id"]), "here")
    assert inside["channel_id"] == thread["id"]
    loose = await raw.ok("POST", f"/channels/{channel.id}/threads", {"name": "loose", "type": 11})
    active = await raw.ok("GET", f"/guilds/{guild.id}/threads/active")
    assert [found["id"] for found in active["threads"]] == [loose["id"], thread["id"]]
    assert (await raw.refusal("POST", f"/channels/{thread['id']}/threads", {"name": "x"}))[:2] == (400, 50024)


async def test_archived_threads_are_listed_the_last_archived_first(
    raw: Raw, bot: SimBot, anna: SimPerson, guild: SimGuild, channel: SimChannel, clock: Clock
) -> None:
    public = [anna.start_thread(channel, f"t{n}") for n in range(3)]
    private = [anna.start_private_thread(channel, f"p{n}", bot) for n in range(2)]
    hidden = anna.start_private_thread(channel, "hidden")
    for thread in (public[1], public[0], *private, hidden):
        clock.advance(seconds=1)
        anna.archive(thread)

    path = f"/channels/{channel.id}/threads/archived/public"
    first = await raw.ok("GET", f"{path}?limit=1")
    assert ([one["id"] for one in first["threads"]], first["has_more"]) == ([str(public[0].id)], True)
    before = quote(first["threads"][0]["thread_metadata"]["archive_timestamp"])
    rest = await raw.ok("GET", f"{path}?before={before}")
    assert ([one["id"] for one in rest["threads"]], rest["has_more"]) == ([str(public[1].id)], False)
    assert (await raw.refusal("GET", f"{path}?before=yesterday"))[:2] == (400, 50035)

    path = f"/channels/{channel.id}/users/@me/threads/archived/private"
    first = await raw.ok("GET", f"{path}?limit=1")
    assert ([one["id"] for one in first["threads"]], first["has_more"]) == ([str(private[1].id)], True)
    rest = await raw.ok("GET", f"{path}?before={private[1].id}")
    assert [one["id"] for one in rest["threads"]] == [str(private[0].id)]
    assert (await raw.refusal("GET", f"{path}?before=yesterday"))[:2] == (400, 50035)
    assert (await raw.refusal("GET", f"/channels/{hidden.id}/messages"))[:2] == (403, 50001)

    active = await raw.ok("GET", f"/guilds/{guild.id}/threads/active")
    assert [one["id"] for one in active["threads"]] == [str(public[2].id)]
    anna.say("once more", public[0])
    active = await raw.ok("GET", f"/guilds/{guild.id}/threads/active")
    assert [one["id"] for one in active["threads"]] == [str(public[2].id), str(public[0].id)]
    assert (await raw.refusal("GET", f"/channels/{public[2].id}/threads/archived/public"))[:2] == (400, 50024)


# --- attachments


async def test_addresses_of_attachments_expire(
    http: aiohttp.ClientSession, raw: Raw, bot: SimBot, anna: SimPerson, clock: Clock, platform: DiscordPlatform
) -> None:
    message = anna.write("look", bot, files=[("a b.png", "image/png", b"png")])
    path = f"/channels/{message.channel_id}/messages/{message.id}"
    [attachment] = (await raw.ok("GET", path))["attachments"]
    assert (attachment["size"], attachment["content_type"]) == (3, "image/png")
    assert attachment["url"].startswith(f"{platform.cdn_url}/attachments/{message.channel_id}/")

    async def fetch(url: str) -> tuple[int, bytes]:
        async with http.get(url) as answer:
            return answer.status, await answer.read()

    assert await fetch(attachment["url"]) == await fetch(attachment["proxy_url"]) == (200, b"png")
    assert (await fetch(attachment["url"].partition("?")[0]))[0] == 404
    assert (await fetch(attachment["url"].replace("ex=", "ex=f")))[0] == 404
    clock.advance(hours=24)
    assert await fetch(attachment["url"]) == (404, b"This content is no longer available.")
    [fresh] = (await raw.ok("GET", path))["attachments"]
    assert (await fetch(fresh["url"]))[0] == 200
    await http.get(fresh["url"], headers={"Authorization": f"Bot {TOKEN}"})
    assert platform.violations == ["a token was sent to the CDN"]


# --- limits


async def test_five_messages_in_five_seconds_per_channel(
    raw: Raw, platform: DiscordPlatform, bot: SimBot, anna: SimPerson, clock: Clock, channel: SimChannel
) -> None:
    path = f"/channels/{anna.dm(bot)}/messages"
    body = {"content": "again", **QUIET}
    remaining = [(await raw("POST", path, body))[2].headers["X-RateLimit-Remaining"] for _ in range(5)]
    assert remaining == list("43210")
    clock.advance(seconds=1.5)
    status, told, answer = await raw("POST", path, body)
    assert (status, told["retry_after"], told["global"]) == (429, 3.5, False)
    assert {"Via", "X-RateLimit-Bucket"} <= set(answer.headers)
    assert (answer.headers["Retry-After"], answer.headers["X-RateLimit-Limit"]) == ("4", "5")
    assert answer.headers["X-RateLimit-Reset-After"] == "3.500"
    await raw.post(channel.id, "another channel")
    assert platform.violations == ["support_bot sent more than 5 messages to a channel in 5 s"]
    clock.advance(seconds=1)
    await raw("POST", path, body)
    assert "2.5 s before retry_after was over" in platform.violations[1]
    clock.advance(seconds=2.5)
    await raw.ok("POST", path, body)
    assert len(platform.sent) == 7


async def test_fifty_requests_in_a_second(raw: Raw, platform: DiscordPlatform, clock: Clock) -> None:
    for _ in range(50):
        await raw.ok("GET", "/users/@me")
    status, told, answer = await raw("GET", "/users/@me")
    assert (status, told["global"], answer.headers["X-RateLimit-Global"]) == (429, True, "true")
    clock.advance(seconds=1)
    await raw.ok("GET", "/users/@me")


async def test_limits_may_be_noted_only(clock: Clock, http: aiohttp.ClientSession) -> None:
    async with DiscordPlatform(now=clock, enforce_limits=False) as platform:
        dm = platform.add_person("Anna").dm(platform.add_bot(TOKEN))
        for number in range(7):
            await Raw(http, platform).post(dm, str(number))
        assert len(platform.sent) == 7
        assert platform.violations == ["support_bot sent more than 5 messages to a channel in 5 s"] * 2


def test_ten_thousand_refusals_ban_the_address(clock: Clock) -> None:
    refused = InvalidRequests()
    brought_ban = [refused.count(clock()) for _ in range(INVALID_MAX + 1)]
    assert brought_ban == [False] * INVALID_MAX + [True]
    assert refused.banned_s(clock()) == 600
    clock.advance(minutes=10)
    assert refused.banned_s(clock()) == 0


async def test_a_banned_address_meets_cloudflare(
    raw: Raw, platform: DiscordPlatform, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulators.discord.limits.INVALID_MAX", 3)
    for _ in range(4):
        await raw("GET", "/users/@me", token="wrong")
    assert platform.violations == ["more than 10,000 requests were refused within 10 minutes"]
    status, page, answer = await raw("GET", "/users/@me")
    assert (status, "Via" in answer.headers, answer.content_type) == (429, False, "text/html")
    assert "1015" in page
    clock.advance(minutes=11)
    await raw.ok("GET", "/users/@me")


# --- ids, start and stop


async def test_ids_are_snowflakes(platform: DiscordPlatform, bot: SimBot, anna: SimPerson, clock: Clock) -> None:
    first, second = anna.write("one", bot), anna.write("two", bot)
    clock.advance(seconds=-5)
    third = anna.write("three", bot)
    assert first.id < second.id < third.id
    assert (first.id >> 22) + 1_420_070_400_000 == int(first.at.timestamp() * 1000)


async def test_the_port_is_kept(http: aiohttp.ClientSession) -> None:
    platform = DiscordPlatform()
    await platform.start()
    url = platform.api_url
    await platform.stop()
    with pytest.raises(aiohttp.ClientConnectionError):
        await http.get(f"{url}/gateway")
    async with platform:
        assert platform.api_url == url
        assert (await Raw(http, platform)("GET", "/gateway"))[0] == 200


async def test_tokens_are_words(platform: DiscordPlatform, bot: SimBot) -> None:
    for token in ("", "two words", TOKEN):
        with pytest.raises(ValueError):
            platform.add_bot(token)


async def test_what_a_reaction_raises_comes_out_of_stop(http: aiohttp.ClientSession) -> None:
    platform = DiscordPlatform()
    await platform.start()
    dm = platform.add_person("Anna").dm(platform.add_bot(TOKEN))

    async def fail(_: object) -> None:
        raise LookupError("a test's own")

    platform.on_answer(fail)
    await Raw(http, platform).post(dm, "hello")
    with pytest.raises(LookupError):
        await platform.stop()
