"""The running program as people meet it: a real process, a real browser, four platforms on sockets.

Messages come at 50 a second from people whose tickets are on the open page;
each says its own number, and the page is watched for it.  A message counts
from the moment it was written (on X: from the question that brought it), so
the platform's own share of the way is in the figure.
"""

import asyncio
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from benchmarks import machine
from tests.support.ports import free_port
from tests.support.program import configuration
from tests.support.stores import KEY, Database
from tests.support.town import Town, open_town

PEOPLE = 40
PER_S = 50
LIVE_S = 30
IDLE_S = 30.0
ANSWERS = 24
SETTLE_S = 3.0
PATIENCE_S = 60.0
WATCH = """
window.seen = {};
const look = () => {
  for (const row of document.querySelectorAll('#rows .row')) {
    const found = row.textContent.match(/person(\\d+) says (\\d+)/);
    if (found && !(window.seen[found[1] + ' ' + found[2]])) window.seen[found[1] + ' ' + found[2]] = Date.now();
  }
};
new MutationObserver(look).observe(document.getElementById('listing'), {childList: true, subtree: true});
look();
"""


class Written(NamedTuple):
    """A message of the run: by whom, its number with that person, when (seconds since 1970)."""

    person: int
    n: int
    at: float


class Measured(NamedTuple):
    """visible_ms and received_ms: each message's and each answer's way.  idle: share of one core, 0 to 1."""

    ready_s: float
    visible_ms: list[float]
    received_ms: list[float]
    pss_mb: float
    idle: float
    tabs: int


def measure_live(database: Database, folder: Path, *, with_browser: bool = True) -> Measured:
    return asyncio.run(_measure(database, folder, with_browser))


async def _measure(database: Database, folder: Path, with_browser: bool) -> Measured:
    async with open_town() as town:
        with _program(town, database, folder) as program:
            await program.until_up()
            writers = [_person(town, n) for n in range(PEOPLE)]
            for n, write in enumerate(writers):
                write(f"person{n} says 0: my account was hacked, please help")
            await program.until_tickets(PEOPLE)
            with _browser(program.signin_link()) if with_browser else _nobody() as page:
                visible = await _converse(town, writers, page) if page else []
                await asyncio.sleep(SETTLE_S)
                received = await _answer(town, program)
                await asyncio.sleep(SETTLE_S)
                memory = machine.pss_mb(program.processes())
                idle = await _idle(program)
        return Measured(program.ready_s, visible, received, memory, idle, int(with_browser))


