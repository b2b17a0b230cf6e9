"""``switchboard worker``: the same program without the inbox."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.service.test_command_line import switchboard
from tests.support.program import Program, breathe
from tests.support.stores import Database
from tests.support.town import PATIENCE_S, Town, open_town, until


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with open_town() as place:
        yield place


def test_a_worker_without_a_channel_has_nothing_to_do(tmp_path: Path) -> None:
    code, out, err = switchboard("worker", folder=tmp_path, config="[log]\n")
    assert (code, out) == (2, "")
    assert "nothing to do" in err


def test_a_worker_loads_nothing_of_the_web(tmp_path: Path) -> None:
    """Its memory is for messages."""
    code = (
        "import sys, service.lifespan, service.commands.run; "
        "sys.exit(any(name.partition('.')[0] in ('console', 'starlette', 'uvicorn') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=Path.cwd(), check=False).returncode == 0


async def test_a_worker_does_the_work_without_an_inbox(town: Town, sql_database: Database, tmp_path: Path) -> None:
    town.linh.say("Ai đang nghe mình đây?", town.hall, mention=town.discord_bot)
    worker = Program(town, sql_database, tmp_path, 1, webhook=False, command="worker")
    try:
        await worker.start()
        await worker.says("worker is running for discord:main, email:support, telegram:main, x:main")
        store = sql_database.store()
        await store.open()
        async with asyncio.timeout(PATIENCE_S):
            while not (await store.count_rows())["tickets_unfinished"]:
                await asyncio.to_thread(breathe)
        await store.close()
        await until(lambda: town.discord.sent, "the acknowledgement in the channel")
    finally:
        await worker.stop()
    assert worker.process is not None
    assert worker.process.exitcode == 0
