"""The REST API as a caller meets it."""

import json
from typing import Any

import httpx
import pytest

from console.api.routes import API_ROUTES
from console.security import FILES_BYTES
from tests.console.house import House
from tests.console.seeds import Person, image
from tickets.errors import StoreUnavailable

BASE = "/api/v1"


def is_problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    return problem


async def anna(house: House) -> Person:
    person = Person("Anna Lind")
    await house.seeds.writes(person, "Where is my parcel?", files=[image("dot.png")])
    return person


async def test_list_and_ticket(house: House) -> None:
    person, api = await anna(house), await house.api()
    listed = (await api.get(f"{BASE}/tickets")).json()
    assert listed["next"] is None
    assert listed["items"] == [
        {
            "number": person.number,
            "subject": "Where is my parcel?",
            "status": "open",
            "priority": 10,
            "priority_reasons": [{"label": "a person is waiting", "points": 10}],
            "channel": "telegram",
            "account": "telegram:main",
            "language": "en",
            "requester": "Anna Lind",
            "created_at": "2026-03-02T09:00:00Z",
            "updated_at": "2026-03-02T09:00:00Z",
            "merged_into": None,
            "team": "support",
            "line": 1,
            "category": "",
            "category_confidence": 0.0,
            "vip": False,
            "tags": [],
            "incident": None,
            "clocks": [],
        }
    ]
    whole = (await api.get(f"{BASE}/tickets/{person.number}")).json()
    message = whole["messages"][0]
    assert (message["direction"], message["author"], message["delivery"]) == ("in", "Anna Lind", None)
    file = message["attachments"][0]
    assert (file["name"], file["type"], file["state"]) == ("dot.png", "image/png", "stored")
    assert (await api.get(file["url"])).content.startswith(b"\x89PNG")


async def test_pages_of_a_list(house: House) -> None:
    for n in range(5):
        await house.seeds.writes(Person(f"P{n}"), "same words")
    api = await house.api()
    for query in ("", "&q=words"):
        seen, cursor = [], ""
        while True:
            page = (await api.get(f"{BASE}/tickets?limit=2{query}{cursor}")).json()
            seen += [item["number"] for item in page["items"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert sorted(seen) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("limit=x", "limit"),
        ("limit=", "limit"),
        ("status=done", "status"),
        ("status=", "status"),
        ("channel=fax", "channel"),
        ("cursor=x", "cursor"),
        ("cursor=1.2", "cursor"),
        ("cursor=" + "9" * 70 + ".1.1", "cursor"),
        ("cursor=99999999999999999999.1.1", "cursor"),
        ("q=word&cursor=1.2.3", "cursor"),
        ("q=" + "x" * 10_001, "q"),
        ("limit=1&limit=2", "limit"),
        ("colour=red", "colour"),
    ],
)
async def test_bad_parameters_are_named(house: House, query: str, parameter: str) -> None:
    api = await house.api()
    assert is_problem(await api.get(f"{BASE}/tickets?{query}"), 422)["parameter"] == parameter


async def test_reply_once(house: House) -> None:
    person, api = await anna(house), await house.api()
    path, key = f"{BASE}/tickets/{person.number}/replies", {"Idempotency-Key": "order-1"}
    first = await api.post(path, json={"text": "Tomorrow"}, headers=key)
    again = await api.post(path, json={"text": "Tomorrow"}, headers=key)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert first.json()["delivery"]["state"] == "queued"
    is_problem(await api.post(path, json={"text": "Friday"}, headers=key), 409)
    is_problem(await api.post(path, json={"text": "Tomorrow"}), 400)
    is_problem(await api.post(path, json={"text": "x"}, headers={"Idempotency-Key": "k" * 201}), 400)
    delivery = (await api.get(first.headers["location"])).json()
    assert set(delivery) == {"id", "state", "code", "detail", "attempts", "ticket", "parts", "updated_at"}
    assert (delivery["ticket"], delivery["attempts"], len(delivery["parts"])) == (person.number, 0, 1)
    whole = (await api.get(f"{BASE}/tickets/{person.number}")).json()
    assert whole["messages"][-1]["delivery"] == first.json()["delivery"]
    assert len((await house.seeds.get(person.number)).deliveries) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[" * 100_000, 400),
        (b"\xff\xfe", 400),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"text": 3}', 422),
        (b'{"text": ""}', 422),
        (b'{"text": "x", "more": 1}', 422),
        (json.dumps({"text": "x" * 100_001}).encode(), 422),
        (b'{"text": "' + b"x" * (1_000_000 + FILES_BYTES * 4 // 3) + b'"}', 413),
    ],
)
async def test_bad_bodies(house: House, body: bytes, status: int) -> None:
    person, api = await anna(house), await house.api()
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    answer = await api.post(f"{BASE}/tickets/{person.number}/replies", content=body, headers=headers)
    is_problem(answer, status)
    assert (await house.seeds.get(person.number)).deliveries == ()


