"""A mailbox after an outage, with other readers at work in it: on the simulator and on Dovecot."""

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from connectors.mail.settings import ImapSettings, Settings, SmtpSettings
from connectors.registry import make_connector
from simulators.mail import MailPlatform
from tests.connectors.listening import Heard, listen
from tests.contract.connectors.harness import context
from tests.support.dovecot import MISSING, Dovecot, running_dovecot
from tests.support.town import ADDRESS, EMAIL
from tickets.ports import Connector
from tickets.secret import Secret

PASSWORD = "no-spaces-in-dovecots-static-passdb"
MANY = 130
"""Three spans of mails, the last one not full."""


class Mailbox(Protocol):
    """A mailbox and what another reader of it does.  Mails are named by their numbers."""

    @property
    def port(self) -> int: ...
    def deliver(self, n: int, at: datetime | None = None) -> None:
        """at: when it arrived; None: now."""

    def read(self, n: int) -> None:
        """Another reader sets \\Seen and a flag of its own."""

    def remove(self, n: int) -> None: ...
    async def rebuild(self) -> None:
        """A new UIDVALIDITY: all mails get new UIDs."""

    def is_read(self, n: int) -> bool: ...


class Simulated:
    def __init__(self, platform: MailPlatform) -> None:
        self._platform = platform
        self._box = platform.add_mailbox(ADDRESS, PASSWORD)

    @property
    def port(self) -> int:
        return self._platform.imap_port

    def deliver(self, n: int, at: datetime | None = None) -> None:
        self._box.deliver(mail(n), received_at=at)

    def read(self, n: int) -> None:
        self._box.mark_seen(self._uid(n))

    def remove(self, n: int) -> None:
        self._box.expunge(self._uid(n))

    async def rebuild(self) -> None:
        self._box.change_uidvalidity()

    def is_read(self, n: int) -> bool:
        return "\\Seen" in self._box.flags(self._uid(n))

    def _uid(self, n: int) -> int:
        return next(uid for uid in self._box.uids() if number(self._box.raw(uid)) == n)


class OnDovecot:
    """Files of a Maildir: a flag stands in a file's name."""

    def __init__(self, server: Dovecot) -> None:
        self._server = server

    @property
    def port(self) -> int:
        return self._server.port

    def deliver(self, n: int, at: datetime | None = None) -> None:
        self._server.deliver(mail(n))
        if at is not None:
            os.utime(self._file(n), (at.timestamp(), at.timestamp()))

    def read(self, n: int) -> None:
        file = self._file(n)
        flags = "".join(sorted({*file.name.partition(":2,")[2], "F", "S"}))
        file.rename(self._server.maildir / "cur" / f"{file.name.partition(':2,')[0]}:2,{flags}")

    def remove(self, n: int) -> None:
        self._file(n).unlink()

    async def rebuild(self) -> None:
        self._server.stop()
        self._server.rebuild()
        await self._server.start()

    def is_read(self, n: int) -> bool:
        return "S" in self._file(n).name.partition(":2,")[2]

    def _file(self, n: int) -> Path:
        files = [*self._server.maildir.glob("cur/*"), *self._server.maildir.glob("new/*")]
        return next(file for file in files if number(file.read_bytes()) == n)


@asynccontextmanager
async def simulated() -> AsyncIterator[Mailbox]:
    async with MailPlatform() as platform:
        yield Simulated(platform)


