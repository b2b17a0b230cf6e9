"""The edge to python-telegram-bot: typed calls in, our errors out.

Updates are fetched as bytes through the library's own HTTP layer: its
``get_updates`` parses a whole batch or nothing, so that one update of a
wrong shape would stop all others.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC
from http import HTTPStatus
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

import httpx
import msgspec
from msgspec.structs import replace
from telegram import (
    Bot,
    BotCommandScopeAllPrivateChats,
    InlineKeyboardMarkup,
    InputFile,
    InputMediaDocument,
    InputMediaPhoto,
    LinkPreviewOptions,
    Message,
    MessageEntity,
    ReplyParameters,
)
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest

from connectors.telegram.capabilities import PHOTO_BYTES, PHOTOS
from connectors.telegram.settings import Settings
from connectors.tls import client_context
from tickets.errors import (
    ConnectorError,
    ConsumerConflict,
    CredentialRejected,
    DeliveryError,
    PayloadError,
    RateLimited,
    Unreachable,
)
from tickets.ids import ExternalMessageId
from tickets.model import Receipt, ReplyFile, Span
from tickets.rich import utf16_units

T = TypeVar("T")
ALLOWED_UPDATES = (
    "message",
    "edited_message",
    "callback_query",
    "message_reaction",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
)
CONNECT_S = 10.0
ANSWER_S = 20.0
BEYOND_POLL_S = 10.0
FILE_S = 120.0
REFUSALS = {
    "message thread not found": (
        "The topic was deleted in Telegram. Answer in another conversation of this person."
    ),
    "business_connection_invalid": (
        "The account's owner has taken the bot from it (Telegram, Settings, Telegram Business, Chatbots), or "
        "connected it anew. Answer in the account itself."
    ),
    "business_peer_usage_missing": (
        "The person has written nothing to the account for 24 hours, so Telegram lets no bot answer there. "
        "Answer in the account itself."
    ),
}
"""What some of Telegram's refusals mean, by words in them."""
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class Place(NamedTuple):
    """Where to speak.  topic: of a forum; None: in the chat itself, or its General topic.

    tie: to the business account in whose name; None: in the bot's own.
    """

    chat: int
    topic: int | None = None
    tie: str | None = None


class Envelope(msgspec.Struct):
    """What every answer of the Bot API looks like; the result stays bytes."""

    ok: bool
    result: list[msgspec.Raw] = []
    error_code: int = 0
    description: str = ""
    parameters: dict[str, int] = {}


class GarbledAnswer(Unreachable):
    """An answer that is no JSON.  body: its bytes."""

    def __init__(self, body: bytes) -> None:
        super().__init__("Telegram's answer cannot be read.")
        self.body = body


