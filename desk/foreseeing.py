"""What an answer would leave as, and what it would cost.  Pure."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from responders.compose import Limits
from responders.fit import MEASURES
from tickets.model import Delivery
from tickets.spending import Prices, Spending, direct_cost, post_cost, total


class Piece(NamedTuple):
    """One message of it.  length: as the channel counts."""

    text: str
    length: int


class Cost(NamedTuple):
    """In dollars.  without_links: of words without a link.  left: of the month's budget; None: there is none."""

    dollars: float
    without_links: float
    left: float | None


class Foreseen(NamedTuple):
    """limit: of a piece; None: there is none.  cost: None where it is free, or a person posts it.

    notified: names in the text, as ``@ann``, whose bearers are called by it.
    """

    pieces: tuple[Piece, ...]
    limit: int | None
    cost: Cost | None
    notified: tuple[str, ...] = ()


_NAME = re.compile(r"(?<![A-Za-z0-9_@＠!#$%&*/])[@＠]([A-Za-z0-9_]{1,15})(?![A-Za-z0-9_@＠])")
"""What X takes for a mention (twitter-text 3)."""


def foreseen(delivery: Delivery, limits: Limits, spent: Sequence[Spending], handle: str = "") -> Foreseen:
    """spent: what the account has spent this month.  handle: of the person, who hears of it in any case."""
    measure = MEASURES.get(limits.unit, len)
    pieces = tuple(Piece(part.text, measure(part.text)) for part in delivery.parts)
    free = limits.prices is None or delivery.state == "held"
    notified = _named(pieces, handle) if limits.notifies else ()
    return Foreseen(pieces, limits.text_limit, None if free else _cost(pieces, limits, spent), notified)


def _named(pieces: Sequence[Piece], handle: str) -> tuple[str, ...]:
    names = dict.fromkeys(name for piece in pieces for name in _NAME.findall(piece.text))
    return tuple(f"@{name}" for name in names if name.casefold() != handle.casefold())


def _cost(pieces: Sequence[Piece], limits: Limits, spent: Sequence[Spending]) -> Cost:
    prices = limits.prices or Prices()
    left = max(0.0, limits.budget - total(spent)) if limits.budget else None
    if limits.direct:
        cost = total(direct_cost(prices)) * len(pieces)
        return Cost(cost, cost, left)
    costs = [total(post_cost(piece.text, prices, first=n == 0)) for n, piece in enumerate(pieces)]
    bare = [total(post_cost("", prices, first=n == 0)) for n in range(len(pieces))]
    return Cost(sum(costs), sum(bare), left)
