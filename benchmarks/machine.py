"""What the machine can do, and what processes take of it."""

import os
import platform
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

BLOCK = b"x" * 4096
SECONDS = 1.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def describe() -> dict[str, object]:
    """What every figure must be read with."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "load_before": round(os.getloadavg()[0], 2),
        "fdatasync_per_s": round(fdatasync_per_s()),
    }


def fdatasync_per_s() -> float:
    """Writes of 4 KiB, each flushed to the disk, per second: no durability figure means anything without it."""
    with tempfile.NamedTemporaryFile() as file:
        count = 0
        began = time.perf_counter()
        while (spent := time.perf_counter() - began) < SECONDS:
            os.write(file.fileno(), BLOCK)
            os.fdatasync(file.fileno())
            count += 1
        return count / spent


def with_children(pid: int) -> list[int]:
    """A process and all that come from it."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            found += [int(child) for child in children.read_text().split()]
    return found


def pss_mb(pids: list[int]) -> float:
    """Memory of the processes, MB; pages shared by several are counted in parts."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def cpu_s(pids: list[int]) -> float:
    """Processor time that the processes have used, seconds."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS_PER_S
