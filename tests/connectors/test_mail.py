"""The mailbox when it misbehaves: every fault a real server has shown, over real sockets."""

import asyncio
import ssl
from contextlib import aclosing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import trustme
from msgspec.structs import replace

from connectors.mail.settings import Settings
from connectors.registry import make_connector
from service.clock import SystemClock
from simulators.mail import MailPlatform
from tests.connectors.listening import next_said
from tests.contract.connectors.harness import context, reply
from tests.support.town import EMAIL, PASSWORD, Town
from tickets.errors import ConnectorError, CredentialRejected, DeliveryError, Unreachable
from tickets.ids import ExternalMessageId, ThreadKey
from tickets.model import RawEvent, ReplyTarget
from tickets.secret import Secret

PATIENCE_S = 20.0
TARGET = ReplyTarget("email", EMAIL, ThreadKey("t"), "private", to=("mei@customers.test",), subject="Re: 主题")


def settings_of(town: Town, **more: object) -> Settings:
    return replace(town.accounts()[EMAIL].settings, first_start="all", **more)


def deliver(town: Town, *texts: str) -> None:
    for text in texts:
        town.mei.write(to="support@example.test", subject=text, text=text)


async def collect(town: Town, settings: Settings, count: int, cursor: str | None = None) -> list[RawEvent]:
    """Events until there are ``count``, connecting anew after every error as the supervisor does."""
    events: list[RawEvent] = []
    async with asyncio.timeout(PATIENCE_S):
        while len(events) < count:
            made = make_connector("email", settings, context(EMAIL))
            try:
                async with aclosing(made.source.batches(cursor)) as batches:
                    async for batch in batches:
                        events += batch.events
                        await made.source.acknowledge(batch)
                        cursor = batch.cursor or cursor
                        if len(events) >= count:
                            break
            except ConnectorError:
                continue
            finally:
                await made.close()
    return events


def subjects(events: list[RawEvent]) -> list[str]:
    return sorted(
        line.removeprefix(b"Subject: ").decode()
        for event in events
        for line in event.payload.replace(b"\r\n", b"\n").split(b"\n")
        if line.startswith(b"Subject: ")
    )


@pytest.mark.parametrize(
    ("fault", "details"),
    [
        ("imap_bye", {"command": "FETCH"}),
        ("imap_bye", {"command": "CONNECT"}),
        ("imap_cut", {}),
        ("imap_garble_fetch", {}),
        ("imap_garble_fetch", {"text": "(UID 1 FLAGS ]](("}),
        ("imap_omit_fetch", {}),
        ("imap_no", {"command": "FETCH"}),
        ("imap_no", {"command": "SEARCH"}),
        ("imap_no_idle_capability", {}),
    ],
)
async def test_no_mail_is_missed_whatever_the_server_does(town: Town, fault: str, details: dict[str, str]) -> None:
    deliver(town, "eins", "zwei", "drei")
    town.mail.faults.arm(fault, **details)
    events = await collect(town, settings_of(town), 3)
    assert subjects(events) == ["drei", "eins", "zwei"]
    assert [fired.name for fired in town.mail.faults.fired] == [fault]


async def test_a_mail_that_is_never_handed_out_is_quarantined_and_the_rest_goes_on(town: Town) -> None:
    deliver(town, "gut eins", "böse", "gut zwei")
    bad = town.box.uids()[1]
    town.mail.faults.arm("imap_omit_fetch", times=8, uid=bad)
    made = make_connector("email", settings_of(town), context(EMAIL))
    events: list[RawEvent] = []
    async with aclosing(made.source.batches(None)) as batches, asyncio.timeout(PATIENCE_S):
        async for batch in batches:
            events += batch.events
            if len(events) >= 2:
                break
    await made.close()
    assert "gut eins" in subjects(events)
    assert "gut zwei" in subjects(events)


