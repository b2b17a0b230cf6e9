"""Segments: what of a text can be searched, in every script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.segments import MAX_SEGMENT_CHARS, MAX_TEXT_CHARS, fold, query_segments, segments


def finds(query: str, text: str) -> bool:
    """Whether a search for ``query`` would find ``text``."""
    wanted = query_segments(query)
    return bool(wanted) and set(wanted) <= segments(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("我的包裹三个星期了还没有到。", ["包裹", "星期", "三个星期", "包", "我的包裹"]),
        ("注文した商品がまだ届いていません", ["商品", "注文", "届いて"]),
        ("キャンセルしたいです", ["キャンセル", "ｷｬﾝｾﾙ"]),
        ("주문한 노트북이 아직 안 왔어요", ["노트북", "주문", "왔어요"]),
        ("ฉันยังไม่ได้รับพัสดุ", ["พัสดุ", "ได้รับ", "ยังไม่"]),
        ("لم تصل الطَّلَبِيَّة حتى الآن", ["الطلبية", "الطَّلَبِيَّة", "الان"]),
        ("Đơn hàng của tôi bị thất lạc", ["đơn hàng", "don hang", "THAT LAC", "thất"]),
        ("मेरा पार्सल अभी तक नहीं पहुँचा", ["पार्सल", "मेरा", "पहुँचा"]),
        ("Die Größe stimmt überhaupt nicht", ["Größe", "GRÖSSE", "grosse", "uberhaupt"]),
        ("İade talebim, çözüm bekliyorum", ["iade", "İADE", "cozum", "ÇÖZÜM"]),
        ("Façade, naïve, Łódź", ["facade", "NAIVE", "lodz"]),
        ("Где мой заказ? Ещё жду", ["заказ", "ЗАКАЗ", "еще"]),
        ("Πού είναι η παραγγελία;", ["παραγγελια", "ΠΑΡΑΓΓΕΛΊΑ"]),
        ("order 12-345 arrived", ["12", "345", "order arrived"]),
    ],
)
def test_words_are_found_in_their_sentence(text: str, words: list[str]) -> None:
    for word in words:
        assert finds(word, text), (word, query_segments(word), segments(text))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("我的包裹三个星期了", "发票"),
        ("注文した商品", "返品"),
        ("주문한 노트북", "냉장고"),
        ("ฉันยังไม่ได้รับพัสดุ", "รองเท้า"),
        ("لم تصل الطلبية", "فاتورة"),
        ("Đơn hàng của tôi", "hóa đơn"),
        ("मेरा पार्सल", "जूते"),
        ("Die Größe stimmt", "Groß"),
        ("İade talebim", "fatura"),
    ],
)
def test_other_words_are_not_found(text: str, word: str) -> None:
    assert not finds(word, text)


def test_vowel_signs_are_letters_where_they_make_the_word() -> None:
    assert fold("की") != fold("का")
    assert fold("ที่") != fold("ที")


def test_both_spellings_of_a_letter_are_the_same() -> None:
    assert segments("caf\u00e9") == segments("cafe\u0301") == {"cafe"}
    assert segments("ＡＢＣ１２３") == {"abc123"}


def test_a_single_letter_of_an_unspaced_script_is_searched_as_itself() -> None:
    assert query_segments("猫") == ("猫",)
    assert finds("猫", "我家的猫走丢了")
    assert not finds("猫", "我家的狗走丢了")


def test_scripts_that_touch_are_told_apart() -> None:
    assert {"iphone", "手机"} <= segments("iPhone手机")
    assert finds("手机 iphone", "我的iPhone手机坏了")


@pytest.mark.parametrize("text", ["", "   ", "?!…", "👍🏽", "\x00", "\ud83d"])
def test_texts_without_words_have_no_segments(text: str) -> None:
    assert segments(text) == frozenset()
    assert query_segments(text) == ()


def test_long_texts_and_words_are_bounded() -> None:
    assert "beyond" not in segments("x " * (MAX_TEXT_CHARS // 2) + "beyond")
    assert segments("y" * 500) == {"y" * MAX_SEGMENT_CHARS}
    assert finds("y" * 500, "y" * 500)
    assert len(query_segments(" ".join(f"word{n}" for n in range(50)))) == 12


@given(st.text(max_size=200))
def test_any_text_is_found_by_a_word_of_its_own(text: str) -> None:
    for word in text.split()[:3]:
        if len(word) > 1 and query_segments(word):
            assert finds(word, text)


@given(st.text(max_size=100))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
