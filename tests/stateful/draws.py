"""What Hypothesis may choose from: people, words, fates and the points at which a worker dies."""

from hypothesis import strategies as st

from tests.stateful.platforms import CHANNELS

PEOPLE = ("анна", "張三", "ليلى")
PLACES = st.tuples(st.sampled_from(list(CHANNELS)), st.sampled_from(PEOPLE))
WORDS = ("Wo bleibt es?", "我的包裹在哪里", "أين طردي", "พัสดุอยู่ไหน")
INTAKE_POINTS = (
    "intake.leased", "intake.normalized", "intake.looked_up", "intake.decided", "store.admit_written",
    "intake.admitted",
)  # fmt: skip
ANSWER_POINTS = ("store.change_written", "desk.committed")
SENDING_POINTS = (
    "outbox.leased", "outbox.budget_taken", "store.sending_written", "outbox.marked_sending", "outbox.sent",
    "store.receipt_written", "outbox.recorded",
)  # fmt: skip
SWEEP_POINTS = ("store.sweep_written", "sweep.committed")
PROOF_POINTS = ("proof.leased", "proof.looked", "store.receipt_written", "proof.recorded")
INDEX = st.integers(0, 9)
"""Which of what there is, counted round."""
OUTCOMES = st.sampled_from(
    ("ok", "ok", "ok", "arrived", "arrived", "lost", "lost", "later", "pause", "refused", "secret")
)
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3)
DAY_S = 86_400.0


def dying(points: tuple[str, ...]) -> st.SearchStrategy[str | None]:
    """Where the worker dies; None: it lives."""
    return st.sampled_from((None, None, None, *points))