async def test_new_mail_is_announced_without_waiting_for_the_next_look(town: Town) -> None:
    imap = replace(settings_of(town).imap, look_every_s=600.0)
    made = make_connector("email", settings_of(town, imap=imap), context(EMAIL))
    async with aclosing(made.source.batches(None)) as batches, asyncio.timeout(PATIENCE_S):
        assert (await anext(batches)).events == ()
        following = asyncio.ensure_future(next_said(batches))
        while not any("IDLE" in line for _, _, line in town.mail.imap_log):
            await asyncio.sleep(0)
        deliver(town, "auf einmal da")
        assert subjects(list((await following).events)) == ["auf einmal da"]
    await made.close()


async def test_a_mailbox_that_announces_nothing_is_still_looked_into(town: Town) -> None:
    town.mail.faults.arm("imap_silent_idle", times=None)
    imap = replace(settings_of(town).imap, look_every_s=0.2)
    deliver(town, "vorher")
    made = make_connector("email", settings_of(town, imap=imap), context(EMAIL))
    events: list[RawEvent] = []
    async with aclosing(made.source.batches(None)) as batches, asyncio.timeout(PATIENCE_S):
        async for batch in batches:
            if batch.events and not events:
                deliver(town, "nachher")
            events += batch.events
            if len(events) == 2:
                break
    await made.close()
    assert subjects(events) == ["nachher", "vorher"]


async def test_a_restarted_server_is_found_again(town: Town) -> None:
    deliver(town, "vor dem Neustart")
    settings = settings_of(town)
    made = make_connector("email", settings, context(EMAIL))
    cursor = None
    with pytest.raises(ConnectorError):
        async with aclosing(made.source.batches(None)) as batches, asyncio.timeout(PATIENCE_S):
            async for batch in batches:
                cursor = batch.cursor or cursor
                if batch.events:
                    await town.mail.stop_imap()
    await made.close()
    await town.mail.start_imap()
    deliver(town, "nach dem Neustart")
    assert subjects(await collect(town, settings, 1, cursor)) == ["nach dem Neustart"]


async def test_of_a_mail_over_the_limit_only_the_head_is_fetched(town: Town) -> None:
    town.mei.write(to="support@example.test", subject="riesig", text="x" * 50_000)
    (event,) = await collect(town, settings_of(town, largest_bytes=20_000), 1)
    assert event.note == "too_large"
    assert len(event.payload) < 5_000


async def test_thousands_of_mails_are_read_in_spans(town: Town) -> None:
    raw = b"From: Mei <mei@customers.test>\r\nSubject: viele\r\n\r\nText\r\n"
    for _ in range(2_000):
        town.box.deliver(raw)
    events = await collect(town, settings_of(town, after_intake="leave"), 2_000)
    assert len({event.external_id for event in events}) == 2_000


async def test_a_mailbox_with_a_folder_that_is_missing_says_so(town: Town) -> None:
    imap = replace(settings_of(town).imap, folder="Nirgends")
    made = make_connector("email", settings_of(town, imap=imap), context(EMAIL))
    with pytest.raises(Unreachable, match="Nirgends"):
        await made.check()
    await made.close()


@pytest.mark.parametrize("mode", ["tls", "starttls"])
async def test_tls_with_a_private_authority(mode: str, tmp_path: Path) -> None:
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(server)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    async with MailPlatform(tls=server, tls_mode=mode) as platform:
        platform.add_mailbox("support@example.test", PASSWORD)
        person = platform.add_person("Mei Lin", "mei@customers.test")
        settings = _secure(platform, mode, str(ca_file))
        person.write(to="support@example.test", subject="verschlüsselt", text="Hallo")
        made = make_connector("email", settings, context(EMAIL))
        assert await made.check() == "support@example.test"
        await made.sender.send(reply(TARGET, "Auch verschlüsselt"))
        assert [mail.text.strip() for mail in platform.sent] == ["Auch verschlüsselt"]
        await made.close()


