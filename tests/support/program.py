"""``switchboard run`` as a process of its own, driven through its API."""

import asyncio
import base64
import contextlib
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import httpx

from desk.access import Access
from service.clock import SystemClock
from tests.support.launcher import launch
from tests.support.stores import KEY, Database
from tests.support.town import DISCORD_TOKEN, KEYS, PASSWORD, PATIENCE_S, TOKEN, Town

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\x02"


class Process(Protocol):
    """What a program's process must be able to do; ``multiprocessing`` spells it so."""

    @property
    def pid(self) -> int | None: ...

    @property
    def exitcode(self) -> int | None: ...

    def join(self, timeout: float | None = None) -> None: ...

    def kill(self) -> None: ...

    def terminate(self) -> None: ...


class Program:
    """``switchboard run`` as a process, with its API.

    command: ``worker`` for one without it.  host: the address at which it
    reaches the platforms.  launched: starts the process, given its words, the
    file for what it prints, and the point at which it kills itself.
    """

    def __init__(
        self,
        town: Town,
        database: Database,
        folder: Path,
        port: int,
        *,
        webhook: bool,
        feed: bool = False,
        clocks: bool = False,
        command: str = "run",
        host: str = "127.0.0.1",
        launched: Callable[[list[str], Path, str], Process] = launch,
    ) -> None:
        self.town = town
        self.command = command
        self.folder = folder
        self.database = database
        self.base = f"http://127.0.0.1:{port}"
        self.token = ""
        self.process: Process | None = None
        self._launched = launched
        text = configuration(
            town,
            database,
            folder,
            port,
            webhook=webhook,
            feed=feed,
            clocks=clocks,
            acknowledge=command == "worker",
            host=host,
        )
        (folder / "config.toml").write_text(text, encoding="utf-8")
        (folder / "config.toml").chmod(0o600)
        (folder / "secret.key").write_text(KEY.hex())

    async def make_token(self) -> None:
        store = self.database.store()
        await store.open()
        self.token = await Access(store, SystemClock()).add_token("judge", "agent")
        await store.close()

    async def start(self, crash_at: str = "") -> None:
        words = [self.command, "--config", str(self.folder / "config.toml")]
        (self.folder / "out.txt").touch()
        self.process = self._launched(words, self.folder / "out.txt", crash_at)

    async def ended(self) -> int | None:
        """Its exit code, minus the number of the signal that killed it; None when it does not end."""
        assert self.process is not None
        await asyncio.to_thread(self.process.join, PATIENCE_S)
        return self.process.exitcode

    async def killed(self) -> bool:
        """Whether the program was killed at its point, within patience."""
        return await self.ended() == -signal.SIGKILL

    async def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        await self.ended()

    async def end(self) -> None:
        """Ask it to end; it does so in time and content."""
        assert self.process is not None
        self.process.terminate()
        assert await self.ended() == 0, self.log()

    async def stop(self) -> None:
        if self.process is not None and self.process.exitcode is None:
            self.process.terminate()
            if await self.ended() is None:
                await self.kill()

    async def says(self, words: str) -> None:
        """Return once the program has printed so."""
        async with asyncio.timeout(PATIENCE_S):
            while words not in self.log():
                await asyncio.to_thread(breathe)

    async def get(self, path: str) -> dict:
        async with self._client() as client:
            return (await client.get(path)).raise_for_status().json()

    async def reply(self, number: int, text: str, picture: bytes = b"") -> str | None:
        """The delivery's id; None when the program died over it.  picture: goes with the answer."""
        encoded = base64.b64encode(picture).decode()
        files = [{"name": "a.png", "type": "image/png", "content": encoded}] if picture else []
        try:
            async with self._client() as client:
                answer = await client.post(
                    f"/tickets/{number}/replies",
                    json={"text": text, "files": files},
                    headers={"Idempotency-Key": f"answer-{number}"},
                )
                return answer.raise_for_status().json()["delivery"]["id"]
        except httpx.TransportError:
            return None

    async def tickets(self) -> list[dict]:
        """Every ticket whole; empty while the program is not answering."""
        try:
            listed = (await self.get("/tickets?limit=200"))["items"]
            return [await self.get(f"/tickets/{one['number']}") for one in listed]
        except httpx.TransportError:
            return []

    def _client(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self.token}"}
        # There is no TLS here; verify=False spares reading all certificates for every question.
        return httpx.AsyncClient(base_url=f"{self.base}/api/v1", headers=headers, timeout=PATIENCE_S, verify=False)

    def log(self) -> str:
        """The end of what it printed."""
        return (self.folder / "out.txt").read_text(errors="replace")[-2000:]

    async def settled(self, delivery: str) -> str:
        """The state in which a delivery comes to rest."""
        async with asyncio.timeout(PATIENCE_S):
            while (state := (await self.get(f"/deliveries/{delivery}"))["state"]) not in (
                "sent",
                "unknown",
                "failed",
            ):
                await asyncio.to_thread(breathe)
            return state

    async def at_rest(self, delivery: str, *, proved: bool) -> str:
        """The state in which a delivery comes to rest.

        proved: unknown is no rest, as it is looked up on the platform; else
        unknown counts once it says that only a person can tell.
        """
        async with asyncio.timeout(2 * PATIENCE_S):
            while True:
                found = await self.get(f"/deliveries/{delivery}")
                if found["state"] in ("sent", "failed"):
                    return found["state"]
                if found["state"] == "unknown" and not proved and "only " in found["detail"].lower():
                    return found["state"]
                await asyncio.to_thread(breathe)

    async def tickets_with_files(self, count: int) -> list[dict]:
        """Every ticket, as soon as there are so many and no file of theirs is still to be fetched."""
        async with asyncio.timeout(2 * PATIENCE_S):
            while True:
                tickets = await self.tickets_of_all(count)
                files = [file for one in tickets for message in one["messages"] for file in message["attachments"]]
                if all(file["state"] == "stored" for file in files):
                    return tickets
                await asyncio.to_thread(breathe)

    async def tickets_of_all(self, count: int) -> list[dict]:
        """Every ticket, as soon as there are so many."""
        async with asyncio.timeout(2 * PATIENCE_S):
            while True:
                with contextlib.suppress(httpx.HTTPStatusError):
                    tickets = await self.tickets()
                    if len(tickets) >= count:
                        return tickets
                await asyncio.to_thread(breathe)


