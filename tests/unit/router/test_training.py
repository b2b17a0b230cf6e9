"""Learning from a team's own corrections."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from router.learned import Learned
from tests.support.learned import BILL, PARCEL, tiny_model

pytest.importorskip("sklearn", reason="scikit-learn is missing; the extra `learn` brings it")

from router.training import Example, TooFew, compare, is_held_out, train

KINDS = {"parcel": PARCEL, "bill": BILL}


def examples_of(language: str, count: int, first: int = 0) -> list[Example]:
    """Varied by what stands before and behind."""
    return [
        Example(f"{n:x} {kinds[language]} {n % 7}", label, language)
        for n in range(first, first + count)
        for label, kinds in KINDS.items()
    ]


@pytest.mark.parametrize("language", sorted(PARCEL))
def test_what_was_corrected_is_known_in_each_script(language: str) -> None:
    model = Learned(train(examples_of(language, 12)))
    assert model.score(PARCEL[language])[0].label == "parcel"
    assert model.score(BILL[language])[0].label == "bill"


def test_several_languages_in_one_model_which_is_unsure_of_nonsense() -> None:
    model = Learned(train([one for language in PARCEL for one in examples_of(language, 12)]))
    for language in PARCEL:
        assert model.score(PARCEL[language])[0].label == "parcel"
        assert model.score(BILL[language])[0].label == "bill"
    for nonsense in ("", "xkcdq wvzzj", "ЖЪЫЖ ЪЪЫ", "👍👍", "☃ ☃"):
        assert model.score(nonsense)[0].label is None


def test_unlabelled_messages_teach_which_words_are_alike() -> None:
    """Of "kutera" nothing but unlabelled messages says that it is a parcel's word."""
    examples = [
        Example(f"{word} {n}", label) for n in range(10) for word, label in (("alumo", "a"), ("bereni", "b"))
    ]
    earlier = [
        f"{one} {other} {n:x}" for n in range(40) for one, other in (("alumo", "kutera"), ("bereni", "dosvil"))
    ]
    assert Learned(train(examples)).score("kutera")[0].label is None
    taught = Learned(train(examples, earlier))
    assert taught.score("kutera")[0].label == "a"
    assert taught.score("dosvil")[0].label == "b"


def test_the_same_input_makes_the_same_model() -> None:
    examples, earlier = examples_of("en", 12), [f"parcel or bill {n:x}" for n in range(30)]
    assert train(examples, earlier, seed=3) == train(examples, earlier, seed=3)


def test_a_label_with_few_examples_is_left_out() -> None:
    rare = [Example(f"refund {n:x}", "refund") for n in range(9)]
    assert Learned(train([*examples_of("en", 12), *rare])).labels == ("bill", "parcel")


def test_with_too_few_examples_it_is_said_how_many_are_missing() -> None:
    with pytest.raises(TooFew) as refused:
        train(examples_of("en", 7))
    assert refused.value.missing == {"parcel": 3, "bill": 3}
    with pytest.raises(TooFew):
        train([])
    with pytest.raises(TooFew) as refused:
        compare(None, tiny_model({"a": ["a"], "b": ["b"]}), examples_of("en", 20))
    assert refused.value.missing == {"": 10}


def test_a_model_takes_over_only_when_it_is_better() -> None:
    held_out = examples_of("en", 30)
    good = train(examples_of("en", 20, first=100))
    poor = tiny_model({"bill": ["parcel"], "parcel": ["bill"]})
    assert compare(None, good, held_out).better
    assert compare(poor, good, held_out).better
    assert not compare(good, poor, held_out).better
    assert not compare(good, good, held_out).better


def test_a_model_must_do_better_than_the_lists_of_words() -> None:
    held_out = [Example(f"I forgot my password {n:x}", "account", "en") for n in range(60)]
    unsure = tiny_model({"account": ["qqqq"], "payments": ["jjjj"]})
    compared = compare(None, unsure, held_out)
    assert compared.words.right == 1
    assert (compared.new.right, compared.new.wrong, compared.better) == (0, 0, False)


def test_the_command_reads_lines_and_writes_a_model(tmp_path: Path) -> None:
    examples = examples_of("ja", 200)
    done = _run(examples)
    assert done.returncode == 0
    figures = msgspec.json.decode(done.stderr)
    assert figures["better"]
    assert figures["held_out"] == sum(is_held_out(one.text) for one in examples)
    assert Learned(done.stdout).score(PARCEL["ja"])[0].label == "parcel"
    (tmp_path / "old").write_bytes(done.stdout)
    again = _run(examples, str(tmp_path / "old"))
    assert (again.returncode, again.stdout) == (4, b"")
    few = _run(examples[:10])
    assert (few.returncode, few.stdout) == (3, b"")
    assert "missing" in msgspec.json.decode(few.stderr)


def _run(examples: list[Example], *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    lines = b"".join(msgspec.json.encode(one) + b"\n" for one in examples)
    return subprocess.run(
        [sys.executable, "-m", "router.training", *arguments], input=lines, capture_output=True, check=False
    )
