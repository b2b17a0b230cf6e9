"""Jobs that look after many posts, as they are kept."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(eq=False)
class Question:
    """One job.  asked: ids of the list; None before it was put.  looks: so often it still says that it works."""

    id: str
    app: str
    looks: int
    asked: list[str] | None = None

    @property
    def status(self) -> str:
        if self.asked is None:
            return "created"
        return "in_progress" if self.looks > 0 else "complete"


@dataclass
class Compliance:
    """All jobs.  url: of the storage.  looks: how often a new job says that it is not done."""

    url: str = ""
    looks: int = 1
    forbidden: bool = False
    questions: dict[str, Question] = field(default_factory=dict)
