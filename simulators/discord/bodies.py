"""Bodies of requests: JSON, or JSON and files as multipart.

Source: https://discord.com/developers/docs/reference#uploading-files
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.web_request import FileField

from simulators.discord.errors import ApiError, invalid_form
from simulators.discord.records import Json
from simulators.discord.snowflakes import parse_snowflake

_PART = re.compile(r"files\[([0-9]{1,3})\]")


@dataclass(frozen=True)
class Upload:
    """One file of a request."""

    name: str
    media_type: str
    data: bytes


@dataclass
class Body:
    """What a request carried.

    parsed: its JSON; None for none.  uploads: by the number in the part's name.
    problem: why it cannot be read, raised by whoever needs it.
    """

    parsed: object = None
    uploads: dict[int, Upload] = field(default_factory=dict)
    problem: ApiError | None = None

    def fields(self) -> Json:
        """The JSON object; empty when there was none.  400: something else."""
        if self.problem is not None:
            raise self.problem
        if self.parsed is None:
            return {}
        if not isinstance(self.parsed, dict):
            raise ApiError(
                400, 50035, "Invalid Form Body", errors={"_errors": [{"code": "DICT_TYPE_CONVERT", "message": ""}]}
            )
        return self.parsed


async def read_body(request: web.BaseRequest) -> Body:
    """Whatever the request carries; never raises for what it says."""
    if request.content_type == "multipart/form-data":
        return await _read_multipart(request)
    try:
        raw = await request.read()
    except web.HTTPRequestEntityTooLarge:
        return Body(problem=_too_large())
    if not raw:
        return Body()
    if request.content_type != "application/json":
        return Body(problem=ApiError(400, 50035, 'Expected "Content-Type" header to be application/json'))
    return _parse(raw)


def text(fields: Json, name: str, default: str = "") -> str:
    """A text; 400 for anything else."""
    value = fields.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise invalid_form(name, "BASE_TYPE_BAD_STRING", "Could not interpret value as string.")
    return value


def limited_text(fields: Json, name: str, longest: int) -> str:
    """A text of at least one and so many characters."""
    value = text(fields, name)
    if not value:
        raise invalid_form(name, "BASE_TYPE_REQUIRED", "This field is required")
    if len(value) > longest:
        raise invalid_form(name, "BASE_TYPE_MAX_LENGTH", f"Must be {longest} or fewer in length.")
    return value


def snowflake(fields: Json, name: str) -> int | None:
    """An id; None when it is not given."""
    value = fields.get(name)
    if value is None:
        return None
    number = parse_snowflake(value)
    if number is None:
        raise invalid_form(name, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')
    return number


async def _read_multipart(request: web.BaseRequest) -> Body:
    try:
        form = await request.post()
    except web.HTTPRequestEntityTooLarge:
        return Body(problem=_too_large())
    except ValueError:
        return Body(problem=ApiError(400, 50035, "Invalid Form Body"))
    uploads: dict[int, Upload] = {}
    raw: bytes = b""
    for name, value in form.items():
        number = _PART.fullmatch(name)
        if name == "payload_json":
            raw = value.file.read() if isinstance(value, FileField) else str(value).encode()
        elif number is not None and isinstance(value, FileField):
            uploads[int(number[1])] = Upload(value.filename, value.content_type, value.file.read())
    body = _parse(raw) if raw else Body()
    body.uploads = uploads
    return body


def _parse(raw: bytes) -> Body:
    try:
        return Body(json.loads(raw))
    except (ValueError, RecursionError):
        return Body(problem=ApiError(400, 50109, "The request body contains invalid JSON."))


def _too_large() -> ApiError:
    return ApiError(413, 40005, "Request entity too large")
