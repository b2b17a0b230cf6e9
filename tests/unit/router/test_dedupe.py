"""Whether a message was here before."""

import pytest

from router.dedupe import fingerprint_of, recognize, ref_keys
from tests.support.builders import T0
from tests.support.inbound import empty_context, mailed, said
from tickets.ids import Channel, ExternalMessageId, IdentityId, MessageId, ThreadId, TicketId, TicketNumber
from tickets.records import FingerprintHit, MessageRef

ANN = IdentityId("i-ann")


def ref(**fields: object) -> MessageRef:
    return MessageRef(MessageId("m"), TicketId("t"), ThreadId("h"), **fields)


def hit(who: str, channel: Channel = "telegram", number: int = 1) -> FingerprintHit:
    return FingerprintHit(MessageId("m"), TicketId("t"), TicketNumber(number), IdentityId(who), channel, T0)


def test_the_same_name_is_a_redelivery() -> None:
    context = empty_context()
    context.refs["telegram", ExternalMessageId("1")] = ref()
    assert recognize(said(name="1"), "", ANN, context).kind == "redelivery"
    assert recognize(said(name="2"), "", ANN, context).kind == "new"
    assert recognize(said(name="1", kind="edit"), "", ANN, context).kind == "new"


def test_the_same_name_with_another_content_is_another_mail() -> None:
    context = empty_context()
    first = mailed("one")
    context.refs["email", first.external_id] = ref(content_hash=first.content_hash)
    assert recognize(first, "", None, context).kind == "redelivery"
    assert recognize(mailed("two"), "", None, context).kind == "new"


def test_our_own_message_is_an_echo() -> None:
    context = empty_context()
    context.refs["email", ExternalMessageId("<1@customers.test>")] = ref(ours=True)
    assert recognize(mailed(own=True), "", None, context).kind == "echo"
    assert recognize(mailed(), "", None, context).kind == "new"  # somebody else's, under a name they know


def test_the_same_text_of_the_same_person_is_a_repeat() -> None:
    context = empty_context()
    context.fingerprints["print"] = (hit("i-bob", "email"), hit("i-ann"))
    assert recognize(said(), "print", ANN, context).kind == "repeat"
    assert recognize(said(), "print", IdentityId("i-new"), context).kind == "elsewhere"
    assert recognize(said(), "print", None, context).kind == "elsewhere"
    assert recognize(said(), "", ANN, context).kind == "new"


def test_the_same_text_of_strangers_in_one_channel_means_nothing() -> None:
    context = empty_context()
    context.fingerprints["print"] = (hit("i-bob"),)
    assert recognize(said(), "print", ANN, context).kind == "new"


@pytest.mark.parametrize(
    "text", ["Where is my parcel?", "WHERE IS MY PARCEL", "where  is\nmy parcel!!", "ｗhere is my parcel",
             "where is my parcel\n> you wrote this", "Where_is my *parcel*"],
)  # fmt: skip
def test_case_width_punctuation_and_quotes_do_not_count(text: str) -> None:
    assert fingerprint_of(text) == fingerprint_of("where is my parcel")


@pytest.mark.parametrize(
    "text", ["", "hello", "thanks!", "> only quoted words of somebody", "?!?!?!?!?!?!?!", "好的"]
)
def test_short_texts_repeat_honestly(text: str) -> None:
    assert fingerprint_of(text) == ""


def test_different_words_are_different() -> None:
    assert fingerprint_of("我的包裹三个星期了还没有到请帮忙") != fingerprint_of("我的包裹两个星期了还没有到请帮忙")
    assert fingerprint_of("broken \ud83d surrogate text") != ""


def test_every_name_is_looked_up() -> None:
    message = said(name="1", aliases=(ExternalMessageId("a"),), reply_to=(ExternalMessageId("b"),))
    assert ref_keys(message) == {("telegram", "1"), ("telegram", "a"), ("telegram", "b")}
