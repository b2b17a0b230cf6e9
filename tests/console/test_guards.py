"""Headers on everything, probes, metrics, and friendly errors."""

import pytest

from console.security import FILES_BYTES
from tests.console.house import House, open_house
from tests.console.seeds import Person
from tickets.errors import StoreUnavailable
from tickets.ids import AccountId
from tickets.model import ChannelHealth

PATHS = (
    "/",
    "/signin",
    "/enter/x",
    "/nope",
    "/livez",
    "/readyz",
    "/metrics",
    "/api/v1/tickets",
    "/channels",
    "/reading",
)


@pytest.mark.parametrize("path", PATHS)
async def test_every_response_is_guarded(house: House, path: str) -> None:
    browser = await house.signed_in()
    answer = await browser.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"


async def test_tls_is_insisted_on_where_there_is_tls(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with open_house(tmp_path_factory.mktemp("house"), secure=True) as one:
        assert "max-age" in (await one.client().get("/livez")).headers["strict-transport-security"]


async def test_not_found_is_friendly(house: House) -> None:
    answer = await house.client().get("/nowhere")
    assert answer.status_code == 404
    assert "Back to the inbox" in answer.text


async def test_alive_without_a_database(house: House) -> None:
    await house.store.close()
    assert (await house.client().get("/livez")).status_code == 200


async def test_ready_says_why_not(house: House) -> None:
    assert (await house.client().get("/readyz")).json() == {"status": "ready"}
    house.not_ready = {"database": "cannot be written"}
    answer = await house.client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == {"database": "cannot be written"}


async def test_metrics_count_and_name_nobody(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    number = await house.seeds.writes(Person("Anna Lind"), "My secret story")
    await house.desk.answer(await house.actor("Mei Lin"), number, "Hi", key="k")
    now = house.clock.now()
    await house.store.set_health(ChannelHealth(AccountId("telegram:main"), "telegram", "up", "fine", now, now))
    text = (await house.client().get("/metrics")).text
    assert "switchboard_tickets_unfinished 1.0" in text
    assert 'switchboard_deliveries{state="queued"} 1.0' in text
    assert 'switchboard_channel_up{account="telegram:main",channel="telegram"} 1.0' in text
    assert "switchboard_database_up 1.0" in text
    for word in ("Anna", "Mei", "secret"):
        assert word not in text

    async def away() -> None:
        raise StoreUnavailable("locked")

    monkeypatch.setattr(house.store, "count_rows", away)
    assert "switchboard_database_up 0.0" in (await house.client().get("/metrics")).text


async def test_large_forms_are_refused(house: House) -> None:
    number = await house.seeds.writes(Person("Anna Lind"), "Hello")
    browser = await house.signed_in()
    large = ("files", ("x.bin", b"x" * (2_000_001 + FILES_BYTES), "application/octet-stream"))
    for answer in (
        await browser.post(f"/tickets/{number}/claim", hx=True, text="x" * 2_000_001, key="k"),
        await browser.post(f"/tickets/{number}/messages", hx=True, files=[large], text="x", key="k"),
    ):
        assert answer.status_code == 413
        assert "Shorten it" in answer.text