async def test_a_body_that_hides_its_size(house: House) -> None:
    person, api = await anna(house), await house.api()

    async def endless() -> Any:
        for _ in range(40 + FILES_BYTES * 4 // 3 // 65_536):
            yield b"x" * 65_536

    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    is_problem(await api.post(f"{BASE}/tickets/{person.number}/replies", content=endless(), headers=headers), 413)


@pytest.mark.parametrize("text", ["a\u0000b", "🎉" * 50, "\u202eabc", "{{ 7*7 }}", "a\r\nb"])
async def test_odd_texts_are_kept(house: House, text: str) -> None:
    person, api = await anna(house), await house.api()
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    body = json.dumps({"text": text}).encode()
    answer = await api.post(f"{BASE}/tickets/{person.number}/replies", content=body, headers=headers)
    assert answer.status_code == 202
    assert (await api.get(f"{BASE}/tickets/{person.number}")).status_code == 200


async def test_lone_surrogates_break_nothing(house: House) -> None:
    person, api = await anna(house), await house.api()
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    answer = await api.post(
        f"{BASE}/tickets/{person.number}/replies", content=b'{"text": "a\\ud800b"}', headers=headers
    )
    assert answer.status_code in (202, 400, 422)
    assert (await api.get(f"{BASE}/tickets/{person.number}")).status_code == 200


async def test_other_problems(house: House) -> None:
    person, api = await anna(house), await house.api()
    for path in (
        "/tickets/99",
        "/tickets/x",
        "/tickets/" + "9" * 40,
        "/deliveries/none",
        "/deliveries/%00",
        "/attachments/none",
        "/nowhere",
    ):
        is_problem(await api.get(BASE + path), 404)
    is_problem(await api.delete(f"{BASE}/tickets"), 405)
    is_problem(await api.get(f"{BASE}/tickets/{person.number}/replies"), 405)
    form = await api.post(
        f"{BASE}/tickets/{person.number}/replies", data={"text": "x"}, headers={"Idempotency-Key": "k"}
    )
    is_problem(form, 415)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic abc", "Bearer swb_wrong", "Bearer " + "x" * 5000]
)
async def test_without_a_token(house: House, header: str) -> None:
    async with house.client(Authorization=header) as anybody:
        answer = await anybody.get(f"{BASE}/tickets")
    is_problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_tokens_have_roles_and_can_be_revoked(house: House) -> None:
    person = await anna(house)
    viewer = await house.api("viewer")
    reply = await viewer.post(
        f"{BASE}/tickets/{person.number}/replies", json={"text": "x"}, headers={"Idempotency-Key": "k"}
    )
    is_problem(reply, 403)
    await house.access.revoke_token("viewer-program")
    is_problem(await viewer.get(f"{BASE}/tickets"), 401)


async def test_a_session_opens_no_api(house: House) -> None:
    browser = await house.signed_in()
    assert (await browser.get(f"{BASE}/tickets")).status_code == 401


async def test_a_database_that_is_away(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    api, browser = await house.api(), await house.signed_in()

    async def away(*_: Any) -> None:
        raise StoreUnavailable("locked")

    monkeypatch.setattr(house.store, "list_tickets", away)
    answer = await api.get(f"{BASE}/tickets")
    is_problem(answer, 503)
    assert int(answer.headers["retry-after"]) > 0
    page = await browser.get("/")
    assert (page.status_code, "retry-after" in page.headers) == (503, True)
    assert "Nothing was changed" in page.text


async def test_a_bug_shows_no_inside(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    api, browser = await house.api(), await house.signed_in()

    async def broken(*_: Any) -> None:
        raise ZeroDivisionError("secret inside")

    monkeypatch.setattr(house.store, "list_tickets", broken)
    assert "secret" not in json.dumps(is_problem(await api.get(f"{BASE}/tickets"), 500))
    page = await browser.get("/")
    assert page.status_code == 500
    assert "secret" not in page.text
    assert "Traceback" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


# The description ----------------------------------------------------------------


async def described(house: House) -> dict[str, Any]:
    async with house.client() as anybody:
        document: dict[str, Any] = (await anybody.get(f"{BASE}/openapi.json")).json()
    return document


async def test_every_route_is_described(house: House) -> None:
    document = await described(house)
    assert document["openapi"] == "3.1.0"
    routes = {
        (route.path, method.lower())  # type: ignore[attr-defined]
        for route in API_ROUTES
        for method in route.methods - {"HEAD"}  # type: ignore[attr-defined]
    }
    assert {(path, method) for path, methods in document["paths"].items() for method in methods} == routes


async def test_every_field_is_described(house: House) -> None:
    person, api = await anna(house), await house.api()
    await house.seeds.finds("Said elsewhere")
    document = await described(house)
    sent = await api.post(
        f"{BASE}/tickets/{person.number}/replies", json={"text": "Hi"}, headers={"Idempotency-Key": "k"}
    )
    checks = {
        "TicketList": (await api.get(f"{BASE}/tickets")).json(),
        "WholeTicket": (await api.get(f"{BASE}/tickets/{person.number}")).json(),
        "Accepted": sent.json(),
        "DeliveryDocument": (await api.get(sent.headers["location"])).json(),
        "ChannelList": (await api.get(f"{BASE}/channels")).json(),
        "ItemList": (await api.get(f"{BASE}/items")).json(),
        "ProblemDocument": (await api.get(f"{BASE}/tickets?limit=0")).json(),
    }
    for name, value in checks.items():
        assert_fits(value, {"$ref": f"#/components/schemas/{name}"}, document)


def assert_fits(value: Any, schema: dict[str, Any], document: dict[str, Any]) -> None:
    """Each object has exactly the described fields, all the way down."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    if isinstance(value, dict):
        properties = properties_of(schema, document)
        assert set(value) == set(properties)
        for key, inner in value.items():
            assert_fits(inner, properties[key], document)
    elif isinstance(value, list):
        for inner in value:
            assert_fits(inner, schema["items"], document)


def properties_of(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """Of an object, or of the object in a choice between it and null."""
    if "properties" not in schema:
        name = next(one["$ref"] for one in schema["anyOf"] if "$ref" in one).rsplit("/", 1)[1]
        schema = document["components"]["schemas"][name]
    properties: dict[str, Any] = schema["properties"]
    return properties
