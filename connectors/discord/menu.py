"""The bot's commands, as Discord shows them to people in their languages.

Source: https://discord.com/developers/docs/interactions/application-commands, read 2026-11.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from connectors.context import Spoken
from connectors.discord.interactions import SUPPORT

DESCRIPTION_CHARS = 100
MOST_CHOICES = 25
LOCALES = {
    "de": "de", "es": "es-ES", "fr": "fr", "hi": "hi", "id": "id", "it": "it", "ja": "ja", "ko": "ko", "nl": "nl",
    "pl": "pl", "pt": "pt-BR", "ru": "ru", "th": "th", "tr": "tr", "uk": "uk", "vi": "vi", "zh": "zh-CN",
    "zh-TW": "zh-TW",
}  # fmt: skip
"""Our languages as Discord calls them; it has no Arabic and no Persian
(https://discord.com/developers/docs/reference#locales)."""
EVERYWHERE = {"contexts": [0, 1], "integration_types": [0]}
"""In servers and in direct messages with the bot."""


def commands_of(spoken: Spoken) -> list[dict[str, Any]]:
    """All of them; empty where there are no texts in English."""
    if "en" not in spoken.menu or "en" not in spoken.form:
        return []
    named = {name: {tag: menu[name] for tag, menu in spoken.menu.items()} for name in spoken.menu["en"]}
    commands = [_command(SUPPORT, spoken.form), *(_command(name, texts) for name, texts in named.items())]
    for command in commands:
        if command["name"] == "language":
            choices = [{"name": name, "value": tag} for tag, name in spoken.languages.items()][:MOST_CHOICES]
            option = {"type": 3, "name": "language", "required": True, "choices": choices}
            command["options"] = [{**option, "description": command["description"]}]
    return commands


def is_shown(there: object, wanted: list[dict[str, Any]]) -> bool:
    """Whether Discord has commands of these names."""
    listed = there if isinstance(there, list) else []
    return {one.get("name") for one in listed if isinstance(one, dict)} == {one["name"] for one in wanted}


def mark_of(wanted: list[dict[str, Any]]) -> bytes:
    """Changes whenever anything about the commands does."""
    return hashlib.sha256(msgspec.json.encode(wanted)).digest()


def _command(name: str, texts: Mapping[str, str]) -> dict[str, Any]:
    translated = {LOCALES[tag]: text[:DESCRIPTION_CHARS] for tag, text in texts.items() if tag in LOCALES}
    english = texts["en"][:DESCRIPTION_CHARS]
    return {
        "type": 1,
        "name": name,
        "description": english,
        "description_localizations": translated,
        **EVERYWHERE,
    }
