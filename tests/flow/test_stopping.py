"""A stop in the middle of things: what was begun is finished, nothing becomes unknown without need."""

import asyncio
from pathlib import Path

from tests.support.crowd import Crowd, all_heard, answer_to, in_touch
from tests.support.program import Program
from tests.support.stores import Database
from tests.support.town import Town, open_town, until

PEOPLE = 5
ROUNDS = 5
"""Five people on each of four channels write five more times: 100 messages."""
NEVER_S = 300.0


async def test_an_answer_on_its_way_is_finished_before_the_end(sql_database: Database, tmp_path: Path) -> None:
    async with open_town() as town:
        config = town.config(sql_database.url, tmp_path)
        async with town.open_for_business(config):
            town.anna.write("Gleich wird abgeschaltet", town.bot)
            town.mei.write(to="support@example.test", subject="Auch hier", text="Auch hier wird abgeschaltet")
            chat = await town.ticket_saying("Gleich wird")
            post = await town.ticket_saying("Auch hier wird")
            await until(lambda: len(town.telegram.sent) == 1 and len(town.mei.received) == 1, "acknowledgements")
            town.telegram.faults.arm("delay", seconds=1.5, method="sendMessage")
            town.mail.faults.arm("smtp_delay", seconds=1.5)
            deliveries = [
                await town.answer(chat.ticket.number, "Noch per Chat"),
                await town.answer(post.ticket.number, "Noch per Mail"),
            ]
            await asyncio.gather(*(town.settled(one, "sending") for one in deliveries))
        async with town.open_for_business(config):
            for one in deliveries:
                await town.settled(one, "sent")
        assert town.telegram_texts() == ["Noch per Chat"]
        assert town.mail_texts() == ["Noch per Mail"]


async def test_a_stop_under_load_ends_in_time_and_loses_and_doubles_nothing(
    sql_database: Database, tmp_path: Path, unused_tcp_port: int
) -> None:
    """``ended`` waits for 20 seconds, and no longer."""
    async with open_town() as town:
        program = Program(town, sql_database, tmp_path, unused_tcp_port, webhook=False)
        async with in_touch(program, PEOPLE) as crowd:
            tickets = await program.tickets()
            make_slow(town, crowd)
            deliveries = {ticket["number"]: await answered(program, ticket["number"]) for ticket in tickets}
            await on_their_way(sql_database, "telegram:main", "email:support")
            for n in range(ROUNDS):
                crowd.write(1 + n)
            await program.end()

            for platform in (town.telegram, town.discord, town.x, town.mail):
                platform.faults.clear()
            await program.start()
            await all_heard(crowd, sql_database)
            states = {number: await program.settled(one) for number, one in deliveries.items()}
            cut_off = {number for number, state in states.items() if state == "unknown"}
            channels = {ticket["number"]: ticket["channel"] for ticket in tickets}
            assert sorted(channels[number] for number in cut_off) == ["email", "telegram"]
            for number, state in states.items():
                times = town.accepted().count(answer_to(number))
                assert times == 1 if state == "sent" else times <= 1
            for number in cut_off:
                assert (await program.get(f"/tickets/{number}"))["status"] == "open"  # in front of a person


def make_slow(town: Town, crowd: Crowd) -> None:
    """Every platform dawdles; one never answers about one person, the mail server is silent after the dot."""
    town.telegram.faults.arm(
        "delay", seconds=NEVER_S, method="sendMessage", chat_id=str(crowd.telegram[0].id), times=None
    )
    town.telegram.faults.arm("delay", seconds=0.3, method="sendMessage", times=None)
    town.discord.faults.arm("delay", s=0.5, method="POST", times=None)
    town.x.faults.arm("delay", s=0.5, method="POST", times=None)
    town.mail.faults.arm("smtp_delay", seconds=NEVER_S, stage="dot")


async def answered(program: Program, number: int) -> str:
    delivery = await program.reply(number, answer_to(number))
    assert delivery is not None
    return delivery


async def on_their_way(database: Database, *accounts: str) -> None:
    """Return once each of these accounts is in the middle of sending."""
    wanted = [(account,) for account in sorted(accounts)]
    names = ", ".join(f"'{account}'" for account in accounts)
    sql = (
        f"SELECT DISTINCT account FROM delivery WHERE state = 'sending' AND account IN ({names}) ORDER BY account"
    )
    await until(lambda: database.rows(sql) == wanted, f"answers on their way over {names}")
