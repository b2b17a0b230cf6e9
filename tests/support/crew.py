"""Several processes of the real program on one database, and who of them holds what."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from desk.commands import Desk
from service.clock import SystemClock
from service.wiring import make_parts
from tests.support.program import Program, breathe
from tests.support.stores import Database
from tests.support.town import ADDRESS, AGENT, PATIENCE_S, Town
from tickets.ids import TicketNumber
from tickets.model import DeliveryState
from tickets.ports import no_crash

ACCOUNTS = ("account:discord:main", "account:email:support", "account:telegram:main", "account:x:main")
GREETING = " is running"
ANY_PORT = 0
"""Nobody looks at the inbox here, and a port chosen beforehand may be taken by then."""


class Crew:
    """Workers of one database.  how: passed on to every ``Program``."""

    def __init__(self, town: Town, database: Database, folder: Path, **how: Any) -> None:
        self.town = town
        self.database = database
        self.alive: list[Program] = []
        self._folder = folder
        self._how = how
        self._hired = 0

    async def hire(self, command: str = "worker", **how: Any) -> Program:
        """One more process, which may not be ready yet."""
        self._hired += 1
        folder = self._folder / f"{self._hired}-{command}"
        folder.mkdir()
        program = Program(
            self.town, self.database, folder, ANY_PORT, webhook=False, command=command, **{**self._how, **how}
        )
        await program.start()
        self.alive.append(program)
        return program

    async def ready(self) -> None:
        """Return once every process has said that it runs."""
        for program in self.alive:
            await program.says(GREETING)

    async def kill(self, program: Program) -> None:
        """With SIGKILL: it can say good-bye to nobody."""
        self.alive.remove(program)
        await program.kill()

    def leases(self) -> dict[str, Program]:
        """Who of the living holds which account, and the lead (``leader``); leases that ran out left out."""
        rows = self.database.rows(f"SELECT name, holder FROM lease WHERE expires_at > {present()}")
        by_pid = {one.process.pid: one for one in self.alive if one.process is not None}
        held = [(name, by_pid.get(pid_of(holder))) for name, holder in rows]
        return {name: one for name, one in held if one is not None and not name.startswith("worker:")}

    def complete(self) -> bool:
        """Whether the living hold every account and the lead."""
        return set(self.leases()) == {*ACCOUNTS, "leader"}

    async def close(self) -> None:
        """Whatever happened, no process stays."""
        for program in self.alive:
            with suppress(Exception):
                await program.stop()
            if program.process is not None and program.process.exitcode is None:
                await program.kill()
        self.alive.clear()

    def log(self) -> str:
        """What the living printed last, for a test that fails."""
        return "\n".join(f"--- {one.folder.name}\n{one.log()}" for one in self.alive)


def present() -> int:
    """Now, as the store writes it: microseconds since 1970."""
    return time.time_ns() // 1000


def pid_of(holder: str) -> int:
    """The process that goes by this name among the workers."""
    return int(holder.split(":")[1])


@asynccontextmanager
async def hiring(town: Town, database: Database, folder: Path, **how: Any) -> AsyncIterator[Crew]:
    """A crew, gone at the end; its database has its tables already."""
    store = database.store()
    await store.open()
    await store.close()
    crew = Crew(town, database, folder, **how)
    try:
        yield crew
    finally:
        await crew.close()


class Office:
    """A person who answers, over the same database and without a process of her own."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def answer(self, number: int) -> str:
        """Answer a ticket once, however often it is called; the delivery's id."""
        done = await self._desk.answer(AGENT, TicketNumber(number), answer_to(number), key=f"answer-{number}")
        assert done.delivery_id is not None
        return done.delivery_id


def answer_to(number: int) -> str:
    """The one answer to this ticket, in the words of many people."""
    return f"Antwort auf {number}: 谢谢, شكرًا, ขอบคุณ"


@asynccontextmanager
async def open_office(town: Town, database: Database, folder: Path) -> AsyncIterator[Office]:
    """An open one."""
    store = database.store()
    await store.open()
    parts = make_parts(town.config(database.url, folder), store, SystemClock(), no_crash)
    try:
        yield Office(parts.desk)
    finally:
        await parts.parsers.close()
        await store.close()


def everybody_writes(town: Town, turn: str) -> list[str]:
    """Somebody new on each of the four channels; their texts."""
    texts = [f"{turn}: 请帮忙 на Telegram", f"{turn}: 도와주세요", f"{turn}: ayuda en X", f"{turn}: عبر البريد"]
    town.telegram.add_person("Тарас", language_code="uk").write(texts[0], town.bot)
    town.discord.add_person(f"Minji {turn}").say(texts[1], town.hall, mention=town.discord_bot)
    town.x.add_person("Inés", f"ines_{turn}").mention(town.x_account, texts[2])
    sender = town.mail.add_person("ليلى", f"{turn}@customers.test", "ar")
    sender.write(to=ADDRESS, subject=f"Mail {turn}", text=texts[3])
    return texts


def texts_in(database: Database) -> list[str]:
    """What every stored message of a person says, each as often as it is there."""
    return sorted(row[0].strip() for row in database.rows("SELECT text FROM message WHERE direction = 'in'"))


def tickets_in(database: Database) -> list[int]:
    """The numbers of all tickets, oldest first."""
    return [row[0] for row in database.rows("SELECT number FROM ticket ORDER BY number")]


def answers_in(database: Database) -> dict[int, DeliveryState]:
    """The state of the answer to each ticket that has one."""
    sql = "SELECT t.number, d.state FROM delivery d JOIN ticket t ON t.id = d.ticket_id WHERE d.kind = 'reply'"
    rows = database.rows(sql)
    assert len({number for number, _ in rows}) == len(rows), "two answers to one ticket"
    return dict(rows)


async def within(seconds: float, condition: Callable[[], object], what: str, crew: Crew | None = None) -> float:
    """Return once ``condition`` holds: after how many seconds; fails with ``what`` after ``seconds``."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.to_thread(breathe)
    except TimeoutError:
        told = f"\n{crew.log()}" if crew is not None else ""
        raise AssertionError(f"waited in vain for {seconds} s: {what}{told}") from None
    return time.monotonic() - began


async def soon(condition: Callable[[], object], what: str, crew: Crew | None = None) -> float:
    """``within`` the patience that every test has."""
    return await within(2 * PATIENCE_S, condition, what, crew)
