"""The real program killed with SIGKILL at every named step: nothing lost, nothing doubled.

The simulators run here and are the judges; the program runs in a process of
its own and is started again after the kill.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.program import Program, picture_for
from tests.support.stores import Database
from tests.support.town import Town, open_town, unquoted, until
from tickets.points import ANSWERING, FETCHING, POINTS, PROVING, RECEIVING, SWEEPING

TEXTS = {
    "telegram": "Per Telegram geschrieben, bitte helfen",
    "discord": "디스코드로 씁니다, 도와주세요",
    "x": "Schreibe öffentlich auf X, bitte helfen",
    "email": "通过邮件写的，请帮忙",
}
PICTURE = bytes(range(256)) * 8
FEED = "feed.read"
TALK = "Có ai dùng acmewallet không?"
QUOTED = ("x.webhook_called", "x.webhook_saved")
WEBHOOK_POINTS = ("telegram.webhook_called", "telegram.webhook_saved", *QUOTED)
CERTAIN = (
    *RECEIVING,
    *FETCHING,
    *SWEEPING,
    "store.change_written",
    "desk.committed",
    "outbox.leased",
    "outbox.budget_taken",
)
"""Killed there, nothing can have left: the answer must arrive without a person."""
PROVED = ("discord", "x")
"""Where it is looked up by itself what arrived."""


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with open_town() as place:
        yield place


@pytest.mark.parametrize("point", POINTS)
async def test_a_kill_at_any_step_loses_and_doubles_nothing(
    point: str, town: Town, sql_database: Database, tmp_path: Path, unused_tcp_port: int
) -> None:
    program = Program(
        town,
        sql_database,
        tmp_path,
        unused_tcp_port,
        webhook=point in WEBHOOK_POINTS,
        feed=point == FEED,
        clocks=point in SWEEPING,
    )
    await program.make_token()
    town.anna.send_photo(PICTURE, town.bot, TEXTS["telegram"])
    town.ricardo.post(TALK)
    own_post = town.own_post()
    if point not in QUOTED:
        town.ricardo.mention(town.x_account, TEXTS["x"])
    town.mei.write(to="support@example.test", subject="Hilfe", text=TEXTS["email"])
    live = point == "discord.heard"  # else it is part of what was missed
    if not live:
        town.linh.say(TEXTS["discord"], town.hall, mention=town.discord_bot)
    try:
        await program.start(f"{first_point(point)}:1")
        if live:
            await until(lambda: town.discord.connected(town.discord_bot), "a session with Discord")
            town.linh.say(TEXTS["discord"], town.hall, mention=town.discord_bot)
        if point in QUOTED:
            await until(lambda: len(town.x.hooks.subscriptions) == 3, "X calling")
            town.ricardo.mention(town.x_account, TEXTS["x"], quoting=own_post)
        if point in (*ANSWERING, *PROVING):
            for number in await numbers_of_all(program):
                await program.reply(number, f"Antwort auf {number}", picture_for(number))
        assert await program.killed(), f"the program was never at {point}: {program.log()}"
        if point in PROVING:
            await program.start(f"{point}:1")
            assert await program.killed(), f"the program was never at {point}: {program.log()}"
        await program.start()
        numbers = await numbers_of_all(program)
        deliveries = [
            await program.reply(number, f"Antwort auf {number}", picture_for(number)) for number in numbers
        ]
        assert None not in deliveries
        states = [
            await program.at_rest(delivery, proved=channel in PROVED)
            for channel, delivery in zip(TEXTS, deliveries, strict=True)
        ]
        if point == FEED:
            items = (await program.get("/items"))["items"]
            assert [(one["text"], one["alike"]) for one in items] == [(TALK, 0)]
        judge(town, await program.tickets_with_files(len(TEXTS)), numbers, states, point)
    finally:
        await program.stop()


def first_point(point: str) -> str:
    """Before a fate can be looked up, it must have become unknown."""
    return "discord.after_send" if point in PROVING else point


def judge(town: Town, tickets: list[dict], numbers: list[int], states: list[str], point: str) -> None:
    """An answer in flight over each account may have been cut off; only where nobody can look is it unknown."""
    assert len(tickets) == len(TEXTS)
    said = (m["text"] for ticket in tickets for m in ticket["messages"] if m["direction"] == "in")
    texts = sorted(map(unquoted, said))
    assert texts == sorted(TEXTS.values())
    accepted, files = town.accepted(), town.accepted_files()
    for channel, number, state in zip(TEXTS, numbers, states, strict=True):
        times = accepted.count(f"Antwort auf {number}")
        assert times == 1 if state == "sent" else (state == "unknown" and times <= 1 and channel not in PROVED)
        shown = files.count(picture_for(number))
        assert shown == 1 if state == "sent" else shown <= 1
    if point in CERTAIN:
        assert states == ["sent"] * len(TEXTS)


async def numbers_of_all(program: Program) -> list[int]:
    """The tickets' numbers, one a channel, as soon as all are there."""
    by_channel = {ticket["channel"]: ticket["number"] for ticket in await program.tickets_of_all(len(TEXTS))}
    return [by_channel[channel] for channel in TEXTS]