class TelegramApi:
    """One bot's calls.  Raises ConnectorError from every call but ``send_text``, which raises DeliveryError."""

    def __init__(self, settings: Settings) -> None:
        verify = {"verify": client_context(settings.ca_file)}
        self._poll = HTTPXRequest(
            connection_pool_size=1,
            connect_timeout=CONNECT_S,
            read_timeout=settings.poll_timeout_s + BEYOND_POLL_S,
            httpx_kwargs=verify,
        )
        calls = HTTPXRequest(
            connection_pool_size=16,
            connect_timeout=CONNECT_S,
            read_timeout=ANSWER_S,
            pool_timeout=ANSWER_S,
            httpx_kwargs=verify,
        )
        self._files = httpx.AsyncClient(verify=verify["verify"], timeout=ANSWER_S)
        self._updates_url = f"{settings.base_url}{settings.token.reveal()}/getUpdates"
        self._timeout_s = settings.poll_timeout_s
        self._bot = Bot(
            settings.token.reveal(),
            base_url=settings.base_url,
            base_file_url=settings.base_file_url,
            request=calls,
            get_updates_request=self._poll,
        )

    async def open(self) -> None:
        with translated():
            await self._bot.initialize()

    async def close(self) -> None:
        try:
            await self._files.aclose()
            await self._bot.shutdown()
        except (TelegramError, httpx.HTTPError, RuntimeError):
            return  # nothing is lost by connections that end by themselves

    @property
    def bot_id(self) -> str:
        return str(self._bot.id)

    @property
    def username(self) -> str:
        return self._bot.username

    @property
    def hears_groups(self) -> bool:
        """Whether it gets all that is said in groups, and not only what answers it and commands."""
        return bool(self._bot.can_read_all_group_messages)

    async def fetch_updates(self, offset: int | None, limit: int) -> list[bytes]:
        """Waiting updates, each as its own bytes; confirms every one below ``offset``.

        Raises GarbledAnswer when the answer as a whole is no JSON.
        """
        wanted: dict[str, str | int] = {
            "timeout": int(self._timeout_s),
            "limit": limit,
            "allowed_updates": msgspec.json.encode(ALLOWED_UPDATES).decode(),
        }
        if offset is not None:
            wanted["offset"] = offset
        with translated():
            status, body = await self._poll.do_request(f"{self._updates_url}?{urlencode(wanted)}", "GET")
        return _updates(status, bytes(body))

    async def fetch_owner(self, tie: str) -> int | None:
        """Whose business account a tie belongs to; None when Telegram does not know it."""
        with translated():
            try:
                return (await self._bot.get_business_connection(tie)).user.id
            except BadRequest:
                return None

    async def drop_webhook(self) -> None:
        """Polling and webhook exclude each other; nothing that waits is dropped."""
        with translated():
            if (await self._bot.get_webhook_info()).url:
                await self._bot.delete_webhook(drop_pending_updates=False)

    async def set_webhook(self, url: str, secret: str) -> None:
        with translated():
            await self._bot.set_webhook(url, secret_token=secret, allowed_updates=list(ALLOWED_UPDATES))

    async def show_menu(self, menu: Mapping[str, Mapping[str, str]]) -> None:
        """The commands of private talks in every language that Telegram tells apart; in English for all others.

        Asks once whether it is so already.
        """
        shown = {locale: commands for locale, commands in menu.items() if len(locale) == 2}
        if "en" not in shown:
            return
        scope = BotCommandScopeAllPrivateChats()
        with translated():
            there = await self._bot.get_my_commands(scope)
            if {one.command: one.description for one in there} == dict(shown["en"]):
                return
            for locale, commands in shown.items():
                await self._bot.set_my_commands(list(commands.items()), scope, locale)
            await self._bot.set_my_commands(list(shown["en"].items()), scope)

    async def send_text(
        self,
        place: Place,
        text: str,
        quoting: int | None,
        spans: Sequence[Span] = (),
        keys: InlineKeyboardMarkup | None = None,
    ) -> Receipt:
        """Text, never markup; a quoted message that is gone is left out, and said so."""
        quote = ReplyParameters(quoting, allow_sending_without_reply=True) if quoting is not None else None

        async def send(chat: int) -> Message:
            return await self._bot.send_message(
                chat,
                text,
                entities=[_entity(text, span) for span in spans],
                reply_parameters=quote,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                reply_markup=keys,
                message_thread_id=place.topic,
                business_connection_id=place.tie,
            )

        with translated_delivery():
            sent = await _wherever(place.chat, send)
        lost = quoting is not None and sent.reply_to_message is None
        return self._receipt(sent, "The message it answers is gone; sent without the quote." if lost else "")

    async def send_files(self, place: Place, files: Sequence[ReplyFile]) -> Receipt:
        """One file, or several as one album: as photos what people look at, while Telegram takes it for that.

        The names of an album's other messages lead to it, too.  Where Telegram
        refuses one message of an album, the others may have arrived.
        """
        way: dict[str, Any] = {
            "message_thread_id": place.topic,
            "business_connection_id": place.tie,
            "write_timeout": FILE_S,
            "read_timeout": FILE_S,
        }
        are_photos = all(file.media_type.lower() in PHOTOS and len(file.content) <= PHOTO_BYTES for file in files)

        async def send(chat: int) -> Sequence[Message]:
            if are_photos:
                try:
                    return await self._send_album(chat, files, way, photos=True)
                except BadRequest as error:
                    if not _no_photo(error):
                        raise
            return await self._send_album(chat, files, way, photos=False)

        with translated_delivery():
            first, *others = await _wherever(place.chat, send)
        receipt = self._receipt(first)
        return replace(receipt, aliases=tuple(self._receipt(one).external_id for one in others))

    async def _send_album(
        self, chat: int, files: Sequence[ReplyFile], way: Mapping[str, Any], *, photos: bool
    ) -> Sequence[Message]:
        """Telegram calls two or more an album."""
        contents = [InputFile(file.content, filename=file.name, attach=len(files) > 1) for file in files]
        if len(contents) == 1:
            send = self._bot.send_photo if photos else self._bot.send_document
            return [await send(chat, contents[0], **way)]
        kind = InputMediaPhoto if photos else InputMediaDocument
        return await self._bot.send_media_group(chat, [kind(content) for content in contents], **way)

    def _receipt(self, sent: Message, note: str = "") -> Receipt:
        tie = f":{sent.business_connection_id}" if sent.business_connection_id else ""
        return Receipt(
            external_id=ExternalMessageId(f"{self.bot_id}/{sent.chat.id}{tie}/{sent.message_id}"),
            sent_at=sent.date.astimezone(UTC),
            note=note,
        )

    async def edit_text(self, chat: int, message: int, text: str) -> None:
        with translated_delivery():
            try:
                await self._bot.edit_message_text(text, chat_id=chat, message_id=message)
            except BadRequest as error:
                if "not modified" not in str(error).lower():
                    raise

    async def send_typing(self, place: Place) -> None:
        with translated():
            await self._bot.send_chat_action(
                place.chat, "typing", message_thread_id=place.topic, business_connection_id=place.tie
            )

    async def take_presses(self, queries: Sequence[str]) -> None:
        """What was pressed is in hand: the button shows that it waits no more.  A courtesy; nobody misses it."""
        with suppress(TelegramError, httpx.HTTPError):
            await asyncio.gather(*(self._bot.answer_callback_query(query) for query in queries))

    async def fetch_file(self, file_id: str) -> AsyncIterator[bytes]:
        """Raises PayloadError when Telegram no longer hands it out."""
        with translated():
            try:
                file = await self._bot.get_file(file_id)
            except BadRequest as error:
                raise PayloadError(f"Telegram does not hand it out: {error}") from error
        address = file.file_path or ""
        if not address.startswith(("https://", "http://")):
            raise PayloadError("The Bot API server names no address to fetch it from.")
        with translated():
            async with self._files.stream("GET", address) as answer:
                if answer.status_code != HTTPStatus.OK:
                    raise Unreachable(f"Telegram answered {answer.status_code} for a file.")
                async for chunk in answer.aiter_bytes():
                    yield chunk


