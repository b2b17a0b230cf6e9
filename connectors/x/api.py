"""The edge to X: typed calls in, our errors out."""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp
import msgspec
import tweepy
from tweepy.asynchronous import AsyncClient
from yarl import URL

from connectors.context import ConnectorContext
from connectors.oauth import Tokens
from connectors.tls import client_context
from connectors.x import fields
from connectors.x.errors import (
    pause_s,
    told,
    translated,
    translated_delivery,
    translated_hiding,
    translated_upload,
)
from connectors.x.settings import Settings
from tickets.errors import CredentialRejected, PayloadError, Unreachable
from tickets.ids import ExternalMessageId
from tickets.model import Receipt, ReplyFile

SIGNED_FOR = "https://api.twitter.com"
"""tweepy's only address; the session leads requests elsewhere after they were signed."""
PAGE = 100
"""The most posts one question to the mentions gives."""
FEW = 5
"""The fewest it can be asked for."""
OWN_PAGES = 8
WITH_ALL_BESIDE: Final[Mapping[str, Any]] = {
    "tweet_fields": list(fields.POST),
    "user_fields": list(fields.USER),
    "media_fields": list(fields.MEDIA),
    "expansions": list(fields.EXPANSIONS),
}
"""Of each post all that we read, with the people, pictures and posts it refers to."""
TIMEOUT = aiohttp.ClientTimeout(total=30.0, connect=10.0)


class Account(msgspec.Struct, frozen=True):
    """Who we are.  id: as X numbers people."""

    id: str
    username: str


class Page(msgspec.Struct, frozen=True):
    """Posts that mention the account, newest first, each with whatever it refers to.

    next_token: None on the last page.  wait_s: how long X asks to wait
    before the next question; 0.0 when it does not.
    """

    posts: list[bytes]
    newest_id: str | None
    next_token: str | None
    wait_s: float


class Reference(msgspec.Struct, frozen=True):
    type: str
    id: str


class LongText(msgspec.Struct, frozen=True):
    text: str


class OwnPost(msgspec.Struct, frozen=True):
    """A post of the account's own, as far as it proves that an answer was posted."""

    id: str
    created_at: datetime
    short_text: str = msgspec.field(name="text", default="")
    note_tweet: LongText | None = None
    referenced_tweets: list[Reference] = []

    @property
    def text(self) -> str:
        """All of it, also of a long post."""
        return self.note_tweet.text if self.note_tweet else self.short_text

    @property
    def answers(self) -> str | None:
        """The post that it answers."""
        return next((one.id for one in self.referenced_tweets if one.type == "replied_to"), None)

    @property
    def receipt(self) -> Receipt:
        return Receipt(external_id=ExternalMessageId(self.id), sent_at=self.created_at.astimezone(UTC))


class _Meta(msgspec.Struct):
    result_count: int
    next_token: str | None = None


class _OwnPosts(msgspec.Struct):
    """meta: required, as an answer with nothing but errors would look like an account without posts."""

    meta: _Meta
    data: list[OwnPost] = []


class SearchForbidden(CredentialRejected):
    """The keys are right, but this access may not search."""


class _LedSession:
    """What tweepy needs of a session, leading to the settings' address."""

    def __init__(self, settings: Settings) -> None:
        self._base_url = settings.base_url.rstrip("/")
        tls = client_context(settings.ca_file)
        self.inner = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls), timeout=TIMEOUT)

    @property
    def closed(self) -> bool:
        return self.inner.closed

    @property
    def headers(self) -> Any:
        return self.inner.headers

    def request(self, method: str, url: str | URL, **options: Any) -> Any:
        """The query was encoded for the signature, so it stays as it is."""
        led = str(url).replace(SIGNED_FOR, self._base_url, 1)
        return self.inner.request(method, URL(led, encoded=True), allow_redirects=False, **options)

    async def close(self) -> None:
        await self.inner.close()


