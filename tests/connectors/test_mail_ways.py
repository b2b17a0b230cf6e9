"""Tokens instead of passwords, folders for what is done, copies of what was sent: over real sockets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from msgspec.structs import replace

from connectors.mail.settings import ImapSettings, Settings, SmtpSettings
from connectors.oauth import OAuthSettings
from connectors.registry import make_connector
from service.clock import SystemClock
from tests.connectors.listening import SwiftClock
from tests.contract.connectors.harness import context, reply
from tests.support.ports import free_port
from tests.support.town import EMAIL, PASSWORD, Town
from tickets.errors import CredentialRejected, DeliveryError, StoreUnavailable, Unreachable
from tickets.ids import ThreadKey
from tickets.model import RawEvent, ReplyTarget
from tickets.ports import Connector
from tickets.secret import Secret

PATIENCE_S = 20.0
TARGET = ReplyTarget("email", EMAIL, ThreadKey("t"), "private", to=("mei@customers.test",), subject="Re: 主题")


def settings_of(town: Town, imap: dict[str, object] | None = None, **more: Any) -> Settings:
    settings = town.accounts()[EMAIL].settings
    return replace(settings, first_start="all", imap=replace(settings.imap, **(imap or {})), **more)


async def received(made: Connector, count: int) -> list[RawEvent]:
    events: list[RawEvent] = []
    async with asyncio.timeout(PATIENCE_S):
        async for batch in made.source.batches(None):
            await made.source.acknowledge(batch)
            events += batch.events
            if len(events) >= count:
                return events
    raise AssertionError


# Folders -------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", [(), ("MOVE",), ("MOVE", "UIDPLUS")], ids=["MOVE", "UIDPLUS", "neither"])
async def test_what_is_safe_is_moved_where_it_should_go(town: Town, missing: tuple[str, ...]) -> None:
    """Without MOVE by copying; without UIDPLUS the mails stay, marked as deleted: others' must not go too."""
    town.mail.withheld.update(missing)
    for n in range(3):
        town.mei.write(to="support@example.test", subject=f"{n}", text="x")
    made = make_connector(
        "email", settings_of(town, {"done_folder": "Erledigt/日本"}, after_intake="move"), context(EMAIL)
    )
    assert len(await received(made, 3)) == 3
    await made.close()
    done = town.box.folders["Erledigt/日本"].mails
    assert len(done) == 3
    left = town.box.folders["INBOX"].mails
    assert len(left) == (3 if "UIDPLUS" in missing else 0)


async def test_a_copy_of_an_answer_is_kept_where_it_should_be(town: Town) -> None:
    made = make_connector("email", settings_of(town, {"copies_folder": "Sent"}), context(EMAIL))
    receipt = await made.sender.send(reply(TARGET, "您好"))
    await made.close()
    (copy,) = town.box.folders["Sent"].mails.values()
    assert receipt.note == ""
    assert copy.raw == town.mail.sent[0].raw
    assert "\\Seen" in copy.flags


