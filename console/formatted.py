"""A mail as its sender formatted it: cleaned at intake, shown in a frame of its own where nothing can run.

Pictures that came with the mail are shown.  Those that lie on other people's
servers are asked for only when somebody wants to see them, by the browser
itself: our server never fetches an address that a stranger wrote.
"""

import re
from collections.abc import Sequence

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from console.downloads import is_shown
from console.names import id_in, number_in
from console.sessions import Visit
from console.site import site_of
from console.texts import REMOTE_PICTURE
from tickets.model import Attachment, Message

ENCLOSED = re.compile(r'(<img[^<>]*?) src="cid:([^"<>]*)"')
"""As intake writes it, which cleans and quotes every attribute anew."""
LINKS = re.compile(r"<a ")
SANDBOX = "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
"""Its origin is ours, so that enclosed pictures may be asked for; nothing in it may run or be sent."""


async def show_formatted(request: Request, visit: Visit) -> Response:
    """The page for the frame.  ``?pictures=1``: with those of other servers."""
    console = site_of(request).console
    whole = await console.desk.get_ticket(visit.actor, number_in(request))
    name = id_in(request)
    message = next((one for one in whole.messages if one.id == name and one.html), None)
    if message is None:
        raise HTTPException(404, "This message has no formatted version.")
    everywhere = request.query_params.get("pictures") == "1"
    body = Markup(formatted(message, everywhere))  # noqa: S704  cleaned at intake, and nothing runs in its frame
    page = site_of(request).pages.answer("formatted.html", 200, body=body, number=whole.ticket.number)
    page.headers["Content-Security-Policy"] = policy(everywhere)
    page.headers["X-Frame-Options"] = "SAMEORIGIN"
    page.headers["Referrer-Policy"] = "no-referrer"
    return page


def formatted(message: Message, everywhere: bool) -> str:
    """The cleaned HTML with the pictures that may be shown; everywhere: those of other servers too."""
    enclosed = {one.content_id: one for one in message.attachments if one.content_id and is_shown(one)}

    def found(picture: re.Match[str]) -> str:
        attachment: Attachment | None = enclosed.get(picture[2])
        return f'{picture[1]} src="/attachments/{attachment.id}"' if attachment else picture[1]

    page = ENCLOSED.sub(found, message.html or "")
    page = REMOTE_PICTURE.sub(r'\1 src="\2"', page) if everywhere else page
    return LINKS.sub('<a target="_blank" ', page)


def policy(everywhere: bool) -> str:
    pictures = "img-src 'self' https: http:" if everywhere else "img-src 'self'"
    rules: Sequence[str] = (
        "default-src 'none'",
        pictures,
        "style-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
        SANDBOX,
    )
    return "; ".join(rules)
