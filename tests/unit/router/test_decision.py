"""From a message and what is known to what becomes of it."""

from datetime import datetime, timedelta
from typing import Any, Literal

import pytest
from msgspec.structs import replace

from router.albums import gather
from router.entities import EntityRules
from router.gist import read
from tests.support.builders import T0
from tests.support.inbound import FAILED, UNVERIFIED, decider, empty_context, mailed, said
from tickets.ids import Channel, EventId, ExternalMessageId, MessageId, ThreadKey
from tickets.model import (
    AttachmentDraft,
    Author,
    Automatic,
    DeliveryReport,
    InboundMessage,
    ThreadRef,
    Ticket,
)
from tickets.records import Admission, Bounce, Context, MessageRef

DAY = timedelta(days=1)


class Router:
    """Decides one batch after the other on one context, as the store would remember it."""

    def __init__(self, **policy: Any) -> None:
        self.context: Context = empty_context()
        self._decider = decider(**policy)
        self._events = 0

    def decide(self, *messages: InboundMessage, now: datetime = T0) -> list[Admission]:
        batch = []
        for message in messages:
            self._events += 1
            batch.append((EventId(self._events), message))
        return [self._decider.decide(one, self.context, now) for one in gather(batch)]

    def one(self, message: InboundMessage, now: datetime = T0) -> Admission:
        [admission] = self.decide(message, now=now)
        return admission

    def set_ticket(self, ticket: Ticket, **changes: Any) -> None:
        """What a colleague did meanwhile."""
        self.context.tickets[ticket.id] = replace(ticket, version=ticket.version + 1, **changes)


def ticket_of(admission: Admission) -> Ticket:
    assert admission.ticket is not None
    return admission.ticket


def kinds(admission: Admission) -> list[str]:
    return [event.kind for event in admission.events]


# Opening, following --------------------------------------------------------------------


def test_a_first_message_opens_everything() -> None:
    admission = Router().one(said("我的包裹三个星期了还没有到"))
    ticket = ticket_of(admission)
    assert admission.new_contact is not None
    assert admission.new_identity is not None
    assert admission.new_thread is not None
    assert admission.message is not None
    assert (ticket.status, ticket.team, ticket.language) == ("open", "support", "zh")
    assert (ticket.unanswered, ticket.waiting_since, admission.ticket_version) == (1, T0, 0)
    assert kinds(admission) == ["opened", "received"]
    assert [ref.ref for ref in admission.refs] == ["1"]
    assert admission.fingerprint


def test_a_second_message_joins_and_counts() -> None:
    router = Router()
    first = ticket_of(router.one(said()))
    admission = router.one(said("Hello?", name="2"), now=T0 + timedelta(hours=1))
    second = ticket_of(admission)
    assert (second.id, second.version, admission.ticket_version) == (first.id, 2, 1)
    assert (second.unanswered, second.waiting_since) == (2, T0)
    assert admission.new_identity is admission.new_thread is admission.new_contact is None
    assert kinds(admission) == ["received"]


def test_two_messages_of_one_batch_are_one_ticket() -> None:
    first, second = Router().decide(said(), said("Hello?", name="2"))
    assert ticket_of(first).id == ticket_of(second).id
    assert second.ticket_version == 1


def test_two_people_are_two_tickets() -> None:
    first, second = Router().decide(said(who="ann"), said(who="bob", name="2"))
    assert ticket_of(first).id != ticket_of(second).id


def test_events_never_carry_what_was_written() -> None:
    router = Router()
    admissions = router.decide(
        said("swordfish in the text", author=Author("ann", "swordfish")),
        said("swordfish again", name="1", kind="edit"),
    )
    assert "swordfish" not in repr([event for admission in admissions for event in admission.events])


def test_the_subject_is_the_mails_or_the_first_words() -> None:
    assert ticket_of(Router().one(mailed(subject="Parcel"))).subject == "Parcel"
    assert ticket_of(Router().one(said("x" * 200))).subject == "x" * 79 + "…"


def test_files_that_must_be_fetched_become_jobs() -> None:
    files = (
        AttachmentDraft("a.jpg", "image/jpeg", remote_id="r1"),
        AttachmentDraft("b.txt", "text/plain", content=b"x"),
        AttachmentDraft("c.mkv", "video/x", note="too large"),
    )
    admission = Router().one(said(attachments=files))
    [job] = admission.jobs
    assert job.payload == {"attachment": admission.attachments[0].id, "account": "telegram:main"}


# Repeats and redeliveries ----------------------------------------------------------------


def test_a_redelivery_is_ignored() -> None:
    router = Router()
    router.one(said())
    again = router.one(said())
    assert (again.verdict, again.reason) == ("ignored", "redelivery")


