"""The fake sender does what real ones promise."""

import pytest

from tests.support.builders import T0
from tests.support.channels import FakeSender, lost, never, not_now
from tickets.errors import DeliveryError
from tickets.ids import AccountId, ThreadKey
from tickets.model import Reply, ReplyTarget
from tickets.ports import Bucket

REPLY = Reply(ReplyTarget("telegram", AccountId("telegram:main"), ThreadKey("k"), "private"), "Hello", "k.1", T0)


async def test_what_is_sent_has_a_receipt_of_its_own() -> None:
    sender = FakeSender()
    first, second = await sender.send(REPLY), await sender.send(REPLY)
    assert (first.external_id, second.external_id) == ("x-1", "x-2")
    assert sender.texts == ["Hello", "Hello"]


@pytest.mark.parametrize(("error", "arrives"), [(lost(), True), (not_now(5), False), (never(), False)])
async def test_an_outcome_is_raised_once(error: DeliveryError, arrives: bool) -> None:
    sender = FakeSender()
    sender.outcomes = [error]
    with pytest.raises(DeliveryError) as raised:
        await sender.send(REPLY)
    assert raised.value is error
    assert sender.texts == ["Hello"] * arrives
    await sender.send(REPLY)


def test_its_budgets_are_those_it_was_given() -> None:
    bucket = Bucket("chat", 1, 1.0)
    assert FakeSender(bucket).buckets(REPLY) == (bucket,)