async def _wherever(chat: int, send: Callable[[int], Awaitable[T]]) -> T:
    """To a group that has moved: to where it is now, as nothing was accepted at its old number."""
    try:
        return await send(chat)
    except ChatMigrated as moved:
        return await send(moved.new_chat_id)


def _updates(status: int, body: bytes) -> list[bytes]:
    try:
        answer = msgspec.json.decode(body, type=Envelope)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        if status != HTTPStatus.OK:
            raise Unreachable(f"Telegram, or something before it, answered {status}.") from error
        raise GarbledAnswer(body) from error
    if answer.ok:
        return [bytes(update) for update in answer.result]
    raise _refusal(status, answer.description, answer.parameters)


def _refusal(status: int, description: str, parameters: Mapping[str, int]) -> ConnectorError:
    if status in (401, 404):
        return CredentialRejected("Telegram refuses the token. Get the present one from @BotFather.")
    if status == 409:
        return ConsumerConflict(f"Telegram says that somebody else reads this bot's messages: {description}.")
    if status == 429:
        return RateLimited("Telegram asks for a pause.", float(max(1, parameters.get("retry_after", 1))))
    return Unreachable(f"Telegram answered {status}: {description or 'no reason given'}.")


@contextmanager
def translated() -> Iterator[None]:
    """The library's errors as ConnectorError."""
    try:
        yield
    except InvalidToken as error:
        raise CredentialRejected("Telegram refuses the token. Get the present one from @BotFather.") from error
    except RetryAfter as error:
        raise RateLimited("Telegram asks for a pause.", _seconds(error)) from error
    except Conflict as error:
        raise ConsumerConflict("Telegram says that somebody else reads this bot's messages.") from error
    except (TelegramError, httpx.HTTPError) as error:
        raise Unreachable(f"Telegram cannot be reached ({_kind(error)}).") from error