def test_what_others_say_to_each_other_is_no_ticket() -> None:
    router = Router()
    admission = router.one(said("大家好，看看这个", unaddressed=True))
    assert (admission.verdict, admission.reason, router.context.tickets) == ("ignored", "not_addressed", {})


def test_a_repeat_in_the_same_batch_is_seen_like_one_in_the_next() -> None:
    _, same_batch = Router().decide(said(), said(name="2"))
    assert same_batch.events[-1].data["same"] == "repeat"


# Closing and reopening --------------------------------------------------------------------


def test_a_message_after_closing_reopens() -> None:
    router = Router()
    router.set_ticket(ticket_of(router.one(said())), status="closed", unanswered=0, waiting_since=None)
    admission = router.one(said("Again broken", name="2"), now=T0 + DAY)
    ticket = ticket_of(admission)
    assert (ticket.status, ticket.unanswered, ticket.waiting_since) == ("open", 1, T0 + DAY)
    assert kinds(admission) == ["reopened", "received"]


def test_a_message_long_after_closing_is_a_new_ticket_in_the_same_thread() -> None:
    router = Router()
    first = router.one(said("I was hacked"))
    router.set_ticket(ticket_of(first), status="closed")
    admission = router.one(said("Another question", name="2"), now=T0 + 8 * DAY)
    assert ticket_of(admission).id != ticket_of(first).id
    assert admission.new_thread is None
    assert admission.thread_id == first.thread_id
    assert ticket_of(admission).priority == 10


def test_what_was_serious_before_closing_is_judged_anew() -> None:
    router = Router()
    router.set_ticket(ticket_of(router.one(said("I was hacked"))), status="closed", unanswered=0)
    assert ticket_of(router.one(said("Thank you", name="2"), now=T0 + DAY)).priority == 10


def test_a_machine_neither_reopens_nor_counts() -> None:
    router = Router()
    first = ticket_of(router.one(said()))
    router.set_ticket(first, status="closed", unanswered=0, waiting_since=None)
    admission = router.one(said("I am away", name="2", automatic=Automatic("auto_reply", "x")), now=T0 + DAY)
    ticket = ticket_of(admission)
    assert (ticket.id, ticket.status, ticket.unanswered) == (first.id, "closed", 0)
    assert kinds(admission) == ["received"]


def test_an_answer_to_an_old_case_goes_to_the_open_one() -> None:
    router = Router()
    old = router.one(said(name="1"))
    router.set_ticket(ticket_of(old), status="closed")
    later = T0 + 8 * DAY
    new = router.one(said("Another question", name="2"), now=later)
    admission = router.one(said("About this one", name="3", reply_to=(ExternalMessageId("1"),)), now=later)
    assert ticket_of(admission).id == ticket_of(new).id


# Edits and deletions ------------------------------------------------------------------------


def test_an_edit_is_a_version() -> None:
    router = Router()
    first = router.one(said("Order 17"))
    admission = router.one(said("Order 18", kind="edit"), now=T0 + DAY)
    assert first.message is not None
    assert admission.change is not None
    assert (admission.change.message_id, admission.change.text) == (first.message.id, "Order 18")
    assert admission.message is None
    assert kinds(admission) == ["edited"]
    assert admission.segments >= {"order", "18"}


def test_an_edit_after_closing_reopens() -> None:
    """BT12."""
    router = Router()
    router.set_ticket(ticket_of(router.one(said())), status="closed")
    assert ticket_of(router.one(said("Order 18", kind="edit"))).status == "open"


def test_an_edit_in_a_closed_case_does_not_reopen_it_beside_an_open_one() -> None:
    router = Router(reopen_within=timedelta(0))
    old = ticket_of(router.one(said(name="1")))
    router.set_ticket(old, status="closed")
    router.one(said("Another question", name="2"), now=T0 + DAY)
    admission = router.one(said("Order 18", name="1", kind="edit"), now=T0 + DAY)
    assert (ticket_of(admission).id, ticket_of(admission).status) == (old.id, "closed")
    assert admission.change is not None


def test_a_deletion_is_a_version_and_opens_nothing() -> None:
    router = Router()
    router.set_ticket(ticket_of(router.one(said())), status="closed")
    admission = router.one(said("", kind="delete"))
    assert admission.change is not None
    assert admission.change.text is None
    assert (ticket_of(admission).status, kinds(admission)) == ("closed", ["deleted"])


def test_an_edit_of_what_we_never_saw_is_a_message() -> None:
    admission = Router().one(said("Order 18", kind="edit"))
    assert admission.message is not None
    assert kinds(admission) == ["opened", "received"]


def test_a_deletion_of_what_we_never_saw_is_nothing() -> None:
    assert Router().one(said("", kind="delete")).reason == "deletes_unknown"


# Albums --------------------------------------------------------------------------------------


