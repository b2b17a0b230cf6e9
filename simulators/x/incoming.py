"""A request as it came: its parts, its body, and what its signature covers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from simulators.x.oauth import Signable


@dataclass(frozen=True)
class Incoming:
    """One request.  query: decoded, in order.  body: JSON, form or text; None for none.

    shown_body: the same for the record, with uploads as ``"<N bytes>"``.
    """

    method: str
    path: str
    query: list[tuple[str, str]]
    body: object
    shown_body: object
    signable: Signable


async def read(request: Request) -> Incoming:
    """Read a request to its end.  ClientDisconnect: it never came to one."""
    raw = await request.body()
    raw_query = bytes(request.scope["query_string"])
    path = bytes(request.scope.get("raw_path") or request.url.path.encode()).decode("latin-1")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    form = raw if kind == "application/x-www-form-urlencoded" else b""
    body = await _body(request, raw, kind)
    query = parse_qsl(raw_query.decode("latin-1"), keep_blank_values=True)
    signable = Signable(request.method, path, raw_query, form, request.headers.get("authorization", ""))
    return Incoming(request.method, request.url.path, query, body, _shown(body), signable)


async def _body(request: Request, raw: bytes, kind: str) -> object:
    if not raw:
        return None
    if kind == "multipart/form-data":
        return await _form(request)
    text = raw.decode("utf-8", "replace")
    if kind != "application/json":
        return text
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return text


async def _form(request: Request) -> object:
    fields: dict[str, object] = {}
    try:
        async with request.form() as form:
            for name, value in form.multi_items():
                fields[name] = await value.read() if isinstance(value, UploadFile) else value
    except HTTPException as error:
        return str(error.detail)
    return fields


def _shown(body: object) -> object:
    if not isinstance(body, dict):
        return body
    return {name: f"<{len(v)} bytes>" if isinstance(v, bytes) else v for name, v in body.items()}
