"""Text from outside, made fit to show: no control characters, one kind of line end."""

import re
import unicodedata

from tickets.segments import MARKS

SHOWN_CHARS = 64 * 1024
"""Longer texts are cut for display; the original is kept beside them."""
CUT = "\n\n[cut: the whole text is in the original]"
_UNSHOWN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ufff9-\ufffb"  # control
    r"\u202a-\u202e\u2066-\u2069"  # direction
    r"\U000e0000-\U000e007f]"  # tags
)
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){3,}")
_MARKS_IN_A_ROW = 8
_MAY_PILE = re.compile(f"[{MARKS}]{{9,}}")


def readable(text: str) -> str:
    """A message's text for people: at most 64 Ki characters, nothing invisible that misleads."""
    if text.isascii() and text.isprintable() and len(text) <= SHOWN_CHARS:
        return text.strip()
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\x85", "\n")
    text = _UNSHOWN.sub("", text)
    text = text.encode("utf-8", "replace").decode("utf-8")
    text = _BLANK_LINES.sub("\n\n\n", _without_piled_marks(text)).strip()
    return text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + CUT


def one_line(text: str, limit: int = 200) -> str:
    """A name or subject: one line, at most ``limit`` characters."""
    line = " ".join(readable(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _without_piled_marks(text: str) -> str:
    """At most eight combining marks on a letter: no script needs more, "zalgo" text does."""
    if not _MAY_PILE.search(text):
        return text
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= _MARKS_IN_A_ROW:
            kept.append(char)
    return "".join(kept)
