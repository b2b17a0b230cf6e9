"""The whole console over a real store, as one object for tests."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from starlette.applications import Starlette

from console.app import Console, create_app
from desk.access import Access
from desk.actors import Actor
from desk.challenging import IdentityChecks
from desk.commands import Desk
from desk.incidents import IncidentDesk
from desk.sign_in import SignIn
from responders.compose import Limits
from responders.templates import ReplyTemplates
from store.sql import open_store
from tests.console.seeds import Clock, Seeds
from tickets.ids import AccountId
from tickets.model import Role
from tickets.ports import FileRules, no_crash
from tickets.secret import Secret
from tickets.spending import Prices
from tickets.storage import Store

ORIGIN = "http://inbox.example.test"
HERE = {"Origin": ORIGIN}
OWN_TEXTS = ReplyTemplates(Path(__file__).parents[2] / "templates" / "replies", "en")
LIMITS = {
    AccountId("telegram:main"): Limits(
        4096,
        "utf16",
        files=FileRules(
            10, 50_000_000, 50_000_000, apart=True, pictures=("image/png", "image/jpeg"), picture_bytes=10_000_000
        ),
        formats=True,
    ),
    AccountId("telegram:square"): Limits(4096, "utf16"),
    AccountId("email:main"): Limits(
        None, "characters", "help@desk.example.test", FileRules(20, 10_000, 20_000), formats=True
    ),
    AccountId("discord:main"): Limits(2000, "characters"),
    AccountId("x:main"): Limits(
        280,
        "x_weighted",
        files=FileRules(4, 1_000, 4_000, media_types=("image/png",)),
        by_hand="https://x.com/intent/post?in_reply_to={post}&text={text}",
        prices=Prices(),
    ),
}

CHECKS = IdentityChecks(
    questions={"order": {"en": "What did you order last?"}, "since": {"en": "Since when are you with us?"}},
    mail=AccountId("email:main"),
    sign_in=SignIn("https://accounts.example.test/confirm", Secret("thirty-two bytes or more, of no value")),
)


class House:
    """An inbox with people at its desk."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        secure: bool = False,
        prepared: ReplyTemplates | None = None,
        feeds: Sequence[str] = ("x:main/talk", "telegram:main/hall"),
    ) -> None:
        self.store = store
        self.clock = clock
        self.seeds = Seeds(store, clock)
        self.access = Access(store, clock)
        self.desk = Desk(store, clock, no_crash, LIMITS, prepared, OWN_TEXTS, checks=CHECKS)
        self.not_ready: dict[str, str] = {}
        self.app: Starlette = create_app(
            Console(
                store=store,
                desk=self.desk,
                access=self.access,
                incidents=IncidentDesk(store, clock),
                clock=clock,
                version="0.0.test",
                undo_s=30.0,
                secure=secure,
                sandbox=False,
                ready=self._ready,
                feeds=feeds,
            )
        )

    async def _ready(self) -> Mapping[str, str]:
        return self.not_ready

    def client(self, **headers: str) -> httpx.AsyncClient:
        """A browser without a session."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers)

    async def actor(self, name: str, role: Role = "agent") -> Actor:
        user = await self.access.find_user(name) or await self.access.add_user(name, role)
        return Actor(key=f"user:{user.id}", name=user.name, role=user.role, user_id=user.id)

    async def signed_in(self, name: str = "Mei Lin", role: Role = "agent") -> "Browser":
        """A browser whose user came in by a link."""
        await self.actor(name, role)
        secret = await self.access.make_signin_link(await self.access.get_user(name))
        client = self.client()
        answer = await client.post(f"/enter/{secret}", headers=HERE)
        assert answer.status_code == 303, answer.text
        csrf = (await client.get("/session")).json()["csrf"]
        return Browser(client, csrf)

    async def api(self, role: Role = "agent") -> httpx.AsyncClient:
        """A program with a token."""
        token = await self.access.add_token(f"{role}-program", role)
        return self.client(Authorization=f"Bearer {token}")


Upload = tuple[str, tuple[str, bytes, str]]
"""The field's name; the file's name, bytes and type."""


class Browser:
    """A signed-in browser that sends forms as our pages do."""

    def __init__(self, client: httpx.AsyncClient, csrf: str) -> None:
        self.client = client
        self.csrf = csrf

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers=headers)

    async def post(
        self, path: str, *, hx: bool = False, files: Sequence[Upload] = (), **fields: str
    ) -> httpx.Response:
        headers = HERE | ({"HX-Request": "true"} if hx else {})
        return await self.client.post(path, data={"csrf": self.csrf, **fields}, files=files, headers=headers)


@asynccontextmanager
async def open_house(
    folder: Path, *, secure: bool = False, prepared: ReplyTemplates | None = None
) -> AsyncIterator[House]:
    """A house over a fresh SQLite store in ``folder``."""
    store = open_store(f"sqlite:///{folder / 'switchboard.db'}", bytes(32))
    await store.open()
    try:
        yield House(store, Clock(), secure=secure, prepared=prepared)
    finally:
        await store.close()
