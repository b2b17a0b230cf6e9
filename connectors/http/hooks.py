"""Calls of other programs: signed, in time, and never following anybody elsewhere.

Signature: ``X-Switchboard-Signature: t=<seconds since 1970>,v1=<hex>``, the HMAC-SHA256 of ``<t>.<body>`` with the
shared secret, so that nobody else can call and nothing can be played again later.
"""

import hashlib
import hmac
from datetime import datetime
from typing import Final, NamedTuple

import aiohttp

from tickets.errors import Unreachable

SIGNATURE: Final = "X-Switchboard-Signature"
KEY: Final = "Idempotency-Key"
LONGEST_ANSWER: Final = 16 * 1024
"""Bytes that are read of an answer."""


class Called(NamedTuple):
    """What another program answered.  text: as it came, at most 16 KiB."""

    status: int
    text: str

    @property
    def well(self) -> bool:
        """It did what it was asked."""
        return 200 <= self.status < 300

    @property
    def again(self) -> bool:
        """It may do it later: it is busy, or broken (RFC 9110 §15.6, RFC 6585 §4)."""
        return self.status == 429 or self.status >= 500


async def call_hook(url: str, secret: str, body: bytes, key: str, now: datetime, *, timeout_s: float) -> Called:
    """Post JSON once.  key: the same on every attempt.  Raises Unreachable, never telling the address."""
    stamp = str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        KEY: key,
        SIGNATURE: f"t={stamp},v1={signature(secret, stamp, body)}",
    }
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout_s)) as session,
            session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            content = await answer.content.read(LONGEST_ANSWER)
            return Called(answer.status, content.decode("utf-8", "replace"))
    except TimeoutError as error:
        raise Unreachable(f"It did not answer within {timeout_s:.0f} s.") from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise Unreachable(f"It cannot be reached ({type(error).__name__}).") from error


def signature(secret: str, stamp: str, body: bytes) -> str:
    """In hexadecimal digits.  stamp: seconds since 1970."""
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
