"""A sign of life to a watchman outside, who rings when it stops coming."""

import asyncio
import threading
import urllib.request
from contextlib import suppress
from http.client import HTTPException
from urllib.error import HTTPError

from tickets.errors import Unreachable

TIMEOUT_S = 10.0


async def send_beat(url: str, *, timeout_s: float = TIMEOUT_S) -> None:
    """Ask for the address once, following no redirect.

    timeout_s: for all of it.  Raises Unreachable, never telling the address: it is a secret.
    """
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[str] = loop.create_future()

    def tell(trouble: str) -> None:
        if not answered.done():
            answered.set_result(trouble)

    def ask() -> None:
        trouble = _trouble_asking(url, timeout_s)
        with suppress(RuntimeError):  # the program has ended meanwhile
            loop.call_soon_threadsafe(tell, trouble)

    # A thread of its own that nobody waits for: a name server that hangs must not hold up the program's end.
    threading.Thread(target=ask, name="heartbeat", daemon=True).start()
    try:
        async with asyncio.timeout(timeout_s):
            trouble = await answered
    except TimeoutError:
        trouble = f"did not answer within {timeout_s:.0f} s"
    if trouble:
        raise Unreachable(f"The watchman's address {trouble}.")


def _trouble_asking(url: str, timeout_s: float) -> str:
    """Empty when it answered well.  Errors of the library may tell the address, so only their kind is told."""
    try:
        with urllib.request.build_opener(_NoRedirect).open(url, timeout=timeout_s):
            return ""
    except HTTPError as error:
        error.close()
        return f"answered {error.code}"
    except (OSError, ValueError, HTTPException) as error:
        return f"cannot be reached ({type(error).__name__})"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_more: object) -> None:
        return None
