"""The mailbox connector against Dovecot: what our own simulator might have misread."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Literal

import pytest
import trustme
from msgspec.structs import replace

from connectors.mail.imap import ImapConnection
from connectors.mail.settings import ImapSettings, Settings, SmtpSettings
from connectors.registry import make_connector
from tests.connectors.listening import next_said
from tests.contract.connectors.harness import context
from tests.support.dovecot import MISSING, Dovecot, running_dovecot
from tests.support.town import EMAIL
from tickets.errors import ConnectorError, Unreachable
from tickets.model import RawEvent
from tickets.secret import Secret

pytestmark = pytest.mark.skipif(shutil.which("dovecot") is None, reason=MISSING)
PASSWORD = "no-spaces-in-dovecots-static-passdb"
PATIENCE_S = 30.0


@pytest.fixture
async def dovecot() -> AsyncIterator[Dovecot]:
    """Short paths: Dovecot's sockets allow about a hundred characters."""
    with tempfile.TemporaryDirectory(prefix="swb-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        async with running_dovecot(Path(folder), PASSWORD) as server:
            yield server


@pytest.fixture
async def secure() -> AsyncIterator[Dovecot]:
    """One that demands TLS; its authority's certificate lies in ``ca.pem``."""
    with tempfile.TemporaryDirectory(prefix="swb-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        authority = trustme.CA()
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        async with running_dovecot(folder, PASSWORD) as server:
            yield server


def settings_of(dovecot: Dovecot, **more: object) -> Settings:
    return Settings(
        **{
            "address": "support@example.test",
            "imap": ImapSettings(
                host="127.0.0.1", port=dovecot.port, tls="none", password=Secret(PASSWORD), look_every_s=2.0
            ),
            "smtp": SmtpSettings(host="127.0.0.1", port=1, tls="none", password=Secret(PASSWORD)),
            "first_start": "all",
            **more,
        }
    )


def mail(subject: str, size: int = 0) -> bytes:
    head = f"From: Mei <mei@customers.test>\r\nTo: support@example.test\r\nSubject: {subject}\r\n\r\n"
    return head.encode() + b"Text\r\n" + b"x" * size


async def collect(settings: Settings, count: int, cursor: str | None = None) -> tuple[list[RawEvent], str | None]:
    """Events until there are ``count``, connecting anew after errors; and the cursor after them."""
    events: list[RawEvent] = []
    async with asyncio.timeout(PATIENCE_S):
        while len(events) < count:
            made = make_connector("email", settings, context(EMAIL))
            try:
                async with aclosing(made.source.batches(cursor)) as batches:
                    async for batch in batches:
                        await made.source.acknowledge(batch)
                        events += batch.events
                        cursor = batch.cursor or cursor
                        if len(events) >= count:
                            break
            except ConnectorError:
                await asyncio.sleep(0)
            finally:
                await made.close()
    return events, cursor


def subjects(events: list[RawEvent]) -> list[str]:
    lines = (line for event in events for line in event.payload.decode().splitlines())
    return sorted(line.removeprefix("Subject: ") for line in lines if line.startswith("Subject: "))


async def test_mails_are_read_byte_for_byte_and_marked(dovecot: Dovecot) -> None:
    sent = [mail("eins"), mail("zwei", 300_000), mail("drei ü 主题")]
    for raw in sent:
        dovecot.deliver(raw)
    events, _cursor = await collect(settings_of(dovecot), 3)
    assert sorted(event.payload for event in events) == sorted(sent)
    flags = [path.name.rpartition(",")[2] for path in (dovecot.maildir / "cur").iterdir()]
    assert sorted(flags) == ["S", "S", "S"]


async def test_new_mail_is_announced_by_idle(dovecot: Dovecot) -> None:
    made = make_connector("email", settings_of(dovecot), context(EMAIL))
    async with aclosing(made.source.batches(None)) as batches, asyncio.timeout(PATIENCE_S):
        assert (await anext(batches)).events == ()
        following = asyncio.ensure_future(next_said(batches))
        await asyncio.sleep(0)
        dovecot.deliver(mail("plötzlich"))
        assert subjects(list((await following).events)) == ["plötzlich"]
    await made.close()


async def test_a_restarted_server_is_found_again(dovecot: Dovecot) -> None:
    dovecot.deliver(mail("vorher"))
    events, cursor = await collect(settings_of(dovecot), 1)
    dovecot.stop()
    dovecot.deliver(mail("inzwischen"))
    waiting = asyncio.create_task(collect(settings_of(dovecot), 1, cursor))
    await dovecot.start()
    later, _cursor = await waiting
    assert subjects(events + later) == ["inzwischen", "vorher"]


async def test_a_rebuilt_mailbox_is_read_again(dovecot: Dovecot) -> None:
    for n in range(3):
        dovecot.deliver(mail(f"alt {n}"))
    first, cursor = await collect(settings_of(dovecot), 3)
    dovecot.stop()
    dovecot.rebuild()
    await dovecot.start()
    dovecot.deliver(mail("neu"))
    again, _cursor = await collect(settings_of(dovecot), 4, cursor)
    assert subjects(again) == ["alt 0", "alt 1", "alt 2", "neu"]
    assert {event.external_id for event in first}.isdisjoint(event.external_id for event in again)


async def test_ten_thousand_mails_and_a_large_one(dovecot: Dovecot) -> None:
    for n in range(10_000):
        dovecot.deliver(mail(f"nummer {n}")) if n % 1_000 == 0 else _bulk(dovecot, n)
    dovecot.deliver(mail("riesig", 25 * 1024 * 1024 - 1000))
    events, _cursor = await collect(settings_of(dovecot, largest_bytes=26 * 1024 * 1024), 10_001)
    assert len({event.external_id for event in events}) == 10_001
    assert max(len(event.payload) for event in events) > 25_000_000


def _bulk(dovecot: Dovecot, n: int) -> None:
    path = dovecot.maildir / "new" / f"1600000000.B{n}.test"
    path.write_bytes(mail(f"nummer {n}"))
    path.chmod(0o666)


async def test_what_is_safe_is_moved_to_a_folder_that_is_made_for_it(dovecot: Dovecot) -> None:
    for n in range(3):
        dovecot.deliver(mail(f"nummer {n}"))
    settings = settings_of(dovecot)
    moving = replace(settings, imap=replace(settings.imap, done_folder="Erledigt-日本"), after_intake="move")
    events, _cursor = await collect(moving, 3)
    assert len(events) == 3
    read = replace(settings, imap=replace(settings.imap, folder="Erledigt-日本"))
    moved, _cursor = await collect(read, 3)
    assert sorted(event.payload for event in moved) == sorted(event.payload for event in events)
    assert list((dovecot.maildir / "new").iterdir()) == []


async def test_a_copy_is_put_into_a_folder_byte_for_byte(dovecot: Dovecot) -> None:
    settings = settings_of(dovecot).imap
    connection = ImapConnection(settings, "support@example.test")
    try:
        await connection.open()
        await connection.append("Gesendet", mail("eine Antwort", 300_000))
    finally:
        await connection.close()
    (kept,), _cursor = await collect(settings_of(dovecot, imap=replace(settings, folder="Gesendet")), 1)
    assert kept.payload == mail("eine Antwort", 300_000)


@pytest.mark.parametrize("mode", ["tls", "starttls"])
async def test_mails_come_over_tls_from_the_first_byte_or_from_the_first_command(
    secure: Dovecot, mode: Literal["tls", "starttls"]
) -> None:
    secure.deliver(mail("verschlüsselt"))
    port = secure.tls_port if mode == "tls" else secure.port
    imap = ImapSettings(
        host="127.0.0.1", port=port, tls=mode, password=Secret(PASSWORD), ca_file=str(secure.folder / "ca.pem")
    )
    events, _cursor = await collect(settings_of(secure, imap=imap), 1)
    assert subjects(events) == ["verschlüsselt"]


@pytest.mark.parametrize("mode", ["tls", "starttls"])
async def test_a_certificate_that_nobody_vouches_for_is_refused(
    secure: Dovecot, mode: Literal["tls", "starttls"]
) -> None:
    port = secure.tls_port if mode == "tls" else secure.port
    imap = ImapSettings(host="127.0.0.1", port=port, tls=mode, password=Secret(PASSWORD))
    connection = ImapConnection(imap, "support@example.test")
    with pytest.raises(Unreachable, match="certificate"):
        await connection.open()
    await connection.close()