class _Program:
    """``switchboard run`` started as a person would, with the API."""

    def __init__(self, base: str, process: "subprocess.Popen[bytes]", output: Path, ready_s: float) -> None:
        self.base = base
        self.ready_s = ready_s
        self._process = process
        self._output = output
        self.token = ""

    def processes(self) -> list[int]:
        return machine.with_children(self._process.pid)

    def signin_link(self) -> str:
        """Of a fresh user, made by the command line beside the running program."""
        words = [
            sys.executable,
            "-m",
            "service",
            "user",
            "link",
            "admin",
            "-c",
            str(self._output.parent / "config.toml"),
        ]
        told = subprocess.run(words, capture_output=True, check=True, text=True).stdout
        found = re.search(r"https?://\S+/enter/\S+", told)
        assert found, told
        return re.sub(r"https?://[^/]+", self.base, found[0])

    async def until_up(self) -> None:
        words = [sys.executable, "-m", "service", "token", "create", "--name", "bench", "--role", "agent"]
        words += ["-c", str(self._output.parent / "config.toml")]
        done = await asyncio.to_thread(subprocess.run, words, capture_output=True, check=True, text=True)
        self.token = done.stdout.split()[-1]
        await self._until(lambda told: all(one["state"] == "up" for one in told["items"]), "/channels")

    async def until_tickets(self, count: int) -> None:
        """Until that many people of this run have their tickets."""
        await self._until(
            lambda told: sum("says 0" in one["subject"] for one in told["items"]) >= count, "/tickets?limit=200"
        )

    async def tickets(self) -> list[dict[str, Any]]:
        return [one for one in (await self.get("/tickets?limit=200"))["items"] if "says 0" in one["subject"]]

    async def get(self, path: str) -> Any:
        async with self.client() as client:
            return (await client.get(path)).raise_for_status().json()

    def client(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.AsyncClient(base_url=f"{self.base}/api/v1", headers=headers, timeout=PATIENCE_S)

    async def _until(self, holds: Callable[[Any], bool], path: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds(await self.get(path)):
                await asyncio.sleep(0.1)


@contextmanager
def _program(town: Town, database: Database, folder: Path) -> Iterator[_Program]:
    port = free_port()
    (folder / "secret.key").write_text(KEY.hex())
    (folder / "config.toml").write_text(
        configuration(town, database, folder, port, quick=False).replace("poll_s = 15", "poll_s = 3")
    )
    (folder / "config.toml").chmod(0o600)
    output = folder / "out.txt"
    words = [sys.executable, "-m", "service", "run", "-c", str(folder / "config.toml")]
    began = time.perf_counter()
    with output.open("wb") as out, subprocess.Popen(words, stdout=out, stderr=out) as process:
        try:
            while b"Switchboard is running" not in output.read_bytes():
                assert process.poll() is None, output.read_text()
                time.sleep(0.01)
            yield _Program(f"http://127.0.0.1:{port}", process, output, time.perf_counter() - began)
        finally:
            process.terminate()
            process.wait(30)


def _person(town: Town, n: int) -> Callable[[str], object]:
    """Somebody on one of the four channels, by turns; how they write."""
    name = f"Person {n}"
    match n % 4:
        case 0:
            chatter = town.telegram.add_person(name, language_code="en")
            return lambda text: chatter.write(text, town.bot)
        case 1:
            member = town.discord.add_person(name)
            return lambda text: member.write(text, town.discord_bot)
        case 2:
            poster = town.x.add_person(name, f"person_{n}")
            first: list[Any] = []

            def post(text: str) -> None:
                first.append(
                    poster.post(f"@{town.x_account.username} {text}", reply_to=first[0] if first else None)
                )

            return post
    writer = town.mail.add_person(name, f"person{n}@customers.test", "en")
    begun: list[str] = []

    def mail(text: str) -> None:
        name = f"<{len(begun)}.person{n}@customers.test>"
        writer.write(
            to="support@example.test",
            subject=f"person{n} says 0",
            text=text,
            message_id=name,
            in_reply_to=begun[0] if begun else None,
        )
        begun.append(name)

    return mail


async def _converse(town: Town, writers: list[Callable[[str], object]], page: Any) -> list[float]:
    """50 messages a second for half a minute; how long each took until the page said it, ms."""
    page.execute_script(WATCH)
    written: list[Written] = []
    began = time.perf_counter()
    for count in range(PER_S * LIVE_S):
        await asyncio.sleep(max(0.0, began + count / PER_S - time.perf_counter()))
        person, n = count % PEOPLE, count // PEOPLE + 1
        at = time.time()
        writers[person](f"person{person} says {n}: is anybody there? hacked")
        written.append(Written(person, n, at))
    await asyncio.sleep(SETTLE_S * 2)
    seen = {
        tuple(map(int, key.split())): at / 1000 for key, at in page.execute_script("return window.seen").items()
    }
    asked = [one.at for one in town.x.calls if one.path.endswith("/mentions")]
    return [(_seen_at(one, seen) - _handed_out(one, asked)) * 1000 for one in written]


def _seen_at(one: Written, seen: dict[tuple[int, ...], float]) -> float:
    """When the page told of this message, or already of a later one of the same person."""
    times = [at for (person, n), at in seen.items() if person == one.person and n >= one.n]
    assert times, f"the page never told of message {one.n} of person {one.person}"
    return min(times)


def _handed_out(one: Written, asked: list[datetime]) -> float:
    if one.person % 4 != 2:
        return one.at
    return next((at.timestamp() for at in asked if at.timestamp() >= one.at), one.at)


async def _answer(town: Town, program: _Program) -> list[float]:
    """How long each answer took from its release over the API until the platform had it, ms."""
    accepted: dict[str, float] = {}

    def note(text: str) -> None:
        accepted.setdefault(text.strip(), time.perf_counter())

    town.telegram.on_answer(lambda sent: note(sent.text))
    town.discord.on_answer(lambda sent: note(sent.text))
    town.x.on_answer(lambda sent: note(sent.text))
    town.mail.on_mail(lambda sent: note(sent.text))
    by_channel: dict[str, list[int]] = {}
    for ticket in await program.tickets():
        by_channel.setdefault(ticket["channel"], []).append(ticket["number"])
    numbers = [number for turn in zip(*by_channel.values(), strict=False) for number in turn][:ANSWERS]
    released: dict[str, float] = {}
    async with program.client() as client:
        for number in numbers:
            text = f"Answer to {number}"
            released[text] = time.perf_counter()
            answer = await client.post(
                f"/tickets/{number}/replies", json={"text": text}, headers={"Idempotency-Key": f"answer-{number}"}
            )
            answer.raise_for_status()
            await asyncio.sleep(0.2)
    async with asyncio.timeout(PATIENCE_S):
        while len(accepted) < len(released):
            await asyncio.sleep(0.05)
    return [(accepted[text] - at) * 1000 for text, at in released.items()]


async def _idle(program: _Program) -> float:
    pids = program.processes()
    before = machine.cpu_s(pids)
    await asyncio.sleep(IDLE_S)
    return (machine.cpu_s(pids) - before) / IDLE_S


@contextmanager
def _browser(link: str) -> Iterator[Any]:
    """Chromium with the inbox open and its live updates on."""
    from selenium import webdriver
    from selenium.webdriver.support.ui import WebDriverWait

    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        driver.set_window_size(1600, 1200)
        driver.get(link)
        driver.find_element("css selector", "main button").click()
        WebDriverWait(driver, 15).until(lambda d: d.execute_script("return document.body.dataset.live") == "on")
        yield driver
    finally:
        driver.quit()


@contextmanager
def _nobody() -> Iterator[None]:
    yield None
