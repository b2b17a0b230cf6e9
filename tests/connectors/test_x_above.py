"""The talk above a mention is rebuilt, as far up as wished."""

from collections.abc import AsyncIterator

import pytest

from normalizer.registry import normalize
from simulators.x import SimPost
from tests.connectors.test_x import connector_of, next_batch
from tests.support.town import Town
from tickets.model import InboundMessage
from tickets.ports import Connector


def talk(town: Town, length: int) -> SimPost:
    """Others talk, each answering the one before; the last post."""
    somchai, mei = town.x.add_person("Somchai", "somchai"), town.x.add_person("Mei", "mei_x")
    last = somchai.post("ข้อความแรก 0")
    for n in range(1, length):
        last = (mei if n % 2 else somchai).post(f"ข้อความ {n}", reply_to=last)
    return last


async def said(connector: Connector) -> str:
    [event] = (await next_batch(connector)).events
    message = normalize(event)
    assert isinstance(message, InboundMessage)
    return message.text


@pytest.fixture
async def connector(town: Town) -> AsyncIterator[Connector]:
    made = connector_of(town, posts_above=3)
    await made.open()
    yield made
    await made.close()


async def test_the_oldest_stands_first_and_no_more_than_wished(town: Town, connector: Connector) -> None:
    town.ricardo.mention(town.x_account, "vejam isto", reply_to=talk(town, 6))
    text = await said(connector)
    places = [text.index(f"ข้อความ {n}") for n in (2, 3, 4, 5)]
    assert places == sorted(places)
    assert "ข้อความ 1" not in text
    assert text.endswith("vejam isto")
    assert "> Mei (@mei_x):" in text
    assert sum(call.path == "/2/tweets" for call in town.x.calls) == 3


async def test_the_person_s_own_words_are_not_repeated(town: Town, connector: Connector) -> None:
    first = talk(town, 2)
    own = town.ricardo.post("eu disse isto", reply_to=first)
    mei = town.x.add_person("Minjun", "minjun").post("그렇군요", reply_to=own)
    town.ricardo.mention(town.x_account, "e agora?", reply_to=mei)
    text = await said(connector)
    assert "eu disse isto" not in text
    assert text.index("ข้อความ 1") < text.index("그렇군요")


async def test_many_in_one_talk_ask_once(town: Town, connector: Connector) -> None:
    end = talk(town, 5)
    for n in range(30):
        town.x.add_person(f"P{n}", f"p{n}").mention(town.x_account, f"eu também {n}", reply_to=end)
    batch = await next_batch(connector)
    assert len(batch.events) == 30
    assert sum(call.path == "/2/tweets" for call in town.x.calls) == 3


@pytest.mark.parametrize("fault", ["garble", "drop_before_accept"])
async def test_a_mention_does_not_wait_for_what_stands_above_it(
    town: Town, connector: Connector, fault: str
) -> None:
    town.x.faults.arm(fault, path="/2/tweets", times=9)
    town.ricardo.mention(town.x_account, "vejam isto", reply_to=talk(town, 4))
    assert (await said(connector)).endswith("vejam isto")


async def test_a_post_in_between_that_is_gone_ends_it(town: Town, connector: Connector) -> None:
    somchai = town.x.add_person("Somchai", "somchai")
    first = somchai.post("ต้น")
    gone = somchai.post("หาย", reply_to=first)
    last = somchai.post("ปลาย", reply_to=gone)
    somchai.delete(gone)
    town.ricardo.mention(town.x_account, "vejam", reply_to=last)
    text = await said(connector)
    assert "ปลาย" in text
    assert "ต้น" not in text
