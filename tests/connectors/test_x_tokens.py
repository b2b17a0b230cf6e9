"""X with OAuth 2.0: tokens that end, refresh tokens that are taken once, and signing in."""

import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.structs import replace

from connectors.context import ConnectorContext
from connectors.registry import make_connector
from connectors.x.settings import OAuth, Settings
from connectors.x.signing_in import SigningIn
from simulators.x.tokens import LASTS
from tests.connectors.test_x import next_batch, texts, under
from tests.contract.connectors.harness import context, reply
from tests.support.clock import ManualClock
from tests.support.town import Town, X, until
from tickets.errors import CredentialRejected, DeliveryError, Refused
from tickets.ports import Connector
from tickets.secret import NO_SECRET, Secret


class Kept:
    """What is kept for the account, by name; both workers see it."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.values: dict[str, bytes] = {}
        self.full = False

    async def kept(self, name: str, first: bytes) -> bytes:
        return self.values.setdefault(name, first)

    async def keep(self, name: str, value: bytes) -> None:
        if self.full:
            raise OSError("no space left")
        self.values[name] = value

    @property
    def context(self) -> ConnectorContext:
        return context(X)._replace(kept=self.kept, keep=self.keep, clock=self.clock)


@pytest.fixture
def kept() -> Kept:
    return Kept(ManualClock())


def settings_of(town: Town, token: str = "", **oauth: Any) -> Settings:
    account = town.x_account
    wanted = OAuth(
        token_url=town.x.token_url,
        client_id=account.client_id,
        client_secret=Secret(account.client_secret),
        refresh_token=Secret(token) if token else NO_SECRET,
        **oauth,
    )
    usual = town.accounts()[X].settings
    return replace(usual, first_start="all", access_token=NO_SECRET, access_token_secret=NO_SECRET, oauth=wanted)


def made(town: Town, kept: Kept, token: str = "") -> Connector:
    return make_connector("x", settings_of(town, token), kept.context)


def renewals(town: Town) -> int:
    return sum(call.path == "/2/oauth2/token" and call.status == 200 for call in town.x.calls)


async def test_mentions_come_and_answers_go_with_a_token(town: Town, kept: Kept) -> None:
    asked = town.ricardo.mention(town.x_account, "meu saque não chegou")
    connector = made(town, kept, town.x.issue_tokens(town.x_account))
    await connector.open()
    assert texts((await next_batch(connector)).events) == ["meu saque não chegou"]
    await connector.sender.send(reply(under(asked.id), "Já vimos."))
    assert [post.text for post in town.x.sent] == ["Já vimos."]
    assert renewals(town) == 1
    await connector.close()


async def test_a_token_is_renewed_before_it_ends_and_the_single_use_one_is_kept_first(
    town: Town, kept: Kept
) -> None:
    asked = town.ricardo.mention(town.x_account, "oi")
    first = town.x.issue_tokens(town.x_account)
    connector = made(town, kept, first)
    await connector.open()
    [used] = kept.values.values()
    assert used.decode() != first
    kept.clock.move(LASTS.total_seconds() - timedelta(minutes=1).total_seconds())
    await connector.sender.send(reply(under(asked.id), "olá"))
    [later] = kept.values.values()
    assert later != used
    assert renewals(town) == 2
    kept.full = True
    kept.clock.move(LASTS.total_seconds())
    calls = len(town.x.calls)
    with pytest.raises(DeliveryError):
        await connector.sender.send(reply(under("1"), "x"))
    assert [call.path for call in town.x.calls[calls:]] == ["/2/oauth2/token"]
    await connector.close()


async def test_of_two_workers_the_slower_takes_what_the_faster_was_given(town: Town, kept: Kept) -> None:
    first = town.x.issue_tokens(town.x_account)
    fast = made(town, kept, first)
    await fast.open()
    [name] = kept.values
    newest, kept.values[name] = kept.values[name], first.encode()

    class Late(ManualClock):
        """The faster worker has kept its token by the time the slower looks again."""

        async def sleep(self, seconds: float) -> None:
            kept.values[name] = newest

    slow = make_connector("x", settings_of(town, first), kept.context._replace(clock=Late()))
    await slow.open()
    assert renewals(town) == 2
    for connector in (fast, slow):
        await connector.close()


async def test_a_refused_token_asks_for_a_new_sign_in(town: Town, kept: Kept) -> None:
    class Patient(ManualClock):
        async def sleep(self, seconds: float) -> None:
            self.move(seconds)

    connector = make_connector("x", settings_of(town, "stale"), kept.context._replace(clock=Patient()))
    with pytest.raises(CredentialRejected, match="switchboard sign-in"):
        await connector.open()
    await connector.close()


async def test_who_signs_in_on_xs_page_is_signed_in(town: Town, kept: Kept) -> None:
    unknown = made(town, kept)
    with pytest.raises(CredentialRejected, match="Nobody has signed in yet"):
        await unknown.open()
    await unknown.close()
    signing_in = SigningIn(settings_of(town), kept.context)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(signing_in.address).query).items()}
    assert asked["redirect_uri"] == "http://127.0.0.1:8600/"
    led = town.x.consent(town.x_account, signing_in.address)
    await signing_in.finish(f"  {led}\n")
    connector = made(town, kept)
    assert await connector.check() == "@support_desk"
    await connector.close()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://127.0.0.1:8600/?state=another&code=x", "not the address of this sign-in"),
        ("http://127.0.0.1:8600/", "not the address"),
        ("คัดลอกผิด", "not the address"),
        ("http://127.0.0.1:8600/?error=access_denied", "not agreed to"),
    ],
)
async def test_another_address_is_refused(town: Town, kept: Kept, address: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        await SigningIn(settings_of(town), kept.context).finish(address)
    assert not any(kept.values.values())


def test_an_account_signs_in_one_way(town: Town) -> None:
    with pytest.raises(ValueError, match="or oauth instead of both"):
        replace(settings_of(town), oauth=None)
    with pytest.raises(Refused, match="signs with its access token"):
        SigningIn(town.accounts()[X].settings, context(X))


async def test_who_gives_up_waiting_loses_no_token(town: Town, kept: Kept) -> None:
    first = town.x.issue_tokens(town.x_account)
    connector = made(town, kept, first)
    town.x.faults.arm("delay", path="/2/oauth2/token", s=0.5)
    opening = asyncio.ensure_future(connector.open())
    await until(
        lambda: any(call.path == "/2/oauth2/token" for call in town.x.calls) or town.x.faults.fired, "asked"
    )
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
    await connector.close()
    assert list(kept.values.values()) != [first.encode()]
    again = made(town, kept, first)
    await again.open()
    await again.close()
