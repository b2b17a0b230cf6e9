"""The name of a piece, which Discord takes as a nonce of at most 25 characters."""

import pytest

from responders.compose import Limits, compose
from responders.fit import MOST_PARTS
from tests.support.builders import T0
from tickets.errors import Refused
from tickets.ids import AccountId, ThreadKey
from tickets.model import ReplyTarget

LONGEST = 25
TARGET = ReplyTarget("discord", AccountId("discord:main"), ThreadKey("5"), "private")


def test_the_last_piece_of_the_longest_answer_has_a_name_that_fits() -> None:
    """BD16."""
    longest = compose("reply", TARGET, "字" * (50 * MOST_PARTS), Limits(50, "characters"), T0)
    assert len(longest.parts) == MOST_PARTS
    assert max(len(f"{longest.id}.{part.n}") for part in longest.parts) <= LONGEST
    with pytest.raises(Refused, match="more than"):
        compose("reply", TARGET, "字" * (50 * MOST_PARTS + 1), Limits(50, "characters"), T0)
