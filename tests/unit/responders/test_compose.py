"""From a text and a conversation to a delivery ready to leave."""

import pytest
from msgspec.structs import replace

from responders.compose import MOST_REFERENCES, Limits, Notices, compose, reply_subject, reply_target
from responders.templates import ReplyTemplates
from tests.support import builders
from tests.support.builders import MAIN, T0, at
from tests.support.inbound import MAIL, mailed, said
from tests.support.paths import REPLIES
from tickets.errors import Refused
from tickets.ids import ExternalMessageId, MessageId
from tickets.model import Message, Thread

LIMITS = Limits(20, "characters")
ANN = builders.identity("ann", external_id="ann@customers.test")


def by_mail() -> Thread:
    return replace(builders.thread("ann"), channel="email", account=MAIL)


def stored(n: int, **fields: object) -> Message:
    return builders.message(str(n), "ann", external_id=ExternalMessageId(f"<{n}@customers.test>"), **fields)


def test_a_mail_answers_the_newest_and_names_what_came_before() -> None:
    earlier = [stored(1, subject="Parcel"), stored(2, subject="AW: Parcel"), builders.message("x", "ann")]
    target = reply_target(by_mail(), earlier[1], ANN, earlier)
    assert target.in_reply_to == "<2@customers.test>"
    assert target.references == ("<1@customers.test>", "<2@customers.test>")
    assert target.to == ("ann@customers.test",)
    assert target.subject == "Re: Parcel"


def test_references_are_the_newest_twenty() -> None:
    target = reply_target(by_mail(), stored(99), ANN, [stored(n) for n in range(100)])
    assert len(target.references) == MOST_REFERENCES
    assert target.references[-1] == "<99@customers.test>"
    assert target.subject == "Re:"


def test_a_chat_needs_no_subject_and_no_recipients() -> None:
    target = reply_target(builders.thread("ann"), stored(1, subject="x"), ANN, [stored(1)])
    assert (target.subject, target.to, target.references) == (None, (), ())
    assert target.in_reply_to == "<1@customers.test>"
    assert reply_target(builders.thread("ann"), None, ANN, []).in_reply_to is None


@pytest.mark.parametrize(
    ("subject", "answer"),
    [
        ("Parcel", "Re: Parcel"), ("Re: Parcel", "Re: Parcel"), ("RE:Parcel", "Re: Parcel"),
        ("Re: Re: AW: Parcel", "Re: Parcel"), ("回复：包裹", "Re: 包裹"), ("Re[2]: Parcel", "Re: Parcel"),
        ("Fwd: Parcel", "Re: Fwd: Parcel"), ("Regarding: it", "Re: Regarding: it"), ("", "Re:"), (" Re: ", "Re:"),
    ],
)  # fmt: skip
def test_an_answer_is_marked_once(subject: str, answer: str) -> None:
    assert reply_subject(subject) == answer
    assert reply_subject(answer) == answer


def test_a_delivery_has_a_part_for_each_piece() -> None:
    target = reply_target(builders.thread("ann"), stored(1), ANN, [])
    made = compose("reply", target, "one two three four five", LIMITS, T0, message_id=MessageId("m"))
    assert [(part.n, part.text, part.state) for part in made.parts] == [
        (1, "one two three four", "queued"),
        (2, "five", "queued"),
    ]
    assert (made.state, made.next_at, made.message_id) == ("queued", T0, "m")
    later = compose("notice", target, "x", LIMITS, T0, release_at=at(10))
    assert later.next_at == at(10)
    assert made.priority > later.priority
    assert len({made.id, later.id}) == 2
    assert len(f"{made.id}.{MOST_REFERENCES}") <= 25


def test_an_empty_text_is_refused() -> None:
    with pytest.raises(Refused):
        compose("reply", reply_target(builders.thread("ann"), None, ANN, []), " ", LIMITS, T0)


NOTICES = Notices(
    ReplyTemplates(REPLIES, "en"),
    {MAIN: Limits(4096, "utf16"), MAIL: Limits(None, "characters")},
    frozenset({MAIN, MAIL}),
)


def test_an_acknowledgement_speaks_the_persons_language() -> None:
    made = NOTICES.acknowledgement(said(), builders.thread("ann"), builders.ticket("ann", language="zh"), T0)
    assert made is not None
    assert "您" in made.parts[0].text or "消息" in made.parts[0].text
    assert (made.kind, made.thread_id, made.ticket_id, made.message_id) == ("notice", "h-ann", "t-ann", None)


def test_a_mail_is_acknowledged_in_its_thread_and_echoes_no_text() -> None:
    message = mailed("swordfish", subject="Parcel", reply_to=(ExternalMessageId("<0@customers.test>"),))
    made = NOTICES.acknowledgement(message, by_mail(), builders.ticket("ann"), T0)
    assert made is not None
    assert made.target.to == ("ann@customers.test",)
    assert made.target.references == ("<0@customers.test>", "<1@customers.test>")
    assert made.target.in_reply_to == "<1@customers.test>"
    assert "swordfish" not in made.parts[0].text


def test_accounts_that_do_not_acknowledge_say_nothing() -> None:
    silent = Notices(ReplyTemplates(REPLIES, "en"), {MAIN: Limits(4096, "utf16")}, frozenset())
    assert silent.acknowledgement(said(), builders.thread("ann"), builders.ticket("ann"), T0) is None
    assert silent.welcome(said(command="start"), T0) is None


def test_a_welcome_belongs_to_no_ticket() -> None:
    made = NOTICES.welcome(said(command="start"), T0)
    assert made is not None
    assert (made.ticket_id, made.thread_id, made.target.thread_key) == (None, None, "chat-ann")
