"""Ports for servers of tests, such as nothing else takes between choosing and listening."""

import os
import socket

FIRST, SLICE = 10_000, 1_800
"""Below what systems give to outgoing connections (Linux: from 32,768 on); each test process has a slice."""
_taken = 0


def free_port() -> int:
    """Nobody listens there, and this process names it only once."""
    global _taken
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 12
    for _attempt in range(SLICE):
        _taken += 1
        port = FIRST + worker * SLICE + _taken % SLICE
        if _is_free(port):
            return port
    raise AssertionError(f"no port is free from {FIRST + worker * SLICE} on")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
