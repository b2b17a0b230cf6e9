"""A sign of life to a watchman outside, who rings when it stops coming."""

import asyncio
import urllib.request
from urllib.error import HTTPError, URLError

from tickets.errors import Unreachable

TIMEOUT_S = 10.0


async def send_beat(url: str) -> None:
    """Ask for the address once.  Raises Unreachable, never telling the address: it is a secret."""
    try:
        await asyncio.to_thread(_ask, url)
    except HTTPError as error:
        raise Unreachable(f"the watchman's address answered {error.code}") from None
    except (URLError, OSError, ValueError) as error:
        raise Unreachable(f"the watchman's address cannot be reached ({type(error).__name__})") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_more: object) -> None:
        return None


def _ask(url: str) -> None:
    with urllib.request.build_opener(_NoRedirect).open(url, timeout=TIMEOUT_S):
        pass
