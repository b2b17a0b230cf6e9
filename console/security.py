"""What guards every request and response: headers, the origin check, size limits, local redirects."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # not no-referrer: with that, browsers send "Origin: null" with our own forms
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
FOR_A_YEAR = "max-age=31536000"
FORM_BYTES = 2_000_000
API_BYTES = 1_000_000
FILES_BYTES = 26 * 1024 * 1024
"""An answer's files and what encloses them."""
BASE64 = 4 / 3
_WITH_FILES = re.compile(r"/tickets/[0-9]+/(?:messages|undo/[^/]+)")
_REPLY = re.compile(r"/api/v1/tickets/[0-9]+/replies")
_LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x1f\x7f]*")


def guards(secure: bool) -> dict[str, str]:
    """The headers of every response.  secure: insist on TLS from now on."""
    return {**HEADERS, "Strict-Transport-Security": FOR_A_YEAR} if secure else dict(HEADERS)


class SecurityHeaders:
    """Puts the headers on every response that has not set its own."""

    def __init__(self, app: ASGIApp, secure: bool) -> None:
        self._app = app
        self._headers = guards(secure)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_guarded if scope["type"] == "http" else send)


class BodyLimit:
    """Refuses bodies over a limit with 413, whether they announce their size or not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = _limit(scope["path"])
        announced = Headers(scope=scope).get("content-length", "0")
        too_large = not announced.isdecimal() or int(announced) > limit
        await self._app(scope, _counted(receive, -1 if too_large else limit), send)


def _limit(path: str) -> int:
    if path.startswith("/api/"):
        return API_BYTES + int(FILES_BYTES * BASE64) * bool(_REPLY.fullmatch(path))
    return FORM_BYTES + FILES_BYTES * bool(_WITH_FILES.fullmatch(path))


def _counted(receive: Receive, limit: int) -> Receive:
    """Raises HTTPException 413 where the body is read, so that the answer has the form of its page."""
    taken = 0

    async def receive_counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise HTTPException(413)
        return message

    return receive_counted


def check_origin(request: Request, secure: bool) -> None:
    """Raises HTTPException 403 unless the browser says that our own page sent the request.

    Every browser of the last years sends ``Sec-Fetch-Site`` or ``Origin``
    with a POST; a request with neither is refused.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is None and origin is None:
        raise HTTPException(403, "The request does not say where it comes from.")
    if site not in (None, "same-origin"):
        raise HTTPException(403, "The request comes from another site.")
    if origin is not None and not _is_ours(origin, request, secure):
        raise HTTPException(403, "The request comes from another site.")


def _is_ours(origin: str, request: Request, secure: bool) -> bool:
    scheme, _, host = origin.partition("://")
    return host == request.headers.get("host") and scheme in (("https",) if secure else ("http", "https"))


def local_path(target: str) -> str:
    """The target if it is a path on this site, else ``/``: never ``//evil``, ``\\\\evil`` or ``https:evil``."""
    if not _LOCAL.fullmatch(target):
        return "/"
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc else target