def picture(n: int, **fields: Any) -> InboundMessage:
    return said("", name=str(n), group="g", attachments=(AttachmentDraft(f"{n}.jpg", "image/jpeg"),), **fields)


def test_an_album_is_one_ticket_with_every_picture() -> None:
    """BT19."""
    [admission] = Router().decide(*[picture(n) for n in range(1, 11)])
    assert len(admission.attachments) == 10
    assert len(admission.event_ids) == 10


def test_a_straggler_joins_the_message_of_its_album() -> None:
    router = Router()
    [first] = router.decide(picture(1), picture(2))
    late = router.one(picture(3))
    assert first.message is not None
    assert (ticket_of(late).id, late.message) == (ticket_of(first).id, None)
    assert [file.message_id for file in late.attachments] == [first.message.id]
    assert ticket_of(late).unanswered == 1
    assert late.reason == "album"


def test_a_picture_that_comes_twice_is_a_redelivery() -> None:
    router = Router()
    router.decide(picture(1), picture(2))
    assert router.one(picture(2)).reason == "redelivery"


# Forgery --------------------------------------------------------------------------------------


def test_a_stranger_who_quotes_a_known_message_gets_a_ticket_of_their_own() -> None:
    router = Router()
    ann = router.one(mailed(name="<secret@customers.test>"))
    quoting = {"reply_to": (ExternalMessageId("<secret@customers.test>"),)}
    eve = router.one(mailed("Let me in", who="eve", name="<2@evil.example.test>", **quoting))
    assert ticket_of(eve).id != ticket_of(ann).id
    assert eve.message is not None
    assert "do not include this sender" in eve.message.warnings[0]
    spoofed = router.one(mailed("It's me", name="<3@evil.example.test>", authenticity=FAILED, **quoting))
    assert ticket_of(spoofed).id != ticket_of(ann).id


# Acknowledgements -------------------------------------------------------------------------------


def test_a_new_ticket_is_acknowledged_once() -> None:
    router = Router()
    first = router.one(said())
    assert [notice.parts[0].text for notice in first.deliveries] == ["acknowledged"]
    assert first.new_identity is not None
    assert first.new_identity.acknowledged_at == T0
    assert router.one(said("More", name="2"), now=T0 + 2 * DAY).deliveries == ()


@pytest.mark.parametrize(("passed", "told"), [(DAY - timedelta.resolution, 0), (DAY, 1)])
def test_a_person_is_acknowledged_once_a_day(passed: timedelta, told: int) -> None:
    """BE72, BE73: whatever a robot leaves out of its headers."""
    router = Router()
    router.one(mailed("First question, long enough"))
    second = router.one(mailed("Second question, long enough", name="<2@customers.test>"), now=T0 + passed)
    assert kinds(second) == ["opened", "received"]
    assert len(second.deliveries) == told
    assert (second.changed_identity is not None) == bool(told)


@pytest.mark.parametrize(
    "fields",
    [
        {"automatic": Automatic("auto_reply", "x")},
        {"automatic": Automatic("bounce", "x")},
        {"authenticity": UNVERIFIED},
        {"authenticity": FAILED},
    ],
)
def test_machines_and_the_unverified_are_never_acknowledged(fields: dict[str, Any]) -> None:
    """BE73."""
    admission = Router().one(mailed(**fields))
    assert admission.deliveries == ()
    assert admission.new_identity is not None
    assert admission.new_identity.acknowledged_at is None


def test_whoever_opens_a_talk_is_welcomed_and_is_no_ticket() -> None:
    admission = Router().one(said("/start", command="start"))
    assert (admission.ticket, admission.message) == (None, None)
    assert [notice.parts[0].text for notice in admission.deliveries] == ["welcome"]


# People ---------------------------------------------------------------------------------------------


def test_who_writes_again_is_reachable_again_and_known_by_the_new_name() -> None:
    router = Router()
    first = router.one(said())
    assert first.new_identity is not None
    router.context.identities["telegram", "ann"] = replace(first.new_identity, unreachable=True)
    again = router.one(said("Back", name="2", author=Author("ann", "Ann Married", handle="ann2")))
    assert again.changed_identity is not None
    assert (again.changed_identity.unreachable, again.changed_identity.display_name) == (False, "Ann Married")


def test_another_who_writes_in_the_same_conversation_takes_part() -> None:
    router = Router()
    first = router.one(said())
    thread = ThreadRef(ThreadKey("chat-ann"), "private")
    other = router.one(said("I too", who="bob", name="2", thread=thread))
    assert ticket_of(other).id == ticket_of(first).id
    assert [person.role for person in (*first.participants, *other.participants)] == ["requester", "other"]
    assert ticket_of(other).requester == "Person ann"


# What came back ------------------------------------------------------------------------


