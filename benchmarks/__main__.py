"""``make bench``: run every benchmark, print a table, and write ``bench-results/latest.json``.

BENCH_HISTORY: tickets in the full store (100,000).  BENCH_SURGE: messages of
the surge (10,000).  BENCH_ONLY: ``intake``, ``sockets``, ``live`` or ``surge``
for that part alone.  BENCH_POSTGRES_URL: a server to use instead of the one that the
development environment brings.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks import machine
from benchmarks.goals import goal_of
from benchmarks.intake import fill, measure_chat, measure_mail, measure_mixed, measure_two_workers
from benchmarks.live import Measured, measure_live
from benchmarks.sockets import COUNTS, measure_socket
from benchmarks.surge import COUNT, WITHIN_S, measure_surge
from tests.support.postgres import PostgresMissing, running_postgres
from tests.support.stores import Database, fresh_schema

RESULTS = Path("bench-results/latest.json")
HISTORY = int(os.environ.get("BENCH_HISTORY", "100000"))
ROUNDS = 3
Figures = dict[str, float]
console = Console()


def main() -> None:
    told = machine.describe()
    figures: Figures = {}
    only = os.environ.get("BENCH_ONLY", "")
    with tempfile.TemporaryDirectory() as folder, _postgres() as postgres:
        sqlite = f"sqlite:///{folder}/full.db"
        if only in ("", "intake"):
            figures |= _intake("SQLite", f"sqlite:///{folder}/empty.db", sqlite)
            figures |= _mail(f"sqlite:///{folder}/mail.db")
            figures |= _mixed(f"sqlite:///{folder}/mixed.db", sqlite)
            if postgres:
                with fresh_schema(postgres) as empty, fresh_schema(postgres) as full:
                    figures |= _intake("PostgreSQL", empty, full)
                    figures |= _two_workers(empty)
        if only in ("", "sockets"):
            figures |= _sockets()
        if only in ("", "live"):
            figures |= _live("SQLite", f"sqlite:///{folder}/new.db", sqlite, Path(folder))
        if only in ("", "surge"):
            figures |= _surge("SQLite", Database("sqlite", f"sqlite:///{folder}/surge.db"), Path(folder))
            if postgres:
                with fresh_schema(postgres) as empty:
                    figures |= _surge("PostgreSQL", Database("postgres", empty), Path(folder))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"machine": told, "figures": figures}, indent=2))
    _show(told, figures)


def _intake(engine: str, empty: str, full: str) -> Figures:
    """Rate, statements, and the ratio of times; empty and full by turns, so that both meet the same machine."""
    with console.status(f"{engine}: filling a store with {HISTORY:,} tickets"):
        fill(full, HISTORY, 0)
    measure_chat(empty, 2_000)
    alone, beside = [], []
    for n in range(ROUNDS):
        with console.status(f"{engine}: intake, round {n + 1} of {ROUNDS}"):
            alone.append(measure_chat(empty, first=2_000 + n * 6_000))
            beside.append(measure_chat(full, first=HISTORY + n * 6_000))
    rate, with_history = median(one.per_s for one in alone), median(one.per_s for one in beside)
    return {
        f"{engine}: chat events a second": rate,
        f"{engine}, {HISTORY:,} tickets: chat events a second": with_history,
        f"{engine}: statements a chat event": alone[0].statements / alone[0].count,
        f"{engine}, {HISTORY:,} tickets: statements a chat event": beside[0].statements / beside[0].count,
        f"{engine}, {HISTORY:,} tickets: intake, time over time when empty": rate / with_history,
    }


def _two_workers(url: str) -> Figures:
    with console.status("PostgreSQL: two workers"):
        rates = [measure_two_workers(url, first=(n + 1) * 10_000_000) for n in range(ROUNDS)]
    return {"PostgreSQL, two workers: chat events a second": median(rates)}


def _mail(url: str) -> Figures:
    with console.status("SQLite: mails"):
        return {"SQLite: plain mails a second": median(measure_mail(f"{url}{n}").per_s for n in range(ROUNDS))}


def _mixed(empty: str, full: str) -> Figures:
    """Each round with mails of its own: an answer must find the mail of its round."""
    alone, beside = [], []
    for n in range(ROUNDS):
        with console.status(f"SQLite: mails of all kinds, round {n + 1} of {ROUNDS}"):
            alone.append(measure_mixed(empty, first=n * 1_000).per_s)
            beside.append(measure_mixed(full, first=n * 1_000).per_s)
    return {
        "SQLite: mixed mails a second": median(alone),
        f"SQLite, {HISTORY:,} tickets: mixed mails a second": median(beside),
        f"SQLite, {HISTORY:,} tickets: mixed mails, time over time when empty": median(alone) / median(beside),
    }


def _sockets() -> Figures:
    told: Figures = {}
    for channel in COUNTS:
        with console.status(f"{channel}: from its socket to the store"):
            told[f"{channel}: messages a second from its socket to the store"] = median(
                measure_socket(channel) for _ in range(ROUNDS)
            )
    return told


def _live(engine: str, empty: str, full: str, folder: Path) -> Figures:
    browser = shutil.which("chromedriver") is not None
    if not browser:
        console.print("Chromium's driver is missing, so nothing is said of what a browser shows.")
    if not Path(full.removeprefix("sqlite:///")).exists():
        with console.status(f"{engine}: filling a store with {HISTORY:,} tickets"):
            fill(full, HISTORY, 0)
    told: Figures = {}
    found: dict[str, Measured] = {}
    for name, url in ((engine, empty), (f"{engine}, {HISTORY:,} tickets", full)):
        home = folder / name.partition(",")[0] / str(len(found))
        home.mkdir(parents=True)
        with console.status(f"{name}: 50 messages a second over four channels, then answers, then silence"):
            one = found[name] = measure_live(Database("sqlite", url), home, with_browser=browser)
        told |= _figures(name, one)
    alone, beside = found.values()
    for name, first, second in (
        ("push to visible", alone.visible_ms, beside.visible_ms),
        ("released to received", alone.received_ms, beside.received_ms),
    ):
        if first and second:
            told[f"{engine}, {HISTORY:,} tickets: {name}, time over time when empty"] = median(second) / median(
                first
            )
    return told


def _figures(name: str, one: Measured) -> Figures:
    told = {f"{name}: ready after, s": one.ready_s}
    for what, values in (("push to visible", one.visible_ms), ("released to received", one.received_ms)):
        if values:
            told[f"{name}: {what}, median ms"] = median(values)
            told[f"{name}: {what}, p95 ms"] = sorted(values)[int(len(values) * 0.95)]
    told[f"{name}: four channels and the inbox, memory, PSS MB"] = one.pss_mb
    told[f"{name}: idle, % of a core"] = one.idle * 100
    return told


def _surge(engine: str, database: Database, folder: Path) -> Figures:
    home = folder / f"surge of {engine}"
    home.mkdir()
    with console.status(f"{engine}: {COUNT:,} messages in {WITHIN_S:.0f} s, nine of ten from one person"):
        one = measure_surge(database, home)
    name = f"{engine}, surge of {one.count:,}"
    told: Figures = {
        f"{name}: messages lost": one.lost,
        f"{name}: messages doubled": one.doubled,
        f"{name}: all stored after, s": one.took_s,
    }
    told |= _percentiles(f"{name}: written to stored", one.stored_ms)
    told |= _percentiles(f"{name}: others, written to stored", one.others_ms)
    told[f"{name}: peak memory, PSS MB"] = one.peak_pss_mb
    return told


def _percentiles(name: str, values: list[float]) -> Figures:
    if not values:
        return {}
    ordered = sorted(values)
    told = {f"{name}, median ms": median(ordered)}
    for share in (95, 99):
        told[f"{name}, p{share} ms"] = ordered[min(len(ordered) - 1, len(ordered) * share // 100)]
    return told


@contextmanager
def _postgres() -> Iterator[str]:
    if url := os.environ.get("BENCH_POSTGRES_URL"):
        yield url
        return
    try:
        with running_postgres(durable=True) as url:
            yield url
    except PostgresMissing as error:
        console.print(f"Without PostgreSQL: {error}")
        yield ""


def _show(told: dict[str, object], figures: Figures) -> None:
    table = Table(title=" · ".join(f"{name} {value}" for name, value in told.items()))
    for column, justify in (("figure", "left"), ("measured", "right"), ("goal", "left")):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    for name, value in figures.items():
        goal = goal_of(name)
        table.add_row(name, f"{value:,.2f}" if value < 100 else f"{value:,.0f}", goal.says(value) if goal else "")
    console.print(table)
    console.print(f"written to {RESULTS}")


if __name__ == "__main__":
    main()
