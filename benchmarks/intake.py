"""From raw events to routed, searchable, committed tickets, with full durability."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any, NamedTuple

from benchmarks import events, mails
from connectors.telegram.settings import Settings
from normalizer.known import Known
from router.intake import Intake
from router.language import LanguageRecognizer
from service.clock import SystemClock
from service.config import AccountConfig, load
from service.parsers import Parsers
from service.wiring import make_decider
from service.work import LOOK_ANYWAY_S
from store.sql import open_store
from tests.support.stores import KEY
from tickets.model import RawEvent
from tickets.ports import no_crash
from tickets.secret import Secret
from tickets.storage import Store

BATCH = 200


class Handled(NamedTuple):
    """Seconds it took, and statements that ran; one with many rows counts once."""

    count: int
    spent_s: float
    statements: int

    @property
    def per_s(self) -> float:
        return self.count / self.spent_s


def measure_chat(url: str, count: int = 6_000, first: int = 0) -> Handled:
    """Messages of three chat platforms, half of them from people known by then."""
    return asyncio.run(_run(url, [events.chat(first + n, first + n % (count // 2)) for n in range(count)]))


def measure_two_workers(url: str, count: int = 4_000, first: int = 0) -> float:
    """Chat events a second that two processes handle together, on one database."""
    words = [sys.executable, "-m", "benchmarks.intake", url, str(count)]
    both = [subprocess.Popen([*words, str(first + n * count)], stdout=subprocess.PIPE) for n in range(2)]
    return 2 * count / max(float(worker.communicate()[0]) for worker in both)


def measure_mail(url: str, count: int = 1_000) -> Handled:
    """Plain mails, parsed in worker processes."""
    return asyncio.run(_run(url, [events.mail(n) for n in range(count)]))


def measure_mixed(url: str, count: int = 1_000, first: int = 0) -> Handled:
    """Mails of all kinds, parsed in worker processes."""
    return asyncio.run(_run(url, [mails.mixed(first + n) for n in range(count)]))


def fill(url: str, count: int, first: int) -> Handled:
    """A history of so many tickets, each of a person of its own."""
    return asyncio.run(_run(url, [events.chat(n, n) for n in range(first, first + count)]))


async def _run(url: str, wanted: Sequence[RawEvent]) -> Handled:
    store = open_store(url, KEY)
    await store.open()
    clock = SystemClock()
    parsers = Parsers({events.ACCOUNTS["email"]: Known(("mx.example.test",))})
    languages = LanguageRecognizer()
    languages.warm()
    if wanted[0].channel == "email":
        await parsers.normalize([events.mail(-1), events.mail(-2)])
    settings = Settings(token=Secret("1:benchmark-token"))
    config = load(None, {})._replace(accounts={events.ACCOUNTS["telegram"]: AccountConfig("telegram", settings)})
    intake = Intake(store, parsers, make_decider(config, languages), clock, no_crash, "bench")
    with _counted(store) as counted:
        began = time.perf_counter()
        arriving = asyncio.ensure_future(_arrive(store, wanted))
        while True:
            done, pulse = arriving.done(), store.pulse("inbound")
            if await intake.drain_inbound():
                continue
            if done:
                break
            await store.wait("inbound", pulse, LOOK_ANYWAY_S)
        await arriving
        spent = time.perf_counter() - began
    await parsers.close()
    await store.close()
    return Handled(len(wanted), spent, counted())


async def _arrive(store: Store, wanted: Sequence[RawEvent]) -> None:
    """As connectors hand them over: beside the handling of those before."""
    for at in range(0, len(wanted), BATCH):
        batch = sorted(wanted[at : at + BATCH], key=lambda event: event.account)
        for account, of_one in groupby(batch, key=lambda event: event.account):
            await store.append_raw(account, tuple(of_one), str(at))


@contextmanager
def _counted(store: Any) -> Iterator[Callable[[], int]]:
    module = __import__(type(store._engine).__module__, fromlist=["Tx"])
    names = ("all", "run", "many")
    kept = {name: getattr(module.Tx, name) for name in names}
    count = 0

    def counting(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any) -> Any:
            nonlocal count
            count += 1
            return call(*args)

        return counted

    for name in names:
        setattr(module.Tx, name, counting(kept[name]))
    try:
        yield lambda: count
    finally:
        for name in names:
            setattr(module.Tx, name, kept[name])


if __name__ == "__main__":
    print(measure_chat(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])).spent_s)
