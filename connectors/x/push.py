"""Being called by X when somebody writes (Activity API): asking stays the truth, a call makes it quick.

A mention is not read from the call, which tells less of a post than asking
does: it is asked for at once.  Quotes stand in no list of mentions, so those
are looked up by their id, and the call is answered only after they are safe.
One external id for both ways makes one message of them.
Sources: https://docs.x.com/x-api/webhooks/introduction and /x-api/activity/introduction there, read 2026-11.
"""

import asyncio
import base64
import hashlib
import hmac
import logging
import re
from collections.abc import Sequence
from typing import Annotated, Final
from urllib.parse import quote

import msgspec

from connectors.context import ConnectorContext
from connectors.x.app import AppApi
from connectors.x.settings import Settings
from tickets.errors import ConnectorError
from tickets.ports import WebhookAnswer, WebhookRequest

log = logging.getLogger(__name__)

EVENTS: Final = ("post.mention.create", "post.reply.create", "post.quote.create")
QUOTED: Final = "post.quote.create"
SIGNATURE: Final = "x-twitter-webhooks-signature"
MOST_WAITING = 100
"""As many as one question looks up."""
CALL_S = 8.0
"""X waits ten seconds for an answer."""
_CRC = re.compile(r"[\w+/=.~-]{1,500}", re.ASCII)
Number = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,20}\Z")]


class Filter(msgspec.Struct):
    user_id: str = ""


class Payload(msgspec.Struct):
    id: Number


class Event(msgspec.Struct):
    """What happened, and of which account it is told."""

    event_type: str
    payload: Payload
    filter: Filter = msgspec.field(default_factory=Filter)


class Told(msgspec.Struct):
    data: Event


class Hook(msgspec.Struct):
    id: str
    url: str = ""
    valid: bool = True


class Subscription(msgspec.Struct):
    subscription_id: str = ""
    event_type: str = ""
    filter: Filter = msgspec.field(default_factory=Filter)
    webhook_id: str = ""


class Pushes:
    """X's calls for one account.  woken: something was told that asking will find."""

    def __init__(self, app: AppApi, settings: Settings, context: ConnectorContext) -> None:
        self.woken = asyncio.Event()
        self._app = app
        self._settings = settings
        self._context = context
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}
        self._account_id = ""

    async def receive(self, request: WebhookRequest) -> WebhookAnswer:
        """X's question whether we know the app's secret (CRC), or news."""
        if request.method == "GET":
            return self._answer_challenge(request.query.get("crc_token", ""))
        if request.method != "POST":
            return WebhookAnswer(405, "GET and POST only")
        given = request.headers.get(SIGNATURE, "").encode()
        if not hmac.compare_digest(given, self._signed(request.body).encode()):
            return WebhookAnswer(403, "forbidden")
        if not self._account_id:
            return WebhookAnswer(503, "another worker receives over this account")
        try:
            event = msgspec.json.decode(request.body, type=Told).data
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return WebhookAnswer(200)  # none of what was asked for; another call would be the same
        if event.filter.user_id not in ("", self._account_id) or event.event_type not in EVENTS:
            return WebhookAnswer(200)
        self._context.crash("x.webhook_called")
        return await self._take(event)

    async def subscribe(self, account_id: str) -> None:
        """Take calls from now on, and have X make them; where it does not, asking goes on alone."""
        self._account_id = account_id
        try:
            hook_id = await self._hook()
            await self._subscribe(hook_id)
        except (ConnectorError, msgspec.ValidationError) as error:
            log.warning("X does not call webhook_url, so mentions come by asking only: %s", error)

    def stop(self) -> None:
        """Another worker may take the calls."""
        self._account_id = ""

    def waiting(self) -> Sequence[str]:
        """Posts that are to be looked up."""
        return tuple(self._waiting)

    def settle(self, post_ids: Sequence[str]) -> None:
        """These are committed."""
        for post_id in post_ids:
            for committed in self._waiting.pop(post_id, ()):
                if not committed.done():
                    committed.set_result(None)

    async def _take(self, event: Event) -> WebhookAnswer:
        """A mention needs no waiting: X keeps it, and asking finds it whatever happens here."""
        self.woken.set()
        if event.event_type != QUOTED:
            return WebhookAnswer(200)
        if len(self._waiting) >= MOST_WAITING:
            return WebhookAnswer(503, "busy")
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(event.payload.id, []).append(committed)
        try:
            async with asyncio.timeout(CALL_S):
                await committed
        except TimeoutError:
            return WebhookAnswer(503, "busy")
        self._context.crash("x.webhook_saved")
        return WebhookAnswer(200)

    def _answer_challenge(self, token: str) -> WebhookAnswer:
        if not _CRC.fullmatch(token):
            return WebhookAnswer(400, "no crc_token")
        body = msgspec.json.encode({"response_token": self._signed(token.encode())}).decode()
        return WebhookAnswer(200, body, "application/json")

    def _signed(self, content: bytes) -> str:
        key = self._settings.api_key_secret.reveal().encode()
        return f"sha256={base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()}"

    async def _hook(self) -> str:
        """The id of our address, registered where it is not, and asked again where X has given it up."""
        told = await self._app.call("GET", "/2/webhooks")
        known = msgspec.convert(told.get("data") or [], list[Hook])
        ours = next((hook for hook in known if hook.url == self._settings.webhook_url), None)
        if ours is None:
            made = await self._app.call("POST", "/2/webhooks", {"url": self._settings.webhook_url})
            return msgspec.convert(made.get("data"), Hook).id
        if not ours.valid:
            await self._app.call("PUT", f"/2/webhooks/{quote(ours.id, safe='')}")
        return ours.id

    async def _subscribe(self, hook_id: str) -> None:
        told = await self._app.call("GET", "/2/activity/subscriptions")
        known = msgspec.convert(told.get("data") or [], list[Subscription])
        ours = [one for one in known if one.filter.user_id == self._account_id]
        have = {one.event_type for one in ours if one.webhook_id == hook_id}
        for old in ours:
            if old.webhook_id != hook_id and old.subscription_id:
                await self._app.call("DELETE", f"/2/activity/subscriptions/{quote(old.subscription_id, safe='')}")
        for event_type in EVENTS:
            if event_type not in have:
                wanted: dict[str, object] = {
                    "event_type": event_type,
                    "filter": {"user_id": self._account_id},
                    "webhook_id": hook_id,
                }
                await self._app.call("POST", "/2/activity/subscriptions", wanted)
