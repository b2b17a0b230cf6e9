"""Imported before the program is forked: what takes long to read is then read already."""

import importlib

from responders.compose import COMMAND_VALUES
from responders.templates import ReplyTemplates
from router.language import LanguageRecognizer
from tests.support.paths import REPLIES

LAZILY_IMPORTED = (
    "anyio._backends._asyncio",
    "httpcore",
    "pebble",
    "service.logs",
    "typer._adapters",
    "uvicorn.protocols.websockets.auto",
)
"""What a start would import one after the other."""

for name in LAZILY_IMPORTED:
    importlib.import_module(name)
LanguageRecognizer().warm()
ReplyTemplates(REPLIES, "en").check(**COMMAND_VALUES)  # the plural rules of every language
