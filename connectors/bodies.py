"""Answers of other servers, read whole and never without end."""

import aiohttp


async def whole_body(response: aiohttp.ClientResponse, most: int) -> bytes:
    """All of it.  Raises ValueError where that is more than ``most`` bytes."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > most:
            raise ValueError("the answer is too long")
    return bytes(body)
