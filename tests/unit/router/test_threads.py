"""Which ticket a message belongs to.  A forged reference joins nothing."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from router.threads import Match, match_ticket
from tests.support import builders
from tests.support.builders import T0
from tests.support.inbound import FAILED, UNVERIFIED, empty_context, mailed, said
from tickets.ids import ExternalMessageId, IdentityId, MessageId, ThreadId, ThreadKey, TicketId
from tickets.model import Authenticity, InboundMessage, ThreadRef
from tickets.records import Context, MessageRef

ANN, EVE = IdentityId("i-ann"), IdentityId("i-eve")
WEEK = timedelta(days=7)
QUOTING = {"reply_to": (ExternalMessageId("<known@desk.example.test>"),)}


def known(*, ours: bool = False, name: str = "ann", context: Context | None = None, **ticket: Any) -> Context:
    """A ticket in its thread, with one message that can be referred to."""
    context = context or empty_context()
    thread = builders.thread("ann")
    made = builders.ticket(name, **ticket)
    ref = MessageRef(MessageId(f"m-{name}"), made.id, thread.id, ours=ours)
    for channel in ("email", "telegram"):
        context.refs[channel, ExternalMessageId("<known@desk.example.test>")] = ref
    context.tickets[made.id] = made
    context.threads[thread.account, thread.key] = thread
    context.threads_by_id[thread.id] = thread
    context.thread_tickets[thread.id] = made.id
    context.participants[made.id] = frozenset({ANN})
    return context


def match(message: InboundMessage, author: IdentityId | None, context: Context, now: datetime = T0) -> Match:
    return match_ticket(message, author, context, now, WEEK)


def in_thread(**fields: Any) -> InboundMessage:
    return said(thread=ThreadRef(ThreadKey("key-ann"), "private"), **fields)


def test_nothing_known_is_new() -> None:
    assert match(said(), None, empty_context()) == Match(None, None, "new")
    assert match(mailed(**QUOTING), None, empty_context()) == Match(None, None, "new")


def test_the_conversation_leads_to_its_ticket() -> None:
    found = match(in_thread(), ANN, known())
    assert found.ticket is not None
    assert (found.ticket.id, found.why) == ("t-ann", "conversation")


def test_whoever_answers_our_message_is_let_in() -> None:
    for author in (ANN, EVE, None):
        found = match(mailed(authenticity=UNVERIFIED, **QUOTING), author, known(ours=True))
        assert found.ticket is not None
        assert (found.why, found.warning) == ("reply", "")


@pytest.mark.parametrize("author", [EVE, None])
def test_a_stranger_who_quotes_a_message_joins_nothing(author: IdentityId | None) -> None:
    found = match(mailed(**QUOTING), author, known())
    assert (found.ticket, found.thread, found.why) == (None, None, "stranger")
    assert "#0" in found.warning


@pytest.mark.parametrize(
    ("authenticity", "joins"), [(FAILED, False), (UNVERIFIED, True), (Authenticity("verified", "x"), True)]
)
def test_a_participant_who_is_not_reported_as_forged_joins(authenticity: Authenticity, joins: bool) -> None:
    found = match(mailed(authenticity=authenticity, **QUOTING), ANN, known())
    assert (found.ticket is not None) == joins


def test_the_first_reference_that_leads_anywhere_decides() -> None:
    names = (ExternalMessageId("<unknown@x>"), *QUOTING["reply_to"])
    found = match(mailed(reply_to=names), ANN, known())
    assert found.ticket is not None


@pytest.mark.parametrize(
    ("passed", "reopened"), [(timedelta(), True), (WEEK, True), (WEEK + timedelta.resolution, False)]
)
@pytest.mark.parametrize("message", [in_thread(), mailed(**QUOTING)])
def test_a_closed_ticket_is_reopened_for_a_week(
    message: InboundMessage, passed: timedelta, reopened: bool
) -> None:
    found = match(message, ANN, known(status="closed"), T0 + passed)
    assert (found.ticket is not None) == reopened
    assert found.thread is not None
    if not reopened:
        assert found.why == "closed_long_ago"


def test_an_open_ticket_is_never_too_old() -> None:
    assert match(in_thread(), ANN, known(), T0 + 100 * WEEK).ticket is not None


@pytest.mark.parametrize("passed", [timedelta(), 2 * WEEK])
@pytest.mark.parametrize("ours", [True, False])
def test_a_reply_to_a_closed_case_goes_to_the_one_that_is_open_there(passed: timedelta, ours: bool) -> None:
    """A conversation has one open ticket: reopening another beside it, or opening a third, cannot be stored."""
    context = known(name="old", status="closed", ours=ours)
    context.participants[TicketId("t-old")] = frozenset({ANN})
    newer = builders.ticket("new", updated_at=T0 + passed)
    context.tickets[newer.id] = newer
    context.thread_tickets[ThreadId("h-ann")] = newer.id
    found = match(mailed(**QUOTING), ANN, context, T0 + passed)
    assert found.ticket == newer
    assert found.thread is not None
    assert found.warning == ""


@pytest.mark.parametrize(
    ("author", "key", "joins"),
    [
        (EVE, "key-eve", False),  # everybody sees our answer there, and may answer it
        (None, "key-eve", False),
        (ANN, "key-other", True),
        (EVE, "key-ann", True),  # a thread that all of them share
    ],
)
def test_in_public_an_answer_to_ours_leads_home_only_those_who_take_part(
    author: IdentityId | None, key: str, joins: bool
) -> None:
    context = known(ours=True)
    message = said(thread=ThreadRef(ThreadKey(key), "public"), **QUOTING)
    found = match(message, author, context)
    assert (found.ticket is not None) is joins
    assert not found.warning
