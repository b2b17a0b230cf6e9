"""What the API shows of a written text: links shortened, signs escaped, long posts cut, entities found.

Sources: https://docs.x.com/x-api/fundamentals/data-dictionary (entities, note_tweet,
display_text_range).  ``&<>`` are escaped in ``text``, and positions count the code
points of the escaped text.
"""

from __future__ import annotations

import hashlib
import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from simulators.x.links import Found, find_entities
from simulators.x.records import Json
from simulators.x.weights import MAX_LENGTH, cut, weighted_length

FindUser = Callable[[str], str | None]
"""A user's id by her name."""

_PLURAL = {"url": "urls", "mention": "mentions", "hashtag": "hashtags"}


@dataclass(frozen=True)
class Attached:
    """An address X puts after the text: of a picture or of the post quoted."""

    expanded_url: str
    display_url: str
    media_key: str | None = None


@dataclass
class _Rendering:
    """A text as the API shows it, growing."""

    text: str = ""
    entities: dict[str, list[Json]] = field(default_factory=dict)

    def put(self, shown: str, kind: str, **details: object) -> None:
        start = len(self.text)
        self.text += shown
        self.entities.setdefault(_PLURAL[kind], []).append({"start": start, "end": len(self.text), **details})


def compose(written: str, prefix: str, attached: Sequence[Attached], find_user: FindUser, own_url: str) -> Json:
    """The fields ``text``, ``entities``, ``display_text_range`` and, for a long post, ``note_tweet``.

    prefix: mentions X put before the text.  own_url: the post's own address,
    which ends the cut text of a long post.
    """
    begin = len(prefix)
    long = weighted_length(written) > MAX_LENGTH
    whole = _render(prefix + written, find_user)
    shown = _render(f"{prefix}{cut(written, MAX_LENGTH)}… ", find_user) if long else whole
    end = len(shown.text)
    if long:
        _put_link(shown, own_url, own_url.removeprefix("https://"))
        end = len(shown.text)
    for link in attached:
        shown.text += " " if shown.text else ""
        _put_link(shown, link.expanded_url, link.display_url, link.media_key)
        end = end if link.media_key else len(shown.text)
    fields: Json = {"text": shown.text, "display_text_range": [begin, end]}
    if shown.entities:
        fields["entities"] = shown.entities
    if long:
        fields["note_tweet"] = {"text": whole.text, **({"entities": whole.entities} if whole.entities else {})}
    return fields


def direct_text(written: str, attached: Sequence[str], find_user: FindUser) -> Json:
    """``text`` and ``entities`` of a direct message, as of a post but never cut.  attached: addresses of files."""
    shown = _render(written, find_user)
    for address in attached:
        shown.text += " " if shown.text else ""
        _put_link(shown, address, address.removeprefix("https://"))
    return {"text": shown.text, **({"entities": shown.entities} if shown.entities else {})}


def short_link(url: str) -> str:
    """The t.co address of a link."""
    digest = hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()
    return f"https://t.co/{digest[:10]}"


def _render(text: str, find_user: FindUser) -> _Rendering:
    rendering = _Rendering()
    position = 0
    for found in find_entities(text):
        rendering.text += html.escape(text[position : found.start], quote=False)
        _put(rendering, text[found.start : found.end], found, find_user)
        position = found.end
    rendering.text += html.escape(text[position:], quote=False)
    return rendering


def _put(rendering: _Rendering, stretch: str, found: Found, find_user: FindUser) -> None:
    if found.kind == "url":
        url = stretch if "://" in stretch else f"http://{stretch}"
        _put_link(rendering, url, url.partition("://")[2])
    elif found.kind == "hashtag":
        rendering.put(stretch, "hashtag", tag=found.value)
    elif (user_id := find_user(found.value)) is not None:
        rendering.put(stretch, "mention", username=found.value, id=user_id)
    else:
        rendering.text += stretch


def _put_link(rendering: _Rendering, expanded: str, display: str, media_key: str | None = None) -> None:
    short = short_link(expanded)
    shown = display if len(display) <= 27 else f"{display[:26]}…"
    extra = {} if media_key is None else {"media_key": media_key}
    rendering.put(short, "url", url=short, expanded_url=expanded, display_url=shown, **extra)
