"""Prepared texts, by name and language: Fluent, so placeholders and plurals but never code.

``<name>.<locale>.ftl`` holds one message called ``<name>``; its attribute
``title`` is what it is called in a list.  Our own short texts lie in
``templates/replies``, a team's answers in a folder of theirs.
"""

import re
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path

from fluent.runtime import FluentBundle, FluentResource

from tickets.errors import ConfigError

_NAMED = re.compile(r"[a-z][a-z0-9-]*\.[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\.ftl")
_BY_SCRIPT = {"zh-hant": "zh-tw", "zh-hk": "zh-tw", "zh-mo": "zh-tw"}
"""Those who read traditional characters, whatever their program calls it."""


class ReplyTemplates:
    """The templates of a folder.  default: the language to fall back on, which every template must have."""

    def __init__(self, folder: Path, default: str) -> None:
        self._folder = folder
        self._default = default
        self._bundle = lru_cache(maxsize=256)(self._load)
        self._locales = lru_cache(maxsize=256)(self._find_locales)

    def names(self) -> tuple[str, ...]:
        """Every template there was when this was first asked."""
        return self._names

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(sorted({path.name.split(".")[0] for path in self._folder.glob("*.*.ftl")}))

    def check(self, **values: str | int) -> None:
        """Raises ConfigError for a template that cannot be read or filled in, or that lacks the default language.

        values: one for every placeholder that may occur.
        """
        if not self._folder.is_dir():
            raise ConfigError(f"There is no folder {self._folder}. Make it, or name another.")
        for path in sorted(self._folder.glob("*.ftl")):
            if not _NAMED.fullmatch(path.name):
                raise ConfigError(f"{path} must be called NAME.LANGUAGE.ftl, as in refund.en.ftl.")
        for name in self.names():
            if not self._path(name, self._default).exists():
                raise ConfigError(self._missing(name))
            for locale in self._locales(name).values():
                for part in ("", *self._bundle(name, locale).get_message(name).attributes):
                    self._format(name, locale, values, part)

    def titles(self) -> list[tuple[str, str]]:
        """Every template with what it is called in the default language, by title."""
        found = [(name, self._title(name)) for name in self.names()]
        return sorted(found, key=lambda one: one[1].casefold())

    def render(self, name: str, language: str | None, part: str = "", /, **values: str | int) -> str:
        """The text in the language, or in one it falls back on: ``zh-TW``, ``zh``, the default.

        part: an attribute of the message instead of its text.  Values are put
        in as they are, never read as templates.
        """
        return self._format(name, self.locale(name, language), values, part)

    def locales(self, name: str) -> tuple[str, ...]:
        """In which the template is there, in order."""
        return tuple(sorted(self._locales(name).values(), key=str.lower))

    def parts(self, name: str, locale: str) -> dict[str, str]:
        """The attributes that hold no placeholder."""
        bundle = self._bundle(name, locale)
        found = {
            part: bundle.format_pattern(pattern) for part, pattern in bundle.get_message(name).attributes.items()
        }
        return {part: str(text) for part, (text, errors) in found.items() if not errors}

    def locale(self, name: str, language: str | None) -> str:
        """The one in which the text is there for somebody who speaks a language."""
        there = self._locales(name)
        for locale in _candidates(language, self._default):
            if locale.lower() in there:
                return there[locale.lower()]
        raise ConfigError(self._missing(name))

    def _format(self, name: str, locale: str, values: dict[str, str | int], part: str = "") -> str:
        bundle = self._bundle(name, locale)
        message = bundle.get_message(name)
        pattern = message.attributes.get(part) if part else message.value
        if pattern is None:
            raise ConfigError(f"{self._path(name, locale)} lacks .{part}.")
        text, errors = bundle.format_pattern(pattern, values)
        if errors:
            raise ConfigError(f"{self._path(name, locale)} cannot be filled in: {errors[0]}.")
        return str(text)

    def _load(self, name: str, locale: str) -> FluentBundle:
        bundle = FluentBundle([locale], use_isolating=False)
        bundle.add_resource(FluentResource(self._path(name, locale).read_text(encoding="utf-8")))
        if not bundle.has_message(name) or bundle.get_message(name).value is None:
            raise ConfigError(f"{self._path(name, locale)} has no readable message {name!r}.")
        return bundle

    def _title(self, name: str) -> str:
        bundle = self._bundle(name, self.locale(name, None))
        pattern = bundle.get_message(name).attributes.get("title")
        return str(bundle.format_pattern(pattern)[0]) if pattern is not None else name

    def _missing(self, name: str) -> str:
        return f"{self._path(name, self._default)} is missing; add it."

    def _find_locales(self, name: str) -> dict[str, str]:
        """The locales of a template by lower-case name, so that nobody's settings become part of a path."""
        found = [path.name.split(".")[1] for path in self._folder.glob(f"{name}.*.ftl")]
        return {locale.lower(): locale for locale in found}

    def _path(self, name: str, locale: str) -> Path:
        return self._folder / f"{name}.{locale}.ftl"


def in_language(texts: Mapping[str, str], language: str | None, default: str) -> str:
    """Of texts by language the one for somebody who speaks a language.  default: in which there is one."""
    there = {tag.lower(): text for tag, text in texts.items()}
    return next(there[tag.lower()] for tag in _candidates(language, default) if tag.lower() in there)


def _candidates(language: str | None, default: str) -> list[str]:
    tag = (language or "").lower().replace("_", "-")
    wanted = [tag, _BY_SCRIPT.get(tag, ""), tag.split("-")[0]] if tag else []
    return [*dict.fromkeys(wanted), default]