@pytest.mark.parametrize("mode", ["tls", "starttls"])
async def test_a_certificate_of_a_stranger_is_refused(mode: str) -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(server)
    async with MailPlatform(tls=server, tls_mode=mode) as platform:
        platform.add_mailbox("support@example.test", PASSWORD)
        made = make_connector("email", _secure(platform, mode, ""), context(EMAIL))
        with pytest.raises(Unreachable):
            await made.check()
        with pytest.raises(DeliveryError) as refused:
            await made.sender.send(reply(TARGET, "Geht nicht hinaus"))
        assert refused.value.delivered is False
        await made.close()
        assert platform.sent == []
        assert not any(PASSWORD in line for _, _, line in platform.imap_log + platform.smtp_log)


async def test_stripped_starttls_gets_no_password(tmp_path: Path) -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(server)
    async with MailPlatform(tls=server, tls_mode="starttls") as platform:
        platform.add_mailbox("support@example.test", PASSWORD)
        platform.faults.arm("imap_no_starttls", times=None)
        platform.faults.arm("smtp_no_starttls", times=None)
        made = make_connector("email", _secure(platform, "starttls", ""), context(EMAIL))
        with pytest.raises(Unreachable):
            await made.check()
        with pytest.raises(DeliveryError) as refused:
            await made.sender.send(reply(TARGET, "Geht nicht hinaus"))
        await made.close()
        assert refused.value.delivered is False
        commands = [line for _, side, line in platform.imap_log + platform.smtp_log if side == "C"]
        assert not any("LOGIN" in line or "AUTH" in line for line in commands)


def _secure(platform: MailPlatform, mode: str, ca_file: str) -> Settings:
    from connectors.mail.settings import ImapSettings, SmtpSettings

    common = {"host": "127.0.0.1", "tls": mode, "ca_file": ca_file, "password": Secret(PASSWORD)}
    return Settings(
        address="support@example.test",
        imap=ImapSettings(port=platform.imap_port, **common),
        smtp=SmtpSettings(port=platform.smtp_port, **common),
    )


async def test_a_refused_password_says_so(town: Town) -> None:
    town.mail.faults.arm("smtp_refuse_auth", times=None)
    made = make_connector("email", settings_of(town), context(EMAIL))
    with pytest.raises(CredentialRejected):
        await made.check()
    with pytest.raises(DeliveryError) as refused:
        await made.sender.send(reply(TARGET, "Geht nicht hinaus"))
    assert refused.value.code == "credential"
    await made.close()


async def test_an_answer_is_a_proper_mail_in_the_thread(town: Town) -> None:
    made = make_connector("email", settings_of(town), context(EMAIL))
    target = replace(
        TARGET,
        in_reply_to=ExternalMessageId("<q@customers.test>"),
        references=(ExternalMessageId("<first@customers.test>"), ExternalMessageId("<q@customers.test>")),
    )
    receipt = await made.sender.send(reply(target, "您好，已处理。\n.\nแล้วครับ"))
    await made.close()
    (mail,) = town.mail.sent
    assert (mail.subject, mail.text.strip()) == ("Re: 主题", "您好，已处理。\n.\nแล้วครับ")
    assert tuple(mail.references) == ("<first@customers.test>", "<q@customers.test>")
    assert (mail.in_reply_to, mail.message_id) == ("<q@customers.test>", receipt.external_id)
    assert mail.header("Auto-Submitted") is None


async def test_the_message_id_is_the_same_on_every_attempt(town: Town) -> None:
    made = make_connector("email", settings_of(town), context(EMAIL))
    town.mail.faults.arm("smtp_drop_after_accept")
    with pytest.raises(DeliveryError):
        await made.sender.send(reply(TARGET, "Zweimal"))
    again = await made.sender.send(reply(TARGET, "Zweimal"))
    await made.close()
    assert [mail.message_id for mail in town.mail.sent] == [again.external_id] * 2