class XApi:
    """One account's calls.  Raises ConnectorError, ``create_post`` DeliveryError."""

    def __init__(self, settings: Settings, context: ConnectorContext) -> None:
        self._settings = settings
        self._tokens = tokens_of(settings, context)
        self._session: _LedSession | None = None
        self._client: Any = None
        self._account: Account | None = None

    async def open(self) -> None:
        """Ask who we are, unless that is known."""
        if self._session is None:
            self._session = _LedSession(self._settings)
            self._client = AsyncClient(
                consumer_key=self._settings.api_key.reveal(),
                consumer_secret=self._settings.api_key_secret.reveal(),
                access_token=self._settings.access_token.reveal(),
                access_token_secret=self._settings.access_token_secret.reveal(),
                return_type=aiohttp.ClientResponse,
                wait_on_rate_limit=False,  # with a reset that is past it would ask without any pause
            )
            self._client.session = self._session
        if self._account is None:
            with translated():
                answer = await self._asked(lambda client: client.get_me(user_auth=self._signs))
                self._account = msgspec.convert((await answer.json())["data"], Account)

    async def close(self) -> None:
        if self._tokens is not None:
            await self._tokens.close()
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @property
    def account(self) -> Account:
        """Raises Unreachable before ``open``."""
        if self._account is None:
            raise Unreachable("X has not said who we are.")
        return self._account

    async def fetch_mentions(self, since: str | None, token: str | None, *, few: bool = False) -> Page:
        """One page.  since: only newer posts; None for all that X hands out.  few: the newest five will do."""
        with translated():
            answer = await self._asked(
                lambda client: client.get_users_mentions(
                    self.account.id,
                    since_id=since,
                    pagination_token=token,
                    max_results=FEW if few else PAGE,
                    **WITH_ALL_BESIDE,
                    user_auth=self._signs,
                )
            )
            return _page(await answer.json(), answer.headers)

    async def fetch_posts(self, ids: Sequence[str]) -> list[bytes]:
        """These posts, at most 100; those that are gone or hidden are left out."""
        with translated():
            answer = await self._asked(
                lambda client: client.get_tweets(list(ids), **WITH_ALL_BESIDE, user_auth=self._signs)
            )
            told = await answer.json()
            if not isinstance(told, dict):
                raise Unreachable("X's answer cannot be read.")
            return [_whole(post, told.get("includes")) for post in _dicts(told.get("data"))]

    async def search_mentions(self, since: int, until: int, token: str | None) -> Page:
        """A page of posts that name the account, between two ids.  Raises SearchForbidden."""
        name = self.account.username
        return await self.search(f"@{name} -from:{name}", since, until, token)

    async def search(
        self, query: str, since: int, until: int | None, token: str | None, *, most: int = PAGE
    ) -> Page:
        """A page of what a query finds behind one id and before another.  Raises SearchForbidden.

        since: of the last seven days.  until: None for all newer ones.  most: 10 to 100 posts.
        """
        with translated():
            try:
                answer = await self._asked(
                    lambda client: client.search_recent_tweets(
                        query,
                        since_id=str(since),
                        until_id=None if until is None else str(until),
                        next_token=token,
                        max_results=most,
                        **WITH_ALL_BESIDE,
                        user_auth=self._signs,
                    )
                )
            except tweepy.Forbidden as error:
                raise SearchForbidden(f"X does not let the account search: {told(error)}.") from error
            return _page(await answer.json(), answer.headers)

    async def fetch_own_posts(self, after: str) -> list["OwnPost"]:
        """What the account posted after the post of this id, newest first; at most 800 posts."""
        posts: list[OwnPost] = []
        token: str | None = None
        for _ in range(OWN_PAGES):
            with translated():
                answer = await self._asked(
                    lambda client, token=token: client.get_users_tweets(  # type: ignore[misc]
                        self.account.id,
                        since_id=after,
                        pagination_token=token,
                        max_results=PAGE,
                        tweet_fields=list(fields.OWN_POST),
                        user_auth=self._signs,
                    )
                )
                told = msgspec.convert(await answer.json(), _OwnPosts)
            posts += told.data
            token = told.meta.next_token
            if token is None:
                return posts
        raise Unreachable("The account has posted too much since to look through.")

    async def fetch_posted(self, since: str, until: str, token: str | None) -> Page:
        """A page of what the account itself posted between two ids, newest first."""
        with translated():
            answer = await self._asked(
                lambda client: client.get_users_tweets(
                    self.account.id,
                    since_id=since,
                    until_id=until,
                    pagination_token=token,
                    max_results=PAGE,
                    exclude=["retweets"],
                    **WITH_ALL_BESIDE,
                    user_auth=self._signs,
                )
            )
            return _page(await answer.json(), answer.headers)

    async def upload(self, picture: ReplyFile, *, direct: bool = False) -> str:
        """Its id for a post, or direct message; X forgets what no post shows after a day (https://docs.x.com/x-api/media/upload-media).

        Nobody sees it before, so whatever goes wrong may be repeated.
        """
        wanted = {
            "media": base64.b64encode(picture.content).decode(),
            "media_category": "dm_image" if direct else "tweet_image",
            "media_type": picture.media_type,
        }
        with translated_upload():
            answer = await self._done(
                lambda client: client.request(
                    "POST", "/2/media/upload", params={}, json=wanted, user_auth=self._signs
                )
            )
            return str((await answer.json())["data"]["id"])

    async def create_post(self, text: str, answering: str, pictures: Sequence[str] = ()) -> Receipt:
        """A post under another one.  pictures: ids of uploaded ones."""
        with translated_delivery():
            answer = await self._done(
                lambda client: client.create_tweet(
                    text=text,
                    in_reply_to_tweet_id=answering,
                    media_ids=list(pictures) or None,
                    user_auth=self._signs,
                )
            )
            post_id = (await answer.json())["data"]["id"]
            return Receipt(external_id=ExternalMessageId(str(post_id)), sent_at=datetime.now(UTC))

    async def hide(self, post_id: str, *, hidden: bool) -> None:
        """Hide a reply in a conversation of the account's, or show it again.  Raises DeliveryError."""
        with translated_hiding():
            await self._done(
                lambda client: (client.hide_reply if hidden else client.unhide_reply)(
                    post_id, user_auth=self._signs
                )
            )

    async def fetch_direct(self, person: str | None, token: str | None) -> Page:
        """A page of direct messages of 30 days, both ways, newest first.  person: with whom; None: all."""
        with translated():
            answer = await self._asked(
                lambda client: client.get_direct_message_events(
                    participant_id=person,
                    dm_event_fields=list(fields.DIRECT),
                    event_types="MessageCreate",
                    expansions=list(fields.DIRECT_EXPANSIONS),
                    user_fields=list(fields.USER),
                    media_fields=list(fields.MEDIA),
                    max_results=PAGE,
                    pagination_token=token,
                    user_auth=self._signs,
                )
            )
            return _page(await answer.json(), answer.headers, "direct")

    async def send_direct(self, person: str, text: str, picture: str | None) -> Receipt:
        """A direct message.  picture: the id of an uploaded one.  Raises DeliveryError."""
        with translated_delivery("the message"):
            answer = await self._done(
                lambda client: client.create_direct_message(
                    participant_id=person, text=text, media_id=picture, user_auth=self._signs
                )
            )
            event_id = (await answer.json())["data"]["dm_event_id"]
            return Receipt(external_id=ExternalMessageId(f"dm/{event_id}"), sent_at=datetime.now(UTC))

    async def fetch_file(self, address: str) -> AsyncIterator[bytes]:
        """Raises PayloadError when it does not lie on X's own servers."""
        if not address.startswith(self._settings.media_url.rstrip("/") + "/"):
            raise PayloadError("It does not lie on X's own servers.")
        with translated():
            async with self._inner.get(URL(address), allow_redirects=False) as answer:
                if answer.status in (403, 404, 410):
                    raise PayloadError("X no longer hands it out.")
                if answer.status != 200:
                    raise Unreachable(f"X answered {answer.status} for a file.")
                async for chunk in answer.content.iter_chunked(64 * 1024):
                    yield chunk

    @property
    def _inner(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise Unreachable("The connection to X is closed.")
        return self._session.inner

    @property
    def _signs(self) -> bool:
        """Whether calls are signed (OAuth 1.0a) rather than sent with a token (OAuth 2.0)."""
        return self._tokens is None

    async def _ready(self) -> Any:
        """tweepy's client, with a token that is good now.  Raises ConnectorError."""
        if self._session is None:
            raise Unreachable("The connection to X is closed.")
        if self._tokens is not None:
            self._client.bearer_token = await self._tokens.access()
        return self._client

    async def _asked(self, ask: Callable[[Any], Awaitable[Any]]) -> Any:
        """A question's answer.  Refused ones are signed anew, or sent with another token, and asked once more.

        aiohttp by itself repeats a question whose connection broke, with the
        signature that X has seen already; then X refuses good keys.
        """
        try:
            return await ask(await self._ready())
        except tweepy.Unauthorized:
            self._forget_token()
            return await ask(await self._ready())

    async def _done(self, call: Callable[[Any], Awaitable[Any]]) -> Any:
        """The answer of a call that changes something: made once, and with another token the next time."""
        try:
            return await call(await self._ready())
        except tweepy.Unauthorized:
            self._forget_token()
            raise

    def _forget_token(self) -> None:
        if self._tokens is not None:
            self._tokens.forget()


def tokens_of(settings: Settings, context: ConnectorContext) -> Tokens | None:
    """None where the account's keys sign."""
    if settings.oauth is None:
        return None
    return Tokens(settings.oauth, context, by_header=True, single_use=True, ca_file=settings.ca_file)


def _page(told: Any, headers: Any, kind: str = "post") -> Page:
    """X answers 200 with ``errors`` beside or instead of ``data``: a post that is gone, a person who hides."""
    if not isinstance(told, dict):
        raise Unreachable("X's answer cannot be read.")
    posts, meta, includes = told.get("data"), told.get("meta"), told.get("includes")
    if not isinstance(meta, dict):
        raise Unreachable("X's answer has no page in it.")
    token, newest = meta.get("next_token"), meta.get("newest_id")
    remaining = headers.get("x-rate-limit-remaining")
    return Page(
        posts=[_whole(post, includes, kind) for post in posts] if isinstance(posts, list) else [],
        newest_id=newest if isinstance(newest, str) else None,
        next_token=token if isinstance(token, str) else None,
        wait_s=pause_s(headers) if remaining == "0" else 0.0,
    )


def _whole(post: Any, includes: Any, kind: str = "post") -> bytes:
    """A post, or direct message, with the people, pictures and posts it refers to, and no others."""
    beside = includes if isinstance(includes, dict) else {}
    if not isinstance(post, dict):
        return msgspec.json.encode({kind: post})
    replied = {one.get("id") for one in _dicts(post.get("referenced_tweets"))}
    posts = [one for one in _dicts(beside.get("tweets")) if one.get("id") in replied]
    people = {post.get("author_id"), post.get("sender_id"), *(one.get("author_id") for one in posts)}
    attachments = post.get("attachments")
    keys = attachments.get("media_keys") if isinstance(attachments, dict) else None
    wanted = set(keys) if isinstance(keys, list) and all(isinstance(key, str) for key in keys) else set()
    return msgspec.json.encode(
        {
            kind: post,
            "users": [one for one in _dicts(beside.get("users")) if one.get("id") in people],
            "media": [one for one in _dicts(beside.get("media")) if one.get("media_key") in wanted],
            "posts": posts,
        }
    )


def _dicts(found: Any) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
