"""Our own short texts, by name and language: Fluent, so placeholders and plurals but never code.

``templates/replies/<name>.<locale>.ftl`` holds one message called ``<name>``.
"""

from functools import lru_cache
from pathlib import Path

from fluent.runtime import FluentBundle, FluentResource

from tickets.errors import ConfigError

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
        """Every template there is."""
        return tuple(sorted({path.name.split(".")[0] for path in self._folder.glob("*.*.ftl")}))

    def check(self) -> None:
        """Raises ConfigError for a template that cannot be read, or that lacks the default language."""
        for name in self.names():
            if not self._path(name, self._default).exists():
                raise ConfigError(f"templates/replies/{name}.{self._default}.ftl is missing; add it.")
        for path in sorted(self._folder.glob("*.*.ftl")):
            name, locale, _ = path.name.split(".")
            self._load(name, locale)

    def render(self, name: str, language: str | None, /, **values: str | int) -> str:
        """The text in the language, or in one it falls back on: ``zh-TW``, ``zh``, the default.

        Values are put in as they are, never read as templates.
        """
        there = self._locales(name)
        for locale in _candidates(language, self._default):
            if locale.lower() in there:
                return self._format(name, there[locale.lower()], values)
        raise ConfigError(f"templates/replies/{name}.{self._default}.ftl is missing; add it.")

    def _format(self, name: str, locale: str, values: dict[str, str | int]) -> str:
        bundle = self._bundle(name, locale)
        pattern = bundle.get_message(name).value
        assert pattern is not None  # held by _load
        text, errors = bundle.format_pattern(pattern, values)
        if errors:
            raise ConfigError(f"templates/replies/{name}.{locale}.ftl cannot be filled in: {errors[0]}.")
        return str(text)

    def _load(self, name: str, locale: str) -> FluentBundle:
        bundle = FluentBundle([locale], use_isolating=False)
        bundle.add_resource(FluentResource(self._path(name, locale).read_text(encoding="utf-8")))
        if not bundle.has_message(name) or bundle.get_message(name).value is None:
            raise ConfigError(f"templates/replies/{name}.{locale}.ftl has no readable message {name!r}.")
        return bundle

    def _find_locales(self, name: str) -> dict[str, str]:
        """The locales of a template by lower-case name, so that nobody's settings become part of a path."""
        found = [path.name.split(".")[1] for path in self._folder.glob(f"{name}.*.ftl")]
        return {locale.lower(): locale for locale in found}

    def _path(self, name: str, locale: str) -> Path:
        return self._folder / f"{name}.{locale}.ftl"


def _candidates(language: str | None, default: str) -> list[str]:
    tag = (language or "").lower().replace("_", "-")
    wanted = [tag, _BY_SCRIPT.get(tag, ""), tag.split("-")[0]] if tag else []
    return [*dict.fromkeys(wanted), default]