def answered(router: Router) -> tuple[Ticket, InboundMessage]:
    """A ticket that was answered, and the report that the answer could not be delivered."""
    opened = router.one(mailed())
    ticket = ticket_of(opened)
    assert opened.thread_id is not None
    router.set_ticket(ticket, status="pending", waiting_since=None, unanswered=0)
    name = ExternalMessageId("<sb.1@desk.example.test>")
    router.context.refs["email", name] = MessageRef(MessageId("answer"), ticket.id, opened.thread_id, ours=True)
    back = mailed(
        "No such user",
        "mailer-daemon",
        "<2@mx.test>",
        reply_to=(name,),
        automatic=Automatic("bounce", "x"),
        report=DeliveryReport("failed", "ann@customers.test", "5.1.1", "550 no such user"),
    )
    return ticket, back


def test_an_answer_that_came_back_makes_the_person_wait_again() -> None:
    """BE66."""
    router = Router()
    ticket, back = answered(router)
    admission = router.one(back, T0 + DAY)
    assert admission.bounce == Bounce(
        MessageId("answer"),
        "A mail system sent it back (ann@customers.test: 550 no such user).",
    )
    after = ticket_of(admission)
    assert (after.id, after.status, after.waiting_since, after.unanswered) == (ticket.id, "open", T0 + DAY, 1)
    assert admission.deliveries == ()


@pytest.mark.parametrize("outcome", ["delayed", "delivered", None])
def test_other_reports_change_nothing_about_the_answer(outcome: Literal["delayed", "delivered"] | None) -> None:
    """BE68."""
    router = Router()
    ticket, back = answered(router)
    report = DeliveryReport(outcome, "ann@customers.test", "4.4.1") if outcome else None
    admission = router.one(replace(back, report=report), T0 + DAY)
    assert admission.bounce is None
    assert (ticket_of(admission).id, ticket_of(admission).status) == (ticket.id, "pending")


def test_a_report_about_the_persons_own_mail_is_no_bounce() -> None:
    router = Router()
    _ticket, back = answered(router)
    router.context.refs.clear()
    router.one(mailed(name="<3@customers.test>"))
    admission = router.one(replace(back, reply_to=(ExternalMessageId("<3@customers.test>"),)), T0 + DAY)
    assert admission.bounce is None


@pytest.mark.parametrize("what", [{"notice": True}, {"copies": ("ann@customers.test",)}], ids=["notice", "copy"])
def test_an_acknowledgement_or_a_copy_that_came_back_reopens_nothing(what: dict[str, Any]) -> None:
    router = Router()
    ticket, back = answered(router)
    name: tuple[Channel, ExternalMessageId] = ("email", back.reply_to[0])
    router.context.refs[name] = replace(router.context.refs[name], **what)
    router.set_ticket(ticket, status="closed", waiting_since=None, unanswered=0)
    admission = router.one(back, T0 + DAY)
    assert admission.bounce is None or admission.bounce.name == back.reply_to[0]  # a code's is the store's to know
    assert ticket_of(admission).status == "closed"


def test_a_report_about_a_mail_that_was_not_sent_from_here_opens_nothing() -> None:
    """BE67."""
    router = Router()
    _ticket, back = answered(router)
    admission = router.one(replace(back, stray=True, reply_to=(ExternalMessageId("<9@elsewhere.test>"),)))
    assert (admission.verdict, admission.ticket) == ("ignored", None)
    assert "not sent from here" in admission.reason


def test_what_a_message_names_is_kept_with_it_and_changes_with_it() -> None:
    router = Router(entities=EntityRules(account_ids=("[0-9]{8}",), domains=("acme-pay.com",)))
    first = router.one(mailed("充值了3万元，见 acme-pay.co/x", subject="账号 12345678"))
    assert first.message is not None
    assert [(one.kind, one.value) for one in first.message.entities] == [
        ("account", "12345678"),
        ("amount", "30000 CNY"),
        ("link", "acme-pay.co"),
    ]
    assert any("acme-pay.co looks like acme-pay.com" in warning for warning in first.message.warnings)
    edited = router.one(mailed("充值了4万元", kind="edit"))
    assert edited.change is not None
    assert [one.value for one in edited.change.entities] == ["40000 CNY"]


def test_an_edit_that_brings_a_secret_is_told() -> None:
    router = Router()
    router.one(read(said("My card does not work", name="7")))
    edited = router.one(read(said("My card 4111 1111 1111 1111 does not work", name="7", kind="edit")))
    assert edited.change is not None
    assert (edited.change.text, edited.change.secrets) == (
        "My card [covered: card, ends in 1111] does not work",
        ("card",),
    )
    assert [(one.kind, one.data.get("secrets")) for one in edited.events] == [
        ("edited", None),
        ("covered", "card"),
    ]