@asynccontextmanager
async def on_dovecot() -> AsyncIterator[Mailbox]:
    """Short paths: Dovecot's sockets allow about a hundred characters."""
    with tempfile.TemporaryDirectory(prefix="swb-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        async with running_dovecot(Path(folder), PASSWORD) as server:
            yield OnDovecot(server)


NO_DOVECOT = pytest.mark.skipif(shutil.which("dovecot") is None, reason=MISSING)


@pytest.fixture(params=[simulated, pytest.param(on_dovecot, marks=NO_DOVECOT)])
async def box(request: pytest.FixtureRequest) -> AsyncIterator[Mailbox]:
    async with request.param() as opened:
        yield opened


def mail(n: int) -> bytes:
    head = f"From: Mei <mei@customers.test>\r\nTo: {ADDRESS}\r\nSubject: 第 {n} 封\r\nMessage-ID: <{n}@c.test>\r\n"
    return f"{head}\r\nสวัสดี {n}\r\n".encode()


def number(raw: bytes) -> int:
    found = re.search(rb"Message-ID: <(\d+)@", raw)
    assert found is not None
    return int(found[1])


def numbers(heard: Heard) -> list[int]:
    return [number(event.payload) for event in heard.events]


def connector(box: Mailbox, **settings: object) -> Connector:
    password = Secret(PASSWORD)
    wanted = {
        "address": ADDRESS,
        "imap": ImapSettings(host="127.0.0.1", port=box.port, tls="none", password=password, look_every_s=0.2),
        "smtp": SmtpSettings(host="127.0.0.1", port=1, tls="none", password=password),
        "first_start": "all",
        **settings,
    }
    return make_connector("email", Settings(**wanted), context(EMAIL))


async def connected(box: Mailbox, count: int) -> Heard:
    """What a program has that read so many mails, from number 0 on, and was stopped."""
    for n in range(count):
        box.deliver(n)
    heard = Heard()
    await listen(connector(box), heard, lambda: len(heard.events) >= count)
    heard.events.clear()
    heard.behind.clear()
    return heard


async def test_flags_that_others_set_while_nobody_looked_hide_nothing(box: Mailbox) -> None:
    heard = await connected(box, 3)
    for n in range(3, 13):
        box.deliver(n)
    for n in (3, 5, 7, 12):
        box.read(n)
    for n in (0, 4, 8):
        box.remove(n)
    await listen(connector(box), heard, lambda: len(heard.events) >= 8)
    assert numbers(heard) == [3, 5, 6, 7, 9, 10, 11, 12]
    assert all(box.is_read(n) for n in numbers(heard))


async def test_readers_at_work_while_we_read_cost_nothing(box: Mailbox) -> None:
    """After the first span, others read mails, and remove some, that we have listed already."""
    heard = await connected(box, 1)
    for n in range(1, MANY):
        box.deliver(n)
    removed = [60, 75, MANY - 1]
    done: list[bool] = []

    def enough() -> bool:
        if heard.events and not done:
            for n in (*range(55, 70), 1):
                box.read(n)
            for n in removed:
                box.remove(n)
            box.deliver(MANY)
            done.append(True)
        return bool(heard.events) and numbers(heard)[-1] == MANY

    await listen(connector(box), heard, enough)
    assert numbers(heard) == [n for n in range(1, MANY + 1) if n not in removed]


async def test_a_rebuilt_mailbox_is_read_anew_and_a_stop_in_the_middle_keeps_what_was_read(box: Mailbox) -> None:
    heard = await connected(box, MANY)
    await box.rebuild()
    for n in range(MANY, MANY + 10):
        box.deliver(n)
    await listen(connector(box), heard, lambda: len(heard.events) >= 90)
    middle = len(heard.events)
    await listen(connector(box), heard, lambda: len(heard.events) >= MANY + 10)
    assert sorted(numbers(heard)) == list(range(MANY + 10))
    assert len(set(heard.names)) == len(heard.names), "a mail was read twice after the stop"
    assert 90 <= middle < MANY
    told = [text for text in heard.behind if text]
    assert told == [f"Reading {n} of {MANY + 10} mails." for n in (50, 100)]
    assert heard.behind[-1] == ""


async def test_a_mailbox_rebuilt_under_our_hands_is_read_to_its_end(box: Mailbox) -> None:
    heard = await connected(box, 1)
    for n in range(1, MANY):
        box.deliver(n)
    connection = connector(box)
    rebuilding: list[asyncio.Task[None]] = []

    async def rebuild() -> None:
        await box.rebuild()
        box.deliver(MANY)

    def enough() -> bool:
        if len(heard.events) >= 50 and not rebuilding:
            rebuilding.append(asyncio.create_task(rebuild()))
        return MANY in numbers(heard)

    await listen(connection, heard, enough)
    assert set(numbers(heard)) == set(range(MANY + 1))
    assert len(set(heard.names)) == len(heard.names)


# The first connection ------------------------------------------------------------


async def test_the_first_connection_takes_nothing_old_nor_after_a_rebuild(box: Mailbox) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=400)
    for n in range(5):
        box.deliver(n, long_ago)
    heard = Heard()

    def enough() -> bool:
        if heard.batches == 1:
            box.deliver(5)
        return bool(heard.events)

    await listen(connector(box, first_start="now"), heard, enough)
    assert numbers(heard) == [5]
    await box.rebuild()
    box.deliver(6)
    await listen(connector(box, first_start="now"), heard, lambda: 6 in numbers(heard))
    assert numbers(heard) == [5, 5, 6]


async def test_the_first_connection_takes_old_ones_where_told_to(box: Mailbox) -> None:
    now = datetime.now(UTC)
    box.deliver(0, now - timedelta(days=400))
    box.deliver(1, now - timedelta(minutes=11))
    box.deliver(2)
    heard = Heard()
    await listen(connector(box), heard, lambda: len(heard.events) >= 3)
    assert [(number(event.payload), event.late) for event in heard.events] == [(0, True), (1, True), (2, False)]
