"""X calls when somebody writes: quicker than asking, and one message from both."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from msgspec.structs import replace

from connectors.http.app import create_hooks
from connectors.registry import make_connector
from simulators.telegram.server import LoopbackServer
from tests.connectors.test_x import texts
from tests.contract.connectors.harness import context
from tests.support.town import KEYS, Town, X, until
from tickets.model import RawEvent
from tickets.ports import Connector, WebhookAnswer, WebhookReceiver, WebhookRequest

SELDOM_S = 3_600.0
"""Nothing that comes within a test comes by asking at this pace."""


class Line:
    """A connector that X can call, and what it has handed out."""

    def __init__(self, town: Town, *, path: str = "/hooks/x/main") -> None:
        self.town = town
        self.server = LoopbackServer(create_hooks(self._find), "127.0.0.1", 0)
        self.handed: list[RawEvent] = []
        self.connected = asyncio.Event()
        self._path = path
        self._connector: Connector | None = None
        self._task: asyncio.Task[None] | None = None

    def _find(self, account: str) -> WebhookReceiver | None:
        return self.connector if account == X and isinstance(self.connector, WebhookReceiver) else None

    @property
    def connector(self) -> Connector:
        assert self._connector is not None
        return self._connector

    async def start(self, **settings: object) -> None:
        self.connected.clear()
        await self.server.start()
        url = f"http://127.0.0.1:{self.server.port}{self._path}"
        usual = self.town.accounts()[X].settings
        wanted = {"first_start": "all", "poll_s": SELDOM_S, "own_posts_s": 0.0, "webhook_url": url, **settings}
        self._connector = make_connector("x", replace(usual, **wanted), context(X))
        await self._connector.open()
        self._task = asyncio.create_task(self._run())
        await self.connected.wait()

    async def _run(self) -> None:
        async with aclosing(self.connector.source.batches(None)) as batches:
            async for batch in batches:
                self.handed += batch.events
                await self.connector.source.acknowledge(batch)
                self.connected.set()

    async def stop(self) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.connector.close()
        await self.server.stop()

    async def called(self, body: bytes, signature: str = "", method: str = "POST") -> WebhookAnswer:
        receiver = self._find(X)
        assert receiver is not None
        headers = {"x-twitter-webhooks-signature": signature or signed(body)}
        return await receiver.receive(WebhookRequest(method=method, headers=headers, query={}, body=body))


def signed(body: bytes, key: str = KEYS.consumer_secret) -> str:
    return f"sha256={base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()}"


@pytest.fixture
async def line(town: Town) -> AsyncIterator[Line]:
    made = Line(town)
    yield made
    await made.stop()


async def test_who_is_mentioned_hears_of_it_without_asking_often(town: Town, line: Line) -> None:
    await line.start()
    assert len(town.x.hooks.subscriptions) == 3
    town.ricardo.mention(town.x_account, "meu saque não chegou")
    await until(lambda: texts(tuple(line.handed)) == ["meu saque não chegou"], "the mention")
    assert town.x.hooks.delivered == [True]


async def test_a_quote_comes_though_it_is_no_mention_and_its_call_is_answered_when_it_is_safe(
    town: Town, line: Line
) -> None:
    own = town.own_post()
    await line.start()
    town.ricardo.post("ข้อมูลนี้ผิด", quoting=own)
    await until(lambda: town.x.hooks.delivered == [True], "the call answered")
    [message] = texts(tuple(line.handed))
    assert "ข้อมูลนี้ผิด" in message


async def test_a_quote_that_mentions_too_is_one_event(town: Town, line: Line) -> None:
    """BX09."""
    own = town.own_post()
    await line.start()
    town.ricardo.mention(town.x_account, "olhem isto", quoting=own)
    await until(lambda: len(town.x.hooks.delivered) == 2, "both calls answered")
    assert {event.external_id for event in line.handed} == {line.handed[0].external_id}
    assert {event.payload for event in line.handed} == {line.handed[0].payload}


async def test_calls_that_x_has_not_signed_change_nothing(town: Town, line: Line) -> None:
    """BX07."""
    await line.start()
    body = json.dumps(
        {"data": {"event_type": "post.quote.create", "payload": {"id": "1"}, "filter": {"user_id": "1"}}}
    ).encode()
    calls = len(town.x.calls)
    assert (await line.called(body, signed(body, "another"))).status == 403
    assert (await line.called(body, "ลายเซ็น")).status == 403
    assert (await line.called(body, method="PUT")).status == 405
    assert len(town.x.calls) == calls


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"[" * 100_000,
        b'{"data": {"event_type": "post.quote.create", "payload": {"id": "../../users/me"}}}',
        b'{"data": {"event_type": "post.quote.create", "payload": {"id": 7}}}',
        b'{"data": {"event_type": "dm.received", "payload": {"id": "1"}}}',
        b'{"data": {"event_type": "post.quote.create", "payload": {"id": "1"}, "filter": {"user_id": "5"}}}',
        "\ud800".encode("utf-8", "surrogatepass"),
    ],
)
async def test_what_is_none_of_ours_is_taken_and_left(town: Town, line: Line, body: bytes) -> None:
    await line.start()
    calls = len(town.x.calls)
    assert (await line.called(body)).status == 200
    assert len(town.x.calls) == calls


@pytest.mark.parametrize("token", ["", "a b", "x" * 501, "<script>"])
async def test_only_a_challenge_is_answered_as_one(line: Line, token: str) -> None:
    """BX08."""
    await line.start()
    receiver = line.connector
    assert isinstance(receiver, WebhookReceiver)
    asked = WebhookRequest(method="GET", headers={}, query={"crc_token": token}, body=b"")
    assert (await receiver.receive(asked)).status == 400


async def test_where_x_does_not_call_asking_goes_on(town: Town) -> None:
    line = Line(town, path="/hooks/x/elsewhere")
    await line.start(poll_s=0.1)
    assert not town.x.hooks.hooks
    town.ricardo.mention(town.x_account, "ainda aí?")
    await until(lambda: texts(tuple(line.handed)) == ["ainda aí?"], "the mention")
    await line.stop()


async def test_an_address_that_x_has_given_up_is_asked_for_again_and_nothing_is_made_twice(
    town: Town, line: Line
) -> None:
    await line.start()
    [hook] = town.x.hooks.hooks.values()
    await line.stop()
    hook.valid = False
    await line.start(webhook_url=hook.url)
    assert hook.valid
    assert (len(town.x.hooks.hooks), len(town.x.hooks.subscriptions)) == (1, 3)


async def test_a_worker_that_does_not_receive_leaves_the_call_to_another(town: Town, line: Line) -> None:
    await line.start()
    other = make_connector("x", replace(town.accounts()[X].settings, webhook_url="http://x"), context(X))
    assert isinstance(other, WebhookReceiver)
    body = b'{"data": {"event_type": "post.mention.create", "payload": {"id": "1"}}}'
    headers = {"x-twitter-webhooks-signature": signed(body)}
    answer = await other.receive(WebhookRequest(method="POST", headers=headers, query={}, body=body))
    assert answer.status == 503


async def test_where_the_address_has_changed_x_calls_the_new_one_alone(town: Town) -> None:
    before = Line(town, path="/old")
    await before.start()
    old = {one.hook_id for one in town.x.hooks.subscriptions}
    await before.stop()
    line = Line(town)
    await line.start()
    assert len(town.x.hooks.subscriptions) == 3
    assert not old & {one.hook_id for one in town.x.hooks.subscriptions}
    await line.stop()


async def test_a_quote_that_x_does_not_show_at_once_comes_when_it_does(town: Town, line: Line) -> None:
    begun = town.own_post()
    await line.start()
    town.x.faults.arm("partial", path="/2/tweets")
    town.ricardo.post("vejam só", quoting=begun)
    await until(lambda: any("vejam" in text for text in texts(line.handed)), "the quote")
    assert [fault.name for fault in town.x.faults.fired] == ["partial"]
