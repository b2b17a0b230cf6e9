"""Our own texts: every one in every language, and values that stay values."""

from pathlib import Path

import pytest

from responders.compose import COMMAND_VALUES, menu_of
from responders.templates import ReplyTemplates
from router.language import DEFAULT_LANGUAGES
from tests.support.paths import REPLIES
from tickets.errors import ConfigError

FILES = sorted(path.name for path in REPLIES.glob("*.ftl"))
TEMPLATES = ReplyTemplates(REPLIES, "en")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for locale, word in (("en", "colour"), ("zh", "简体"), ("zh-TW", "繁體"), ("pt", "cor")):
        (tmp_path / f"hello.{locale}.ftl").write_text(f"hello = {word} {{ $name }}\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("file", FILES)
def test_every_template_renders(file: str) -> None:
    name, locale, _ = file.split(".")
    text = TEMPLATES.render(name, locale, **COMMAND_VALUES)
    assert len(text) > 10
    assert "{" not in text
    assert text != TEMPLATES.render(name, "en", **COMMAND_VALUES) or locale == "en"


def test_every_template_speaks_every_language_we_recognise() -> None:
    TEMPLATES.check(**COMMAND_VALUES)
    for name in TEMPLATES.names():
        assert {file.split(".")[1] for file in FILES if file.startswith(f"{name}.")} >= set(DEFAULT_LANGUAGES)


@pytest.mark.parametrize(
    ("language", "word"),
    [
        ("zh-TW", "繁體"), ("zh-tw", "繁體"), ("zh_TW", "繁體"), ("zh-hant", "繁體"), ("zh-HK", "繁體"),
        ("zh-hans", "简体"), ("zh-CN", "简体"), ("zh", "简体"), ("pt-BR", "cor"), ("PT", "cor"),
        ("en-GB", "colour"), ("sv", "colour"), (None, "colour"), ("", "colour"), ("-", "colour"),
        ("../hello.pt", "colour"), ("a\x00b", "colour"), ("x" * 5000, "colour"), ("pt/../pt", "colour"),
    ],
)  # fmt: skip
def test_languages_fall_back(folder: Path, language: str | None, word: str) -> None:
    assert ReplyTemplates(folder, "en").render("hello", language, name="") == f"{word} "


@pytest.mark.parametrize(
    "value",
    ["{ $name }", "{{ 9**9**9 }}", "{ hello }", "{ticket.__class__}", '{ "x" }', "a\nb = c", "%s", "${name}",
     "<b>&", "{ NUMBER(1) }", "\u2068x\u2069"],
)  # fmt: skip
def test_values_are_put_in_as_they_are(folder: Path, value: str) -> None:
    """BW16."""
    assert ReplyTemplates(folder, "en").render("hello", "en", name=value) == f"colour {value}"


def test_a_missing_value_is_not_sent(folder: Path) -> None:
    """BW22."""
    with pytest.raises(ConfigError, match=r"hello\.en\.ftl"):
        ReplyTemplates(folder, "en").render("hello", "en")


def test_a_missing_template_or_default_is_told_at_the_start(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.en\.ftl"):
        ReplyTemplates(folder, "en").render("nothing", "en")
    with pytest.raises(ConfigError, match=r"hello\.fr\.ftl is missing"):
        ReplyTemplates(folder, "fr").check()


@pytest.mark.parametrize(
    "content", ["", "other = x\n", "hello\n", "hello =\n    .attribute = x\n", "# hello = x\n"]
)
def test_a_template_without_its_message_is_told_at_the_start(folder: Path, content: str) -> None:
    (folder / "hello.pt.ftl").write_text(content)
    with pytest.raises(ConfigError, match=r"hello\.pt\.ftl"):
        ReplyTemplates(folder, "en").check(name="Ann")


# A team's own ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("refund.de.ftl", "refund = x", "refund.en.ftl is missing"),
        ("refund.en.ftl", "other = x", "has no readable message 'refund'"),
        ("refund.en.ftl", "refund = {", "has no readable message 'refund'"),
        ("refund.en.ftl", "refund = { $nobody }", "cannot be filled in"),
        ("refund.ftl", "refund = x", "must be called NAME.LANGUAGE.ftl"),
        ("Re fund.en.ftl", "x = x", "must be called NAME.LANGUAGE.ftl"),
    ],
)
def test_mistakes_are_told_at_the_start_with_the_file(tmp_path: Path, name: str, text: str, told: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=told):
        ReplyTemplates(tmp_path, "en").check(name="Ann")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no folder"):
        ReplyTemplates(tmp_path / "nowhere", "en").check()


def test_titles_come_from_the_default_language(tmp_path: Path) -> None:
    for name, text in (("b.en.ftl", "b = x\n    .title = Alpha"), ("a.en.ftl", "a = x"), ("b.de.ftl", "b = y")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert ReplyTemplates(tmp_path, "en").titles() == [("a", "a"), ("b", "Alpha")]


def test_every_language_has_every_answer_to_a_command_in_words_of_its_own() -> None:
    parts = set(TEMPLATES.parts("commands", "en"))
    english = TEMPLATES.parts("commands", "en")
    for locale in TEMPLATES.locales("commands"):
        here = TEMPLATES.parts("commands", locale)
        assert set(here) == parts
        assert locale == "en" or not set(here.values()) & set(english.values())


def test_the_menu_fits_what_telegram_takes() -> None:
    """https://core.telegram.org/bots/api#botcommand: at most 256 characters."""
    menu = menu_of(TEMPLATES)
    assert {tuple(commands) for commands in menu.values()} == {("help", "status", "human", "close", "language")}
    assert all(1 <= len(text) <= 256 for commands in menu.values() for text in commands.values())
