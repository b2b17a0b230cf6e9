"""The mail simulator, judged by clients that know nothing of it: stdlib, aio libraries, bare sockets."""

import asyncio
import base64
import contextlib
import imaplib
import re
import smtplib
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from hashlib import sha256

import aioimaplib
import aiosmtplib
import pytest
import trustme

from simulators.mail import FolderError, MailPlatform, SentMail

SUPPORT = "support@example.test"
PASSWORD = "correct horse"
PLAIN_MAIL = b"From: mei@customers.test\r\nSubject: Order\r\nMessage-ID: <1@customers.test>\r\n\r\nHello\r\n"


class Wire:
    """A bare connection: bytes in, lines out."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def line(self) -> bytes:
        async with asyncio.timeout(5):
            return await self.reader.readline()

    async def rest(self) -> bytes:
        """Everything until the server closes."""
        async with asyncio.timeout(5):
            return await self.reader.read()

    def write(self, octets: bytes) -> None:
        self.writer.write(octets)

    async def imap(self, command: bytes, tag: bytes = b"t") -> list[bytes]:
        """Send one IMAP command; all answer lines up to the tagged one."""
        self.write(tag + b" " + command + b"\r\n")
        return await self.until(tag + b" ")

    async def until(self, start: bytes) -> list[bytes]:
        lines = []
        while not lines or not lines[-1].startswith(start):
            lines.append(await self.line())
            assert lines[-1], f"connection closed after {lines}"
        return lines

    async def smtp(self, command: bytes) -> bytes:
        """Send one SMTP command; the last line of the reply."""
        self.write(command + b"\r\n")
        return await self.reply()

    async def reply(self) -> bytes:
        while (line := await self.line())[3:4] == b"-":
            pass
        return line


@contextlib.asynccontextmanager
async def dial(port: int) -> AsyncIterator[Wire]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def imap_wire(platform: MailPlatform, *commands: bytes) -> AsyncIterator[Wire]:
    """A logged-in connection that has done ``commands``."""
    async with dial(platform.imap_port) as wire:
        await wire.line()
        for command in (f'LOGIN {SUPPORT} "{PASSWORD}"'.encode(), *commands):
            assert (await wire.imap(command))[-1].startswith(b"t OK")
        yield wire


@contextlib.asynccontextmanager
async def smtp_wire(platform: MailPlatform, *commands: bytes) -> AsyncIterator[Wire]:
    """A connection that has said EHLO, logged in and done ``commands``."""
    async with dial(platform.smtp_port) as wire:
        await wire.reply()
        credentials = base64.b64encode(f"\0{SUPPORT}\0{PASSWORD}".encode())
        for command in (b"EHLO there", b"AUTH PLAIN " + credentials, *commands):
            assert (await wire.smtp(command))[:1] in (b"2", b"3")
        yield wire


@pytest.fixture
async def platform() -> AsyncIterator[MailPlatform]:
    async with MailPlatform() as platform:
        platform.add_mailbox(SUPPORT, password=PASSWORD)
        yield platform


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture(scope="module")
def client_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def box_of(platform: MailPlatform):
    return platform.mailboxes[SUPPORT]


def letter(to: str = "mei@customers.test", text: str = "On its way\n", **headers: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = SUPPORT, to
    mail["Subject"], mail["Message-ID"] = "Your order", "<answer-1@example.test>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


async def submit(platform: MailPlatform, mail: EmailMessage, **options: object):
    return await aiosmtplib.send(
        mail,
        hostname="127.0.0.1",
        port=platform.smtp_port,
        username=SUPPORT,
        password=PASSWORD,
        start_tls=False,
        **options,
    )


# --- IMAP with other people's clients


async def test_stdlib_client_reads_a_mailbox(platform: MailPlatform) -> None:
    box_of(platform).deliver(PLAIN_MAIL, flags=["\\Flagged"])

    def read() -> tuple[bytes, bytes, object]:
        client = imaplib.IMAP4("127.0.0.1", platform.imap_port)
        client.login(SUPPORT, PASSWORD)
        count = client.select()[1][0]
        (label, body), _end = client.uid("FETCH", "1", "(FLAGS RFC822.SIZE BODY.PEEK[])")[1]
        assert body == PLAIN_MAIL
        return count, label, client.logout()[0]

    count, label, goodbye = await asyncio.to_thread(read)
    assert (count, goodbye) == (b"1", "BYE")
    assert label == b"1 (UID 1 FLAGS (\\Flagged \\Recent) RFC822.SIZE %d BODY[] {%d}" % ((len(PLAIN_MAIL),) * 2)
    assert box_of(platform).flags(1) == {"\\Flagged"}


async def test_aioimaplib_gets_a_push_while_idle(platform: MailPlatform) -> None:
    client = aioimaplib.IMAP4("127.0.0.1", platform.imap_port, timeout=5)
    await client.wait_hello_from_server()
    await client.login(SUPPORT, PASSWORD)
    await client.select("INBOX")
    idle = await client.idle_start(timeout=5)
    uid = box_of(platform).deliver(PLAIN_MAIL)
    assert b"1 EXISTS" in await client.wait_server_push(timeout=5)
    client.idle_done()
    await asyncio.wait_for(idle, 5)
    found = await client.uid_search(f"UID {uid}:*")
    answer = await client.uid("fetch", str(uid), "BODY.PEEK[]")
    await client.logout()
    assert found.lines[0] == b"1"
    assert bytes(answer.lines[1]) == PLAIN_MAIL


@pytest.mark.parametrize("mode", ["tls", "starttls"])
async def test_stdlib_clients_over_tls(mode: str, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    def read(port: int) -> bytes:
        if mode == "tls":
            client = imaplib.IMAP4_SSL("127.0.0.1", port, ssl_context=client_tls)
        else:
            client = imaplib.IMAP4("127.0.0.1", port)
            assert "LOGINDISABLED" in client.capabilities
            client.starttls(client_tls)
        client.login(SUPPORT, PASSWORD)
        client.select()
        body = client.fetch("1", "(BODY.PEEK[])")[1][0][1]
        client.logout()
        return body

    def send(port: int) -> None:
        if mode == "tls":
            client = smtplib.SMTP_SSL("127.0.0.1", port, context=client_tls)
        else:
            client = smtplib.SMTP("127.0.0.1", port)
            client.ehlo()
            assert not client.has_extn("auth")
            client.starttls(context=client_tls)
        client.login(SUPPORT, PASSWORD)
        client.send_message(letter())
        client.quit()

    async with MailPlatform(tls=server_tls, tls_mode=mode) as platform:
        platform.add_mailbox(SUPPORT, PASSWORD).deliver(PLAIN_MAIL)
        assert await asyncio.to_thread(read, platform.imap_port) == PLAIN_MAIL
        await asyncio.to_thread(send, platform.smtp_port)
        assert [mail.subject for mail in platform.sent] == ["Your order"]


def test_tls_needs_a_context() -> None:
    with pytest.raises(ValueError, match="server context"):
        MailPlatform(tls_mode="tls")


async def test_ten_thousand_mails_and_a_large_one(platform: MailPlatform) -> None:
    box = box_of(platform)
    for number in range(10_000):
        box.deliver(b"Message-ID: <%d@customers.test>\r\n\r\nx\r\n" % number)
    large = b"Subject: large\r\n\r\n" + bytes(set(range(256)) - {10, 13}) * 100_000
    box.deliver(large)

    def read() -> tuple[int, int, bytes, bytes]:
        client = imaplib.IMAP4("127.0.0.1", platform.imap_port)
        client.login(SUPPORT, PASSWORD)
        client.select()
        everything = len(client.uid("SEARCH", "ALL")[1][0].split())
        bodies = len([part for part in client.uid("FETCH", "1:10000", "BODY.PEEK[]")[1] if len(part) == 2])
        named = client.uid("SEARCH", "HEADER", "Message-ID", "<777@customers.test>")[1][0]
        body = client.uid("FETCH", "*", "BODY.PEEK[]")[1][0][1]
        assert client.append("Sent", "", "", body)[0] == "OK"
        client.logout()
        return everything, bodies, named, sha256(body).digest()

    assert await asyncio.to_thread(read) == (10_001, 10_000, b"778", sha256(large).digest())
    assert sha256(box.raw(1, folder="Sent")).digest() == sha256(large).digest()


# --- IMAP, the protocol itself


async def test_select_tells_the_state_of_the_folder(platform: MailPlatform) -> None:
    box = box_of(platform)
    box.deliver(PLAIN_MAIL, flags=["\\Seen"])
    box.deliver(PLAIN_MAIL)
    async with imap_wire(platform) as wire:
        lines = await wire.imap(b"SELECT inbox")
        again = await wire.imap(b"EXAMINE INBOX")
    validity = b"* OK [UIDVALIDITY %d]" % box.uidvalidity()
    assert {b"* 2 EXISTS\r\n", b"* 2 RECENT\r\n"} <= set(lines)
    assert any(line.startswith(b"* OK [UIDNEXT 3]") for line in lines)
    assert any(line.startswith(validity) for line in lines)
    assert any(line.startswith(b"* OK [UNSEEN 2]") for line in lines)
    assert any(rb"[PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft \*)]" in line for line in lines)
    assert lines[-1].startswith(b"t OK [READ-WRITE]")
    assert b"* 0 RECENT\r\n" in again
    assert again[-1].startswith(b"t OK [READ-ONLY]")


@pytest.mark.parametrize(
    ("criteria", "uids"),
    [
        (b"ALL", b" 1 2 3 4"),
        (b"UID 2:*", b" 2 3 4"),
        (b"UID 900:*", b" 4"),
        (b"UID 4:3,1", b" 1 3 4"),
        (b"2:3", b" 2 3"),
        (b"*", b" 4"),
        (b"UNSEEN", b" 1 3 4"),
        (b"SEEN", b" 2"),
        (b"NOT SEEN NOT UID 1", b" 3 4"),
        (b"OR UID 1 (SEEN UID 2)", b" 1 2"),
        (b'HEADER Message-ID "<b@customers.test>"', b" 2"),
        (b'HEADER X-Loop ""', b" 3"),
        (b"FROM mei", b" 1"),
        (b"SUBJECT {5}\r\nORDER", b" 1"),
        (b"SINCE 2-Feb-2026", b" 3 4"),
        (b"BEFORE 2-Feb-2026", b" 1 2"),
        (b"ON 3-Feb-2026 UNDELETED", b" 3 4"),
        (b"SENTSINCE 10-Jan-2026", b" 4"),
        (b"CHARSET UTF-8 SUBJECT {6}\r\n\xe8\xae\xa2\xe5\x8d\x95", b" 2"),
        (b"LARGER 100", b" 4"),
        (b"KEYWORD $Done", b" 4"),
        (b"BODY needle", b" 4"),
        (b"UID 77", b""),
    ],
)
async def test_search(platform: MailPlatform, criteria: bytes, uids: bytes) -> None:
    box, first, third = box_of(platform), datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 2, 3, tzinfo=UTC)
    box.deliver(b"From: Mei <mei@customers.test>\r\nSubject: My\r\n order\r\n\r\n", received_at=first)
    box.deliver(
        b"Message-Id: <b@customers.test>\r\nSubject: =?utf-8?b?6K6i5Y2V?=\r\n\r\n",
        flags=["\\Seen"],
        received_at=first,
    )
    box.deliver(b"X-Loop: 1\r\n\r\n", received_at=third)
    dated = b"Date: Sun, 11 Jan 2026 10:00:00 +0000\r\n\r\n" + b"needle " * 20
    box.deliver(dated, flags=["$Done"], received_at=third)
    async with imap_wire(platform, b"SELECT INBOX") as wire:
        lines = await wire.imap(b"UID SEARCH " + criteria)
    assert [line for line in lines if line.startswith(b"*")] == [b"* SEARCH" + uids + b"\r\n"]


@pytest.mark.parametrize(
    ("items", "answer"),
    [
        (b"UID", b"(UID 1)"),
        (b"(UID RFC822.SIZE)", b"(UID 1 RFC822.SIZE 37)"),
        (b"INTERNALDATE", b'(UID 1 INTERNALDATE " 1-Feb-2026 09:05:00 +0000")'),
        (b"BODY.PEEK[HEADER]", b"(UID 1 BODY[HEADER] {30}\r\nSubject: A\r\nTo: b\r\nX: \r\n y\r\n\r\n)"),
        (b"BODY.PEEK[TEXT]", b"(UID 1 BODY[TEXT] {7}\r\nHello\r\n)"),
        (
            b"BODY.PEEK[HEADER.FIELDS (to x)]",
            b"(UID 1 BODY[HEADER.FIELDS (to x)] {18}\r\nTo: b\r\nX: \r\n y\r\n\r\n)",
        ),
        (
            b"BODY.PEEK[HEADER.FIELDS.NOT (TO X)]",
            b"(UID 1 BODY[HEADER.FIELDS.NOT (TO X)] {14}\r\nSubject: A\r\n\r\n)",
        ),
        (b"BODY.PEEK[]<0.7>", b"(UID 1 BODY[]<0> {7}\r\nSubject)"),
        (b"BODY.PEEK[TEXT]<5.1000>", b"(UID 1 BODY[TEXT]<5> {2}\r\n\r\n)"),
        (b"BODY.PEEK[]<900.5>", b"(UID 1 BODY[]<900> {0}\r\n)"),
    ],
)
async def test_fetch_items(platform: MailPlatform, items: bytes, answer: bytes) -> None:
    raw = b"Subject: A\r\nTo: b\r\nX: \r\n y\r\n\r\nHello\r\n"
    box_of(platform).deliver(raw, received_at=datetime(2026, 2, 1, 9, 5, tzinfo=UTC))
    async with imap_wire(platform, b"SELECT INBOX") as wire:
        lines = await wire.imap(b"UID FETCH 1:* " + items)
    assert b"".join(lines[:-1]) == b"* 1 FETCH " + answer + b"\r\n"
    assert box_of(platform).flags(1) == frozenset()


async def test_fetch_without_peek_marks_seen_but_not_after_examine(platform: MailPlatform) -> None:
    box = box_of(platform)
    uid = box.deliver(PLAIN_MAIL)
    async with imap_wire(platform, b"EXAMINE INBOX") as wire:
        await wire.imap(b"FETCH 1 BODY[]")
        assert box.flags(uid) == frozenset()
        assert (await wire.imap(b"STORE 1 +FLAGS (\\Seen)"))[-1].startswith(b"t NO")
        await wire.imap(b"SELECT INBOX")
        lines = await wire.imap(b"FETCH 1 BODY[TEXT]")
    assert box.flags(uid) == {"\\Seen"}
    assert lines[0].startswith(b"* 1 FETCH (FLAGS (\\Seen \\Recent) BODY[TEXT] {")


async def test_store_reports_unless_silent(platform: MailPlatform) -> None:
    uid = box_of(platform).deliver(PLAIN_MAIL)
    async with imap_wire(platform, b"SELECT INBOX") as wire:
        added = await wire.imap(b"UID STORE 1 +FLAGS (\\seen $Later)")
        removed = await wire.imap(b"STORE 1 -FLAGS.SILENT ($Later)")
        replaced = await wire.imap(b"UID STORE 1:* FLAGS ()")
        recent = await wire.imap(b"STORE 1 FLAGS (\\Recent)")
    assert added[0] == b"* 1 FETCH (UID 1 FLAGS ($Later \\Seen \\Recent))\r\n"
    assert len(removed) == 1
    assert replaced[0] == b"* 1 FETCH (UID 1 FLAGS (\\Recent))\r\n"
    assert recent[-1].startswith(b"t BAD")
    assert box_of(platform).flags(uid) == frozenset()


async def test_expunge_renumbers_sequence_but_not_uids(platform: MailPlatform) -> None:
    box = box_of(platform)
    for _ in range(4):
        box.deliver(PLAIN_MAIL)
    async with imap_wire(platform, b"SELECT INBOX", b"STORE 1,3,4 +FLAGS.SILENT (\\Deleted)") as wire:
        some = await wire.imap(b"UID EXPUNGE 3:4")
        rest = await wire.imap(b"EXPUNGE")
        left = await wire.imap(b"UID SEARCH ALL")
    assert some[:-1] == [b"* 4 EXPUNGE\r\n", b"* 3 EXPUNGE\r\n"]
    assert rest[:-1] == [b"* 1 EXPUNGE\r\n"]
    assert left[0] == b"* SEARCH 2\r\n"
    assert box.deliver(PLAIN_MAIL) == 5


async def test_close_expunges_silently_and_unselect_does_not(platform: MailPlatform) -> None:
    box = box_of(platform)
    box.deliver(PLAIN_MAIL, flags=["\\Deleted"])
    async with imap_wire(platform, b"SELECT INBOX", b"UNSELECT") as wire:
        assert box.uids() == [1]
        await wire.imap(b"SELECT INBOX")
        assert len(await wire.imap(b"CLOSE")) == 1
        assert (await wire.imap(b"FETCH 1 UID"))[-1].startswith(b"t BAD")
    assert box.uids() == []


async def test_copy_and_move_tell_the_new_uids(platform: MailPlatform) -> None:
    box = box_of(platform)
    for _ in range(3):
        box.deliver(PLAIN_MAIL)
    validity = box.uidvalidity("Junk")
    async with imap_wire(platform, b"SELECT INBOX") as wire:
        copied = await wire.imap(b"UID COPY 1:2 Junk")
        moved = await wire.imap(b"UID MOVE 2:3 Junk")
        missing = await wire.imap(b"COPY 1 Nowhere")
    assert copied == [b"t OK [COPYUID %d 1:2 1:2] COPY completed\r\n" % validity]
    assert moved[0].startswith(b"* OK [COPYUID %d 2:3 3:4]" % validity)
    assert moved[1:3] == [b"* 3 EXPUNGE\r\n", b"* 2 EXPUNGE\r\n"]
    assert missing[-1].startswith(b"t NO [TRYCREATE]")
    assert (box.uids(), box.uids("Junk")) == ([1], [1, 2, 3, 4])


async def test_append_with_both_kinds_of_literal(platform: MailPlatform) -> None:
    box, body = box_of(platform), bytes(range(256))
    async with imap_wire(platform) as wire:
        wire.write(b'a APPEND Sent (\\Seen) "01-Feb-2026 09:00:00 +0100" {256}\r\n')
        assert (await wire.line()).startswith(b"+ ")
        wire.write(body + b"\r\n")
        assert (await wire.line()) == b"a OK [APPENDUID %d 1] APPEND completed\r\n" % box.uidvalidity("Sent")
        wire.write(b"b APPEND Sent {256+}\r\n" + body + b"\r\nc NOOP\r\n")
        assert (await wire.line()).startswith(b"b OK [APPENDUID")
        assert (await wire.line()).startswith(b"c OK")
        nowhere = await wire.imap(b"APPEND Nowhere {1+}\r\nx")
        huge = await wire.imap(b"APPEND Sent {99999999999}")
        assert (await wire.imap(b"NOOP"))[-1].startswith(b"t OK")
    assert (box.raw(1, "Sent"), box.raw(2, "Sent")) == (body, body)
    assert box.flags(1, "Sent") == {"\\Seen"}
    assert nowhere[-1].startswith(b"t NO [TRYCREATE]")
    assert huge == [b"t NO [TOOBIG] literal too long\r\n"]


async def test_folders_with_names_of_every_language(platform: MailPlatform) -> None:
    box = box_of(platform)
    async with imap_wire(platform, b"CREATE &ZeVnLIqe-/&-co", b'RENAME Junk "Old \\"junk\\""') as wire:
        listed = await wire.imap(b'LIST "" "*"')
        top = await wire.imap(b'LIST "" %')
        root = await wire.imap(b'LIST "" ""')
        state = await wire.imap(b"STATUS &ZeVnLIqe-/&-co (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)")
        twice = await wire.imap(b"CREATE INBOX")
        bad = await wire.imap(b"SELECT &ZeVnLIqe")
    assert "日本語/&co" in box.folders
    assert b'* LIST (\\HasNoChildren) "/" "&ZeVnLIqe-/&-co"\r\n' in listed
    assert b'* LIST (\\HasChildren) "/" "&ZeVnLIqe-"\r\n' in top
    assert not any(b"&-co" in line for line in top)
    assert b'* LIST (\\HasNoChildren) "/" "Old \\"junk\\""\r\n' in listed
    assert b'* LIST (\\HasNoChildren \\Sent) "/" "Sent"\r\n' in listed
    assert root[0] == b'* LIST (\\Noselect) "/" ""\r\n'
    assert b"(MESSAGES 0 UIDNEXT 1 UIDVALIDITY %d UNSEEN 0)" % box.uidvalidity("日本語/&co") in state[0]
    assert twice[-1].startswith(b"t NO")
    assert bad[-1].startswith(b"t BAD")


async def test_renaming_inbox_moves_its_mail(platform: MailPlatform) -> None:
    box = box_of(platform)
    box.deliver(PLAIN_MAIL)
    box.rename_folder("INBOX", "Archive")
    assert (box.uids(), box.uids("Archive")) == ([], [1])
    with pytest.raises(FolderError):
        box.rename_folder("Sent", "Archive")


@pytest.mark.parametrize(
    ("command", "verdict"),
    [
        (b"SELECT", b"BAD"),
        (b"SELECT INBOX extra", b"BAD"),
        (b"SELECT Nowhere", b"NO"),
        (b"FROB", b"BAD"),
        (b"FETCH 1 UID", b"BAD"),
        (b"LOGIN a b", b"BAD"),
        (b"UID", b"BAD"),
        (b'LIST "" "unterminated', b"BAD"),
        (b"CREATE \xc3\xa4", b"BAD"),
        (b"STATUS INBOX (WEIGHT)", b"BAD"),
    ],
)
async def test_refused_outside_a_folder(platform: MailPlatform, command: bytes, verdict: bytes) -> None:
    async with imap_wire(platform) as wire:
        assert (await wire.imap(command))[-1].startswith(b"t " + verdict)
        assert (await wire.imap(b"NOOP"))[-1].startswith(b"t OK")


@pytest.mark.parametrize(
    ("command", "verdict"),
    [
        (b"FETCH 2 UID", b"BAD"),
        (b"FETCH 0 UID", b"BAD"),
        (b"UID FETCH 5 (UID)", b"OK"),
        (b"UID FETCH 1 (UID", b"BAD"),
        (b"UID FETCH 1 BODY.PEEK[1.2]", b"NO"),
        (b"UID FETCH 1 ENVELOPE", b"NO"),
        (b"UID FETCH 1 BODY.PEEK[]<0>", b"BAD"),
        (b"UID SEARCH", b"BAD"),
        (b"UID SEARCH SINCE 31-Feb-2026", b"BAD"),
        (b"UID SEARCH CHARSET KOI8-R ALL", b"NO [BADCHARSET"),
        (b"UID SEARCH UID a", b"BAD"),
    ],
)
async def test_refused_inside_a_folder(platform: MailPlatform, command: bytes, verdict: bytes) -> None:
    box_of(platform).deliver(PLAIN_MAIL)
    async with imap_wire(platform, b"SELECT INBOX") as wire:
        assert (await wire.imap(command))[-1].startswith(b"t " + verdict)


async def test_lines_that_are_no_command(platform: MailPlatform) -> None:
    async with imap_wire(platform) as wire:
        wire.write(b"\r\n")
        assert (await wire.line()).startswith(b"* BAD")
        wire.write(b"a NOOP\n")
        assert (await wire.line()).startswith(b"a BAD")
        wire.write(b"b NOOP " + b"x" * 200_000 + b"\r\n")
        assert await wire.line() == b"* BAD line too long\r\n"
        assert (await wire.imap(b"NOOP"))[-1].startswith(b"t OK")


async def test_pipelined_commands_are_answered_in_order(platform: MailPlatform) -> None:
    box_of(platform).deliver(PLAIN_MAIL)
    async with imap_wire(platform) as wire:
        wire.write(b"a SELECT INBOX\r\nb UID SEARCH ALL\r\nc XX\r\nd FETCH 1 BODY.PEEK[TEXT]\r\ne LOGOUT\r\n")
        text = await wire.rest()
    tagged = re.findall(rb"^([a-e]) (OK|BAD)", text, re.MULTILINE)
    assert tagged == [(b"a", b"OK"), (b"b", b"OK"), (b"c", b"BAD"), (b"d", b"OK"), (b"e", b"OK")]
    assert text.endswith(b"* BYE logging out\r\ne OK LOGOUT completed\r\n")


async def test_another_client_is_told_at_its_next_command(platform: MailPlatform) -> None:
    box = box_of(platform)
    first, second = box.deliver(PLAIN_MAIL), box.deliver(PLAIN_MAIL)
    async with imap_wire(platform, b"SELECT INBOX") as wire:
        box.expunge(first)
        box.mark_seen(second)
        box.deliver(PLAIN_MAIL)
        during_fetch = await wire.imap(b"FETCH 2 UID")
        after = await wire.imap(b"NOOP")
    assert during_fetch[:-1] == [
        b"* 2 FETCH (UID 2)\r\n",
        b"* 3 EXISTS\r\n",
        b"* 3 RECENT\r\n",
        b"* 2 FETCH (FLAGS (\\Seen \\Recent))\r\n",
    ]
    assert after[:-1] == [b"* 1 EXPUNGE\r\n"]


async def test_idle_pushes_arrivals_flags_and_expunges(platform: MailPlatform) -> None:
    box = box_of(platform)
    uid = box.deliver(PLAIN_MAIL)
    async with imap_wire(platform, b"SELECT INBOX") as wire:
        wire.write(b"i IDLE\r\n")
        assert (await wire.line()).startswith(b"+ ")
        box.deliver(PLAIN_MAIL)
        assert await wire.line() == b"* 2 EXISTS\r\n"
        assert await wire.line() == b"* 2 RECENT\r\n"
        box.mark_seen(uid)
        assert await wire.line() == b"* 1 FETCH (FLAGS (\\Seen \\Recent))\r\n"
        box.expunge(uid)
        assert await wire.line() == b"* 1 EXPUNGE\r\n"
        wire.write(b"DONE\r\n")
        assert await wire.line() == b"i OK IDLE completed\r\n"
        wire.write(b"j IDLE\r\n")
        await wire.line()
        wire.write(b"NOOP\r\n")
        assert (await wire.line()).startswith(b"j BAD")


async def test_two_connections_share_a_folder(platform: MailPlatform) -> None:
    box_of(platform).deliver(PLAIN_MAIL)
    async with imap_wire(platform, b"SELECT INBOX") as one, imap_wire(platform, b"SELECT INBOX") as two:
        await one.imap(b"STORE 1 +FLAGS (\\Deleted)")
        assert (await two.imap(b"NOOP"))[0] == b"* 1 FETCH (FLAGS (\\Deleted))\r\n"
        await one.imap(b"EXPUNGE")
        assert (await two.imap(b"NOOP"))[0] == b"* 1 EXPUNGE\r\n"


async def test_new_uidvalidity_ends_the_connections(platform: MailPlatform) -> None:
    box = box_of(platform)
    gone, kept = box.deliver(b"Subject: a\r\n\r\n"), box.deliver(PLAIN_MAIL)
    box.expunge(gone)
    async with imap_wire(platform, b"SELECT INBOX") as one, imap_wire(platform, b"SELECT INBOX") as two:
        before = box.uidvalidity()
        two.write(b"i IDLE\r\n")
        await two.line()
        assert box.change_uidvalidity() > before
        assert b"* BYE" in await two.rest()
        one.write(b"a UID FETCH 2 UID\r\n")
        assert (await one.rest()).startswith(b"* BYE")
    assert (kept, box.uids(), box.raw(1)) == (2, [1], PLAIN_MAIL)


# --- IMAP, logging in


@pytest.mark.parametrize(
    ("command", "verdict"),
    [
        (b'LOGIN support@example.test "correct horse"', b"OK [CAPABILITY "),
        (b'LOGIN {20+}\r\nSupport@Example.test "correct horse"', b"OK"),
        (b"LOGIN support@example.test wrong", b"NO [AUTHENTICATIONFAILED]"),
        (b"LOGIN nobody@example.test wrong", b"NO [AUTHENTICATIONFAILED]"),
        (b"LOGIN support@example.test", b"BAD"),
        (b"AUTHENTICATE PLAIN " + base64.b64encode(f"\0{SUPPORT}\0{PASSWORD}".encode()), b"OK"),
        (b"AUTHENTICATE PLAIN AAA=", b"NO [AUTHENTICATIONFAILED]"),
        (b"AUTHENTICATE PLAIN =", b"BAD"),
        (b"AUTHENTICATE GSSAPI", b"NO"),
        (b"SELECT INBOX", b"BAD"),
        (b"STARTTLS", b"BAD"),
        (b'ID ("name" "x" "version" NIL)', b"OK"),
        (b"ID NIL", b"OK"),
    ],
)
async def test_before_login(platform: MailPlatform, command: bytes, verdict: bytes) -> None:
    async with dial(platform.imap_port) as wire:
        assert (await wire.line()).startswith(b"* OK [CAPABILITY IMAP4rev1 ")
        assert (await wire.imap(command))[-1].startswith(b"t " + verdict)
    assert not any("horse" in line.line for line in platform.imap_log)


async def test_authenticate_with_challenges(platform: MailPlatform) -> None:
    platform.add_mailbox("sales@example.test", "pw", token="opaque")
    good = base64.b64encode(b"user=sales@example.test\x01auth=Bearer opaque\x01\x01")
    stale = base64.b64encode(b"user=sales@example.test\x01auth=Bearer stale\x01\x01")
    async with dial(platform.imap_port) as wire:
        await wire.line()
        wire.write(b"a AUTHENTICATE XOAUTH2 " + stale + b"\r\n")
        assert b'"status"' in base64.b64decode((await wire.line())[2:])
        wire.write(b"\r\n")
        assert (await wire.line()).startswith(b"a NO [AUTHENTICATIONFAILED]")
        wire.write(b"b AUTHENTICATE PLAIN\r\n")
        assert await wire.line() == b"+ \r\n"
        wire.write(b"*\r\n")
        assert (await wire.line()).startswith(b"b BAD")
        wire.write(b"c AUTHENTICATE XOAUTH2\r\n")
        await wire.line()
        wire.write(good + b"\r\n")
        assert (await wire.line()).startswith(b"c OK")
    logged = " ".join(line.line for line in platform.imap_log)
    assert good.decode() not in logged
    assert stale.decode() not in logged


# --- IMAP faults


async def fetched(platform: MailPlatform, command: bytes = b"UID FETCH 1:* BODY.PEEK[]") -> bytes:
    """Everything a connection gets for one command, which must end or break it."""
    async with imap_wire(platform, b"SELECT INBOX") as wire:
        wire.write(b"a " + command + b"\r\nz LOGOUT\r\n")
        return await wire.rest()


async def test_cut_breaks_off_inside_the_literal(platform: MailPlatform) -> None:
    for _ in range(3):
        box_of(platform).deliver(PLAIN_MAIL)
    platform.faults.arm("imap_cut", uid=2, after=10)
    text = await fetched(platform)
    assert text.endswith(b"BODY[] {%d}\r\n" % len(PLAIN_MAIL) + PLAIN_MAIL[:10])
    assert text.count(b" FETCH ") == 2


async def test_garbled_and_omitted_lines_still_end_ok(platform: MailPlatform) -> None:
    for _ in range(4):
        box_of(platform).deliver(PLAIN_MAIL)
    platform.faults.arm("imap_garble_fetch", uid=2)
    platform.faults.arm("imap_omit_fetch", uid=3)
    platform.faults.arm("imap_omit_fetch")
    text = await fetched(platform)
    assert re.findall(rb"UID (\S+) ", text) == [b"?x", b"4"]
    assert b"a OK FETCH completed" in text
    assert re.findall(rb"UID (\w+) ", await fetched(platform)) == [b"1", b"2", b"3", b"4"]


async def test_huge_literal_is_followed_by_silence(platform: MailPlatform) -> None:
    box_of(platform).deliver(PLAIN_MAIL)
    platform.faults.arm("imap_huge_literal")
    async with imap_wire(platform, b"SELECT INBOX") as wire:
        wire.write(b"a UID FETCH 1 BODY.PEEK[]\r\n")
        assert (await wire.line()).endswith(b"BODY[] {99999999999}\r\n")
        assert (await wire.until(b"Hello"))[-1] == b"Hello\r\n"
        assert await wire.line() == b")\r\n"
        await platform.disconnect_imap()
        assert await wire.rest() == b""


async def test_no_hits_only_the_named_command(platform: MailPlatform) -> None:
    platform.faults.arm("imap_no", command="SELECT", text="[UNAVAILABLE] busy")
    async with imap_wire(platform, b"NOOP") as wire:
        assert await wire.imap(b"SELECT INBOX") == [b"t NO [UNAVAILABLE] busy\r\n"]
        assert (await wire.imap(b"SELECT INBOX"))[-1].startswith(b"t OK")


async def test_bye_at_a_command_and_at_the_door(platform: MailPlatform) -> None:
    async with imap_wire(platform) as wire:
        platform.faults.arm("imap_bye", text="shutting down")
        wire.write(b"a NOOP\r\n")
        assert await wire.rest() == b"* BYE shutting down\r\n"
    platform.faults.arm("imap_bye", command="CONNECT")
    async with dial(platform.imap_port) as wire:
        assert (await wire.rest()).startswith(b"* BYE")


async def test_hang_never_answers_again(platform: MailPlatform) -> None:
    async with imap_wire(platform) as wire:
        platform.faults.arm("imap_hang")
        wire.write(b"a NOOP\r\nb NOOP\r\n")
        async with imap_wire(platform, b"NOOP"):
            pass
        await platform.disconnect_imap()
        assert await wire.rest() == b""


async def test_delay_answers_late(platform: MailPlatform) -> None:
    async with imap_wire(platform) as wire:
        platform.faults.arm("imap_delay", seconds=0.05, command="NOOP")
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await wire.imap(b"NOOP")
        assert loop.time() - begun >= 0.05


async def test_refused_login_is_for_one_mailbox(platform: MailPlatform) -> None:
    platform.add_mailbox("sales@example.test", "pw")
    platform.faults.arm("imap_refuse_login", mailbox=SUPPORT, times=None)
    async with dial(platform.imap_port) as wire:
        await wire.line()
        refused = await wire.imap(f'LOGIN {SUPPORT} "{PASSWORD}"'.encode())
        assert refused[-1].startswith(b"t NO [AUTHENTICATIONFAILED]")
        assert (await wire.imap(b"LOGIN sales@example.test pw"))[-1].startswith(b"t OK")


async def test_silent_idle_says_nothing_until_done(platform: MailPlatform) -> None:
    box = box_of(platform)
    platform.faults.arm("imap_silent_idle")
    async with imap_wire(platform, b"SELECT INBOX") as wire, imap_wire(platform, b"SELECT INBOX") as other:
        wire.write(b"i IDLE\r\n")
        await wire.line()
        other.write(b"i IDLE\r\n")
        await other.line()
        box.deliver(PLAIN_MAIL)
        assert await other.line() == b"* 1 EXISTS\r\n"
        wire.write(b"DONE\r\n")
        assert (await wire.until(b"i OK"))[0] == b"* 1 EXISTS\r\n"
    said = [line.line for line in platform.imap_log if line.connection == 1]
    assert said.index("DONE") < said.index("* 1 EXISTS")


async def test_idle_can_be_missing(platform: MailPlatform) -> None:
    platform.faults.arm("imap_no_idle_capability")
    async with imap_wire(platform, b"SELECT INBOX") as wire:
        assert b"IDLE" not in (await wire.imap(b"CAPABILITY"))[0]
        assert (await wire.imap(b"IDLE"))[-1].startswith(b"t BAD")
    async with imap_wire(platform) as wire:
        assert b" IDLE " in (await wire.imap(b"CAPABILITY"))[0]


async def test_stripped_starttls_offers_login_in_clear(server_tls: ssl.SSLContext) -> None:
    async with MailPlatform(tls=server_tls, tls_mode="starttls") as platform:
        platform.add_mailbox(SUPPORT, PASSWORD)
        platform.faults.arm("imap_no_starttls")
        platform.faults.arm("smtp_no_starttls")
        async with dial(platform.imap_port) as wire:
            greeting = await wire.line()
            assert (await wire.imap(b"STARTTLS"))[-1].startswith(b"t BAD")
        async with dial(platform.imap_port) as wire:
            assert b"STARTTLS LOGINDISABLED" in await wire.line()
            assert (await wire.imap(b"LOGIN a b"))[-1].startswith(b"t NO [PRIVACYREQUIRED]")
        async with dial(platform.smtp_port) as wire:
            await wire.reply()
            await wire.smtp(b"EHLO there")
            assert (await wire.smtp(b"STARTTLS")).startswith(b"454")
    assert b"STARTTLS" not in greeting
    assert b"AUTH=PLAIN" in greeting
    offers = [line.line for line in platform.smtp_log if line.line.startswith("250-")]
    assert "250-STARTTLS" not in offers
    assert any(offer.startswith("250-AUTH") for offer in offers)


async def test_restart_keeps_port_and_mail(platform: MailPlatform) -> None:
    box_of(platform).deliver(PLAIN_MAIL)
    port = platform.imap_port
    async with imap_wire(platform, b"SELECT INBOX") as wire:
        wire.write(b"i IDLE\r\n")
        await wire.line()
        await platform.stop_imap(bye="restarting")
        assert await wire.rest() == b"* BYE restarting\r\n"
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    await platform.start_imap()
    assert platform.imap_port == port
    assert b"* 1 EXISTS" in await fetched(platform, b"SELECT INBOX")


def test_a_mistyped_fault_is_an_error() -> None:
    platform = MailPlatform()
    with pytest.raises(ValueError, match="unknown fault"):
        platform.faults.arm("imap_buy")
    with pytest.raises(ValueError, match="no detail stge"):
        platform.faults.arm("smtp_status", stge="dot")


# --- SMTP


async def test_mail_reaches_people_mailboxes_and_the_record(platform: MailPlatform) -> None:
    mei = platform.add_person("Mei Lin", "mei@customers.test", language="zh")
    sales = platform.add_mailbox("sales@example.test", "pw")
    mail = letter(
        to="mei@customers.test, Sales+eu@example.test, stranger@customers.test",
        text="Grüße\n.\n..dots\n",
        References="<a@x> <b@x>",
        In_Reply_To="<b@x>",
    )
    await submit(platform, mail)
    sent = platform.sent[0]
    assert sent.envelope_from == SUPPORT
    assert sent.envelope_to == ["mei@customers.test", "Sales+eu@example.test", "stranger@customers.test"]
    assert (sent.message_id, sent.subject) == ("<answer-1@example.test>", "Your order")
    assert (sent.in_reply_to, sent.references) == ("<b@x>", ["<a@x>", "<b@x>"])
    assert (sent.text, sent.html) == ("Grüße\n.\n..dots\n", None)
    assert mei.received == [sent]
    assert sales.raw(1).endswith(sent.raw)
    assert sales.raw(1).startswith(
        b"Authentication-Results: mx.example.test; auth=pass smtp.auth=" + SUPPORT.encode()
    )


async def test_unreadable_mail_is_recorded_all_the_same(platform: MailPlatform) -> None:
    raw = b"Subject: =?nope?b?////?=\r\nContent-Type: text/plain; charset=nope\r\n\r\n\xff\xfe\0\r\n"
    async with smtp_wire(platform, b"MAIL FROM:<>", b"RCPT TO:<mei@customers.test>", b"DATA") as wire:
        assert (await wire.smtp(raw + b".")).startswith(b"250")
    assert (platform.sent[0].raw, platform.sent[0].envelope_from) == (raw, "")


@pytest.mark.parametrize(
    ("commands", "code"),
    [
        ([b"MAIL FROM:<support@example.test>"], b"503"),
        ([b"EHLO there", b"MAIL FROM:<support@example.test>"], b"530"),
        ([b"EHLO there", b"AUTH PLAIN AAA="], b"535"),
        ([b"EHLO there", b"AUTH PLAIN !!!"], b"501"),
        ([b"EHLO there", b"AUTH PLAIN AAAA"], b"501"),
        ([b"EHLO there", b"AUTH GSSAPI"], b"504"),
        ([b"EHLO there", b"AUTH LOGIN", b"*"], b"501"),
        ([b"EHLO there", b"AUTH LOGIN", b"bm9ib2R5", b"d3Jvbmc="], b"535"),
        ([b"EHLO there", b"AUTH XOAUTH2 AAAA", b""], b"535"),
        ([b"EHLO there", b"STARTTLS"], b"454"),
        ([b"EHLO there", b"FROB"], b"500"),
    ],
)
async def test_smtp_refusals(platform: MailPlatform, commands: list[bytes], code: bytes) -> None:
    async with dial(platform.smtp_port) as wire:
        await wire.reply()
        for command in commands:
            answer = await wire.smtp(command)
        assert answer.startswith(code)
        assert (await wire.smtp(b"NOOP")).startswith(b"250")
    assert platform.sent == []


async def test_auth_login_is_accepted_and_redacted(platform: MailPlatform) -> None:
    def send() -> None:
        with smtplib.SMTP("127.0.0.1", platform.smtp_port) as client:
            client.ehlo()
            client.user, client.password = SUPPORT, PASSWORD
            client.auth("LOGIN", client.auth_login, initial_response_ok=False)
            client.send_message(letter())

    await asyncio.to_thread(send)
    said = [line.line for line in platform.smtp_log if line.direction == "C"]
    assert len(platform.sent) == 1
    assert said.count("<redacted>") == 2
    assert base64.b64encode(PASSWORD.encode()).decode() not in said
    assert any(line.startswith("<mail of ") for line in said)
    assert said[-1].upper() == "QUIT"


async def test_limits_of_size_and_recipients() -> None:
    async with (
        MailPlatform(require_auth=False, size_limit=1000, max_recipients=2) as platform,
        dial(platform.smtp_port) as wire,
    ):
        await wire.reply()
        await wire.smtp(b"EHLO there")
        assert (await wire.smtp(b"MAIL FROM:<a@example.test> SIZE=1001")).startswith(b"552")
        wire.write(b"MAIL FROM:<a@example.test> SIZE=9\r\n" + b"RCPT TO:<b@customers.test>\r\n" * 3 + b"DATA\r\n")
        codes = [(await wire.reply())[:3] for _ in range(5)]
        assert codes == [b"250", b"250", b"250", b"452", b"354"]
        assert (await wire.smtp((b"x" * 70 + b"\r\n") * 20 + b".")).startswith(b"552")
        assert platform.sent == []


async def test_mail_is_taken_even_if_the_client_has_gone(platform: MailPlatform) -> None:
    taken = asyncio.Event()
    platform.on_mail(lambda mail: taken.set())
    envelope = (b"MAIL FROM:<support@example.test>", b"RCPT TO:<mei@customers.test>", b"DATA")
    async with smtp_wire(platform, *envelope) as wire:
        wire.write(b"Subject: x\r\n\r\nHi\r\n.\r\n")
        wire.writer.write_eof()
        assert (await wire.rest()).startswith(b"250")
    await asyncio.wait_for(taken.wait(), 5)
    assert len(platform.sent) == 1


async def test_drop_before_and_after_accepting(platform: MailPlatform) -> None:
    platform.faults.arm("smtp_drop_before_accept")
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await submit(platform, letter())
    assert platform.sent == []
    platform.faults.arm("smtp_drop_after_accept")
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await submit(platform, letter())
    assert len(platform.sent) == 1


@pytest.mark.parametrize(
    ("stage", "code", "error"),
    [
        ("mail", 550, aiosmtplib.SMTPSenderRefused),
        ("rcpt", 451, aiosmtplib.SMTPRecipientsRefused),
        ("data", 451, aiosmtplib.SMTPDataError),
        ("dot", 554, aiosmtplib.SMTPDataError),
    ],
)
async def test_status_at_every_stage(
    platform: MailPlatform, stage: str, code: int, error: type[Exception]
) -> None:
    platform.faults.arm("smtp_status", stage=stage, code=code)
    with pytest.raises(error, match=str(code)):
        await submit(platform, letter())
    assert platform.sent == []
    await submit(platform, letter())
    assert len(platform.sent) == 1


async def test_one_recipient_refused(platform: MailPlatform) -> None:
    platform.faults.arm("smtp_status", stage="rcpt", code=550, address="b@customers.test")
    refused, _answer = await submit(platform, letter(to="a@customers.test, b@customers.test"))
    assert refused["b@customers.test"][0] == 550
    assert platform.sent[0].envelope_to == ["a@customers.test"]


async def test_421_closes(platform: MailPlatform) -> None:
    platform.faults.arm("smtp_status", stage="mail", code=421)
    async with smtp_wire(platform) as wire:
        wire.write(b"MAIL FROM:<support@example.test>\r\n")
        assert (await wire.rest()).startswith(b"421 ")


async def test_late_answer_to_a_mail_already_taken(platform: MailPlatform) -> None:
    platform.faults.arm("smtp_delay", seconds=60)
    taken = asyncio.Event()
    platform.on_mail(lambda mail: taken.set())
    envelope = (b"MAIL FROM:<support@example.test>", b"RCPT TO:<mei@customers.test>", b"DATA")
    async with smtp_wire(platform, *envelope) as wire:
        wire.write(b"Subject: x\r\n\r\nHi\r\n.\r\n")
        await asyncio.wait_for(taken.wait(), 5)
        await platform.stop_smtp()
        with contextlib.suppress(ConnectionResetError):
            assert await wire.rest() == b""
    assert len(platform.sent) == 1


async def test_refused_auth_and_broken_quit(platform: MailPlatform) -> None:
    platform.faults.arm("smtp_refuse_auth", times=None)
    with pytest.raises(aiosmtplib.SMTPAuthenticationError, match="535"):
        await submit(platform, letter())
    platform.faults.clear()
    platform.faults.arm("smtp_drop_at_quit")
    async with smtp_wire(platform) as wire:
        wire.write(b"QUIT\r\n")
        assert await wire.rest() == b""


async def test_smtp_restart_cuts_and_comes_back(platform: MailPlatform) -> None:
    async with smtp_wire(platform) as wire:
        await platform.stop_smtp()
        with contextlib.suppress(ConnectionResetError):
            assert await wire.rest() == b""
    with pytest.raises(aiosmtplib.SMTPConnectError):
        await submit(platform, letter())
    await platform.start_smtp()
    await submit(platform, letter())
    assert len(platform.sent) == 1


# --- People


async def test_a_person_writes_a_proper_mail() -> None:
    platform = MailPlatform(now=lambda: datetime(2026, 3, 1, 12, tzinfo=UTC))
    box = platform.add_mailbox(SUPPORT, PASSWORD)
    person = platform.add_person("林美", "mei@customers.test", language="zh")
    raw = person.write(
        to="Support <support+t1@example.test>",
        subject="订单",
        text="你好\n",
        html="<p>你好</p>",
        attachments=[("发票.pdf", "application/pdf", b"%PDF\0")],
        cc=["other@customers.test"],
        headers={"X-Mailer": "Test", "Content-Language": None},
    )
    mail = message_from_bytes(raw, policy=default)
    assert box.raw(1) == raw
    assert raw.startswith(
        b"Authentication-Results: mx.example.test; dmarc=pass header.from=customers.test; spf=pass; dkim=pass\r\n"
    )
    assert (mail["From"].addresses[0].display_name, mail["Subject"]) == ("林美", "订单")
    assert (mail["Date"].datetime, mail["Cc"]) == (datetime(2026, 3, 1, 12, tzinfo=UTC), "other@customers.test")
    assert (mail["X-Mailer"], mail["Content-Language"]) == ("Test", None)
    assert mail.get_body(("plain",)).get_content() == "你好\r\n"
    assert mail.get_body(("html",)).get_content() == "<p>你好</p>\r\n"
    (attached,) = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("发票.pdf", b"%PDF\0")


def test_message_ids_are_unique_unless_chosen() -> None:
    platform = MailPlatform()
    platform.add_mailbox(SUPPORT, PASSWORD)
    person = platform.add_person("A", "a@customers.test")
    mails = [person.write(to=SUPPORT, subject="", text="") for _ in range(2)]
    chosen = person.write(to=SUPPORT, subject="", text="", message_id="<mine@x>", authenticated=False)
    ids = {message_from_bytes(mail)["Message-ID"] for mail in mails}
    assert len(ids) == 2
    assert message_from_bytes(chosen)["Message-ID"] == "<mine@x>"
    assert b"dmarc=fail" in chosen
    with pytest.raises(LookupError):
        person.write(to="nobody@example.test", subject="", text="")


async def test_a_person_replies_in_the_thread(platform: MailPlatform) -> None:
    mei = platform.add_person("Mei Lin", "mei@customers.test", language="de")
    answered = asyncio.Event()

    async def answer(mail: SentMail) -> None:
        mei.reply(mail, "Danke!")
        answered.set()

    platform.on_mail(answer)
    await submit(platform, letter(Reply_To="support+t1@example.test", References="<q@customers.test>"))
    await asyncio.wait_for(answered.wait(), 5)
    reply = message_from_bytes(box_of(platform).raw(1), policy=default)
    assert (reply["Subject"], reply["To"]) == ("Re: Your order", "support+t1@example.test")
    assert reply["In-Reply-To"] == "<answer-1@example.test>"
    assert reply["References"] == "<q@customers.test> <answer-1@example.test>"
    text = reply.get_content().replace("\r\n", "\n")
    assert text.startswith("Danke!\n\nAm ")
    assert "schrieb support@example.test:\n> On its way\n" in text


async def test_nobody_answers_what_they_never_got(platform: MailPlatform) -> None:
    mei = platform.add_person("Mei Lin", "mei@customers.test")
    await submit(platform, letter(to="other@customers.test"))
    with pytest.raises(ValueError, match="never received"):
        mei.reply(platform.sent[0], "?")


async def test_a_failing_callback_does_not_harm_the_mail(
    platform: MailPlatform, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(mail: SentMail) -> None:
        raise RuntimeError("scripted")

    platform.on_mail(fail)
    await submit(platform, letter())
    assert len(platform.sent) == 1
    assert "a callback on a mail failed" in caplog.text


@pytest.mark.parametrize("take", [MailPlatform.add_mailbox, MailPlatform.add_person])
def test_an_address_belongs_to_one(take: Callable[..., object]) -> None:
    platform = MailPlatform()
    platform.add_mailbox(SUPPORT, PASSWORD)
    with pytest.raises(ValueError, match="taken"):
        take(platform, "Support@Example.test", "Support@Example.test")
