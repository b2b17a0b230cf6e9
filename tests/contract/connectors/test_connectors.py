"""One suite for every channel: what the ports promise, over real sockets."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from normalizer.registry import normalize
from responders.fit import MEASURES, fit_rich
from tests.contract.connectors.harness import HARNESSES, Harness, reply
from tests.support.town import open_town
from tickets.errors import ConnectorError, CredentialRejected, DeliveryError
from tickets.model import InboundMessage, ReplyFile
from tickets.ports import Batch, Connector
from tickets.rich import read as read_marks

PATIENCE_S = 15.0
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\x02" + bytes(64)


@pytest.fixture(params=sorted(HARNESSES))
async def harness(request: pytest.FixtureRequest) -> AsyncIterator[Harness]:
    async with open_town() as town:
        yield HARNESSES[request.param](town)


@pytest.fixture
async def connector(harness: Harness) -> AsyncIterator[Connector]:
    made = harness.connector()
    await made.open()
    yield made
    await made.close()


async def next_with_events(batches) -> Batch:
    async with asyncio.timeout(PATIENCE_S):
        async for batch in batches:
            if batch.events:
                return batch
    raise AssertionError("the source ended")


def read(batch: Batch) -> list[InboundMessage]:
    messages = [normalize(event) for event in batch.events]
    assert all(isinstance(message, InboundMessage) for message in messages)
    return messages


async def received(connector: Connector, cursor: str | None = None) -> tuple[list[InboundMessage], str | None]:
    """The first messages after ``cursor``, acknowledged, and the cursor after them."""
    async with aclosing(connector.source.batches(cursor)) as batches:
        batch = await next_with_events(batches)
        await connector.source.acknowledge(batch)
        return read(batch), batch.cursor


async def test_making_a_connector_does_no_io_and_close_is_safe(harness: Harness) -> None:
    made = harness.connector()
    await made.close()
    await made.close()
    assert harness.contacts() == 0


async def test_check_says_who_we_are(harness: Harness) -> None:
    made = harness.connector()
    assert "support" in await made.check()
    await made.close()


async def test_a_wrong_secret_is_told_apart_and_not_shown(harness: Harness) -> None:
    made = harness.connector(wrong_secret=True)
    with pytest.raises(CredentialRejected) as refusal:
        await made.check()
    await made.close()
    assert "wrong" not in str(refusal.value)


async def test_a_platform_that_is_away_is_a_connector_error(harness: Harness) -> None:
    await harness.go_away()
    made = harness.connector()
    with pytest.raises(ConnectorError):
        await made.check()
    await made.close()


async def test_the_first_batch_says_that_the_source_is_connected(harness: Harness, connector: Connector) -> None:
    async with aclosing(connector.source.batches(None)) as batches, asyncio.timeout(PATIENCE_S):
        assert (await anext(batches)).events == ()


async def test_a_message_arrives_byte_for_byte_with_a_name_of_its_own(
    harness: Harness, connector: Connector
) -> None:
    harness.write("สวัสดีครับ ช่วยด้วย")
    harness.write("مرحبا، أحتاج مساعدة")
    names: set[str] = set()
    texts: list[str] = []
    async with aclosing(connector.source.batches(None)) as batches:
        while len(texts) < 2:
            batch = await next_with_events(batches)
            names |= {event.external_id for event in batch.events}
            assert {event.account for event in batch.events} == {connector.account}
            assert {event.channel for event in batch.events} == {harness.channel}
            texts += [message.text for message in read(batch)]
            await connector.source.acknowledge(batch)
    assert texts == ["สวัสดีครับ ช่วยด้วย", "مرحبا، أحتاج مساعدة"]
    assert len(names) == 2


async def test_what_was_not_committed_is_handed_out_again(harness: Harness) -> None:
    harness.write("Noch nicht gesichert")
    first = harness.connector()
    await first.open()
    async with aclosing(first.source.batches(None)) as batches:
        lost = await next_with_events(batches)  # and now the program dies: nothing committed
    await first.close()
    second = harness.connector()
    await second.open()
    messages, _cursor = await received(second, None)
    await second.close()
    assert [message.text for message in messages] == [message.text for message in read(lost)]


async def test_what_was_committed_is_not_handed_out_again(harness: Harness) -> None:
    harness.write("Gesichert")
    first = harness.connector()
    await first.open()
    _messages, cursor = await received(first)
    await first.close()
    harness.write("Danach geschrieben")
    second = harness.connector()
    await second.open()
    messages, _cursor = await received(second, cursor)
    await second.close()
    assert [message.text for message in messages] == ["Danach geschrieben"]


async def test_an_answer_arrives_and_leads_back(harness: Harness, connector: Connector) -> None:
    harness.write("Eine Frage")
    (question,), cursor = await received(connector)
    receipt = await connector.sender.send(reply(harness.target(question), "Die Antwort 😀 & <b>"))
    assert harness.accepted() == ["Die Antwort 😀 & <b>"]
    harness.answer_last("Danke dafür")
    (thanks,), _cursor = await received(connector, cursor)
    assert receipt.external_id in thanks.reply_to


async def test_a_second_piece_follows_the_first(harness: Harness, connector: Connector) -> None:
    harness.write("Bitte ausführlich")
    (question,), _cursor = await received(connector)
    target = harness.target(question)
    first = await connector.sender.send(reply(target, "Teil eins", key="a", part=1, parts=2))
    second = await connector.sender.send(
        reply(target, "Teil zwei", key="b", part=2, parts=2, previous=first.external_id)
    )
    assert harness.accepted() == ["Teil eins", "Teil zwei"]
    assert first.external_id != second.external_id


async def test_formatted_words_arrive_with_every_word(harness: Harness, connector: Connector) -> None:
    harness.write("Eine Frage")
    (question,), _cursor = await received(connector)
    rich = read_marks("**注意：**请看 *这里* ~~旧~~ `x`")
    [words] = fit_rich(rich, None, "characters", connector.capabilities.formats)
    await connector.sender.send(reply(harness.target(question), words.text, spans=words.spans))
    [arrived] = harness.accepted()
    assert re.sub(r"[*~`]", "", arrived) == "注意：请看 这里 旧 x"


FILES = [
    ReplyFile("Bildschirm 1.png", "image/png", PNG),
    ReplyFile("领收书.png", "image/png", PNG + b"more"),
    ReplyFile("report.pdf", "application/pdf", b"%PDF-1.7 " + bytes(range(256)) * 40),
    ReplyFile("übersicht.zip", "message/rfc822", b"PK\x03\x04 no mail at all"),
]


async def test_files_arrive_byte_for_byte(harness: Harness, connector: Connector) -> None:
    harness.write("Bitte mit Beleg")
    (question,), _cursor = await received(connector)
    target, rules = harness.target(question), connector.capabilities.files
    assert rules is not None
    fit = [file for file in FILES if not rules.media_types or file.media_type in rules.media_types]
    if rules.apart:
        await connector.sender.send(reply(target, "Anbei", key="words"))
        for n, file in enumerate(fit):
            await connector.sender.send(reply(target, "", key=f"f{n}", files=(file,)))
    else:
        await connector.sender.send(reply(target, "Anbei", files=tuple(fit)))
    assert [text for text in harness.accepted() if text] == ["Anbei"]
    arrived = harness.accepted_files()
    assert [content for _name, content in arrived] == [file.content for file in fit]
    assert all(name in ("", file.name) for (name, _), file in zip(arrived, fit, strict=True))


async def test_a_refusal_for_now_may_be_tried_again(harness: Harness, connector: Connector) -> None:
    harness.write("Worauf geantwortet wird")
    (question,), _cursor = await received(connector)
    harness.refuse_once()
    with pytest.raises(DeliveryError) as failed:
        await connector.sender.send(reply(harness.target(question), "Beim zweiten Mal"))
    assert (failed.value.temporary, failed.value.delivered) == (True, False)
    await connector.sender.send(reply(harness.target(question), "Beim zweiten Mal"))
    assert harness.accepted() == ["Beim zweiten Mal"]


async def test_a_refusal_for_good_is_told_apart(harness: Harness, connector: Connector) -> None:
    harness.write("Worauf geantwortet wird")
    (question,), _cursor = await received(connector)
    harness.refuse_for_good()
    with pytest.raises(DeliveryError) as failed:
        await connector.sender.send(reply(harness.target(question), "Vergeblich"))
    assert (failed.value.temporary, failed.value.delivered) == (False, False)
    assert harness.accepted() == []


async def test_a_lost_answer_is_of_unknown_fate(harness: Harness, connector: Connector) -> None:
    harness.write("Worauf geantwortet wird")
    (question,), _cursor = await received(connector)
    harness.lose_the_answer()
    with pytest.raises(DeliveryError) as failed:
        await connector.sender.send(reply(harness.target(question), "Vielleicht"))
    assert failed.value.delivered is None
    assert harness.accepted() == ["Vielleicht"]


async def test_nobody_listening_is_certainly_not_delivered(harness: Harness, connector: Connector) -> None:
    harness.write("Worauf geantwortet wird")
    (question,), _cursor = await received(connector)
    await harness.go_away()
    with pytest.raises(DeliveryError) as failed:
        await connector.sender.send(reply(harness.target(question), "Ins Leere"))
    assert failed.value.temporary
    assert harness.accepted() == []


async def test_budgets_are_named_and_the_most_specific_comes_first(harness: Harness, connector: Connector) -> None:
    harness.write("Worauf geantwortet wird")
    (question,), _cursor = await received(connector)
    buckets = connector.sender.buckets(reply(harness.target(question), "Text"))
    assert buckets
    assert len({bucket.name for bucket in buckets}) == len(buckets)
    assert all(bucket.capacity >= 1 and bucket.per_s > 0 for bucket in buckets)
    assert buckets[-1].name == "all"


async def test_capabilities_tell_of_the_channel(harness: Harness, connector: Connector) -> None:
    assert connector.capabilities.channel == harness.channel
    assert connector.capabilities.text_unit in MEASURES
