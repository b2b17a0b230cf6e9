"""Run every benchmark, print a table, and write ``bench-results/latest.json``.

BENCH_POSTGRES_URL: a PostgreSQL server to measure beside SQLite.
"""

import json
import os
import platform
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.intake import measure_chat, measure_history, measure_mail
from benchmarks.machine import fdatasync_per_s

RESULTS = Path("bench-results/latest.json")


def main() -> None:
    machine = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "fdatasync_per_s": round(fdatasync_per_s()),
    }
    with tempfile.TemporaryDirectory() as folder:
        figures = {
            **measure_chat(f"sqlite:///{folder}/chat.db", "SQLite"),
            **measure_mail(f"sqlite:///{folder}/mail.db", "SQLite"),
            **measure_history(f"sqlite:///{folder}/history.db", "SQLite"),
        }
    if url := os.environ.get("BENCH_POSTGRES_URL"):
        figures |= measure_chat(url, "PostgreSQL")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"machine": machine, "figures": figures}, indent=2))
    _show(machine, figures)


def _show(machine: dict[str, object], figures: dict[str, float]) -> None:
    table = Table(title=" · ".join(f"{name} {value}" for name, value in machine.items()))
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name, value in figures.items():
        table.add_row(name, f"{value:,.2f}" if value < 100 else f"{value:,.0f}")
    Console().print(table)
    print(f"written to {RESULTS}")


if __name__ == "__main__":
    main()
