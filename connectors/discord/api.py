"""The edge to Discord's REST API: typed calls in, our errors out."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC
from io import BytesIO
from typing import Any, Final

import aiohttp
import discord
from discord.http import HTTPClient, Route
from discord.ui import View

from connectors.discord.errors import translated, translated_delivery
from connectors.discord.http import LONGEST_PAUSE_S, lead, quieten
from connectors.discord.peek import SeenArchive, read_archive
from connectors.discord.place import moment_of, read_id
from connectors.discord.settings import Settings
from connectors.tls import client_context
from tickets.errors import PayloadError, RateLimited, Unreachable
from tickets.ids import ExternalMessageId
from tickets.model import Button, Receipt, ReplyFile

PAGE = 100
"""The most messages or threads one question gives."""
UNREADABLE = "Discord's answer cannot be read."
ANSWER_S = 60.0
"""discord.py tries a request up to five times within about 25 seconds; the nonce keeps that from doubling."""
FILES_S = 180.0
RESPOND_S = 3.0
PRIVATE_THREAD: Final = 12
ROOM_QUIET_MIN: Final = 10_080
"""Discord archives a thread after so long without a word; whatever is said opens it again."""
MOST_BUTTONS = 25
LABEL_CHARS = 80
MOST_REFUSED = 100
REFUSED_WITHIN_S = 600.0
"""Discord locks out an address after 10,000 refused requests in 10 minutes; we stop at a hundredth."""
REFUSED = frozenset({401, 403, 429})


class Breaker:
    """Counts refused requests, and stops before Discord would lock us out."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._refused: deque[float] = deque(maxlen=MOST_REFUSED)

    def check(self) -> None:
        """Raises RateLimited when there were too many."""
        now = self._monotonic()
        if len(self._refused) == MOST_REFUSED and now - self._refused[0] < REFUSED_WITHIN_S:
            wait_s = REFUSED_WITHIN_S - (now - self._refused[0])
            why = "Discord refused 100 requests in 10 minutes; waiting before it locks us out."
            raise RateLimited(why, wait_s)

    def note(self, error: discord.DiscordException) -> None:
        """Count it, where it is a refusal."""
        if getattr(error, "status", 429) in REFUSED:
            self._refused.append(self._monotonic())

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Around one request.  Raises RateLimited instead of letting it out."""
        self.check()
        try:
            yield
        except (discord.HTTPException, discord.RateLimited, discord.LoginFailure) as error:
            self.note(error)
            raise


class DiscordApi:
    """One bot's calls.  Raises ConnectorError, ``send_text`` and ``edit_text`` DeliveryError."""

    def __init__(self, settings: Settings, monotonic: Callable[[], float]) -> None:
        self._settings = settings
        self._breaker = Breaker(monotonic)
        self._client: discord.Client | None = None

    async def open(self) -> None:
        """Sign in, unless that was done."""
        if self._client is not None:
            return
        quieten()
        client = discord.Client(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=LONGEST_PAUSE_S,
        )
        lead(client, self._settings)
        try:
            with translated(), self._breaker.watching():
                await client.login(self._settings.token.reveal())
        except BaseException:
            await client.close()
            raise
        self._client = client

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    @property
    def _open(self) -> discord.Client:
        if self._client is None:
            raise Unreachable("Discord is not signed in yet.")
        return self._client

    @property
    def user(self) -> discord.ClientUser:
        """Who we are.  Raises Unreachable before ``open``."""
        user = self._open.user
        if user is None:
            raise Unreachable("Discord has not said who we are.")
        return user

    def is_ours(self, message: dict[str, Any]) -> bool:
        """Whether we wrote a message told by the REST API."""
        author = message.get("author")
        return isinstance(author, dict) and author.get("id") == str(self.user.id)

    async def identifies_left(self) -> tuple[int, float]:
        """How many new sessions Discord allows, and seconds until it is again a full day's worth."""
        with translated(), self._breaker.watching():
            _shards, _url, limit = await self._open.http.get_bot_gateway()
            return limit["remaining"], limit["reset_after"] / 1000

    async def fetch_page(self, channel: int, after: int) -> list[dict[str, Any]] | None:
        """Up to 100 messages after that id, oldest first; None where there is nothing for us to read.

        Raises Unreachable when the answer cannot be read.
        """
        page = await self._read(lambda http: http.logs_from(channel, PAGE, after=after))
        if page is None:
            return None
        if not isinstance(page, list):  # a page of somebody in between, which the library hands on as text
            raise Unreachable(UNREADABLE)
        return sorted((one for one in page if isinstance(one, dict)), key=lambda one: read_id(one.get("id")) or 0)

    async def fetch_archive(self, channel: int, before: str | None, *, private: bool) -> SeenArchive | None:
        """Up to 100 archived threads of a channel; None where there is nothing for us to read.

        private: of those that the bot is in, the youngest first, ``before``
        a thread's id.  Else of those for everybody, the last archived first,
        ``before`` a time.  Raises Unreachable when the answer cannot be read.
        """

        def ask(http: HTTPClient) -> Awaitable[object]:
            anchor: Any = before  # a time or an id: the library hands on either, though it asks for an id
            if private:
                return http.get_joined_private_archived_threads(channel, anchor, PAGE)
            return http.get_public_archived_threads(channel, anchor, PAGE)

        page = await self._read(ask)
        if page is None:
            return None
        archive = read_archive(page)
        if archive is None:
            raise Unreachable(UNREADABLE)
        return archive

    async def _read(self, ask: Callable[[HTTPClient], Awaitable[object]]) -> object:
        """None where we may not look.

        Discord names channels that we may not read; their refusals say
        nothing about us, so the breaker does not count them.
        """
        with translated():
            self._breaker.check()
            try:
                return await ask(self._open.http)
            except discord.HTTPException as error:
                if error.status in (400, 403, 404):
                    return None
                self._breaker.note(error)
                raise

    async def send_text(
        self,
        channel: int,
        text: str,
        answering: int | None,
        nonce: str,
        files: Sequence[ReplyFile] = (),
        buttons: Sequence[Button] = (),
    ) -> Receipt:
        """Text that is no markup any more.  The same nonce again within minutes gives the same message."""
        place = self._partial(channel)
        reference: Any = None  # the library takes None, though its overloads do not say so
        if answering is not None:
            reference = discord.MessageReference(
                message_id=answering, channel_id=channel, fail_if_not_exists=False
            )
        with translated_delivery(), self._breaker.watching():
            async with asyncio.timeout(FILES_S if files else ANSWER_S):
                sent = await place.send(
                    text,
                    files=[discord.File(BytesIO(file.content), filename=file.name) for file in files],
                    nonce=nonce,
                    allowed_mentions=discord.AllowedMentions.none(),
                    reference=reference,
                    view=keys_of(buttons) if buttons else None,  # type: ignore[arg-type]  # it takes None
                    suppress_embeds=not files,  # a picture is shown; without files a link shows nothing of its own
                )
        lost = answering is not None and sent.reference is None
        return Receipt(
            external_id=ExternalMessageId(f"{channel}/{sent.id}"),
            sent_at=sent.created_at.astimezone(UTC),
            note="The message it answers is gone; sent without the reference." if lost else "",
        )

    async def open_direct(self, person: int) -> int:
        """The direct messages with somebody; asking again gives the same."""
        with translated(), self._breaker.watching():
            found: Any = await self._open.http.start_private_message(person)
            return int(found["id"])

    @property
    def reads_all(self) -> bool:
        """Whether the bot may read what is said in channels without being named."""
        flags = self._open.application_flags
        return bool(flags.gateway_message_content or flags.gateway_message_content_limited)

    async def start_room(self, parent: int, name: str) -> int:
        """A private thread in which nobody is but us."""
        with translated(), self._breaker.watching():
            made: Any = await self._open.http.start_thread_without_message(
                parent, name=name, auto_archive_duration=ROOM_QUIET_MIN, type=PRIVATE_THREAD, invitable=False
            )
            return int(made["id"])

    async def take_in(self, thread: int, person: int) -> None:
        """Somebody may read and write there from now on."""
        with translated(), self._breaker.watching():
            await self._open.http.add_user_to_thread(thread, person)

    async def parent_of(self, channel: int) -> int | None:
        """The channel a thread belongs to; None for what belongs to none, or is gone."""
        found = await self._read(lambda http: http.get_channel(channel))
        return read_id(found.get("parent_id")) if isinstance(found, dict) else None

    async def tags_of_forum(self, forum: int) -> dict[str, str]:
        """The ids of its tags, by their names."""
        found = await self._read(lambda http: http.get_channel(forum))
        tags = found.get("available_tags") if isinstance(found, dict) else None
        known = [one for one in tags if isinstance(one, dict)] if isinstance(tags, list) else []
        return {str(one.get("name")): str(one.get("id")) for one in known}

    async def tags_of_post(self, post: int) -> list[str]:
        """The ids of the tags that a post bears."""
        found = await self._read(lambda http: http.get_channel(post))
        tags = found.get("applied_tags") if isinstance(found, dict) else None
        return [str(one) for one in tags] if isinstance(tags, list) else []

    async def put_away(self, thread: int, *, closed: bool, tags: Sequence[str] | None = None) -> None:
        """Archive and lock it, or open it again.  tags: of a forum's post; None: as they are."""
        more: dict[str, Any] = {} if tags is None else {"applied_tags": list(tags)}
        with translated(), self._breaker.watching():
            await self._open.http.edit_channel(thread, archived=closed, locked=closed, **more)

    async def roles_of(self, guild: int, person: int) -> list[str]:
        """The roles of a member; none for whoever left."""
        found = await self._read(lambda http: http.get_member(guild, person))
        roles = found.get("roles") if isinstance(found, dict) else None
        return [one for one in roles if isinstance(one, str)] if isinstance(roles, list) else []

    async def respond(self, interaction: str, token: str, answer: dict[str, Any]) -> None:
        """The one answer to an interaction."""
        route = Route(
            "POST",
            "/interactions/{interaction_id}/{interaction_token}/callback",
            interaction_id=interaction,
            interaction_token=token,
        )
        with translated(), self._breaker.watching():
            async with asyncio.timeout(RESPOND_S):
                await self._open.http.request(route, json=answer)

    async def follow(
        self, application: str, token: str, channel: int, text: str, buttons: Sequence[Button]
    ) -> Receipt | None:
        """Put a text in place of "is thinking"; the same again changes nothing.  None: Discord forgot it."""
        route = Route(
            "PATCH",
            "/webhooks/{webhook_id}/{webhook_token}/messages/@original",
            webhook_id=application,
            webhook_token=token,
        )
        view = keys_of(buttons)
        shown = {"content": text, "allowed_mentions": {"parse": []}, "components": view.to_components()}
        with translated_delivery():
            async with asyncio.timeout(ANSWER_S):
                try:
                    sent: Any = await self._open.http.request(route, json=shown)
                except discord.HTTPException as error:
                    if error.status in (401, 404):
                        return None
                    raise
        number = int(sent["id"])
        return Receipt(ExternalMessageId(f"{channel}/{number}"), moment_of(number))

    async def show_commands(self, commands: list[dict[str, Any]], is_there: Callable[[object], bool]) -> None:
        """Let people see them; asks first whether they are there already."""
        application = self._open.application_id
        if application is None or not commands:
            return
        with translated(), self._breaker.watching():
            there = await self._open.http.get_global_commands(application)
            if not is_there(there):
                await self._open.http.bulk_upsert_global_commands(application, commands)

    async def edit_text(self, channel: int, message: int, text: str) -> None:
        place = self._partial(channel)
        with translated_delivery(), self._breaker.watching():
            async with asyncio.timeout(ANSWER_S):
                await place.get_partial_message(message).edit(
                    content=text, allowed_mentions=discord.AllowedMentions.none()
                )

    async def send_typing(self, channel: int) -> None:
        with translated(), self._breaker.watching():
            await self._open.http.send_typing(channel)

    async def fetch_file(self, channel: int, message: int, attachment: str) -> AsyncIterator[bytes]:
        """Under a link asked for anew, as links expire.  Raises PayloadError when it cannot be had at all."""
        with translated():
            try:
                with self._breaker.watching():
                    found: Any = await self._open.http.get_message(channel, message)
            except (discord.Forbidden, discord.NotFound) as error:
                raise PayloadError("Discord no longer hands it out.") from error
        address = _address(found, attachment)
        if not address.startswith(self._settings.cdn_url.rstrip("/") + "/"):
            raise PayloadError("It does not lie on Discord's own servers.")
        tls = client_context(self._settings.ca_file)
        with translated():
            async with (
                aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls)) as session,
                session.get(address, allow_redirects=False) as answer,
            ):
                if answer.status != 200:
                    raise Unreachable(f"Discord answered {answer.status} for a file.")
                async for chunk in answer.content.iter_chunked(64 * 1024):
                    yield chunk

    def _partial(self, channel: int) -> discord.PartialMessageable:
        with translated_delivery():
            return self._open.get_partial_messageable(channel)


def keys_of(buttons: Sequence[Button]) -> View:
    """Buttons as Discord shows them.  The library is told not to wait for them."""
    view = View(timeout=None)
    for one in buttons[:MOST_BUTTONS]:
        view.add_item(discord.ui.Button(label=one.label[:LABEL_CHARS], custom_id=one.command))
    view.stop()
    return view


def _address(message: object, attachment: str) -> str:
    """Where the attachment of this id lies now; empty when the message has none such."""
    files = message.get("attachments") if isinstance(message, dict) else None
    for file in files if isinstance(files, list) else ():
        if isinstance(file, dict) and file.get("id") == attachment and isinstance(file.get("url"), str):
            return str(file["url"])
    return ""
