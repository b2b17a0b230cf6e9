"""When the team is told that a Discord server is full, and when that it is not any more."""

import pytest

from connectors.discord.caps import ThreadCap
from tests.contract.connectors.harness import context
from tests.support.town import DISCORD


class Team:
    """What the team is told; True: it is full."""

    def __init__(self) -> None:
        self.told: list[bool] = []

    async def limited(self, why: str) -> None:
        self.told.append(bool(why))

    def cap(self) -> ThreadCap:
        """As a process has that has just begun."""
        return ThreadCap(context(DISCORD)._replace(limited=self.limited))


@pytest.fixture
def team() -> Team:
    return Team()


async def test_it_is_over_when_nothing_waits_any_more(team: Team) -> None:
    """Of two full servers one has room again: the other still waits."""
    cap = team.cap()
    await cap.waits("on one")
    await cap.waits("on the other")
    await cap.fits("on one")
    assert team.told == [True]
    await cap.fits("on the other")
    await cap.fits("later")
    assert team.told == [True, False]


async def test_a_form_that_got_no_room_counts_until_one_gets_it(team: Team) -> None:
    cap = team.cap()
    await cap.turned_away()
    await cap.fits("its answer, in direct messages")
    assert team.told == [True]
    await cap.opened()
    assert team.told == [True, False]


async def test_what_another_process_told_is_taken_back_once(team: Team) -> None:
    await team.cap().waits("piece")
    cap = team.cap()
    for _ in range(3):
        await cap.fits("piece")
    assert team.told == [True, False]
