"""Coming in, staying in, leaving."""

import pytest

from console.security import local_path
from tests.console.house import HERE, House, open_house
from tests.console.seeds import Person


async def test_a_link_opened_by_a_mail_scanner_still_works(house: House) -> None:
    await house.actor("Mei Lin")
    secret = await house.access.make_signin_link(await house.access.get_user("Mei Lin"))
    async with house.client() as scanner:
        for _ in range(3):
            assert (await scanner.get(f"/enter/{secret}")).status_code == 200
            assert (await scanner.head(f"/enter/{secret}")).status_code == 200
    async with house.client() as browser:
        answer = await browser.post(f"/enter/{secret}", headers=HERE)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert (await browser.get("/")).status_code == 200
        again = await browser.post(f"/enter/{secret}", headers=HERE)
        assert again.status_code == 410
        assert "switchboard user link" in again.text


async def test_password(house: House) -> None:
    await house.actor("Mei Lin")
    await house.access.set_password("Mei Lin", "correct horse battery")
    async with house.client() as browser:
        wrong = await browser.post("/signin", data={"name": "Mei Lin", "password": "no"}, headers=HERE)
        assert wrong.status_code == 401
        assert 'value="Mei Lin"' in wrong.text
        assert "wrong" in wrong.text
        fields = {"name": "Mei Lin", "password": "correct horse battery", "next": "/tickets/7?view=mine"}
        right = await browser.post("/signin", data=fields, headers=HERE)
        assert (right.status_code, right.headers["location"]) == (303, "/tickets/7?view=mine")


async def test_guessing_is_slowed_down(house: House) -> None:
    async with house.client() as browser:
        answers = [
            await browser.post("/signin", data={"name": "Mei Lin", "password": "no"}, headers=HERE)
            for _ in range(12)
        ]
    assert answers[0].status_code == 401
    assert answers[-1].status_code == 429
    assert "Too many tries" in answers[-1].text


@pytest.mark.parametrize(
    "target",
    ["//evil.test", "\\\\evil.test", "/\\evil.test", "https:evil.test", "https://e.test", "/\nx", "x", ""],
)
async def test_only_local_redirects(house: House, target: str) -> None:
    await house.actor("Mei Lin")
    await house.access.set_password("Mei Lin", "correct horse battery")
    async with house.client() as browser:
        fields = {"name": "Mei Lin", "password": "correct horse battery", "next": target}
        answer = await browser.post("/signin", data=fields, headers=HERE)
    assert answer.headers["location"] == "/"
    assert local_path("/tickets/3?view=mine&q=%2F%2F") == "/tickets/3?view=mine&q=%2F%2F"


async def test_without_a_session_one_is_sent_to_sign_in_and_comes_back(house: House) -> None:
    async with house.client() as browser:
        answer = await browser.get("/tickets/3?view=mine")
        assert answer.headers["location"] == "/signin?next=/tickets/3%3Fview%3Dmine"
        part = await browser.get("/tickets/3", headers={"HX-Request": "true"})
        assert part.status_code == 401
        assert "what you typed stays here" in part.text


async def test_sign_out_ends_the_session_everywhere(house: House) -> None:
    browser = await house.signed_in()
    cookie = browser.client.cookies["switchboard"]
    answer = await browser.post("/signout")
    assert answer.headers["location"] == "/signin"
    async with house.client(Cookie=f"switchboard={cookie}") as thief:
        assert (await thief.get("/")).status_code == 303


async def test_a_user_who_is_switched_off_is_out_at_once(house: House) -> None:
    browser = await house.signed_in("Mei Lin")
    await house.access.set_active("Mei Lin", False)
    assert (await browser.get("/")).status_code == 303


async def test_the_cookie_is_guarded(house: House, tmp_path_factory: pytest.TempPathFactory) -> None:
    for secure in (False, True):
        async with open_house(tmp_path_factory.mktemp("house"), secure=secure) as one:
            await one.actor("Mei Lin")
            secret = await one.access.make_signin_link(await one.access.get_user("Mei Lin"))
            origin = "https://inbox.example.test" if secure else "http://inbox.example.test"
            answer = await one.client().post(f"/enter/{secret}", headers={"Origin": origin})
            cookie = answer.headers["set-cookie"]
            assert "HttpOnly" in cookie
            assert "SameSite=lax" in cookie
            assert ("Secure" in cookie) is secure
            assert cookie.startswith("__Host-switchboard=" if secure else "switchboard=")


async def test_the_pages_own_requests_do_not_prolong_a_session(house: House) -> None:
    browser = await house.signed_in()
    for _ in range(5):
        house.clock.pass_(hours=3)
        answer = await browser.get("/", **{"X-Live": "1"})
    assert answer.status_code == 401
    browser = await house.signed_in()
    for _ in range(5):
        house.clock.pass_(hours=3)
        answer = await browser.get("/")
    assert answer.status_code == 200


# Requests from elsewhere -------------------------------------------------------

FOREIGN = (
    {},
    {"Origin": "https://evil.test"},
    {"Origin": "null"},
    {"Origin": "http://inbox.example.test.evil.test"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://inbox.example.test"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.test"},
)


@pytest.mark.parametrize("headers", FOREIGN)
async def test_requests_from_elsewhere_are_refused(house: House, headers: dict[str, str]) -> None:
    number = await house.seeds.writes(Person("Anna Lind"), "Hello")
    browser = await house.signed_in()
    secret = await house.access.make_signin_link(await house.access.get_user("Mei Lin"))
    for path in (f"/tickets/{number}/close", "/signin", f"/enter/{secret}", "/signout"):
        answer = await browser.client.post(path, data={"csrf": browser.csrf, "key": "k"}, headers=headers)
        assert answer.status_code == 403, path
    assert (await house.seeds.get(number)).ticket.status == "open"


async def test_a_form_needs_the_token_of_its_own_session(house: House) -> None:
    number = await house.seeds.writes(Person("Anna Lind"), "Hello")
    browser = await house.signed_in("Mei Lin")
    other = await house.signed_in("Jonas Weber")
    for token in ("", "x", other.csrf):
        fields = {"csrf": token, "key": "k"}
        answer = await browser.client.post(f"/tickets/{number}/close", data=fields, headers=HERE)
        assert answer.status_code == 403
    headers = HERE | {"X-CSRF-Token": browser.csrf}
    assert (
        await browser.client.post(f"/tickets/{number}/close", data={"key": "k"}, headers=headers)
    ).status_code == 303
