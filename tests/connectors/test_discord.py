"""Discord when it misbehaves, over real sockets."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress

import discord
import pytest
from msgspec.structs import replace

from connectors.discord.api import MOST_REFUSED, REFUSED_WITHIN_S, Breaker
from connectors.discord.place import Place
from connectors.discord.sender import DiscordSender
from connectors.discord.settings import Settings
from connectors.registry import make_connector
from normalizer.registry import normalize
from tests.connectors.listening import next_said
from tests.contract.connectors.harness import context, reply
from tests.support.town import DISCORD, DISCORD_TOKEN, Town
from tickets.errors import ConnectorError, CredentialRejected, DeliveryError, PayloadError, RateLimited
from tickets.ids import ExternalMessageId, ThreadKey
from tickets.model import InboundMessage, RawEvent, ReplyTarget, Span
from tickets.ports import Connector
from tickets.secret import Secret

PATIENCE_S = 15.0


def connector_of(town: Town, **settings: object) -> Connector:
    return make_connector("discord", replace(town.accounts()[DISCORD].settings, **settings), context(DISCORD))


@pytest.fixture
async def connector(town: Town) -> AsyncIterator[Connector]:
    made = connector_of(town)
    await made.open()
    yield made
    await made.close()


async def listen(connector: Connector, count: int, cursor: str | None = None) -> tuple[list[RawEvent], str]:
    """Events until there are ``count``, and the cursor after them, asking again after every error."""
    events: list[RawEvent] = []
    async with asyncio.timeout(PATIENCE_S):
        while len(events) < count:
            try:
                async with aclosing(connector.source.batches(cursor)) as batches:
                    async for batch in batches:
                        events += batch.events
                        cursor = batch.cursor or cursor
                        if len(events) >= count:
                            break
            except ConnectorError:
                continue
    assert cursor is not None
    return events, cursor


def texts(events: list[RawEvent]) -> list[str]:
    messages = [normalize(event) for event in events]
    return [message.text for message in messages if isinstance(message, InboundMessage)]


def dm(town: Town, answering: int | None = None) -> ReplyTarget:
    channel = town.linh.dm(town.discord_bot)
    name = ExternalMessageId(f"{channel}/{answering}") if answering else None
    return ReplyTarget("discord", DISCORD, ThreadKey(str(channel)), "private", in_reply_to=name)


# Receiving ---------------------------------------------------------------------


async def test_what_is_not_for_us_is_not_handed_out(town: Town, connector: Connector) -> None:
    async with aclosing(connector.source.batches(None)) as batches, asyncio.timeout(PATIENCE_S):
        await anext(batches)
        await connector.sender.send(reply(dm(town), "our own words"))
        town.linh.say("for somebody else", town.hall)
        town.linh.write("for us", town.discord_bot)
        batch = await next_said(batches)
        assert texts(list(batch.events)) == ["for us"]


async def test_a_long_silence_is_read_page_by_page_oldest_first(town: Town) -> None:
    said = [f"message {n}" for n in range(230)]
    for text in said:
        town.linh.say(text, town.hall, mention=town.discord_bot)
    made = connector_of(town, first_start="all")
    await made.open()
    events, cursor = await listen(made, len(said))
    assert texts(events) == said
    town.linh.say("and one more", town.hall, mention=town.discord_bot)
    known = {event.external_id for event in events}
    more: list[RawEvent] = []
    while "and one more" not in texts(more):
        found, cursor = await listen(made, 1, cursor)
        more += [event for event in found if event.external_id not in known]
    await made.close()
    assert texts(more) == ["and one more"]


async def test_the_place_stands_still_until_all_that_was_missed_is_read(town: Town) -> None:
    """Killed after the first page of three, the next start reads all that is not known by name."""
    for n in range(230):
        town.linh.say(f"message {n}", town.hall, mention=town.discord_bot)
    made = connector_of(town, first_start="all")
    await made.open()
    first, cursor = await listen(made, 1)
    assert Place.read(cursor, 0).seen == 0
    rest, _cursor = await listen(made, 230 - len(first), cursor)
    await made.close()
    assert {event.external_id for event in (*first, *rest)} == {
        f"{town.hall.id}/{one}" for one in town.hall.messages
    }


async def test_the_past_of_a_conversation_comes_before_its_present(town: Town) -> None:
    made = connector_of(town)
    await made.open()
    _events, cursor = await _nothing(made)
    for n in range(120):
        town.linh.say(f"before {n}", town.hall, mention=town.discord_bot)
    async with aclosing(made.source.batches(cursor)) as batches, asyncio.timeout(PATIENCE_S):
        await anext(batches)
        town.linh.say("after", town.hall, mention=town.discord_bot)
        events: list[RawEvent] = []
        while "after" not in texts(events):
            events += (await anext(batches)).events
    await made.close()
    assert texts(events)[:120] == [f"before {n}" for n in range(120)]


async def test_what_a_dead_session_did_not_hear_is_read_later(town: Town) -> None:
    """A conversation found empty, then the session dies, something is said in it, and a later page is read."""
    minjun = town.discord.add_person("Minjun", username="minjun")
    quiet, other = town.linh.dm(town.discord_bot), minjun.dm(town.discord_bot)

    async def conversations() -> list[ThreadKey]:
        return [ThreadKey(str(quiet)), ThreadKey(str(other))]

    settings = replace(town.accounts()[DISCORD].settings, away_s=1.0)
    made = make_connector("discord", settings, context(DISCORD)._replace(conversations=conversations))
    await made.open()
    cursor: str | None = None
    async with aclosing(made.source.batches(None)) as batches, asyncio.timeout(PATIENCE_S):
        while not any(call.path == f"/channels/{quiet}/messages" for call in town.discord.calls):
            cursor = (await anext(batches)).cursor or cursor
        town.discord.forget_sessions(town.discord_bot)
        town.discord.faults.arm("refuse_connect", times=None)
        town.discord.disconnect(town.discord_bot)
        town.linh.write("không ai nghe thấy", town.discord_bot)
        minjun.write("나중에 읽힌 글", town.discord_bot)
        found: list[RawEvent] = []
        with suppress(ConnectorError):
            while True:
                batch = await anext(batches)
                found += batch.events
                cursor = batch.cursor or cursor
    assert texts(found) == ["나중에 읽힌 글"]
    town.discord.faults.clear()
    missed, _cursor = await listen(made, 1, cursor)
    await made.close()
    assert "không ai nghe thấy" in texts(missed)


async def test_somebody_new_who_wrote_while_we_were_away_is_heard_whole(town: Town, connector: Connector) -> None:
    """Discord names no direct message conversation; the next word in it does."""
    _events, cursor = await _nothing(connector)
    town.linh.write("câu đầu tiên", town.discord_bot)
    async with aclosing(connector.source.batches(cursor)) as batches, asyncio.timeout(PATIENCE_S):
        await anext(batches)
        town.linh.write("câu thứ hai", town.discord_bot)
        events: list[RawEvent] = []
        while len(events) < 2:
            events += (await anext(batches)).events
    assert texts(events) == ["câu đầu tiên", "câu thứ hai"]


async def _nothing(connector: Connector) -> tuple[list[RawEvent], str]:
    """The first, empty batch, and where it stands."""
    async with aclosing(connector.source.batches(None)) as batches, asyncio.timeout(PATIENCE_S):
        batch = await anext(batches)
    assert batch.cursor is not None
    return list(batch.events), batch.cursor


@pytest.mark.parametrize("fault", ["refuse_connect", "cut", "reconnect", "split_frames", "garble_event"])
async def test_a_gateway_that_misbehaves_costs_no_message(town: Town, connector: Connector, fault: str) -> None:
    _events, cursor = await _nothing(connector)
    town.discord.faults.arm(fault)
    town.linh.say("첫 번째 메시지입니다", town.hall, mention=town.discord_bot)
    events, _cursor = await listen(connector, 1, cursor)
    assert "첫 번째 메시지입니다" in texts(events)


async def test_a_library_that_does_not_hear_that_it_should_end_is_told_again(
    town: Town, connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.discord.gateway.LETTING_GO_S", 0.01)
    connect = discord.Client.connect
    deaf = 3

    async def hard_of_hearing(client: discord.Client, *, reconnect: bool = True) -> None:
        nonlocal deaf
        while True:
            try:
                return await connect(client, reconnect=reconnect)
            except asyncio.CancelledError:
                deaf -= 1
                if not deaf:
                    raise

    monkeypatch.setattr(discord.Client, "connect", hard_of_hearing)
    async with asyncio.timeout(PATIENCE_S):
        await _nothing(connector)
    assert deaf == 0


@pytest.mark.parametrize("code", [4004, 4014])
async def test_a_final_refusal_needs_a_person(town: Town, connector: Connector, code: int) -> None:
    town.discord.faults.arm("gateway_close", code=code)
    with pytest.raises(CredentialRejected, match="developer portal"):
        await _nothing(connector)


async def test_the_last_sessions_of_a_day_are_left_for_a_person(town: Town, connector: Connector) -> None:
    town.discord_bot.sessions_a_day = 10
    with pytest.raises(RateLimited, match="too many sessions"):
        await _nothing(connector)


async def test_a_file_elsewhere_is_not_fetched(town: Town, connector: Connector) -> None:
    """BD14."""
    elsewhere = [{"id": "77", "filename": "x", "size": 1, "url": "http://127.0.0.1:9/x", "proxy_url": ""}]
    message = town.linh.send_content(town.discord_bot, {"attachments": elsewhere})
    with pytest.raises(PayloadError, match="own servers"):
        async for _chunk in connector.source.fetch_file(f"{message.channel_id}/{message.id}/77"):
            pass
    with pytest.raises(PayloadError, match="names no file"):
        async for _chunk in connector.source.fetch_file("../²/77"):
            pass


# Answering ---------------------------------------------------------------------


async def test_the_same_piece_again_is_the_same_message(town: Town, connector: Connector) -> None:
    """BD17. Discord knows the nonce for some minutes, so a repeat makes no second message."""
    piece = reply(dm(town), "Một lần thôi", key="a" * 20)
    first = await connector.sender.send(piece)
    again = await connector.sender.send(piece)
    assert first.external_id == again.external_id
    assert len(town.discord.sent) == 1
    assert town.discord.violations == []


async def test_a_server_error_is_tried_again_under_the_same_nonce(town: Town, connector: Connector) -> None:
    town.discord.faults.arm("status", status=502, method="POST", path="/messages")
    await connector.sender.send(reply(dm(town), "Được"))
    assert [one.text for one in town.discord.sent] == ["Được"]


async def test_a_long_pause_is_told_and_not_waited_for(town: Town, connector: Connector) -> None:
    town.discord.faults.arm("rate_limit", method="POST", path="/messages", retry_after=90)
    with pytest.raises(DeliveryError) as failed:
        await connector.sender.send(reply(dm(town), "Chờ"))
    assert (failed.value.code, failed.value.retry_after_s) == ("rate_limited", 90)


async def test_an_answer_to_a_message_that_is_gone_is_sent_plainly_and_says_so(
    town: Town, connector: Connector
) -> None:
    """BD10."""
    message = town.linh.write("Xoá ngay đây", town.discord_bot)
    town.linh.delete(message)
    receipt = await connector.sender.send(reply(dm(town, message.id), "Dù sao cũng trả lời"))
    assert "gone" in receipt.note
    assert len(town.discord.sent) == 1


@pytest.mark.parametrize("fault", ["garble", "truncate"])
async def test_an_answer_that_cannot_be_read_is_of_unknown_fate(
    town: Town, connector: Connector, fault: str
) -> None:
    town.discord.faults.arm(fault, method="POST", path="/messages")
    with pytest.raises(DeliveryError) as failed:
        await connector.sender.send(reply(dm(town), "Có lẽ"))
    assert failed.value.delivered is None


async def test_a_conversation_that_is_none_is_refused(connector: Connector) -> None:
    with pytest.raises(DeliveryError) as failed:
        await connector.sender.send(reply(ReplyTarget("discord", DISCORD, ThreadKey("x"), "private"), "?"))
    assert (failed.value.code, failed.value.delivered) == ("refused", False)


async def test_before_signing_in_nothing_leaves(town: Town) -> None:
    with pytest.raises(DeliveryError) as failed:
        await connector_of(town).sender.send(reply(dm(town), "?"))
    assert (failed.value.temporary, failed.value.delivered) == (True, False)


@pytest.mark.parametrize("text", ["@everyone @here", "<@31> <@!31> <@&31>", "\u200b@everyone", "‮@here"])
async def test_nobody_is_ever_called_and_no_webhook_posts(town: Town, connector: Connector, text: str) -> None:
    """BD02, BD03: each call says that nobody is meant, with formats and in edits, too; webhooks know no nonce."""
    first = await connector.sender.send(reply(dm(town), text, key="a" * 20))
    bold = (Span(0, len(text), "bold"),)
    await connector.sender.send(reply(dm(town), text, key="b" * 20, spans=bold))
    assert isinstance(connector.sender, DiscordSender)
    await connector.sender.edit(dm(town), first.external_id, f"{text}!")
    assert town.discord.violations == []
    said = [call for call in town.discord.calls if call.method in ("POST", "PATCH") and "/messages" in call.path]
    assert len(said) == 3
    assert not any("webhooks" in call.path for call in town.discord.calls)


# Safety --------------------------------------------------------------------------


def test_a_hundred_refusals_stop_us_long_before_discord_would() -> None:
    """BD15."""
    now = [0.0]
    breaker = Breaker(lambda: now[0])
    for _ in range(MOST_REFUSED):
        with pytest.raises(discord.LoginFailure), breaker.watching():
            raise discord.LoginFailure
    with pytest.raises(RateLimited, match="locks us out"), breaker.watching():
        pass
    now[0] = REFUSED_WITHIN_S + 1
    with breaker.watching():
        pass


async def test_the_token_is_in_no_log(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "connectors")
    caplog.set_level(logging.INFO, "discord")
    made = connector_of(town, token=Secret("a-wrong-token-that-nobody-may-see"))
    with pytest.raises(CredentialRejected) as refused:
        await made.check()
    await made.close()
    assert "nobody-may-see" not in caplog.text + str(refused.value)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"token": Secret("short")}, "token must look like"),
        ({"gateway_url": "https://gateway.example.org"}, "gateway_url must begin with wss://"),
        ({"base_url": "discord.com"}, "base_url must begin with https://"),
        ({"away_s": 0.0}, "away_s must be between"),
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Settings(**{"token": Secret(DISCORD_TOKEN), **wrong})
