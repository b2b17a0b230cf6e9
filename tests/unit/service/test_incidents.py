"""The leader's look at reports, on the memory store."""

import pytest
from msgspec.structs import replace

from desk.actors import Actor
from desk.incidents import IncidentDesk
from router.causes import signature_of
from router.signatures import decoded, encoded
from service.incidents import IncidentWatch, title_of
from simulators.memory_store import MemoryStore
from tests.support.builders import at, opening
from tests.support.clock import ManualClock
from tickets.ids import IncidentNumber, TicketId, UserId

ONE = IncidentNumber(1)
MEI = Actor("user:u-mei", "Mei", "agent", UserId("u-mei"))
TEXTS = {
    "ann": "Withdrawal fails with error WD-5031", "bob": "Auszahlung hängt, Fehler WD-5031",
    "cid": "出金できません WD-5031", "dan": "ถอนเงินไม่ได้ WD-5031", "eve": "снять не могу, ошибка WD-5031",
}  # fmt: skip


class Place:
    """A store that people write to, with a leader."""

    def __init__(self) -> None:
        self.store, self.clock = MemoryStore(), ManualClock(at(0))
        self.watch = IncidentWatch(self.store, self.clock)
        self.desk = IncidentDesk(self.store, self.clock)

    async def writes(self, name: str, text: str = "", seconds: float = 2) -> None:
        await self.clock.advance(seconds)
        said = text or TEXTS[name]
        admission = replace(opening(name, text=said), signature=encoded(signature_of(said, (), None)))
        await self.store.admit([admission], self.clock.now())

    async def all_write(self) -> None:
        for name in TEXTS:
            await self.writes(name)
        await self.watch.look()

    async def members(self, number: IncidentNumber = ONE) -> list[str]:
        return sorted(row.requester.split()[-1] for row in await self.store.list_member_rows(number, 100))


@pytest.fixture
async def place() -> Place:
    place = Place()
    await place.store.open()
    return place


async def test_the_fifth_person_makes_an_incident_and_a_notice(place: Place) -> None:
    for name in list(TEXTS)[:4]:
        await place.writes(name)
    assert await place.watch.look() == 4
    assert await place.store.list_incidents(open_only=True) == []
    await place.writes("eve")
    assert await place.watch.look() == 1
    assert await place.members() == sorted(TEXTS)
    [incident] = await place.store.list_incidents(open_only=True)
    assert (incident.people, incident.state, incident.owner) == (5, "open", None)
    [notice] = await place.store.list_notices()
    assert notice.notice.text.startswith("5 people report the same:")
    assert await place.watch.look() == 0


async def test_another_leader_goes_on_where_this_one_stopped(place: Place) -> None:
    await place.all_write()
    place.watch = IncidentWatch(place.store, place.clock)
    await place.writes("fay", "WD-5031 again, my withdrawal is stuck")
    await place.watch.look()
    assert await place.members() == sorted([*TEXTS, "fay"])
    assert len(await place.store.list_incidents(open_only=True)) == 1
    place.watch.rest()
    await place.writes("gus", "withdrawal error WD-5031")
    await place.watch.look()
    assert len(await place.members()) == 7


async def test_who_comes_late_is_told_by_a_job(place: Place) -> None:
    await place.all_write()
    await place.desk.tell(MEI, ONE, "answer", {"en": "We know"}, "en")
    assert len(await place.store.lease_jobs("w", place.clock.now(), 60, 10)) == 1
    await place.writes("fay", "WD-5031 again, my withdrawal is stuck")
    await place.watch.look()
    [job] = await place.store.lease_jobs("w", place.clock.now(), 60, 10)
    assert (job.kind, job.payload) == ("tell_incident", {"incident": "1"})


async def test_what_people_decide_is_heeded(place: Place) -> None:
    await place.all_write()
    await place.desk.remove(MEI, ONE, TicketId("t-eve"))
    await place.writes("fay", TEXTS["eve"])
    await place.writes("gus", "Withdrawal fails with error WD-5031, too")
    await place.watch.look()
    assert "eve" not in await place.members()
    assert "gus" in await place.members()
    await place.desk.dismiss(MEI, ONE)
    await place.writes("hal", "Withdrawal fails with error WD-5031, as well")
    await place.watch.look()
    assert "hal" not in await place.members()
    found = await place.store.find_incident(ONE)
    assert found is not None
    assert found.state == "dismissed"


async def test_a_person_and_the_finder_at_once_lose_nothing(place: Place) -> None:
    await place.all_write()
    await place.desk.take(MEI, ONE)
    await place.desk.rename(MEI, ONE, "Withdrawals")
    await place.writes("fay", "WD-5031 again, my withdrawal is stuck")
    await place.watch.look()
    found = await place.store.find_incident(ONE)
    assert found is not None
    assert (found.owner, found.title, found.people) == ("u-mei", "Withdrawals", 6)


async def test_a_signature_that_cannot_be_read_is_no_report(place: Place) -> None:
    await place.store.admit([replace(opening("odd"), signature="{nonsense")], place.clock.now())
    await place.all_write()
    assert await place.members() == sorted(TEXTS)


def test_a_signature_is_kept_as_it_is() -> None:
    signature = signature_of("ถอนเงินไม่ได้ WD-5031, see https://a.test/b", (), "th")
    assert decoded(encoded(signature)) == signature
    assert encoded(signature_of("", (), None)) == ""


@pytest.mark.parametrize(
    ("marks", "title"),
    [
        (("wrong:error", "about:app", "number:503", "wrong:crash"), "app: error, crash"),
        (("code:wd-5031", "talk:asks", "about:withdrawal", "wrong:stuck"), "WD-5031, withdrawal: stuck"),
        (("link:a.test/b",), "a.test/b"),
        (("wrong:down",), "down"),
        ((), "the same words"),
    ],
)
def test_a_title_names_the_thing_and_what_is_wrong(marks: tuple[str, ...], title: str) -> None:
    assert title_of(marks) == title
