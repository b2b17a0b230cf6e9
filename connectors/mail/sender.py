"""Answering: one mail in the thread, its Message-ID fixed before the first attempt."""

import asyncio
import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from connectors.context import ConnectorContext
from connectors.mail.imap import ImapConnection
from connectors.mail.settings import Settings
from connectors.mail.smtp import SmtpConnection
from connectors.mail.writing import written
from connectors.oauth import Tokens
from tickets import own_names
from tickets.errors import ConnectorError, DeliveryError, Unreachable
from tickets.ids import ExternalMessageId
from tickets.model import Receipt, Reply
from tickets.own_names import TAG_DIGITS
from tickets.ports import Bucket

_PLAIN_ADDRESS = re.compile(r"[^\s@<>\x00-\x20\x7f,;:\"()\[\]\\]{1,64}@[^\s@<>\x00-\x20\x7f,;:\"()\[\]\\]{1,255}")
BURST = 0.05
"""This share of a minute's mails may leave at once; in any minute together no more than all of them."""
CATCHING_UP = 1.02
"""Our clock may run faster by so much, to catch up with another one."""
LOOK_S = 60.0


class MailSender:
    at_once = 1  # one connection

    def __init__(self, settings: Settings, context: ConnectorContext, tokens: Tokens | None) -> None:
        self._settings = settings
        self._context = context
        self._tokens = tokens
        self._smtp = SmtpConnection(settings.smtp, settings.address, tokens)

    def buckets(self, reply: Reply) -> tuple[Bucket, ...]:
        per_minute = self._settings.smtp.per_minute
        burst = max(1, int(per_minute * BURST))
        # A minute that begins with a burst holds burst + 60 * per_s mails, rounded down: less than one too many.
        rest = int(per_minute) - burst + 0.95 if per_minute >= 1 else 0.95 * per_minute
        return (Bucket(name="all", capacity=burst, per_s=rest / CATCHING_UP / 60),)

    async def send(self, reply: Reply) -> Receipt:
        recipient = _only_recipient(reply)
        message_id = await self.name_of(reply)
        raw = written(self._settings, reply, recipient, message_id)
        self._context.crash("mail.before_send")
        refused = await self._smtp.send(self._settings.address, recipient, raw, reply.target.cc)
        self._context.crash("mail.after_send")
        sent_at = self._context.clock.now()
        notes = [f"No copy went to {address}: {said}." for address, said in refused.items()]
        notes.append("" if reply.automatic else await self._file_copy(raw))
        return Receipt(external_id=message_id, sent_at=sent_at, note=" ".join(filter(None, notes)))

    async def _file_copy(self, raw: bytes) -> str:
        """A copy where the operator wants one; a sentence when that failed, whatever it was: the mail has left."""
        folder = self._settings.imap.copies_folder
        if not folder:
            return ""
        connection = ImapConnection(self._settings.imap, self._settings.address, self._tokens)
        try:
            async with asyncio.timeout(LOOK_S):
                await connection.open()
                await connection.append(folder, raw)
        except ConnectorError as error:
            return f"No copy could be put into {folder}: {error}"
        except Exception as error:  # noqa: BLE001  an error from here would count as one of sending
            return f"No copy could be put into {folder} ({type(error).__name__})."
        finally:
            await connection.close()
        return ""

    async def check(self) -> None:
        await self._smtp.check()

    async def close(self) -> None:
        await self._smtp.close()

    async def name_of(self, reply: Reply) -> ExternalMessageId:
        """The same on every attempt, and impossible to guess for who did not get the mail."""
        secret = await self._context.secret("message-id")
        tag = hmac.new(secret, reply.send_key.encode(), hashlib.sha256).hexdigest()[:TAG_DIGITS]
        return own_names.message_id(reply.send_key, tag, self._settings.address)


class ProvingMailSender(MailSender):
    """For a provider that keeps what was sent in a folder."""

    @property
    def certain_after_s(self) -> None:
        """Not finding it proves nothing: the server may file it later, or not at all."""
        return

    async def find_sent(self, reply: Reply, since: datetime) -> Sequence[Receipt]:
        imap = replace(self._settings.imap, folder=self._settings.imap.sent_folder)
        message_id = await self.name_of(reply)
        connection = ImapConnection(imap, self._settings.address, self._tokens)
        try:
            async with asyncio.timeout(LOOK_S):
                await connection.open()
                found = await connection.has_message(message_id)
        except TimeoutError as error:
            raise Unreachable(f"The mail server did not answer within {LOOK_S:.0f} s.") from error
        finally:
            await connection.close()
        return [Receipt(external_id=message_id, sent_at=since)] if found else []


def _only_recipient(reply: Reply) -> str:
    if len(reply.target.to) != 1 or not _PLAIN_ADDRESS.fullmatch(reply.target.to[0]):
        raise DeliveryError(
            "no_address", "There is no single plain address to answer.", temporary=False, delivered=False
        )
    return reply.target.to[0]
