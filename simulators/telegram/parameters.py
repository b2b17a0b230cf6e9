"""The parameters of a request, wherever they stand: query, form, multipart, JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from starlette.datastructures import UploadFile
from starlette.requests import Request

from simulators.telegram.errors import bad_request
from simulators.telegram.records import Json, Upload

_NUMBER = re.compile(r"\s*[+-]?\d+")


class Parameters:
    """Texts and files by name.  A number or structure sent as JSON is kept as its JSON text."""

    def __init__(self, texts: dict[str, str], files: dict[str, Upload]) -> None:
        self._texts = texts
        self._files = files

    @classmethod
    async def read(cls, request: Request) -> Parameters:
        """Everything the request carries; a later place wins: query, then body.  400 for a bad body."""
        texts = dict(request.query_params)
        files: dict[str, Upload] = {}
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type == "application/json":
            texts |= _read_json(await request.body())
        elif media_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
            async with request.form(max_part_size=16 * 1024 * 1024) as form:
                await _read_form(form.multi_items(), texts, files)
        return cls(texts, files)

    def as_record(self) -> Json:
        """For the list of calls."""
        return {**self._texts, **self._files}

    def text(self, name: str) -> str:
        """As sent; empty when missing."""
        return self._texts.get(name, "")

    def has(self, name: str) -> bool:
        """Whether the parameter was sent and is not empty."""
        return bool(self._texts.get(name))

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        """Brought within ``low``..``high``, as the server does; text that is no number counts as 0."""
        if not self.has(name):
            return default
        number = _NUMBER.match(self._texts[name])
        return max(low, min(high, int(number[0]) if number else 0))

    def flag(self, name: str) -> bool:
        """True for "true", "yes" and "1" in any case; False for all else."""
        return self.text(name).strip().lower() in ("true", "yes", "1")

    def structure(self, name: str) -> object:
        """Decoded JSON; None when missing.  400 when it is no JSON."""
        if not self.has(name):
            return None
        try:
            decoded: object = json.loads(self._texts[name])
        except (ValueError, RecursionError):
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None
        return decoded

    def file(self, name: str) -> Upload | None:
        """An uploaded file by its part's name; None when there is none."""
        return self._files.get(name)


def _read_json(body: bytes) -> dict[str, str]:
    try:
        decoded = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise bad_request("can't parse JSON object") from None
    if not isinstance(decoded, dict):
        raise bad_request("expected a JSON object")
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in decoded.items()
        if value is not None
    }


async def _read_form(
    parts: Iterable[tuple[str, str | UploadFile]], texts: dict[str, str], files: dict[str, Upload]
) -> None:
    for name, value in parts:
        if isinstance(value, str):
            texts[name] = value
        else:
            media_type = value.content_type or "application/octet-stream"
            files[name] = Upload(value.filename or "file", media_type, await value.read())
