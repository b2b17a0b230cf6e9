"""What people who are blocked or muted write, and who is muted for a flood."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from router.decision import Flood
from tests.support.builders import T0
from tests.support.inbound import FAILED, UNVERIFIED, said
from tests.unit.router.test_decision import Router, kinds, ticket_of
from tickets.ids import ExternalMessageId, MessageId, ThreadId
from tickets.model import Automatic, Restriction
from tickets.records import Admission, MessageRef

BLOCK = Restriction(kind="block", reason="spam", by="Mei", since=T0)
MUTE = Restriction(kind="mute", reason="abuse", by="Mei", since=T0, until=T0 + timedelta(hours=1))
KEY: Any = ("telegram", "ann")


def held(restriction: Restriction, *, closed: bool = True) -> tuple[Router, Admission]:
    """Somebody who has a ticket, and whom a colleague held back."""
    router = Router()
    first = router.one(said("Купите наших слонов, дешево"))
    router.context.identities[KEY] = replace(router.context.identities[KEY], restriction=restriction)
    if closed:
        router.set_ticket(ticket_of(first), status="closed", waiting_since=None, unanswered=0)
    return router, first


def test_what_the_blocked_write_is_kept_and_waits_for_nobody() -> None:
    router, first = held(BLOCK)
    again = router.one(said("象を安く売ります、連絡ください", name="2"))
    ticket = ticket_of(again)
    assert (ticket.id, ticket.status, ticket.waiting_since, ticket.unanswered) == (
        ticket_of(first).id,
        "closed",
        None,
        0,
    )
    assert again.message is not None
    assert again.message.text.startswith("象")
    assert again.deliveries == ()
    assert kinds(again) == ["received"]


def test_long_after_the_blocked_get_a_closed_ticket_of_its_own() -> None:
    router, first = held(BLOCK)
    later = router.one(said("ขายช้างราคาถูก ติดต่อมา", name="2"), now=T0 + timedelta(days=60))
    assert ticket_of(later).id != ticket_of(first).id
    assert (ticket_of(later).status, ticket_of(later).waiting_since, later.deliveries) == ("closed", None, ())


def test_an_open_ticket_waits_no_more_for_the_words_of_the_blocked() -> None:
    router, first = held(BLOCK, closed=False)
    again = ticket_of(router.one(said("Once more", name="2")))
    assert (again.status, again.unanswered) == ("open", ticket_of(first).unanswered)


def test_an_edit_of_the_blocked_opens_nothing() -> None:
    router, _ = held(BLOCK)
    edited = router.one(said("हाथी सस्ते में", kind="edit"))
    assert edited.change is not None
    assert ticket_of(edited).status == "closed"


def test_commands_of_the_blocked_are_heard_by_nobody() -> None:
    router, _ = held(BLOCK)
    for name, command in enumerate(("start", "status", "human", "close"), 2):
        done = router.one(said(f"/{command}", name=str(name), command=command))
        assert (done.verdict, done.reason, done.deliveries) == ("ignored", "blocked", ())


def test_commands_of_the_muted_are_carried_out_in_silence() -> None:
    router, _ = held(MUTE, closed=False)
    asked = router.one(said("/human", name="2", command="human"))
    assert (kinds(asked), asked.deliveries) == (["asked_for_person"], ())
    closed = router.one(said("/close", name="3", command="close"))
    assert (ticket_of(closed).status, closed.deliveries) == ("closed", ())


def test_where_others_wait_the_muted_change_nothing_of_how_soon() -> None:
    router, _ = held(MUTE, closed=False)
    carol = ticket_of(router.one(said("我的账户被盗了", who="carol", name="c")))
    router.context.refs[("telegram", ExternalMessageId("ours"))] = MessageRef(
        MessageId("m"), carol.id, ThreadId("h"), ours=True
    )
    joined = router.one(said("lol", name="2", reply_to=(ExternalMessageId("ours"),)))
    assert (ticket_of(joined).id, ticket_of(joined).priority) == (carol.id, carol.priority)


def test_a_stranger_does_not_open_the_ticket_of_the_blocked_again() -> None:
    router, first = held(BLOCK)
    thread = said("x").thread
    carol = router.one(said("Wo ist mein Paket?", who="carol", name="c", thread=thread))
    assert ticket_of(carol).id != ticket_of(first).id
    assert ticket_of(carol).requester == "Person carol"


def test_the_muted_wait_behind_everybody_and_are_told_nothing() -> None:
    router, _ = held(MUTE)
    again = router.one(said("ANSWER ME!!! 退款！！！", name="2"))
    ticket = ticket_of(again)
    assert (ticket.status, ticket.priority) == ("open", 0)
    assert ticket.priority_reasons[-1].label == "muted"
    assert sum(reason.points for reason in ticket.priority_reasons) == 0
    assert again.deliveries == ()


def test_an_alarm_of_the_muted_is_heard() -> None:
    router, _ = held(MUTE)
    ticket = ticket_of(router.one(said("我的账户被盗了", name="2")))
    assert ticket.priority == sum(reason.points for reason in ticket.priority_reasons) == 60


@pytest.mark.parametrize(("hours", "heard"), [(0.99, False), (1, True)])
def test_a_restriction_runs_out(hours: float, heard: bool) -> None:
    router, _ = held(MUTE)
    ticket = ticket_of(router.one(said("Hello?", name="2"), now=T0 + timedelta(hours=hours)))
    assert (ticket.priority > 0) == heard


# Floods ---------------------------------------------------------------------------------


def flooding(router: Router, count: int, seconds: float, first: int = 1, **fields: Any) -> list[Admission]:
    """Messages one after the other; who wrote lately is asked for each time, as the store would tell."""
    done = []
    for n in range(first, first + count):
        now = T0 + timedelta(seconds=seconds * n)
        done.append(router.one(said(f"Text {n}", name=str(n), sent_at=now, **fields), now=now))
        lately = min(n - first + 1, int(600 // seconds))
        router.context.busy.update(dict.fromkeys(router.context.busy, lately))
    return done


def test_whoever_writes_on_and_on_is_muted_for_an_hour() -> None:
    router = Router()
    done = flooding(router, 40, 10)
    muted = [n for n, one in enumerate(done, 1) if one.restricting]
    assert muted == [30]
    wanted = done[29].restricting
    assert wanted is not None
    assert wanted.restriction is not None
    assert wanted.gently
    moment = T0 + timedelta(seconds=300)
    assert (wanted.restriction.kind, wanted.restriction.by) == ("mute", "Switchboard")
    assert wanted.restriction.until == moment + timedelta(hours=1)
    assert kinds(done[29])[-1] == "muted"
    assert [ticket_of(one).unanswered for one in done] == list(range(1, 41))
    assert ticket_of(done[28]).priority > 0
    assert ticket_of(done[30]).priority == 0


def test_the_same_within_one_batch() -> None:
    done = Router().decide(*(said(f"Text {n}", name=str(n)) for n in range(40)))
    assert [n for n, one in enumerate(done, 1) if one.restricting] == [30]


def test_who_takes_longer_floods_nothing() -> None:
    assert not any(one.restricting for one in flooding(Router(), 60, 30))


@pytest.mark.parametrize(
    "fields",
    [
        {"authenticity": UNVERIFIED},
        {"authenticity": FAILED},
        {"late": True},
        {"automatic": Automatic("bot", "test")},
    ],
)
def test_who_is_named_by_others_or_read_late_floods_nothing(fields: dict[str, Any]) -> None:
    assert not any(one.restricting for one in flooding(Router(), 60, 1, **fields))


def test_nobody_is_muted_where_that_is_switched_off() -> None:
    router = Router(flood=Flood(messages=0))
    assert not any(one.restricting for one in flooding(router, 60, 1))
