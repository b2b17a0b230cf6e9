"""Learning from the team's corrections, in the real other process."""

import pytest
from msgspec.structs import replace

from router.categories import Category, Classifier
from service.learning import Learning
from simulators.memory_store import MemoryStore
from tests.support.builders import T0, opening

THINGS = {
    "returns": (
        "send it back", "return label", "wrong size", "exchange the shoes", "zurückschicken", "返品したい",
        "ส่งคืนสินค้า", "trả hàng",
    ),
    "delivery": (
        "parcel is late", "courier never came", "where is my order", "tracking stands still", "Paket fehlt",
        "荷物が届かない", "พัสดุยังไม่มา", "chưa nhận hàng",
    ),
}  # fmt: skip
OWN = {name: Category(name.title()) for name in THINGS}


async def corrected(store: MemoryStore, name: str, text: str, category: str | None, number: int) -> None:
    by = "user:u" if category else ""
    admission = opening(f"{name}{number}", text=text, category=category or "", category_by=by)
    await store.admit([replace(admission, message=admission.message)], T0)


@pytest.fixture
async def store() -> MemoryStore:
    store = MemoryStore()
    await store.open()
    return store


async def test_with_too_few_corrections_nothing_is_learnt(store: MemoryStore) -> None:
    await corrected(store, "a", "send it back", "returns", 1)
    outcome = await Learning(store, Classifier(OWN)).learn()
    assert not outcome.taken_over
    assert "examples" in outcome.sentence


async def test_what_is_better_takes_over_for_every_worker(store: MemoryStore) -> None:
    pytest.importorskip("sklearn", reason="learning wants scikit-learn: pip install 'switchboard[learn]'")
    number = 0
    for n in range(24):
        for name, phrases in THINGS.items():
            for phrase in phrases:
                number += 1
                await corrected(store, name, f"Hello {n}, {phrase} please {n % 7}", name, number)
    classifier, other = Classifier(OWN), Classifier(OWN)
    assert classifier.classify("the courier never came", "en", theft=False).category is None
    outcome = await Learning(store, classifier).learn()
    assert outcome.taken_over, outcome
    assert outcome.figures["new"]["right"] > 0.9
    assert await Learning(store, other).refresh()
    for one in (classifier, other):
        found = one.classify("good morning, the courier never came", "en", theft=False)
        assert (found.category, found.confidence > 0.5) == ("delivery", True)
        assert one.classify("返品したいです", "ja", theft=False).category == "returns"
    again = await Learning(store, classifier).learn()
    assert not again.taken_over
    assert "is not better" in again.sentence


async def test_what_cannot_be_read_is_not_used(store: MemoryStore) -> None:
    await store.keep_secret("model/categories", b"\x80nonsense")
    await store.keep_secret("model/categories/sha256", b"abc")
    classifier = Classifier(OWN)
    assert not await Learning(store, classifier).refresh()
    assert classifier.learned is None
