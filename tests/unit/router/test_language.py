"""Which language a message is written in."""

import pytest

from router.language import DEFAULT_LANGUAGES, KNOWN_LANGUAGES, LanguageRecognizer, sample_of
from tests.support.inbound import LANGUAGES as RECOGNIZER

SENTENCES = {
    "ar": "لم تصل الطلبية حتى الآن", "de": "Mein Paket ist noch nicht angekommen",
    "en": "My parcel has not arrived yet", "es": "Mi paquete todavía no ha llegado",
    "fa": "بسته من هنوز نرسیده است", "fr": "Mon colis n'est pas encore arrivé", "hi": "मेरा पार्सल अभी तक नहीं आया",
    "id": "Paket saya belum sampai juga", "it": "Il mio pacco non è ancora arrivato",
    "ja": "荷物がまだ届いていません", "ko": "택배가 아직 안 왔어요", "nl": "Mijn pakket is nog niet aangekomen",
    "pl": "Moja paczka jeszcze nie dotarła", "pt": "Minha encomenda ainda não chegou",
    "ru": "Моя посылка ещё не пришла", "th": "ฉันยังไม่ได้รับพัสดุ", "tr": "Paketim hâlâ gelmedi",
    "uk": "Моя посилка ще не надійшла", "vi": "Tôi vẫn chưa nhận được hàng", "zh": "我的包裹还没有到",
}  # fmt: skip


@pytest.mark.parametrize(("language", "text"), SENTENCES.items())
def test_a_sentence_is_enough(language: str, text: str) -> None:
    assert RECOGNIZER.recognize(text) == language
    assert RECOGNIZER.recognize(text, "en") == language
    assert set(SENTENCES) == set(DEFAULT_LANGUAGES)


@pytest.mark.parametrize(
    "text", ["", "ok", "👍", "12345", "x", "https://shop.example.test/order", "@desk #17", "?!"]
)
def test_next_to_nothing_is_unknown(text: str) -> None:
    assert RECOGNIZER.recognize(sample_of(text)) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("muito obrigado", "pt"),
        ("muchas gracias", "es"),
        ("senha errada", "pt"),
        ("contraseña mala", "es"),
        ("carta bloccata", "it"),
        ("не работает", "ru"),
        ("не працює", "uk"),
        ("rekening geblokkeerd", "nl"),
        ("Konto gesperrt", "de"),
        ("پول من", "fa"),
        ("أين مالي", "ar"),
        ("tidak bisa", "id"),
        ("giriş yapamıyorum", "tr"),
    ],
)
def test_two_words_are_enough_where_languages_are_alike(text: str, language: str) -> None:
    found = RECOGNIZER.find(sample_of(text))
    assert found.language == language
    assert 0.5 <= found.confidence <= 1


def test_what_only_a_hint_says_is_not_sure() -> None:
    assert RECOGNIZER.find("ok", "de").confidence == 0
    assert RECOGNIZER.find(SENTENCES["th"]).confidence == 1


@pytest.mark.parametrize(
    ("hint", "language"),
    [("de-AT", "de"), ("pt_BR", "pt"), ("ZH-hans", "zh"), ("sv", None), ("", None), (None, None), ("-", None)],
)
def test_a_hint_decides_where_the_text_cannot(hint: str | None, language: str | None) -> None:
    assert RECOGNIZER.recognize("ok", hint) == language


def test_a_hint_is_trusted_in_short_texts_and_not_in_long_ones() -> None:
    assert RECOGNIZER.recognize("Merci", "it") == "it"
    assert RECOGNIZER.recognize(SENTENCES["fr"], "it") == "fr"


def test_quoted_lines_links_and_our_own_marks_do_not_count() -> None:
    text = f"> Vielen Dank für Ihre Nachricht, wir melden uns bald\n[voice message, 3 s]\n{SENTENCES['fr']}"
    assert RECOGNIZER.recognize(sample_of(text)) == "fr"
    linked = f"https://shop.example.test/es/mi-paquete-no-ha-llegado {SENTENCES['de']}"
    assert RECOGNIZER.recognize(sample_of(linked)) == "de"


@pytest.mark.parametrize("code", ["K7QX-M2PA-9TRD", "ABER-OHNE-WORT", "nicht7mehr", "DE-2024-000117"])
def test_codes_and_numbers_do_not_count(code: str) -> None:
    assert sample_of(f"Hier: {code}!") == "Hier: !"
    assert RECOGNIZER.recognize(sample_of(f"Hier: {code}"), "de") == "de"


def test_words_beside_numbers_do() -> None:
    assert sample_of("你好,2024年的订单A-17在哪里 at 3pm") == "你好, 年的订单 在哪里 at"


def test_one_letter_of_another_script_changes_nothing() -> None:
    assert RECOGNIZER.recognize(f"{SENTENCES['en']} 你") == "en"
    assert RECOGNIZER.recognize(f"{SENTENCES['ja']} OK") == "ja"


def test_only_configured_languages_are_found() -> None:
    western = LanguageRecognizer(("en", "de"))
    assert {western.recognize(text) for text in SENTENCES.values()} <= {"en", "de", None}
    assert western.recognize(SENTENCES["de"]) == "de"


def test_the_known_languages_are_those_of_the_model() -> None:
    LanguageRecognizer(tuple(sorted(KNOWN_LANGUAGES))).warm()
    assert KNOWN_LANGUAGES.issuperset(DEFAULT_LANGUAGES)