@pytest.mark.parametrize("subject", ["a\r\nBcc: evil@example.test", "a\nb", "a\rb"])
async def test_a_line_break_in_a_header_is_refused(town: Town, subject: str) -> None:
    made = make_connector("email", settings_of(town), context(EMAIL))
    with pytest.raises(DeliveryError) as refused:
        await made.sender.send(reply(replace(TARGET, subject=subject), "Text"))
    await made.close()
    assert (refused.value.temporary, refused.value.delivered) == (False, False)
    assert town.mail.sent == []


@pytest.mark.parametrize(
    "to", [(), ("a@b.test", "c@d.test"), ("a@b.test\r\nRCPT TO:<x@y.test>",), ("Mei <a@b.test>",)]
)
async def test_only_one_plain_recipient_is_written_to(town: Town, to: tuple[str, ...]) -> None:
    made = make_connector("email", settings_of(town), context(EMAIL))
    with pytest.raises(DeliveryError):
        await made.sender.send(reply(replace(TARGET, to=to), "Text"))
    await made.close()
    assert town.mail.sent == []


async def test_mail_in_a_box_that_was_empty_is_taken_whatever_the_clocks_say(town: Town) -> None:
    """Our clock runs ahead of the server's: that must not make new mail look old."""

    class Ahead(SystemClock):
        def now(self) -> datetime:
            return super().now() + timedelta(hours=3)

    settings = replace(town.accounts()[EMAIL].settings, first_start="now")
    made = make_connector("email", settings, context(EMAIL)._replace(clock=Ahead()))
    async with aclosing(made.source.batches(None)) as batches, asyncio.timeout(PATIENCE_S):
        assert (await anext(batches)).events == ()
        deliver(town, "gerade eben")
        assert subjects(list((await next_said(batches)).events)) == ["gerade eben"]
    await made.close()


async def test_long_message_ids_stay_whole_so_that_clients_can_thread(town: Town) -> None:
    made = make_connector("email", settings_of(town), context(EMAIL))
    asked = ExternalMessageId(f"<{'A' * 180}@long.customers.test>")
    earlier = tuple(ExternalMessageId(f"<{'B' * 120}{n}@customers.test>") for n in range(12))
    await made.sender.send(reply(replace(TARGET, in_reply_to=asked, references=earlier), "Text"))
    await made.close()
    (mail,) = town.mail.sent
    assert mail.in_reply_to == asked
    assert tuple(mail.references) == (*earlier, asked)
    assert max(len(line) for line in mail.raw.split(b"\r\n")) <= 998


@pytest.mark.parametrize(
    ("answer", "delivered"),
    [
        (b"250 taken\r\n", True),
        (b"251 stored\r\n", True),
        (b"451 later\r\n", False),
        (b"554 never\r\n", False),
        (b"what is this\r\n", None),
        (b"354 go on\r\n", None),
        (b"", None),
    ],
)
async def test_only_a_clear_answer_after_the_dot_is_believed(
    town: Town, unused_tcp_port: int, answer: bytes, delivered: bool | None
) -> None:
    server = await asyncio.start_server(lambda r, w: _odd_server(r, w, answer), "127.0.0.1", unused_tcp_port)
    smtp = replace(settings_of(town).smtp, port=unused_tcp_port)
    made = make_connector("email", settings_of(town, smtp=smtp), context(EMAIL))
    outcome: bool | None = True
    try:
        await made.sender.send(reply(TARGET, "Text"))
    except DeliveryError as error:
        outcome = error.delivered
    await made.close()
    server.close()
    assert outcome is delivered


async def _odd_server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, last: bytes) -> None:
    """Polite until the final dot."""
    writer.write(b"220 odd\r\n")
    while line := await reader.readline():
        word = line.split()[0].upper()
        if word == b"EHLO":
            writer.write(b"250-odd\r\n250 AUTH PLAIN\r\n")
        elif word == b"AUTH":
            writer.write(b"235 in\r\n")
        elif word == b"DATA":
            writer.write(b"354 go\r\n")
            await reader.readuntil(b"\r\n.\r\n")
            writer.write(last)
            if not last:
                break
        else:
            writer.write(b"250 ok\r\n")
    writer.close()
