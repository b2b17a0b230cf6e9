"""parse_mode HTML, refusing what the server refuses, in its words.

Source: https://core.telegram.org/bots/api#html-style
"""

import re
from dataclasses import dataclass, field

from simulators.telegram.errors import ApiError, bad_request
from simulators.telegram.markup import by_place, utf16_length
from simulators.telegram.records import Json

_KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "tg-emoji": "custom_emoji",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
_REFERENCE = re.compile(r"&(lt|gt|amp|quot|#\d{1,7}|#x[0-9a-fA-F]{1,6});")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_ATTRIBUTE = re.compile(r"""\s+([^\s=>]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?""")
_TOKEN = re.compile(r"<|[^<]+")
_START_NAME = re.compile(r"<([^\s>]*)")
_START_END = re.compile(r"\s*>")
_END_TAG = re.compile(r"</([^\s>]*)\s*>")


def parse_html(source: str) -> tuple[str, list[Json]]:
    """The text and its entities in order, empty ones among them; 400 "can't parse entities" for broken markup."""
    return _Parser(source).parse()


@dataclass
class _Open:
    """A start tag waiting for its end tag."""

    tag: str
    offset: int
    attributes: dict[str, str] = field(default_factory=dict)


class _Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._position = 0
        self._text: list[str] = []
        self._length = 0
        self._open: list[_Open] = []
        self._entities: list[Json] = []

    def parse(self) -> tuple[str, list[Json]]:
        while token := _TOKEN.match(self._source, self._position):
            if token[0] != "<":
                self._add_text(token[0])
            elif self._source.startswith("</", self._position):
                self._read_end_tag()
            else:
                self._read_start_tag()
        if self._open:
            tag = self._open[-1].tag
            raise _broken(f'Can\'t find end tag corresponding to start tag "{tag}"')
        self._entities.sort(key=by_place)
        return "".join(self._text), self._entities

    def _add_text(self, raw: str) -> None:
        text = _REFERENCE.sub(_resolve, raw)
        self._text.append(text)
        self._length += utf16_length(text)
        self._position += len(raw)

    def _read_start_tag(self) -> None:
        name = _START_NAME.match(self._source, self._position)
        assert name is not None
        tag, place = name[1].lower(), self._place()
        position = name.end()
        if tag not in _KINDS:
            raise _broken(f'Unsupported start tag "{tag}" at {place}')
        attributes: dict[str, str] = {}
        while attribute := _ATTRIBUTE.match(self._source, position):
            attributes[attribute[1].lower()] = next((value for value in attribute.groups()[1:] if value), "")
            position = attribute.end()
        end = _START_END.match(self._source, position)
        if end is None:
            raise _broken(f'Unclosed start tag "{tag}" at {place}')
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            raise _broken(f'Tag "span" must have class "tg-spoiler" at {place}')
        self._open.append(_Open(tag, self._length, attributes))
        self._position = end.end()

    def _read_end_tag(self) -> None:
        place = self._place()
        end = _END_TAG.match(self._source, self._position)
        if not self._open:
            raise _broken(f"Unexpected end tag at {place}")
        if end is None:
            raise _broken(f"Unclosed end tag at {place}")
        opened = self._open.pop()
        found = end[1].lower()
        if found not in ("", opened.tag):
            raise _broken(f'Unmatched end tag at {place}, expected "</{opened.tag}>", found "</{found}>"')
        self._position = end.end()
        self._close(opened)

    def _close(self, opened: _Open) -> None:
        language = opened.attributes.get("class", "")
        if opened.tag == "code" and self._open and self._open[-1].tag == "pre" and language:
            self._open[-1].attributes["language"] = language.removeprefix("language-")
            return
        extra = _extra(opened, self._text_from(opened.offset))
        if extra is None:
            return
        place = {"offset": opened.offset, "length": self._length - opened.offset}
        self._entities.append({"type": _KINDS[opened.tag], **place, **extra})

    def _text_from(self, offset: int) -> str:
        encoded = "".join(self._text).encode("utf-16-le", "surrogatepass")
        return encoded[2 * offset :].decode("utf-16-le", "surrogatepass")

    def _place(self) -> str:
        return f"byte offset {len(self._source[: self._position].encode('utf-8', 'replace'))}"


def _extra(opened: _Open, inside: str) -> Json | None:
    """Further fields of the entity; None: the tag marks nothing."""
    if opened.tag == "a":
        url = opened.attributes.get("href") or inside
        return {"url": url} if "." in url or "://" in url else None
    if opened.tag == "tg-emoji":
        return {"custom_emoji_id": opened.attributes.get("emoji-id", "")}
    if opened.tag == "pre" and "language" in opened.attributes:
        return {"language": opened.attributes["language"]}
    if opened.tag == "blockquote" and "expandable" in opened.attributes:
        return {"type": "expandable_blockquote"}
    return {}


def _resolve(reference: re.Match[str]) -> str:
    name = reference[1]
    if name in _NAMED:
        return _NAMED[name]
    code = int(name[2:], 16) if name[1] == "x" else int(name[1:])
    return chr(code) if 0 < code < 0x110000 else reference[0]


def _broken(reason: str) -> ApiError:
    return bad_request(f"can't parse entities: {reason}")
