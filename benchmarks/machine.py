"""What the disk can do: no durability figure means anything without it."""

import os
import tempfile
import time

BLOCK = b"x" * 4096
SECONDS = 1.0


def fdatasync_per_s() -> float:
    """Writes of 4 KiB, each flushed to the disk, per second."""
    with tempfile.NamedTemporaryFile() as file:
        count = 0
        began = time.perf_counter()
        while (spent := time.perf_counter() - began) < SECONDS:
            os.write(file.fileno(), BLOCK)
            os.fdatasync(file.fileno())
            count += 1
        return count / spent