def breathe() -> None:
    """Let the other process get on; what is waited for is a condition."""
    threading.Event().wait(0.03)


def configuration(
    town: Town,
    database: Database,
    folder: Path,
    port: int,
    *,
    webhook: bool = False,
    feed: bool = False,
    clocks: bool = False,
    acknowledge: bool = False,
    quick: bool = True,
    host: str = "127.0.0.1",
) -> str:
    """config.toml for all four channels.

    quick: shorter waits than in service, so that tests need not wait.  host:
    the address of the mail servers.
    """
    hooks = f"http://127.0.0.1:{port}/hooks/telegram/main"
    mode = f'mode = "webhook"\nwebhook_url = "{hooks}"' if webhook else ""
    feeds = '[x.main.feeds.talk]\nsearch = "acmewallet"' if feed else ""
    hurry = "[clocks.now]\npickup_minutes = 0.001" if clocks else ""
    called = f'webhook_url = "http://127.0.0.1:{port}/hooks/x/main"' if webhook else ""
    return f"""
[service]
data_dir = "{folder}"
database = "{database.url}"
worker_lease_s = {2 if quick else 15}
[router]
young_days = 0
{hurry}
[inbox]
port = {port}
[telegram.main]
token = "{TOKEN}"
base_url = "{town.telegram.base_url}"
base_file_url = "{town.telegram.base_file_url}"
poll_timeout_s = {1 if quick else 25}
acknowledge = false
{mode}
[discord.main]
token = "{DISCORD_TOKEN}"
base_url = "{town.discord.api_url}"
gateway_url = "{town.discord.gateway_url}"
cdn_url = "{town.discord.cdn_url}"
appears_within_s = {1 if quick else 60}
first_start = "all"
acknowledge = {str(acknowledge).lower()}
[x.main]
api_key = "{KEYS.consumer_key}"
api_key_secret = "{KEYS.consumer_secret}"
access_token = "{KEYS.access_token}"
access_token_secret = "{KEYS.access_token_secret}"
base_url = "{town.x.base_url}"
media_url = "{town.x.media_url}"
storage_url = "{town.x.storage_url}"
{called}
poll_s = {0.2 if quick else 15}
per_15_min = 1000000
per_day = 10000000
appears_within_s = {1 if quick else 120}
first_start = "all"
{feeds}
[email.support]
address = "support@example.test"
first_start = "all"
acknowledge = false
imap = {{host = "{host}", port = {town.mail.imap_port}, tls = "none", password = "{PASSWORD}"}}
[email.support.smtp]
host = "{host}"
port = {town.mail.smtp_port}
tls = "none"
password = "{PASSWORD}"
per_minute = 6000
"""


def picture_for(number: int) -> bytes:
    """Another with each answer."""
    return PNG + number.to_bytes(4) * 16
