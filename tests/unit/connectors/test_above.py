"""What stands above a mention, where X tells odd things."""

from collections.abc import Sequence
from typing import Any

import msgspec

from connectors.x.above import Climber

ODD = b'{"post": {"id": "5", "referenced_tweets": null}}'


class Api:
    """Shows the same odd post whatever it is asked for."""

    async def fetch_posts(self, ids: Sequence[str]) -> list[bytes]:
        return [ODD]


async def count(_posts: int) -> None:
    """Nobody pays here."""


def answering(name: str, above: str, further: str) -> bytes:
    def reference(post_id: str) -> list[dict[str, str]]:
        return [{"type": "replied_to", "id": post_id}]

    post: dict[str, Any] = {"id": name, "referenced_tweets": reference(above)}
    return msgspec.json.encode({"post": post, "posts": [{"id": above, "referenced_tweets": reference(further)}]})


async def test_a_post_that_cannot_be_read_stands_above_nobody() -> None:
    api: Any = Api()
    climber = Climber(api, 2, count)
    first = answering("10", "9", "5")
    alone = b'{"post": {"id": "11"}}'
    assert await climber.climb([first, alone]) == [first, alone]
    assert await climber.climb([alone]) == [alone]
