"""Reading the text and entities of a call."""

from simulators.telegram.calling import Call
from simulators.telegram.errors import bad_request
from simulators.telegram.html_mode import parse_html
from simulators.telegram.markup import check_entities, clean, trim, utf16_length
from simulators.telegram.parameters import Parameters
from simulators.telegram.records import Json

TEXT_MAX = 4096
"""UTF-16 units of a text, after parsing (https://core.telegram.org/bots/api#sendmessage)."""

CAPTION_MAX = 1024
"""UTF-16 units of a caption, after parsing (https://core.telegram.org/bots/api#sendphoto)."""


def read_text(call: Call) -> tuple[str, list[Json]]:
    """``text`` as readers see it, with its entities.  400 when empty, broken or too long."""
    raw = call.parameters.text("text")
    if not raw:
        raise bad_request("message text is empty")
    text, entities = _formatted(call.parameters, raw, "entities")
    if not text:
        raise bad_request("text must be non-empty")
    if utf16_length(text) > TEXT_MAX:
        raise bad_request("message is too long")
    return text, entities


def read_caption(parameters: Parameters) -> tuple[str, list[Json]]:
    """``caption`` likewise; empty text when there is none."""
    text, entities = _formatted(parameters, parameters.text("caption"), "caption_entities")
    if utf16_length(text) > CAPTION_MAX:
        raise bad_request("message caption is too long")
    return text, entities


def _formatted(parameters: Parameters, raw: str, entities_name: str) -> tuple[str, list[Json]]:
    if any("\ud800" <= character <= "\udfff" for character in raw):
        raise bad_request("strings must be encoded in UTF-8")
    mode = parameters.text("parse_mode").lower()
    if mode == "html":
        return trim(*parse_html(clean(raw)))
    if mode not in ("", "none"):
        raise bad_request("unsupported parse_mode")
    text = clean(raw)
    given = parameters.structure(entities_name)
    return trim(text, check_entities(text, given if given is not None else []))
