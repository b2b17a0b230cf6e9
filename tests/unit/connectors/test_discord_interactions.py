"""Interactions as Discord tells them, and as it never should."""

from typing import Any

import pytest

from connectors.context import Spoken
from connectors.discord.interactions import in_language, question_in
from connectors.discord.menu import commands_of, mark_of
from connectors.discord.peek import SeenInteraction, read_event

ROW = {"type": 1, "components": [{"type": 4, "custom_id": "Konto", "value": " 17 "}, {"type": 4, "value": ""}]}


def test_a_form_is_shown_field_by_field() -> None:
    assert question_in({"data": {"components": [ROW]}}) == "Konto: 17"


@pytest.mark.parametrize(
    "told", [{}, {"data": None}, {"data": []}, {"data": {"components": 3}}, {"data": {"components": [[], None]}}]
)
def test_a_form_of_another_shape_shows_nothing(told: dict[str, Any]) -> None:
    assert question_in(told) == ""


@pytest.mark.parametrize("person", ['"²"', '"1a"', '""', "null", "17"])
def test_who_is_no_person_did_nothing(person: str) -> None:
    told = f'{{"id":"1","application_id":"2","token":"t","type":2,"user":{{"id":{person}}}}}'
    seen = read_event(f'{{"t":"INTERACTION_CREATE","d":{told}}}').read(SeenInteraction)
    assert seen is None or seen.person == ""


def test_people_are_spoken_to_in_their_language_or_in_english() -> None:
    texts = {"en": "Hello", "pt": "Olá", "zh": "你好", "zh-TW": "您好"}
    said = {locale: in_language(texts, locale) for locale in ("pt-BR", "zh-CN", "zh-TW", "da", "")}
    assert said == {"pt-BR": "Olá", "zh-CN": "你好", "zh-TW": "您好", "da": "Hello", "": "Hello"}


def test_commands_are_published_anew_when_a_word_of_them_changed() -> None:
    spoken = Spoken(
        {"en": {"help": "help"}, "ko": {"help": "도움말"}}, {}, {"en": "write to us"}, {"en": "English"}
    )
    changed = spoken._replace(menu={**spoken.menu, "ko": {"help": "도움"}})
    assert [one["name"] for one in commands_of(spoken)] == ["support", "help"]
    assert mark_of(commands_of(spoken)) == mark_of(commands_of(spoken))
    assert mark_of(commands_of(spoken)) != mark_of(commands_of(changed))
    assert commands_of(Spoken()) == []
