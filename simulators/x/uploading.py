"""The endpoint that takes pictures: POST /2/media/upload, all in one request.

Source: https://docs.x.com/x-api/media/upload-media
"""

from __future__ import annotations

import base64
import binascii
import json

from simulators.x.calling import Answer, Call
from simulators.x.media import PICTURE_MAX_BYTES
from simulators.x.problems import ApiError, invalid_request

EXPIRES_AFTER_S = 86_400


async def upload_media(call: Call) -> Answer:
    """https://docs.x.com/x-api/media/upload-media"""
    call.query.check()
    fields = call.body if isinstance(call.body, dict) else {}
    if fields.get("media_category", "tweet_image") not in ("tweet_image", "dm_image"):
        raise _invalid("$.media_category: does not have a value in the enumeration [tweet_image, dm_image]")
    data = _bytes(fields.get("media"))
    if not 0 < len(data) <= PICTURE_MAX_BYTES:
        raise _invalid(f"$.media: must hold 1 to {PICTURE_MAX_BYTES} bytes")
    account = call.caller.account
    picture = call.state.pictures.put(call.state.ids.next(), account.id, data)
    shown = {
        "id": picture.id,
        "media_key": picture.key,
        "expires_after_secs": EXPIRES_AFTER_S,
        "size": len(data),
    }
    return Answer(json.dumps({"data": shown}).encode())


def _bytes(media: object) -> bytes:
    """The file of a form, or base64 in JSON."""
    if isinstance(media, bytes):
        return media
    if not isinstance(media, str):
        raise _invalid("$.media: is missing but it is required")
    try:
        return base64.b64decode(media, validate=True)
    except (binascii.Error, ValueError):
        raise _invalid("$.media: is not base64") from None


def _invalid(message: str) -> ApiError:
    return invalid_request({"parameters": {}, "message": message})
