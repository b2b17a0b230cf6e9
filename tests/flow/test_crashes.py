"""The real program killed with SIGKILL at every named step: nothing lost, nothing doubled.

The simulators run here and are the judges; the program runs in a process of
its own and is started again after the kill.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from desk.access import Access
from service.clock import SystemClock
from tests.support.stores import KEY, Database
from tests.support.town import PASSWORD, PATIENCE_S, TOKEN, Town, open_town
from tickets.points import ANSWERING, POINTS, RECEIVING

CHAT, MAIL = "Per Chat geschrieben, bitte helfen", "Per Mail geschrieben, bitte helfen"
WEBHOOK_POINTS = ("telegram.webhook_saved",)
CERTAIN = ("store.change_written", "desk.committed", "outbox.leased")
"""Killed there, nothing can have left: the answer must arrive without a person."""


class Program:
    """``switchboard run`` as a process, with its API."""

    def __init__(self, town: Town, database: Database, folder: Path, port: int, *, webhook: bool) -> None:
        self.town = town
        self.folder = folder
        self.database = database
        self.base = f"http://127.0.0.1:{port}"
        self.token = ""
        self.process: asyncio.subprocess.Process | None = None
        (folder / "config.toml").write_text(self._config(port, webhook), encoding="utf-8")
        (folder / "config.toml").chmod(0o600)
        (folder / "secret.key").write_text(KEY.hex())

    async def make_token(self) -> None:
        store = self.database.store()
        await store.open()
        self.token = await Access(store, SystemClock()).add_token("judge", "agent")
        await store.close()

    async def start(self, crash_at: str = "") -> None:
        with (self.folder / "out.txt").open("ab") as out:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "service", "run", "--config", str(self.folder / "config.toml")),
                env={**os.environ, "SWITCHBOARD_CRASH_AT": crash_at},
                stdout=out,
                stderr=asyncio.subprocess.STDOUT,
            )

    async def killed(self) -> bool:
        """Whether the program was killed at its point, within patience."""
        assert self.process is not None
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self.process.wait() == -signal.SIGKILL
        except TimeoutError:
            return False

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()

    async def get(self, path: str) -> dict:
        async with self._client() as client:
            return (await client.get(path)).raise_for_status().json()

    async def reply(self, number: int, text: str) -> str | None:
        """The delivery's id; None when the program died over it."""
        try:
            async with self._client() as client:
                answer = await client.post(
                    f"/tickets/{number}/replies",
                    json={"text": text},
                    headers={"Idempotency-Key": f"answer-{number}"},
                )
                return answer.raise_for_status().json()["delivery"]["id"]
        except httpx.TransportError:
            return None

    async def tickets(self) -> list[dict]:
        """Every ticket whole; empty while the program is not answering."""
        try:
            listed = (await self.get("/tickets?limit=200"))["items"]
            return [await self.get(f"/tickets/{one['number']}") for one in listed]
        except httpx.TransportError:
            return []

    def _client(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.AsyncClient(base_url=f"{self.base}/api/v1", headers=headers, timeout=PATIENCE_S)

    def _config(self, port: int, webhook: bool) -> str:
        town = self.town
        mode = f'mode = "webhook"\nwebhook_url = "{self.base}/hooks/telegram/main"' if webhook else ""
        return f"""
[service]
data_dir = "{self.folder}"
database = "{self.database.url}"
worker_lease_s = 2
[inbox]
port = {port}
[telegram.main]
token = "{TOKEN}"
base_url = "{town.telegram.base_url}"
base_file_url = "{town.telegram.base_file_url}"
poll_timeout_s = 1
acknowledge = false
{mode}
[email.support]
address = "support@example.test"
first_start = "all"
acknowledge = false
imap = {{host = "127.0.0.1", port = {town.mail.imap_port}, tls = "none", password = "{PASSWORD}"}}
smtp = {{host = "127.0.0.1", port = {town.mail.smtp_port}, tls = "none", password = "{PASSWORD}"}}
"""


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with open_town() as place:
        yield place


@pytest.mark.parametrize("point", POINTS)
async def test_a_kill_at_any_step_loses_and_doubles_nothing(
    point: str, town: Town, sql_database: Database, tmp_path: Path, unused_tcp_port: int
) -> None:
    program = Program(town, sql_database, tmp_path, unused_tcp_port, webhook=point in WEBHOOK_POINTS)
    await program.make_token()
    town.anna.write(CHAT, town.bot)
    town.mei.write(to="support@example.test", subject="Hilfe", text=MAIL)
    try:
        await program.start(f"{point}:1")
        if point in ANSWERING:
            for number in await numbers_of_both(program):
                await program.reply(number, f"Antwort auf {number}")
        assert await program.killed(), f"the program was never at {point}: {log_of(tmp_path)}"
        await program.start()
        numbers = await numbers_of_both(program)
        deliveries = [await program.reply(number, f"Antwort auf {number}") for number in numbers]
        assert None not in deliveries
        states = [await settled(program, delivery) for delivery in deliveries]
        judge(town, await program.tickets(), numbers, states, point)
    finally:
        await program.stop()


def judge(town: Town, tickets: list[dict], numbers: list[int], states: list[str], point: str) -> None:
    assert len(tickets) == 2
    texts = sorted(m["text"] for ticket in tickets for m in ticket["messages"] if m["direction"] == "in")
    assert texts == sorted([CHAT, MAIL])
    accepted = town.telegram_texts() + town.mail_texts()
    for number, state in zip(numbers, states, strict=True):
        times = accepted.count(f"Antwort auf {number}")
        assert times == 1 if state == "sent" else (state == "unknown" and times <= 1)
    if point in RECEIVING or point in CERTAIN:
        assert states == ["sent", "sent"]
    else:
        assert states.count("unknown") <= 1


async def numbers_of_both(program: Program) -> list[int]:
    """The two tickets' numbers, chat first, as soon as both are there."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(httpx.HTTPStatusError):
                tickets = await program.tickets()
                if len(tickets) == 2:
                    by_channel = {ticket["channel"]: ticket["number"] for ticket in tickets}
                    return [by_channel["telegram"], by_channel["email"]]
            await asyncio.to_thread(breathe)


async def settled(program: Program, delivery: str) -> str:
    async with asyncio.timeout(PATIENCE_S):
        while (state := (await program.get(f"/deliveries/{delivery}"))["state"]) not in (
            "sent",
            "unknown",
            "failed",
        ):
            await asyncio.to_thread(breathe)
        return state


def breathe() -> None:
    import threading

    threading.Event().wait(0.03)


def log_of(folder: Path) -> str:
    return (folder / "out.txt").read_text(errors="replace")[-2000:]