async def test_an_answer_has_left_even_where_no_copy_can_be_kept(town: Town) -> None:
    settings = settings_of(town, {"copies_folder": "Sent", "port": free_port()})
    made = make_connector("email", settings, context(EMAIL))
    receipt = await made.sender.send(reply(TARGET, "您好"))
    await made.close()
    assert len(town.mail.sent) == 1
    assert receipt.note.startswith("No copy could be put into Sent: ")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"after_intake": "move"}, "done_folder go together"),
        ({"imap": ImapSettings(host="x", password=Secret("x"), done_folder="Done")}, "done_folder go together"),
        (
            {"imap": ImapSettings(host="x", password=Secret("x"), sent_folder="Sent", copies_folder="Sent")},
            "drop imap.copies_folder",
        ),
        (
            {
                "imap": ImapSettings(host="x", password=Secret("x"), folder="Done", done_folder="Done"),
                "after_intake": "move",
            },
            "another one than",
        ),
        ({"address": "technical-support-eu@example.test", "plus_addresses": True}, "at most 16 letters"),
        ({"imap": ImapSettings(host="x")}, "or oauth instead of both"),
        ({"smtp": SmtpSettings(host="x")}, "or oauth instead of both"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(changes: dict[str, Any], words: str) -> None:
    whole: dict[str, Any] = {
        "address": "help@example.test",
        "imap": ImapSettings(host="x", password=Secret("x")),
        "smtp": SmtpSettings(host="x", password=Secret("x")),
    }
    with pytest.raises(ValueError, match=words):
        Settings(**(whole | changes))


# Copies --------------------------------------------------------------------------------

COPIED = replace(TARGET, cc=("bob@customers.test", "eve@customers.test"))


@pytest.fixture
async def everybody(town: Town) -> Town:
    town.mail.add_person("Bob", "bob@customers.test")
    town.mail.add_person("Eve", "eve@customers.test")
    return town


async def test_everybody_who_should_gets_the_one_mail(everybody: Town) -> None:
    made = make_connector("email", settings_of(everybody), context(EMAIL))
    receipt = await made.sender.send(reply(COPIED, "您好"))
    await made.close()
    (sent,) = everybody.mail.sent
    assert sent.envelope_to == ["mei@customers.test", "bob@customers.test", "eve@customers.test"]
    assert sent.header("Cc") == "bob@customers.test, eve@customers.test"
    assert receipt.note == ""


@pytest.mark.parametrize("code", [450, 550])
async def test_a_copy_that_is_refused_is_told_and_the_mail_has_left(everybody: Town, code: int) -> None:
    everybody.mail.faults.arm("smtp_status", code=code, stage="rcpt", address="eve@customers.test")
    made = make_connector("email", settings_of(everybody), context(EMAIL))
    receipt = await made.sender.send(reply(COPIED, "您好"))
    await made.close()
    (sent,) = everybody.mail.sent
    assert sent.envelope_to == ["mei@customers.test", "bob@customers.test"]
    assert receipt.note.startswith(f"No copy went to eve@customers.test: {code} ")


@pytest.mark.parametrize(
    ("who", "code", "temporary"),
    [("mei", 450, True), ("mei", 550, False), ("mei", 421, True), ("bob", 421, True)],
)
async def test_nobody_gets_what_the_person_cannot_get_or_the_server_left_before(
    everybody: Town, who: str, code: int, temporary: bool
) -> None:
    everybody.mail.faults.arm("smtp_status", code=code, stage="rcpt", address=f"{who}@customers.test")
    made = make_connector("email", settings_of(everybody), context(EMAIL))
    with pytest.raises(DeliveryError) as refused:
        await made.sender.send(reply(COPIED, "您好"))
    await made.close()
    assert (refused.value.temporary, refused.value.delivered) == (temporary, False)
    assert everybody.mail.sent == []


# Tokens --------------------------------------------------------------------------------


class Provider:
    """A token server.  asked: the forms it got.  answer: what it says next; None: a fresh token that is right."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.answer: tuple[int, dict[str, object]] | None = None
        self.rotates = False
        self.pieces: list[bytes] = []
        self.kept: dict[str, bytes] = {}
        self.url = ""

    async def ask(self, request: web.Request) -> web.StreamResponse:
        self.asked.append({name: str(value) for name, value in (await request.post()).items()})
        if self.pieces:
            streamed = web.StreamResponse()
            await streamed.prepare(request)
            with contextlib.suppress(ConnectionError):  # who has heard enough goes away
                for piece in self.pieces:
                    await streamed.write(piece)
                await streamed.write_eof()
            return streamed
        if self.answer is not None:
            return web.json_response(self.answer[1], status=self.answer[0])
        body = {"access_token": PASSWORD, "expires_in": 3600}
        more = {"refresh_token": f"refresh-{len(self.asked)}"} if self.rotates else {}
        return web.json_response(body | more)

    def connector(self, town: Town, clock: Any = None, token: str = "refresh-0", **oauth: object) -> Connector:
        given = OAuthSettings(token_url=self.url, client_id="us", refresh_token=Secret(token), **oauth)  # type: ignore[arg-type]
        smtp = replace(town.accounts()[EMAIL].settings.smtp, password=Secret(""))
        settings = settings_of(town, {"password": Secret("")}, smtp=smtp, oauth=given)

        async def kept(name: str, first: bytes) -> bytes:
            return self.kept.setdefault(name, first)

        async def keep(name: str, value: bytes) -> None:
            self.kept[name] = value

        return make_connector(
            "email", settings, context(EMAIL)._replace(kept=kept, keep=keep, clock=clock or SystemClock())
        )


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    provider = Provider()
    app = web.Application()
    app.router.add_post("/token", provider.ask)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    provider.url = f"http://127.0.0.1:{runner.addresses[0][1]}/token"
    yield provider
    await runner.cleanup()


async def test_a_mailbox_is_read_and_answered_with_a_token(town: Town, provider: Provider) -> None:
    town.mei.write(to="support@example.test", subject="你好", text="x")
    made = provider.connector(town, client_secret=Secret("shh"), scope="imap smtp")
    assert len(await received(made, 1)) == 1
    await made.sender.send(reply(TARGET, "您好"))
    await made.close()
    assert provider.asked == [
        {
            "grant_type": "refresh_token",
            "refresh_token": "refresh-0",
            "client_id": "us",
            "client_secret": "shh",
            "scope": "imap smtp",
        }
    ]
    assert len(town.mail.sent) == 1


async def test_a_token_is_renewed_before_it_ends_and_the_new_key_is_kept(town: Town, provider: Provider) -> None:
    provider.rotates = True
    clock = SwiftClock()
    made = provider.connector(town, clock)
    await made.check()
    clock.move(minutes=57)
    await made.check()
    assert [form["refresh_token"] for form in provider.asked] == ["refresh-0"]
    clock.move(minutes=2)
    await made.check()
    again = provider.connector(town, clock)
    await again.check()
    assert [form["refresh_token"] for form in provider.asked] == ["refresh-0", "refresh-1", "refresh-2"]
    assert list(provider.kept.values()) == [b"refresh-3"]
    anew = provider.connector(town, clock, token="from-the-operator")
    await anew.check()
    assert provider.asked[-1]["refresh_token"] == "from-the-operator"


async def test_an_answer_in_pieces_with_odd_values_is_a_token_all_the_same(town: Town, provider: Provider) -> None:
    provider.pieces = [
        b'{"access_token": "' + PASSWORD.encode() + b'", "expires_in": "3599", ',
        b'"padding": "' + b"x" * 20_000,
        b'", "refresh_token": null}',
    ]
    made = provider.connector(town)
    assert await made.check() == "support@example.test"
    provider.pieces = [b"x" * 100_000]
    with pytest.raises(Unreachable, match="ValueError"):
        await provider.connector(town).check()


async def test_whatever_goes_wrong_with_the_copy_the_mail_has_left_once(town: Town, provider: Provider) -> None:
    """The database, too, which keeps the tokens."""
    settings = settings_of(town, {"copies_folder": "Sent"})
    made = make_connector("email", settings, context(EMAIL))

    async def away() -> str:
        raise StoreUnavailable("away")

    made.sender._tokens = SimpleNamespace(access=away)  # type: ignore[attr-defined]
    receipt = await made.sender.send(reply(TARGET, "您好"))
    await made.close()
    assert "No copy could be put into Sent" in receipt.note
    assert len(town.mail.sent) == 1


@pytest.mark.parametrize("error", ["invalid_grant", "invalid_client", "unauthorized_client"])
async def test_a_refused_key_needs_a_person(town: Town, provider: Provider, error: str) -> None:
    provider.answer = (400, {"error": error})
    made = provider.connector(town)
    with pytest.raises(CredentialRejected, match=error):
        await made.check()
    with pytest.raises(DeliveryError) as refused:
        await made.sender.send(reply(TARGET, "您好"))
    assert (refused.value.code, refused.value.temporary, refused.value.delivered) == ("credential", True, False)


@pytest.mark.parametrize(
    "answer",
    [(500, {}), (503, {"error": "temporarily_unavailable"}), (200, {}), (302, {}), (400, {"error": "slow"})],
)
async def test_a_token_server_in_trouble_passes(
    town: Town, provider: Provider, answer: tuple[int, dict[str, object]]
) -> None:
    provider.answer = answer
    made = provider.connector(town)
    with pytest.raises(Unreachable, match=str(answer[0])):
        await made.check()
    with pytest.raises(DeliveryError) as refused:
        await made.sender.send(reply(TARGET, "您好"))
    assert (refused.value.code, refused.value.temporary) == ("unreachable", True)


async def test_a_token_that_the_mail_server_refuses_is_told_at_once_and_not_used_again(
    town: Town, provider: Provider
) -> None:
    """The server asks a question first; who does not answer waits for ever."""
    provider.answer = (200, {"access_token": "wrong", "expires_in": 3600})
    made = provider.connector(town)
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(CredentialRejected, match="refuses a fresh token"):
            await made.check()
    with pytest.raises(DeliveryError) as refused:
        await made.sender.send(reply(TARGET, "您好"))
    assert refused.value.code == "credential"
    provider.answer = None
    assert await made.check() == "support@example.test"
    assert len(provider.asked) >= 3
