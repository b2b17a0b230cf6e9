"""Answering by SMTP: one connection kept, each mail's fate known or called unknown.

Up to the end of the data every failure means "not sent".  After the final
dot a lost connection can mean anything (RFC 1047): that is never guessed.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import aiosmtplib

from connectors.mail.settings import SmtpSettings
from connectors.oauth import Tokens
from connectors.tls import client_context
from tickets.errors import ConnectorError, CredentialRejected, DeliveryError, Unreachable

CALL_S = 60.0
AFTER_DOT_S = 600.0
"""RFC 5321 §4.5.3.2.6: ten minutes for the answer to the final dot."""
GOING_AWAY = 421
"""The server closes the connection (RFC 5321 §3.8)."""
GO_ON = 354
"""The server asks for the mail."""
IDLE_S = 45.0
"""A connection unused for longer is made anew: servers close theirs without a word."""


class SmtpConnection:
    """One account's way out; one mail at a time."""

    def __init__(self, settings: SmtpSettings, address: str, tokens: Tokens | None = None) -> None:
        self._settings = settings
        self._tokens = tokens
        self._user = settings.user or address
        self._client: aiosmtplib.SMTP | None = None
        self._used_at = 0.0
        self._lock = asyncio.Lock()

    async def check(self) -> None:
        """Sign in and out again.  Raises ConnectorError."""
        async with self._lock:
            try:
                await self._connected()
            except DeliveryError as error:
                raise _as_connector_error(error) from error
            finally:
                await self._drop()

    async def send(
        self, sender: str, recipient: str, message: bytes, copies: Sequence[str] = ()
    ) -> dict[str, str]:
        """Return once the server has taken the mail; the copies that it refused, with its words.

        Raises DeliveryError, also where it refuses ``recipient`` alone: then
        nobody gets it.
        """
        async with self._lock:
            try:
                client = await self._connected()
                with _before_data():
                    await client.mail(sender)
                    await client.rcpt(recipient)
                    refused = await _name_copies(client, copies)
                await _hand_over(client, message)
                self._used_at = asyncio.get_running_loop().time()
                return refused
            except BaseException:
                await self._drop()  # after any error the library may still call it connected
                raise

    async def close(self) -> None:
        async with self._lock:
            await self._drop()

    async def _connected(self) -> aiosmtplib.SMTP:
        now = asyncio.get_running_loop().time()
        if self._client is not None and self._client.is_connected and now - self._used_at < IDLE_S:
            return self._client
        await self._drop()
        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            timeout=CALL_S,
            use_tls=settings.tls == "tls",
            start_tls=settings.tls == "starttls",
            tls_context=None if settings.tls == "none" else client_context(settings.ca_file),
            local_hostname="switchboard",
        )
        self._client = client
        with _signing_in():
            await client.connect()
            await self._sign_in(client)
        return client

    async def _sign_in(self, client: aiosmtplib.SMTP) -> None:
        if self._tokens is None:
            await client.login(self._user, self._settings.password.reveal())
            return
        try:
            await client.auth_xoauth2(self._user, await self._tokens.access())
        except aiosmtplib.SMTPAuthenticationError:
            self._tokens.forget()
            raise
        except CredentialRejected as error:
            raise DeliveryError("credential", str(error), temporary=True, delivered=False) from error
        except ConnectorError as error:
            raise DeliveryError("unreachable", str(error), temporary=True, delivered=False) from error

    async def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                client.close()


async def _name_copies(client: aiosmtplib.SMTP, copies: Sequence[str]) -> dict[str, str]:
    """Those that are refused, for now or for good; the others get theirs (RFC 5321 §3.3)."""
    refused: dict[str, str] = {}
    for address in copies:
        try:
            await client.rcpt(address)
        except aiosmtplib.SMTPRecipientRefused as error:
            if error.code == GOING_AWAY:
                raise
            refused[address] = f"{error.code} {_said(error)}"
    return refused


async def _hand_over(client: aiosmtplib.SMTP, message: bytes) -> None:
    """DATA and the mail.  A server that did not ask for the mail (354) cannot have it, whatever it says."""
    asked = False
    protocol = client.protocol
    if protocol is None:
        raise _unreachable(ConnectionResetError())
    read = protocol.read_response

    async def noting(timeout: float | None = None) -> aiosmtplib.SMTPResponse:
        nonlocal asked
        response = await read(timeout=timeout)
        asked = asked or response.code == GO_ON
        return response

    # The library sends both in one call, and its errors do not say how far it came.
    protocol.read_response = noting  # type: ignore[method-assign]
    try:
        await client.data(message, timeout=AFTER_DOT_S)
    except (aiosmtplib.SMTPException, OSError, ssl.SSLError, TimeoutError) as error:
        with _after_data() if asked else _before_data():
            raise error
    finally:
        protocol.read_response = read  # type: ignore[method-assign]


@contextmanager
def _signing_in() -> Iterator[None]:
    """Whatever the server says here, it says nothing about the mail."""
    try:
        with _before_data():
            yield
    except DeliveryError as error:
        if error.temporary:
            raise
        raise DeliveryError(error.code, str(error), temporary=True, delivered=False) from error


@contextmanager
def _before_data() -> Iterator[None]:
    """Until the data are sent nothing can have arrived."""
    try:
        yield
    except aiosmtplib.SMTPNotSupported as error:
        raise DeliveryError(
            "no_tls", "The mail server offers no TLS; nothing secret was sent.", temporary=True, delivered=False
        ) from error
    except aiosmtplib.SMTPResponseException as error:
        raise _refused(error) if 400 <= error.code < 600 else _unreachable(error) from error
    except (aiosmtplib.SMTPException, OSError, ssl.SSLError, TimeoutError, ValueError) as error:
        raise _unreachable(error) from error


@contextmanager
def _after_data() -> Iterator[None]:
    """A clear refusal is one; silence, a lost connection or an unreadable answer is not."""
    try:
        yield
    except aiosmtplib.SMTPResponseException as error:
        if 400 <= error.code < 600:
            raise _refused(error) from error
        if not 200 <= error.code < 300:
            raise _no_answer(error) from error
    except (aiosmtplib.SMTPException, OSError, ssl.SSLError, TimeoutError) as error:
        raise _no_answer(error) from error


def _unreachable(error: Exception) -> DeliveryError:
    return DeliveryError(
        "unreachable",
        f"The mail server cannot be used ({type(error).__name__}).",
        temporary=True,
        delivered=False,
    )


def _no_answer(error: Exception) -> DeliveryError:
    return DeliveryError(
        "no_answer",
        f"No clear answer came after the mail was handed over ({type(error).__name__}).",
        temporary=True,
        delivered=None,
    )


def _refused(error: aiosmtplib.SMTPResponseException) -> DeliveryError:
    """4xx: later perhaps; 5xx: never (RFC 5321 §4.2.1), but for a refused secret, which a person renews."""
    if isinstance(error, aiosmtplib.SMTPAuthenticationError) and error.code >= 500:
        return DeliveryError(
            "credential", "The mail server refuses user or password.", temporary=True, delivered=False
        )
    temporary = 400 <= error.code < 500
    said = _said(error)
    return DeliveryError(
        f"smtp_{error.code}",
        f"The mail server answered {error.code}: {said}",
        temporary=temporary,
        delivered=False,
    )


def _said(error: aiosmtplib.SMTPResponseException) -> str:
    return " ".join(str(error.message).split())[:300]


def _as_connector_error(error: DeliveryError) -> ConnectorError:
    return CredentialRejected(str(error)) if error.code == "credential" else Unreachable(str(error))
