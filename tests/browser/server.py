"""The console behind a real server in a thread of its own, for real browsers."""

import asyncio
import socket
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import uvicorn

from console.app import end_streams
from responders.templates import ReplyTemplates
from store.sql import open_store
from tests.console.house import House
from tests.console.seeds import Clock

T = TypeVar("T")
START_S = 15.0


class RunningClock(Clock):
    """Real time, moved by what was asked to pass."""

    def __init__(self) -> None:
        super().__init__()
        self._moved = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._moved

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def pass_(self, **how_long: float) -> None:
        self._moved += timedelta(**how_long)


class Announcing(uvicorn.Server):
    """A server that says when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


class Server:
    """A house at an address.  ``run`` does something in its loop."""

    def __init__(self, folder: Path, prepared: ReplyTemplates | None = None) -> None:
        self._folder = folder
        self._prepared = prepared
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="console")
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.house: House

    def __enter__(self) -> "Server":
        self._thread.start()
        self.run(self._open())
        return self

    def __exit__(self, *_error: object) -> None:
        self.run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._socket.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it in the server's loop and wait for it."""
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(timeout=60)

    def link(self, name: str, role: Any = "admin") -> str:
        """A fresh sign-in link."""
        return self.run(self._link(name, role))

    async def _link(self, name: str, role: Any) -> str:
        await self.house.actor(name, role)
        secret = await self.house.access.make_signin_link(await self.house.access.get_user(name))
        return f"{self.url}/enter/{secret}"

    async def _open(self) -> None:
        store = open_store(f"sqlite:///{self._folder / 'switchboard.db'}", bytes(32))
        await store.open()
        self.house = House(store, RunningClock(), prepared=self._prepared)
        config = uvicorn.Config(self.house.app, log_level="error", lifespan="on", timeout_graceful_shutdown=5)
        self._server = Announcing(config)
        self._serving = asyncio.ensure_future(self._server.serve(sockets=[self._socket]))
        async with asyncio.timeout(START_S):
            await self._server.up.wait()

    async def _close(self) -> None:
        end_streams(self.house.app)
        self._server.should_exit = True
        await self._serving
        await self.house.store.close()
        await _cancel_rest()


async def _cancel_rest() -> None:
    """sse-starlette's watcher outlives the last stream."""
    rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
