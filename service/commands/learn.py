"""``switchboard learn``: learn now what tickets are about, from what colleagues said."""

from typing import Any

from rich.console import Console

from router.categories import Classifier
from service.commands.common import ConfigOption, in_loop, opened_store, read_config
from service.learning import Learning, Outcome

out = Console(highlight=False, soft_wrap=True)


def learn(config: ConfigOption = None) -> None:
    """Learn from the team's corrections; what is learnt takes over only if it does better."""
    settings = read_config(config)

    async def work() -> Outcome:
        async with opened_store(settings) as store:
            return await Learning(store, Classifier()).learn()

    with Console(stderr=True).status("Learning"):
        outcome = in_loop(work())
    out.print(outcome.sentence, markup=False)
    for name in ("words", "old", "new"):
        if isinstance(figures := outcome.figures.get(name), dict):
            out.print(_line(name, figures), markup=False)


def _line(name: str, figures: dict[str, Any]) -> str:
    called = {"words": "by words", "old": "as before", "new": "as learnt"}[name]
    return f"  {called}: {figures['right']:.0%} right, {figures['wrong']:.0%} wrong, the rest unsure"
