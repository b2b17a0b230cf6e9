"""What everybody calls lines and clocks."""

from collections.abc import Mapping
from typing import Final

from tickets.model import ClockKind

LINES: Final = 3
"""First, second and third line."""
CLOCKS: Final[Mapping[ClockKind, str]] = {
    "pickup": "pick-up",
    "first": "first answer",
    "next": "next answer",
    "resolution": "resolution",
}