@contextmanager
def translated_delivery() -> Iterator[None]:
    """The library's errors as DeliveryError, each saying whether the message may have arrived."""
    try:
        yield
    except RetryAfter as error:
        raise DeliveryError(
            "rate_limited",
            "Telegram asks for a pause.",
            temporary=True,
            delivered=False,
            retry_after_s=_seconds(error),
        ) from error
    except InvalidToken as error:
        raise DeliveryError(
            "credential", "Telegram refuses the bot's token.", temporary=True, delivered=False
        ) from error
    except Forbidden as error:
        raise DeliveryError(
            "blocked", "The person has blocked the bot or left.", temporary=False, delivered=False
        ) from error
    except BadRequest as error:
        why = str(error).lower()
        if ONE_OF_MANY in why:
            said = (
                f"Telegram refused one file of several ({error}); the others may have arrived. Look at the chat."
            )
            raise DeliveryError("half_sent", said, temporary=False, delivered=None) from error
        known = next((said for words, said in REFUSALS.items() if words in why), "")
        said = known or f"Telegram refuses the message: {error}."
        raise DeliveryError("refused", said, temporary=False, delivered=False) from error
    except (ChatMigrated, Conflict) as error:
        raise DeliveryError(
            "refused", f"Telegram refuses the message: {error}.", temporary=False, delivered=False
        ) from error
    except (TimedOut, NetworkError, TelegramError, httpx.HTTPError) as error:
        raise _uncertain(error) from error


def _uncertain(error: Exception) -> DeliveryError:
    """Only a request that never left is certainly not delivered."""
    if isinstance(error, _NEVER_LEFT) or isinstance(error.__cause__, _NEVER_LEFT):
        return DeliveryError("unreachable", "Telegram cannot be reached.", temporary=True, delivered=False)
    return DeliveryError(
        "no_answer", f"Telegram gave no clear answer ({_kind(error)}).", temporary=True, delivered=None
    )


ENTITIES = {"bold": "bold", "italic": "italic", "strike": "strikethrough", "code": "code", "link": "text_link"}


def _entity(text: str, span: Span) -> MessageEntity:
    """Telegram counts in UTF-16 units (https://core.telegram.org/bots/api#messageentity)."""
    offset, length = utf16_units(text[: span.start]), utf16_units(text[span.start : span.end])
    return MessageEntity(ENTITIES[span.kind], offset, length, url=span.url or None)


ONE_OF_MANY = "failed to send message"
"""So Telegram begins where it refuses one message of an album; nobody can know about the others."""


def _no_photo(error: BadRequest) -> bool:
    """Telegram cannot make a photo of it, and sent nothing: too wide, too many points, or no picture at all."""
    if ONE_OF_MANY in str(error).lower():
        return False
    return any(word in str(error).lower() for word in ("photo_", "image_process", "wrong type of the web page"))


def _kind(error: Exception) -> str:
    """The kind of an error; its text may hold the token's address."""
    return type(error.__cause__ or error).__name__


def _seconds(error: RetryAfter) -> float:
    wait = error.retry_after
    return max(1.0, float(wait if isinstance(wait, int) else wait.total_seconds()))
