"""A disk without space: nothing that was taken is lost, reading goes on, and with space so does everything."""

from collections.abc import Iterator
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
from tests.support.disk import DiskMissing, SmallDisk, small_disk
from tests.support.program import Program
from tests.support.stores import Database
from tests.support.town import open_town, until

SIZE_BYTES = 8 * 1024 * 1024
BACK_S = 30.0
"""So soon after there is space everything goes on."""
PEOPLE = 2
WITHOUT = 3
"""Lines that everybody writes while the disk is full."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    try:
        with small_disk(tmp_path / "disk", SIZE_BYTES) as made:
            yield made
    except DiskMissing as error:
        pytest.skip(f"wanted the right to mount a file system of 16 MB (root): {error}")


async def test_a_full_disk_is_a_pause(disk: SmallDisk, tmp_path: Path, unused_tcp_port: int) -> None:
    database = Database("sqlite", f"sqlite:///{disk.path}/switchboard.db")
    (disk.path / "out.txt").symlink_to(tmp_path / "out.txt")  # what is looked at must not fill the disk
    async with open_town() as town:
        program = Program(town, database, disk.path, unused_tcp_port, webhook=False)
        async with in_touch(program, PEOPLE) as crowd:
            flying, *others = await numbers_telegram_first(program)
            delivery = await answer_in_flight(town, program, flying, answer_to(flying))

            disk.fill()
            for n in range(WITHOUT):
                crowd.write(1 + n)
            await until(lambda: answer_to(flying) in town.telegram_texts(), "the answer at the person's")
            await refused_for_now(program.reply(others[0], answer_to(others[0])))
            assert len(await program.tickets()) == 1 + len(others)  # what is there can be read

            disk.free()
            await all_heard(crowd, database, BACK_S)
            assert await program.settled(delivery) == "sent"
            await answer_all(program, others)
            assert sorted(town.accepted()) == sorted(answer_to(number) for number in [flying, *others])
            assert heard(database) == crowd.written
            assert database.rows("PRAGMA integrity_check") == [("ok",)]
            await program.end()
