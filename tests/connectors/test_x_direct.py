"""Direct messages of X, over real sockets: read once and in order, answered, looked for."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from connectors.registry import make_connector
from normalizer.registry import normalize
from simulators.x import XPlatform
from simulators.x.directs import SimDirect
from tests.connectors.listening import SwiftClock
from tests.contract.connectors.harness import context, reply
from tests.contract.connectors.test_connectors import PNG
from tests.support.town import KEYS, Town, X
from tickets.errors import DeliveryError, PayloadError, Unreachable
from tickets.ids import ExternalMessageId, ThreadKey
from tickets.model import InboundMessage, RawEvent, ReplyFile, ReplyTarget
from tickets.ports import Batch, Connector, ProvingSender
from tickets.spending import Spent


class Place:
    """An account that may read its direct messages, on a clock of its own."""

    def __init__(self, x: XPlatform, town: Town, clock: SwiftClock) -> None:
        self.x, self.clock = x, clock
        self.account = x.add_account("support_desk", "Support", KEYS)
        self.mei = x.add_person("Mei", username="mei_x")
        self.told: list[str] = []
        self.spent: list[Spent] = []
        self._settings = town.accounts()[X].settings

    def connector(self, **settings: object) -> Connector:
        async def limited(why: str) -> None:
            self.told.append(why)

        async def spend(spent: list[Spent]) -> None:
            self.spent += spent

        wanted = {"base_url": self.x.base_url, "direct_messages": True, "direct_s": 0.05, "first_start": "all"}
        given = context(X)._replace(clock=self.clock, limited=limited, spend=spend)  # type: ignore[arg-type]
        return make_connector("x", replace(self._settings, **(wanted | settings)), given)

    async def next(self, connector: Connector, cursor: str | None, *, asked: int = 1) -> Batch:
        """What was read by the time that so many questions for direct messages were answered."""
        before, events, gaps = self.questions, [], []
        async with aclosing(connector.source.batches(cursor)) as batches:
            async for batch in batches:
                events += batch.events
                gaps += batch.gaps
                cursor = batch.cursor or cursor
                if self.questions >= before + asked and '"direct":' in (cursor or ""):
                    return Batch(tuple(events), cursor, tuple(gaps))
        raise AssertionError("unreachable")

    @property
    def counted(self) -> int:
        """So many messages were paid for."""
        return sum(one.units for one in self.spent if one.what == "direct")

    @property
    def questions(self) -> int:
        return sum(call.path == "/2/dm_events" and call.status is not None for call in self.x.calls)


@pytest.fixture
async def place(town: Town) -> AsyncIterator[Place]:
    clock = SwiftClock()
    async with XPlatform(now=clock.now, wall_clock=lambda: datetime.now(UTC)) as x:
        yield Place(x, town, clock)


@pytest.fixture
async def connector(place: Place) -> AsyncIterator[Connector]:
    made = place.connector()
    await made.open()
    yield made
    await made.close()


def texts(events: tuple[RawEvent, ...]) -> list[str]:
    messages = [normalize(event) for event in events]
    return [one.text for one in messages if isinstance(one, InboundMessage)]


TARGET = ReplyTarget("x", X, ThreadKey("dm/0"), "private")


def to(place: Place) -> ReplyTarget:
    return replace(TARGET, thread_key=ThreadKey(f"dm/{place.mei.id}"))


async def test_messages_come_once_oldest_first_and_ours_not_at_all(place: Place, connector: Connector) -> None:
    for text in ("你好", "我的提现没到账", "<b> & ปัญหา"):
        place.x.write_direct(place.mei, place.account, text)
    await connector.sender.send(reply(to(place), "在查"))
    first = await place.next(connector, None)
    assert texts(first.events) == ["你好", "我的提现没到账", "<b> & ปัญหา"]
    assert {one.conversation for one in first.events} == {f"dm/{place.mei.id}"}
    place.x.write_direct(place.mei, place.account, "还没有吗？")
    place.clock.move(minutes=15)
    assert texts((await place.next(connector, first.cursor)).events) == ["还没有吗？"]
    assert place.x.violations == []
    assert place.counted == 5 + 1  # one sent; what X tells of again on the same day costs nothing
    place.clock.move(days=1)
    await place.next(connector, first.cursor)
    assert place.counted == 5 + 1 + 5


async def test_where_it_begins_now_old_ones_are_left_alone(place: Place) -> None:
    place.x.write_direct(place.mei, place.account, "old")
    made = place.connector(first_start="now")
    await made.open()
    first = await place.next(made, None)
    assert first.events == ()
    place.x.write_direct(place.mei, place.account, "new")
    assert texts((await place.next(made, first.cursor)).events) == ["new"]
    await made.close()


async def test_pages_are_walked_back_to_the_place(place: Place, connector: Connector) -> None:
    place.x.write_direct(place.mei, place.account, "0")
    first = await place.next(connector, None)
    place.clock.move(minutes=16)
    for n in range(1, 251):
        place.x.write_direct(place.mei, place.account, str(n))
    second = await place.next(connector, first.cursor, asked=3)
    assert texts(second.events) == [str(n) for n in range(1, 251)]
    assert second.gaps == ()


async def test_what_x_does_not_tell_any_more_is_a_gap(place: Place, connector: Connector) -> None:
    place.x.write_direct(place.mei, place.account, "before")
    first = await place.next(connector, None)
    place.clock.move(days=31)
    place.x.write_direct(place.mei, place.account, "after")
    second = await place.next(connector, first.cursor)
    assert texts(second.events) == ["after"]
    [gap] = second.gaps
    assert gap.until is not None
    assert gap.until - gap.since > timedelta(days=30)
    assert "30 days" in gap.what


async def test_where_nobody_writes_for_long_nothing_is_missing(place: Place, connector: Connector) -> None:
    """The place follows the time; what is written after an outage of 31 days is a gap all the same."""
    cursor = (await place.next(connector, None)).cursor
    for _ in range(5):
        place.clock.move(days=10)
        quiet = await place.next(connector, cursor)
        assert (quiet.events, quiet.gaps) == ((), ())
        cursor = quiet.cursor
    place.x.write_direct(place.mei, place.account, "lost")
    place.clock.move(days=31)
    assert len((await place.next(connector, cursor)).gaps) == 1


async def test_a_message_that_x_tells_of_after_a_newer_one_is_read(place: Place, connector: Connector) -> None:
    late = place.x.write_direct(place.mei, place.account, "one")
    place.x.directs.all.remove(late)
    place.clock.move(seconds=5)
    place.x.write_direct(place.mei, place.account, "two")
    first = await place.next(connector, None)
    assert texts(first.events) == ["two"]
    place.x.write_direct(place.mei, place.account, "late", id=late.id)
    place.clock.move(minutes=2)
    second = await place.next(connector, first.cursor)
    assert texts(second.events) == ["late"]
    place.clock.move(minutes=2)
    assert texts((await place.next(connector, second.cursor)).events) == []


async def test_what_is_written_while_x_refuses_is_read_once_it_does_not(place: Place) -> None:
    """Also at the very beginning, where older messages are left alone."""
    place.x.write_direct(place.mei, place.account, "old")
    place.clock.move(minutes=20)
    place.x.directs.open_to_apps = False
    made = place.connector(first_start="now")
    await made.open()
    refused = await place.next(made, None)
    place.x.write_direct(place.mei, place.account, "meanwhile")
    place.clock.move(minutes=16)
    place.x.directs.open_to_apps = True
    assert texts((await place.next(made, refused.cursor)).events) == ["meanwhile"]
    await made.close()


async def test_a_pause_is_kept_and_nothing_is_asked_twice(place: Place, connector: Connector) -> None:
    first = await place.next(connector, None)
    for n in range(1_000):
        place.x.write_direct(place.mei, place.account, str(n))
    place.x.faults.arm("flood", path="/2/dm_events", reset_in=300)
    second = await place.next(connector, first.cursor, asked=11)
    assert texts(second.events) == [str(n) for n in range(1_000)]
    assert place.counted == 1_000
    assert place.x.violations == []


async def test_after_half_an_hour_of_failures_the_team_is_told(place: Place, connector: Connector) -> None:
    first = await place.next(connector, None)
    place.x.faults.arm("status", times=None, path="/2/dm_events", status=500)
    place.told.clear()
    await place.next(connector, first.cursor, asked=2)
    assert place.told == []
    place.clock.move(minutes=31)
    await place.next(connector, first.cursor)
    assert "half an hour" in place.told[0]
    place.x.faults.clear()
    place.clock.move(minutes=16)
    await place.next(connector, first.cursor)
    assert place.told[-1] == ""


class Odd(SimDirect):
    """One whose words are none."""

    def shown(self) -> dict[str, object]:
        return {**super().shown(), "text": None}


async def test_what_cannot_be_read_is_looked_at_by_a_person(place: Place, connector: Connector) -> None:
    written = place.x.write_direct(place.mei, place.account, "before")
    place.x.directs.all[:] = [Odd(**vars(written))]
    batch = await place.next(connector, None)
    assert [one.external_id for one in batch.events] == [f"dm/{written.id}"]
    with pytest.raises(PayloadError):
        normalize(batch.events[0])


async def test_an_app_without_the_right_is_told_of_and_mentions_go_on(place: Place, connector: Connector) -> None:
    place.x.directs.open_to_apps = False
    place.mei.mention(place.account, "@ 公开的问题")
    async with aclosing(connector.source.batches(None)) as batches:
        events: list[RawEvent] = []
        async for batch in batches:
            events += batch.events
            if events and place.told:
                break
    assert len(texts(tuple(events))) == 1
    assert "Read and write and Direct message" in place.told[0]
    place.x.directs.open_to_apps = True
    place.x.write_direct(place.mei, place.account, "现在可以了")
    place.clock.move(minutes=16)
    assert texts((await place.next(connector, None)).events)[-1:] == ["现在可以了"]
    assert place.told[-1] == ""


async def test_a_group_is_nobody_s_private_talk(place: Place, connector: Connector) -> None:
    place.x.write_direct(place.mei, place.account, "to all of us", group="1578398451921985538")
    batch = await place.next(connector, None)
    assert (len(batch.events), texts(batch.events)) == (1, [])


async def test_an_answer_arrives_with_its_picture_and_is_found(place: Place, connector: Connector) -> None:
    asked = place.x.write_direct(place.mei, place.account, "ช่วยด้วย")
    answer = reply(
        replace(to(place), in_reply_to=ExternalMessageId(f"dm/{asked.id}")),
        "Look <here> & tell us: https://x.test",
        files=(ReplyFile("a.png", "image/png", PNG),),
        carries=1,
    )
    receipt = await connector.sender.send(answer)
    [_, sent] = place.x.directs.all
    assert (sent.text, list(sent.pictures), receipt.external_id) == (answer.text, [PNG], f"dm/{sent.id}")
    assert isinstance(connector.sender, ProvingSender)
    found = await connector.sender.find_sent(answer, place.clock.now())
    assert [one.external_id for one in found] == [receipt.external_id]
    assert list(await connector.sender.find_sent(replace(answer, text="other words"), place.clock.now())) == []
    assert place.x.sent == []


@pytest.mark.parametrize("hidden", ["far behind", "not shown"])
async def test_where_x_shows_too_little_nobody_says_that_it_did_not_arrive(
    place: Place, connector: Connector, hidden: str
) -> None:
    asked = place.x.write_direct(place.mei, place.account, "ช่วยด้วย")
    answer = reply(replace(to(place), in_reply_to=ExternalMessageId(f"dm/{asked.id}")), "เรากำลังดูให้ค่ะ")
    await connector.sender.send(answer)
    if hidden == "far behind":
        for n in range(310):
            place.x.write_direct(place.mei, place.account, str(n))
    else:
        place.x.directs.all.clear()
    assert isinstance(connector.sender, ProvingSender)
    with pytest.raises(Unreachable, match="enough of the talk"):
        await connector.sender.find_sent(answer, place.clock.now())


async def test_who_takes_no_messages_is_told_so(place: Place, connector: Connector) -> None:
    place.x.directs.unwilling.add(place.mei.id)
    with pytest.raises(DeliveryError, match="Answer in public") as failed:
        await connector.sender.send(reply(to(place), "xin chào"))
    assert (failed.value.temporary, failed.value.delivered) == (False, False)


@pytest.mark.parametrize(
    ("fault", "details", "code", "delivered"),
    [
        ("status", {"status": 503}, "no_answer", None),
        ("garble", {}, "no_answer", None),
        ("flood", {"reset_in": 9}, "rate_limited", False),
        ("unauthorized", {}, "credential", False),
    ],
)
async def test_each_trouble_says_whether_it_may_have_arrived(
    place: Place, connector: Connector, fault: str, details: dict[str, int], code: str, delivered: bool | None
) -> None:
    place.x.faults.arm(fault, method="POST", **details)
    with pytest.raises(DeliveryError) as failed:
        await connector.sender.send(reply(to(place), "xin chào"))
    assert (failed.value.code, failed.value.delivered) == (code, delivered)


async def test_who_blocked_the_account_is_not_reached(place: Place, connector: Connector) -> None:
    place.mei.block(place.account)
    with pytest.raises(DeliveryError) as failed:
        await connector.sender.send(reply(to(place), "xin chào"))
    assert (failed.value.code, failed.value.temporary, failed.value.delivered) == ("blocked", False, False)
