"""``/hooks/<channel>/<name>``: each push to the account it is for.

May listen on a port of its own, apart from the inbox, so that only this
needs to be reachable from outside.
"""

from collections.abc import Callable, Sequence

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Route

from tickets.ids import AccountId
from tickets.ports import WebhookReceiver, WebhookRequest

LARGEST_BYTES = 1024 * 1024


def create_hooks(
    find: Callable[[AccountId], WebhookReceiver | None], others: Sequence[BaseRoute] = ()
) -> Starlette:
    """find: the receiver of an account, None when it has none or is not running here.  others: further routes."""

    async def receive(request: Request) -> PlainTextResponse:
        account = AccountId(f"{request.path_params['channel']}:{request.path_params['name']}")
        receiver = find(account)
        if receiver is None:
            return PlainTextResponse("not found", 404)
        body = await _body(request)
        if body is None:
            return PlainTextResponse("too large", 413)
        answer = await receiver.receive(
            WebhookRequest(
                method=request.method,
                headers={name.lower(): value for name, value in request.headers.items()},
                query=dict(request.query_params),
                body=body,
            )
        )
        return PlainTextResponse(answer.text, answer.status, media_type=answer.media_type)

    methods = ["GET", "POST", "PUT", "DELETE"]
    return Starlette(routes=[*others, Route("/hooks/{channel}/{name}", receive, methods=methods)])


async def _body(request: Request) -> bytes | None:
    """The whole body; None as soon as it grows past 1 MiB."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BYTES:
                return None
    except ClientDisconnect:
        return None
    return bytes(body)
