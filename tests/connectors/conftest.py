"""What tests of single connectors share."""

from collections.abc import AsyncIterator

import pytest

from tests.support.town import Town, open_town


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    """Every platform, and nobody of ours there yet."""
    async with open_town() as place:
        yield place
