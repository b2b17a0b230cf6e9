"""What the loopback Discord does wrong when told to."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from simulators.discord import FAULTS, DiscordPlatform, SimBot, SimPerson
from tests.simulators.test_discord_tools import QUIET, TOKEN, Clock, Dialler, Raw, http_client


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
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with http_client() as client:
        yield client


@pytest.fixture
def raw(http: aiohttp.ClientSession, platform: DiscordPlatform, bot: SimBot) -> Raw:
    return Raw(http, platform)


@pytest.fixture
def dial(http: aiohttp.ClientSession, platform: DiscordPlatform, bot: SimBot) -> Dialler:
    return Dialler(http, platform)


# --- requests


@pytest.mark.parametrize(("name", "accepted"), [("drop_before_accept", 0), ("drop_after_accept", 1)])
async def test_connections_are_dropped(
    raw: Raw, platform: DiscordPlatform, bot: SimBot, anna: SimPerson, name: str, accepted: int
) -> None:
    platform.faults.arm(name)
    with pytest.raises(aiohttp.ClientConnectionError):
        await raw.post(anna.dm(bot), "hello")
    assert len(platform.sent) == accepted
    assert platform.calls[0].status is None


@pytest.mark.parametrize(
    ("name", "details", "status", "kind"),
    [
        ("status", {"status": 503}, 503, "text/html"),
        ("status", {}, 502, "text/html"),
        ("cloudflare", {}, 429, "text/html"),
        ("rate_limit", {"retry_after": 1.5}, 429, "application/json"),
        ("unauthorized", {}, 401, "application/json"),
        ("forbidden", {}, 403, "application/json"),
    ],
)
async def test_requests_are_refused(
    raw: Raw,
    platform: DiscordPlatform,
    bot: SimBot,
    anna: SimPerson,
    name: str,
    details: dict[str, Any],
    status: int,
    kind: str,
) -> None:
    platform.faults.arm(name, **details)
    path = f"/channels/{anna.dm(bot)}/messages"
    got, _, answer = await raw("POST", path, {"content": "hello", **QUIET})
    assert (got, answer.content_type) == (status, kind)
    assert ("Via" in answer.headers) is (name == "rate_limit")
    assert platform.sent == []
    assert platform.calls[0].status == status


@pytest.mark.parametrize("scope", ["user", "shared", "global"])
async def test_rate_limits_have_a_scope(raw: Raw, platform: DiscordPlatform, clock: Clock, scope: str) -> None:
    platform.faults.arm("rate_limit", retry_after=2, scope=scope)
    _, body, answer = await raw("GET", "/users/@me")
    assert (body["retry_after"], body["global"]) == (2, scope == "global")
    assert answer.headers["X-RateLimit-Scope"] == scope
    await raw("GET", "/gateway/bot")
    assert len(platform.violations) == (1 if scope == "global" else 0)
    clock.advance(seconds=2)
    await raw.ok("GET", "/users/@me")
    assert len(platform.violations) == (1 if scope == "global" else 0)


async def test_a_code_may_be_chosen(raw: Raw, platform: DiscordPlatform) -> None:
    platform.faults.arm("forbidden", code=50007)
    refusal = await raw.refusal("GET", "/users/@me")
    assert refusal == (403, 50007, "Cannot send messages to this user")


@pytest.mark.parametrize("name", ["garble", "truncate"])
async def test_answers_are_spoilt_after_the_message_was_accepted(
    http: aiohttp.ClientSession, platform: DiscordPlatform, bot: SimBot, anna: SimPerson, name: str
) -> None:
    platform.faults.arm(name)
    url = f"{platform.api_url}/channels/{anna.dm(bot)}/messages"
    headers = {"Authorization": f"Bot {TOKEN}"}
    async with http.post(url, json={"content": "hello", **QUIET}, headers=headers) as answer:
        assert answer.status == 200
        with pytest.raises(ValueError):
            await answer.json(content_type=None)
    assert [message.text for message in platform.sent] == ["hello"]


async def test_faults_are_meant_for_some_requests(
    raw: Raw, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    platform.faults.arm("status", path="/messages", method="post")
    await raw.ok("GET", "/users/@me")
    await raw.ok("GET", f"/channels/{anna.dm(bot)}/messages")
    assert (await raw("POST", f"/channels/{anna.dm(bot)}/messages", {"content": "x"}))[0] == 502
    with pytest.raises(ValueError):
        platform.faults.arm("stauts")


async def test_downloads_fail_too(
    http: aiohttp.ClientSession, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    message = anna.write("", bot, files=[("a", "text/plain", b"four")])
    [attachment] = message.payload["attachments"]
    platform.faults.arm("truncate", path="/cdn/")
    async with http.get(attachment["url"]) as answer:
        assert await answer.read() == b"fo"
    assert platform.calls[0].path.startswith("/cdn/attachments/")


async def test_answers_are_delayed(raw: Raw, platform: DiscordPlatform, bot: SimBot) -> None:
    platform.faults.arm("delay", s=0.02)
    await raw.ok("GET", "/users/@me")
    assert [fault.name for fault in platform.faults.fired] == ["delay"]


# --- the gateway


async def test_connections_are_refused(dial: Dialler, platform: DiscordPlatform) -> None:
    platform.faults.arm("refuse_connect")
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await dial()
    assert refused.value.status == 503
    await (await dial()).enter()


async def test_hello_is_kept_back(dial: Dialler, platform: DiscordPlatform) -> None:
    platform.faults.arm("no_hello")
    wire = await dial()
    await wire.send(1, None)
    await wire.answer(11)


async def test_acks_are_kept_back(dial: Dialler, platform: DiscordPlatform, bot: SimBot) -> None:
    wire = await dial()
    await wire.enter()
    platform.faults.arm("no_heartbeat_ack")
    await wire.send(1, 1)
    await platform.until(lambda: bool(platform.faults.fired))
    platform.request_heartbeat(bot)
    await wire.answer(1)


@pytest.mark.parametrize(
    ("name", "details", "code"),
    [("gateway_close", {"code": 4008}, 4008), ("gateway_close", {}, 4000), ("cut", {}, 1006)],
)
async def test_sockets_end_instead_of_an_event(
    dial: Dialler,
    platform: DiscordPlatform,
    bot: SimBot,
    anna: SimPerson,
    name: str,
    details: dict[str, Any],
    code: int,
) -> None:
    wire = await dial()
    await wire.enter()
    platform.faults.arm(name, **details)
    message = anna.write("not yet", bot)
    assert await wire.ended() == code
    assert platform.handed_out(bot) == []
    again = await dial()
    await again.resume(wire.session_id, wire.seq)
    assert (await again.event("MESSAGE_CREATE"))["id"] == str(message.id)


async def test_sockets_end_after_so_many_events(
    dial: Dialler, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    wire = await dial()
    await wire.enter()
    platform.faults.arm("gateway_close", code=4001, after=2, times=2)
    ids = [anna.write(text, bot).id for text in ("one", "two", "three")]
    assert await wire.ended() == 4001
    assert platform.handed_out(bot) == ids[:2]
    again = await dial()
    await again.resume(wire.session_id, wire.seq)
    await again.event("MESSAGE_CREATE")
    await again.event("RESUMED")
    assert await again.ended() == 4001


async def test_an_identify_may_be_answered_by_a_close(dial: Dialler, platform: DiscordPlatform) -> None:
    platform.faults.arm("gateway_close", code=4004)
    wire = await dial()
    await wire.answer(10)
    await wire.identify()
    assert await wire.ended() == 4004


async def test_op_7_asks_to_reconnect(
    dial: Dialler, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    wire = await dial()
    await wire.enter()
    platform.faults.arm("reconnect")
    anna.write("later", bot)
    await wire.answer(7)
    assert not platform.connected(bot)
    again = await dial()
    await again.resume(wire.session_id, wire.seq)
    assert (await again.event("MESSAGE_CREATE"))["content"] == "later"


@pytest.mark.parametrize("resumable", [True, False])
async def test_op_9_takes_the_session_away(
    dial: Dialler, platform: DiscordPlatform, bot: SimBot, anna: SimPerson, resumable: bool
) -> None:
    wire = await dial()
    await wire.enter()
    platform.faults.arm("invalid_session", resumable=resumable)
    anna.write("later", bot)
    assert await wire.answer(9) is resumable
    again = await dial()
    await again.resume(wire.session_id, wire.seq)
    assert (await again.receive())["t"] == ("MESSAGE_CREATE" if resumable else None)


async def test_a_resume_is_refused(dial: Dialler, platform: DiscordPlatform, bot: SimBot) -> None:
    wire = await dial()
    await wire.enter()
    platform.disconnect(bot)
    platform.faults.arm("refuse_resume")
    again = await dial()
    await again.resume(wire.session_id, wire.seq)
    assert await again.answer(9) is False


async def test_events_are_garbled_repeated_and_delayed(
    dial: Dialler, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    wire = await dial()
    await wire.enter()
    platform.faults.arm("garble_event")
    platform.faults.arm("garble_event", event="MESSAGE_DELETE", without="id")
    spoilt = anna.write("spoilt", bot)
    anna.delete(spoilt)
    assert "author" not in await wire.event("MESSAGE_CREATE")
    assert set(await wire.event("MESSAGE_DELETE")) == {"channel_id"}
    platform.faults.arm("repeat_event")
    platform.faults.arm("delay_event", s=0.02)
    twice = anna.write("twice", bot)
    anna.write("once", bot)
    seen = [(await wire.event("MESSAGE_CREATE"))["content"] for _ in range(3)]
    assert seen == ["twice", "twice", "once"]
    assert wire.seq == 6
    assert platform.handed_out(bot)[:2] == [twice.id, twice.id]
    names = {fault.name for fault in platform.faults.fired}
    assert names == {"garble_event", "repeat_event", "delay_event"} <= FAULTS


async def test_a_garbled_event_is_whole_when_it_is_replayed(
    dial: Dialler, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    wire = await dial()
    await wire.enter()
    seq = wire.seq
    platform.faults.arm("garble_event")
    anna.write("whole", bot)
    await wire.event("MESSAGE_CREATE")
    platform.disconnect(bot)
    again = await dial()
    await again.resume(wire.session_id, seq)
    assert (await again.event("MESSAGE_CREATE"))["author"] == anna.user()


async def test_a_wrongly_armed_fault_comes_out_of_stop(http: aiohttp.ClientSession) -> None:
    platform = DiscordPlatform()
    await platform.start()
    bot = platform.add_bot(TOKEN)
    wire = await Dialler(http, platform)()
    await wire.enter()
    platform.faults.arm("delay_event", s="long")
    platform.add_person("Anna").write("hello", bot)
    assert await wire.ended() == 1006
    with pytest.raises(TypeError):
        await platform.stop()
