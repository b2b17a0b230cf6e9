"""X when it misbehaves, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from msgspec.structs import replace

from connectors.registry import make_connector
from connectors.x.errors import LONGEST_PAUSE_S, USUAL_PAUSE_S, pause_s
from connectors.x.settings import Settings
from normalizer.registry import normalize
from tests.connectors.listening import next_said
from tests.contract.connectors.harness import context, reply
from tests.contract.connectors.test_connectors import PNG
from tests.support.clock import ManualClock
from tests.support.town import KEYS, Town, X
from tickets.errors import (
    ConnectorError,
    CredentialRejected,
    DeliveryError,
    PayloadError,
    RateLimited,
    Unreachable,
)
from tickets.ids import ExternalMessageId, ThreadKey
from tickets.model import InboundMessage, RawEvent, ReplyFile, ReplyTarget
from tickets.ports import Batch, Connector
from tickets.secret import Secret

PATIENCE_S = 15.0
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def connector_of(town: Town, **settings: object) -> Connector:
    wanted = {"first_start": "all", **settings}
    return make_connector("x", replace(town.accounts()[X].settings, **wanted), context(X))


@pytest.fixture
async def connector(town: Town) -> AsyncIterator[Connector]:
    made = connector_of(town)
    await made.open()
    yield made
    await made.close()


async def next_batch(connector: Connector, cursor: str | None = None) -> Batch:
    """The first batch with something in it."""
    async with aclosing(connector.source.batches(cursor)) as batches:
        return await next_said(batches)


def texts(events: tuple[RawEvent, ...]) -> list[str]:
    messages = [normalize(event) for event in events]
    return [message.text for message in messages if isinstance(message, InboundMessage)]


def under(post_id: str) -> ReplyTarget:
    return ReplyTarget("x", X, ThreadKey(f"{post_id}/1"), "public", in_reply_to=ExternalMessageId(post_id))


# Receiving ---------------------------------------------------------------------


async def test_all_pages_are_walked_into_one_batch_oldest_first(town: Town, connector: Connector) -> None:
    said = [f"pergunta {n}" for n in range(230)]
    for text in said:
        town.ricardo.mention(town.x_account, text)
    batch = await next_batch(connector)
    assert texts(batch.events) == said
    town.ricardo.mention(town.x_account, "mais uma")
    assert texts((await next_batch(connector, batch.cursor)).events) == ["mais uma"]


async def test_what_was_said_before_the_first_start_is_left_alone(town: Town) -> None:
    town.ricardo.mention(town.x_account, "antes")
    made = connector_of(town, first_start="now")
    await made.open()
    async with aclosing(made.source.batches(None)) as batches, asyncio.timeout(PATIENCE_S):
        await anext(batches)
        town.ricardo.mention(town.x_account, "depois")
        assert texts((await next_said(batches)).events) == ["depois"]
    await made.close()


@pytest.mark.parametrize("fault", ["empty_page", "repeat_page", "reorder_page"])
async def test_odd_pages_lose_nothing(town: Town, connector: Connector, fault: str) -> None:
    said = [f"pergunta {n}" for n in range(120)]
    for text in said:
        town.ricardo.mention(town.x_account, text)
    town.x.faults.arm(fault, path="/mentions")
    found = texts((await next_batch(connector)).events)
    assert set(found) == set(said)


@pytest.mark.parametrize(
    ("fault", "details"),
    [("status", {"status": 503}), ("garble", {}), ("truncate", {}), ("partial", {}), ("drop_before_accept", {})],
)
async def test_an_answer_that_is_none_is_asked_for_again(
    town: Town, connector: Connector, fault: str, details: dict
) -> None:
    """BX16. The source ends with an error or goes on by itself; the place has not moved."""
    town.ricardo.mention(town.x_account, "ainda aqui?")
    town.x.faults.arm(fault, path="/mentions", **details)
    try:
        batch = await next_batch(connector)
    except ConnectorError:
        batch = await next_batch(connector)
    assert texts(batch.events) == ["ainda aqui?"]


async def test_a_broken_connection_is_not_taken_for_a_wrong_key(town: Town, connector: Connector) -> None:
    """aiohttp repeats the question with the same signature, which X has seen and refuses."""
    async with aclosing(connector.source.batches(None)) as batches, asyncio.timeout(PATIENCE_S):
        await anext(batches)
        town.x.faults.arm("drop_after_accept", path="/mentions", times=1)
        town.ricardo.mention(town.x_account, "ainda aqui?")
        try:
            batch = await next_said(batches)
        except Unreachable:
            batch = await next_batch(connector)
    assert texts(batch.events) == ["ainda aqui?"]


async def test_a_revoked_account_needs_a_person(town: Town, connector: Connector) -> None:
    """BX15."""
    town.x_account.revoke()
    with pytest.raises(CredentialRejected, match="Keys and tokens"):
        await next_batch(connector)


async def test_a_pause_is_obeyed(town: Town, connector: Connector) -> None:
    town.x.faults.arm("flood", path="/mentions", reset_in=120)
    with pytest.raises(RateLimited) as pause:
        await next_batch(connector)
    assert 110 <= pause.value.retry_after_s <= 121


async def test_the_questions_keep_their_distance(town: Town) -> None:
    """However often the source is ready, the next question comes after ``poll_s``."""
    clock = ManualClock(NOW)
    settings = replace(town.accounts()[X].settings, poll_s=30.0)
    made = make_connector("x", settings, context(X)._replace(clock=clock))
    await made.open()
    async with aclosing(made.source.batches(None)) as batches:
        await anext(batches)
        asking = asyncio.ensure_future(next_said(batches))
        async with asyncio.timeout(PATIENCE_S):
            while not clock.sleeping:
                await asyncio.to_thread(lambda: None)
        assert clock.slept == [30.0]
        town.ricardo.mention(town.x_account, "depois da pausa")
        await clock.advance(30)
        async with asyncio.timeout(PATIENCE_S):
            assert texts((await asking).events) == ["depois da pausa"]
    await made.close()


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({}, USUAL_PAUSE_S),
        ({"x-rate-limit-reset": "soon", "date": format_datetime(NOW)}, USUAL_PAUSE_S),
        ({"x-rate-limit-reset": str(NOW.timestamp() - 3600), "date": format_datetime(NOW)}, 1.0),
        ({"x-rate-limit-reset": str(NOW.timestamp() + 90), "date": format_datetime(NOW)}, 90.0),
        (
            {"x-rate-limit-reset": str((NOW + timedelta(days=2)).timestamp()), "date": format_datetime(NOW)},
            LONGEST_PAUSE_S,
        ),
        (
            {
                "x-rate-limit-remaining": "7",
                "x-rate-limit-reset": str(NOW.timestamp() + 90),
                "x-app-limit-24hour-remaining": "0",
                "x-app-limit-24hour-reset": str(NOW.timestamp() + 7_200),
                "date": format_datetime(NOW),
            },
            7_200.0,
        ),
        ({"x-rate-limit-reset": "nan", "date": format_datetime(NOW)}, 1.0),
    ],
)
def test_pauses_come_from_the_answers_own_time_and_never_from_our_clock(headers: dict, pause: float) -> None:
    """BX04, BX05."""
    assert pause_s(headers) == pause


async def test_a_picture_elsewhere_is_not_fetched(connector: Connector) -> None:
    with pytest.raises(PayloadError, match="own servers"):
        async for _chunk in connector.source.fetch_file("http://127.0.0.1:9/picture.jpg"):
            pass


async def test_a_post_that_x_tells_late_is_not_passed_by(town: Town, connector: Connector) -> None:
    newer = town.ricardo.mention(town.x_account, "a mais nova")
    batch = await next_batch(connector)
    older = {
        "id": str(int(newer.id) - (5_000 << 22)),
        "text": "@support_desk a mais velha",
        "author_id": town.ricardo.id,
    }
    town.x.inject_post(town.x_account, older)
    async with aclosing(connector.source.batches(batch.cursor)) as batches, asyncio.timeout(PATIENCE_S):
        await anext(batches)
        late = await next_said(batches)
        assert texts(late.events) == ["@support_desk a mais velha"]
        town.ricardo.mention(town.x_account, "e outra")
        assert texts((await next_said(batches)).events) == ["e outra"]


# Answering ---------------------------------------------------------------------


async def test_nothing_is_posted_that_answers_nobody(town: Town, connector: Connector) -> None:
    alone = ReplyTarget("x", X, ThreadKey("1/1"), "public")
    with pytest.raises(DeliveryError) as failed:
        await connector.sender.send(reply(alone, "Olá?"))
    assert (failed.value.code, failed.value.delivered) == ("refused", False)
    assert town.x.sent == []


async def test_the_same_text_again_may_be_an_earlier_attempt_that_arrived(
    town: Town, connector: Connector
) -> None:
    """BX02."""
    post = town.ricardo.mention(town.x_account, "olá")
    await connector.sender.send(reply(under(post.id), "Já vimos."))
    with pytest.raises(DeliveryError) as failed:
        await connector.sender.send(reply(under(post.id), "Já vimos.", key="again"))
    assert (failed.value.code, failed.value.temporary, failed.value.delivered) == ("duplicate", False, None)
    assert len(town.x.sent) == 1


async def test_a_post_that_is_gone_is_not_answered_elsewhere(town: Town, connector: Connector) -> None:
    """BX12."""
    post = town.ricardo.mention(town.x_account, "olá")
    town.ricardo.delete(post)
    with pytest.raises(DeliveryError) as failed:
        await connector.sender.send(reply(under(post.id), "Já vimos."))
    assert (failed.value.code, failed.value.delivered) == ("gone", False)
    assert town.x.sent == []


async def test_a_post_that_failed_behind_its_picture_has_it_when_it_is_tried_again(
    town: Town, connector: Connector
) -> None:
    """BX17."""
    post = town.ricardo.mention(town.x_account, "olá")
    picture = ReplyFile("a.png", "image/png", PNG)
    answer = reply(under(post.id), "Veja aqui.", files=(picture,))
    town.x.faults.arm("flood", method="POST", path="/2/tweets", reset_in=5)
    with pytest.raises(DeliveryError) as failed:
        await connector.sender.send(answer)
    assert (failed.value.temporary, failed.value.delivered) == (True, False)
    assert town.x.sent == []
    await connector.sender.send(answer)
    assert [list(one.pictures) for one in town.x.sent] == [[PNG]]


@pytest.mark.parametrize(
    ("fault", "details", "delivered"),
    [
        ("status", {"status": 503}, None),
        ("garble", {}, None),
        ("truncate", {}, None),
        ("partial", {}, None),
        ("unauthorized", {}, False),
        ("forbidden", {"detail": "Not this one."}, False),
    ],
)
async def test_each_answer_says_whether_the_post_may_be_there(
    town: Town, connector: Connector, fault: str, details: dict, delivered: bool | None
) -> None:
    """BX16."""
    post = town.ricardo.mention(town.x_account, "olá")
    town.x.faults.arm(fault, method="POST", **details)
    with pytest.raises(DeliveryError) as failed:
        await connector.sender.send(reply(under(post.id), "Já vimos."))
    assert failed.value.delivered is delivered


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"api_key": Secret("")}, "api_key must be the whole text"),
        ({"access_token": Secret("with a blank in it")}, "access_token must be the whole text"),
        ({"poll_s": 1.0}, "poll_s must be between 3"),
        ({"media_url": "pbs.twimg.com"}, "media_url must begin with"),
        ({"direct_s": 30.0, "base_url": "https://api.twitter.com"}, "direct_s must be between 61"),
        ({"acknowledge": True}, "bears its label Automated"),
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict, sentence: str) -> None:
    names = ("api_key", "api_key_secret", "access_token", "access_token_secret")
    right = {name: Secret(text) for name, text in zip(names, KEYS, strict=True)}
    with pytest.raises(ValueError, match=sentence):
        Settings(**{**right, **wrong})
