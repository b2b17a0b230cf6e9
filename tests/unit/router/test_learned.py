"""What a message is about, scored by a model that is data."""

import numpy as np
import pytest

from router.learned import Head, Learned, Likely, Parts, found_in, pack
from tests.support.learned import BILL, PARCEL, tiny_model


@pytest.mark.parametrize("language", sorted(PARCEL))
def test_each_script_is_scored_by_the_same_features(language: str) -> None:
    model = Learned(tiny_model({"parcel": [PARCEL[language]], "bill": [BILL[language]]}))
    assert model.score(PARCEL[language])[0].label == "parcel"
    assert model.score(BILL[language])[0].label == "bill"


@pytest.mark.parametrize("nothing", ["", " ", "👍", "?!…", "qqqq", "ЖЖЖЖ", "\x00", "\ud800", "ๆ", "。"])
def test_it_is_unsure_of_what_it_knows_nothing_of(nothing: str) -> None:
    first, *labels = Learned(tiny_model({"parcel": ["my parcel"], "bill": ["the bill"]})).score(nothing)
    assert first == Likely(None, pytest.approx(0.5))
    assert {one.label for one in labels} == {"parcel", "bill"}


def test_labels_come_best_first_and_their_probabilities_add_up_to_one() -> None:
    scored = Learned(tiny_model({"a": ["apple"], "b": ["berry"], "c": ["cherry"]})).score("cherry pie")
    assert scored[0].label == "c"
    assert [one.probability for one in scored] == sorted((one.probability for one in scored), reverse=True)
    assert sum(one.probability for one in scored) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("one", "same"),
    [("Straße", "STRASSE"), ("Café", "cafe"), ("ｆｕｌｌ", "full"), ("order 12", "order 98"), ("a, b", "b a")],
)
def test_case_accents_width_digits_and_order_of_words_say_nothing(one: str, same: str) -> None:
    for left, right in zip(found_in(one), found_in(same), strict=True):
        assert left.hashes.tolist() == right.hashes.tolist()
        assert left.counts.tolist() == right.counts.tolist()


def test_vowel_signs_belong_to_words() -> None:
    assert found_in("หมา")[1].hashes.tolist() != found_in("หมี")[1].hashes.tolist()
    assert found_in("की")[1].hashes.tolist() != found_in("का")[1].hashes.tolist()


def test_hashes_stay_what_they_were() -> None:
    """Kept models depend on them."""
    assert [len(one.hashes) for one in found_in("ab c")] == [12, 3]
    assert [int(one.hashes[0]) for one in found_in("ab c")] == [851264583, 98384090]


def test_a_text_of_any_length_is_bounded() -> None:
    letters, pairs = found_in("".join(chr(0x4E00 + n % 5_000) for n in range(100_000)))
    assert len(letters.hashes) < 10_100
    assert len(pairs.hashes) <= 64 * 65 // 2


GOOD = tiny_model({"parcel": ["my parcel"], "bill": ["the bill"]})


@pytest.mark.parametrize("cut", [0, 3, 8, 11, 12, 20, len(GOOD) // 2, len(GOOD) - 1])
def test_a_model_that_was_cut_is_refused(cut: int) -> None:
    with pytest.raises(ValueError):
        Learned(GOOD[:cut])


def test_a_model_with_something_behind_it_is_refused() -> None:
    with pytest.raises(ValueError, match="longer"):
        Learned(GOOD + b"\0")


@pytest.mark.parametrize(
    "data",
    [b"\x80\x04\x95pickle", b"SBMODEL1\xff\xff\xff\xff", b"SBMODEL1\x01\0\0\0\xc1", b"SBMODEL1\x01\0\0\0\x90"],
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        Learned(data)


HEAD = Head(["a", "b"], 1, 1, 1.0, 2.0, 0.5)
PARTS = Parts(
    np.array([1], np.uint32),
    np.array([2], np.uint32),
    np.array([1, 1], np.float32),
    np.zeros((2, 2), np.float16),
)


def _head(**changes: object) -> Head:
    import msgspec

    return msgspec.structs.replace(HEAD, **changes)


@pytest.mark.parametrize(
    "head",
    [
        _head(labels=["a"]),
        _head(labels=["a", "a"]),
        _head(labels=["a", ""]),
        _head(labels=["a", "b" * 101]),
        _head(labels=[str(n) for n in range(501)]),
        _head(letters=-1),
        _head(letters=10**12),
        _head(letters=0, pairs=0),
        _head(letters=40_000, pairs=20_000, labels=[str(n) for n in range(400)]),
        _head(threshold=float("nan")),
        _head(threshold=1.1),
        _head(steepness=0.0),
        _head(steepness=float("inf")),
        _head(rare=float("nan")),
    ],
)
def test_a_header_out_of_range_is_refused(head: Head) -> None:
    assert Learned(pack(HEAD, PARTS)).labels == ("a", "b")
    with pytest.raises(ValueError):
        Learned(pack(head, PARTS))


@pytest.mark.parametrize(
    "parts",
    [
        PARTS._replace(idf=np.array([1, np.nan], np.float32)),
        PARTS._replace(idf=np.array([1, 0], np.float32)),
        PARTS._replace(idf=np.array([1, 1e9], np.float32)),
        PARTS._replace(weights=np.full((2, 2), np.inf, np.float16)),
        PARTS._replace(letters=np.array([1, 2], np.uint32)),
    ],
)
def test_numbers_out_of_range_are_refused(parts: Parts) -> None:
    with pytest.raises(ValueError):
        Learned(pack(HEAD, parts))


def test_hashes_that_do_not_rise_are_refused() -> None:
    parts = PARTS._replace(
        letters=np.array([2, 1], np.uint32), idf=np.ones(3, np.float32), weights=np.zeros((3, 2), np.float16)
    )
    with pytest.raises(ValueError, match="rise"):
        Learned(pack(_head(letters=2), parts))


def test_the_header_is_no_way_to_have_the_machine_run_out_of_memory() -> None:
    with pytest.raises(ValueError, match="shorter"):
        Learned(pack(_head(letters=30_000, pairs=30_000), PARTS))
