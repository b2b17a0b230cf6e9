"""Network namespaces: processes that reach each other over a wire which a test can cut.

Linux, root and iproute2 are needed; everything made is removed at the end.
"""

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.support.program import Process

NETWORK = "198.18"
"""Set aside for tests of networks (RFC 2544); no machine on the internet has such an address."""
FIRST_GUEST = 2


class NamespacesMissing(Exception):
    """Namespaces cannot be made here; the text says what was wanted."""


class Place:
    """A namespace with one wire.  prefix: the words that make a command run in it."""

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self.address = address
        self.prefix = ["ip", "netns", "exec", name]

    def unplug(self) -> None:
        """Cut the wire; whoever talks over it hears nothing, not even an error."""
        _ip("link", "set", self.name, "down")

    def plug(self) -> None:
        """Join the wire again."""
        _ip("link", "set", self.name, "up")

    def launched(self, words: list[str], output: Path, crash_at: str) -> Process:
        """``switchboard <words>`` in this place, for ``Program``."""
        environment = {**os.environ, "SWITCHBOARD_CRASH_AT": crash_at, "NO_PROXY": "*"}
        with output.open("ab") as file:
            process = subprocess.Popen(
                [*self.prefix, sys.executable, "-m", "service", *words],
                stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=environment,
            )  # fmt: skip
        return _Launched(process)


class Net:
    """A switch in the test's own namespace; ``address`` is the test's own on it."""

    def __init__(self, name: str, subnet: str, stack: ExitStack) -> None:
        self.name = name
        self.address = f"{subnet}.1"
        self._subnet = subnet
        self._stack = stack
        self._guests = itertools.count(FIRST_GUEST)

    def place(self) -> Place:
        """One more namespace, joined to the switch."""
        guest = next(self._guests)
        place = Place(f"{self.name}n{guest}", f"{self._subnet}.{guest}")
        _ip("netns", "add", place.name)
        self._stack.callback(_ip, "netns", "delete", place.name)
        _ip("link", "add", place.name, "type", "veth", "peer", "name", "eth0", "netns", place.name)
        self._stack.callback(_ip, "link", "delete", place.name)
        _ip("link", "set", place.name, "master", self.name, "up")
        for words in (
            ("address", "add", f"{place.address}/24", "dev", "eth0"),
            ("link", "set", "lo", "up"),
            ("link", "set", "eth0", "up"),
        ):
            _ip("-netns", place.name, *words)
        return place


@contextmanager
def separate_networks() -> Iterator[Net]:
    """A switch without places yet.  Raises NamespacesMissing.

    Processes in the places must have ended before it does.
    """
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("ip") is None:
        raise NamespacesMissing("network namespaces need Linux, root, and ip from the package iproute2")
    net_name, subnet = f"sb{os.getpid() % 1_000_000}", f"{NETWORK}.{os.getpid() % 256}"
    with ExitStack() as stack:
        _ip("link", "add", net_name, "type", "bridge")
        stack.callback(_ip, "link", "delete", net_name)
        _ip("address", "add", f"{subnet}.1/24", "dev", net_name)
        _ip("link", "set", net_name, "up")
        yield Net(net_name, subnet, stack)


class _Launched:
    """A process with the manners of ``multiprocessing``."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self.pid: int | None = process.pid
        self.kill: Callable[[], None] = process.kill
        self.terminate: Callable[[], None] = process.terminate

    @property
    def exitcode(self) -> int | None:
        return self._process.poll()

    def join(self, timeout: float | None = None) -> None:
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return


def _ip(*words: str) -> None:
    try:
        subprocess.run(["ip", *words], check=True, capture_output=True, timeout=30)
    except subprocess.CalledProcessError as error:
        told = error.stderr.decode(errors="replace").strip()
        raise NamespacesMissing(f"`ip {' '.join(words)}` is not allowed here: {told}") from error
