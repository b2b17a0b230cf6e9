"""Words of every script are found where they stand, and nowhere else."""

import pytest

from router.lexicon import Lexicon
from tickets.segments import fold

WORDS = {
    "en": ("hack", "=fraud", "don't own"),
    "th": ("ขู่", "ขโมย"),
    "hi": ("चोरी",),
    "ar": ("سرق",),
    "zh": ("被盗",),
    "de": ("für dich",),
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I was HACKED", {"en"}),
        ("the shack", set()),
        ("Fraud!", {"en"}),
        ("frauds", set()),
        ("I don't own it", {"en"}),
        ("i don’t own it", {"en"}),
        ("โดนขู่ครับ", {"th"}),
        ("แอปขึ้นข้อความ", set()),  # only its marks tell it from the other
        ("पैसे चोरी हुए", {"hi"}),
        ("سرقوا حسابي", {"ar"}),
        ("我的账户被盗了", {"zh"}),
        ("Für\ndich_", {"de"}),
        ("", set()),
    ],
)
def test_where_words_stand(text: str, found: set[str]) -> None:
    assert set(Lexicon(WORDS).find(fold(text))) == found


def test_each_place_is_told_once() -> None:
    assert Lexicon(WORDS).find(fold("hack, hack 被盗")) == {"en": {-1, 5}, "zh": {11}}  # with the blank
    assert Lexicon({}).find("hack") == {}
