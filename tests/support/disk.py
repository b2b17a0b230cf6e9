"""A disk so small that a test can fill it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BLOCK = bytes(4096)


class DiskMissing(Exception):
    """No file system can be made here; the text says what was wanted."""


class SmallDisk:
    """A file system of its own.  path: where it hangs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self) -> None:
        """Take all the space that is left."""
        with self._ballast.open("ab", buffering=0) as ballast:
            try:
                while ballast.write(BLOCK):
                    pass
            except OSError:
                return

    def free(self) -> None:
        """Give it back."""
        self._ballast.unlink()

    def left_bytes(self) -> int:
        state = os.statvfs(self.path)
        return state.f_bavail * state.f_frsize


@contextmanager
def small_disk(path: Path, size_bytes: int) -> Iterator[SmallDisk]:
    """An empty file system of that size, hung at ``path``.  Raises DiskMissing."""
    path.mkdir()
    _run("mount", "-t", "tmpfs", "-o", f"size={size_bytes},mode=0700", "tmpfs", str(path))
    try:
        yield SmallDisk(path)
    finally:
        _run("umount", "--lazy", str(path))


def _run(*words: str) -> None:
    try:
        subprocess.run(words, check=True, capture_output=True, timeout=30)
    except subprocess.CalledProcessError as error:
        raise DiskMissing(f"{words[0]} failed: {error.stderr.decode(errors='replace').strip()}") from error
    except OSError as error:
        raise DiskMissing(f"{words[0]} cannot be run: {error}") from error
