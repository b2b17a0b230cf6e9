"""The loopback X: rate limits, and misbehaviour on request."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import httpx
import pytest
import tweepy

from simulators.x import FAULTS, Keys
from tests.simulators.test_x_support import World, open_world, refusal


@pytest.fixture
async def x() -> AsyncIterator[World]:
    async with open_world() as world:
        yield world


@pytest.fixture
async def lenient() -> AsyncIterator[World]:
    async with open_world(enforce_limits=False) as world:
        yield world


def limits(answer: Any, prefix: str = "x-rate-limit") -> tuple[int, ...]:
    return tuple(int(answer.headers[f"{prefix}-{name}"]) for name in ("limit", "remaining", "reset"))


# --- rate limits


async def test_every_answer_tells_the_limit(x: World) -> None:
    reset = int((x.clock.time + timedelta(minutes=15)).timestamp())
    mentions = f"/2/users/{x.account.id}/mentions"
    assert limits(await x.get(mentions)) == (300, 299, reset)
    x.clock.advance(minutes=5)
    assert limits(await x.get(mentions)) == (300, 298, reset)
    assert limits(await x.get("/2/users/me"))[:2] == (75, 74)
    assert limits(await x.get(f"/2/users/{x.account.id}/tweets"))[:2] == (900, 899)
    assert limits(await x.get("/2/tweets", ids="1"))[:2] == (900, 899)
    answer = await x.post({"text": ""})
    assert limits(answer)[:2] == (100, 99)
    assert limits(answer, "x-app-limit-24hour")[:2] == (10_000, 9_999)
    x.clock.advance(minutes=10)
    assert limits(await x.get(mentions))[:2] == (300, 299)


async def test_over_the_limit_is_refused_and_coming_back_early_is_noted(x: World) -> None:
    for _ in range(75):
        await x.client.get_me(user_auth=True)
    assert x.platform.violations == []
    with pytest.raises(tweepy.TooManyRequests) as caught:
        await x.client.get_me(user_auth=True)
    assert caught.value.reset_time == int((x.clock.time + timedelta(minutes=15)).timestamp())
    assert x.platform.violations == ["@acme made more than 75 requests in 15 minutes to GET /2/users/me"]
    x.clock.advance(minutes=14)
    answer = await x.get("/2/users/me")
    assert refusal(answer) == (429, "Too Many Requests")
    assert limits(answer)[:2] == (75, 0)
    assert x.platform.violations[1].endswith("60.0 s before the reset")
    x.clock.advance(minutes=1)
    assert (await x.get("/2/users/me")).status_code == 200
    assert len(x.platform.violations) == 2


async def test_accounts_and_endpoints_have_limits_of_their_own(x: World) -> None:
    keys = Keys("app-key", "app-secret", "other", "secret")
    x.platform.add_account("other", "Other", keys)
    for _ in range(76):
        await x.get("/2/users/me")
    assert (await x.send("GET", "/2/users/me", keys=keys)).status_code == 200
    assert (await x.get(f"/2/users/{x.account.id}")).status_code == 200


async def test_a_hundred_posts_in_a_quarter_of_an_hour(x: World) -> None:
    answers = [await x.post({"text": f"post {number}"}) for number in range(101)]
    assert [answer.status_code for answer in answers] == [201] * 100 + [429]
    assert len(x.platform.sent) == 100


async def test_limits_that_are_not_enforced_are_still_noted(lenient: World) -> None:
    x = lenient
    for number in range(102):
        assert (await x.post({"text": f"post {number}"})).status_code == 201
    assert len(x.platform.violations) == 2
    assert limits(await x.post({"text": "more"}))[1] == 0


async def test_an_app_has_ten_thousand_posts_a_day(lenient: World) -> None:
    """The last of them is counted by hand, over all accounts of the app."""
    x = lenient
    gateway = x.platform._gateway
    keys = Keys("app-key", "app-secret", "other", "secret")
    x.platform.add_account("other", "Other", keys)
    first = await x.post({"text": "one"})
    window = gateway._limits._windows["app", "app-key", "POST /2/tweets"]
    window.used = 10_000
    second = await x.send("POST", "/2/tweets", b'{"text": "two"}', keys=keys)
    assert [limits(answer, "x-app-limit-24hour")[1] for answer in (first, second)] == [9_999, 0]
    assert x.platform.violations == ["an app made more than 10000 requests in 24 hours to POST /2/tweets"]


# --- faults


async def test_a_dropped_post_was_accepted_or_not_as_armed(x: World) -> None:
    x.platform.faults.arm("drop_before_accept")
    x.platform.faults.arm("drop_after_accept")
    for accepted in (0, 1):
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await x.client.create_tweet(text="hello")
        assert len(x.platform.sent) == accepted
    with pytest.raises(tweepy.Forbidden, match="duplicate content"):
        await x.client.create_tweet(text="hello")
    assert [call.status for call in x.platform.calls] == [None, None, 403]


async def test_a_proxy_answers_with_a_page(x: World) -> None:
    x.platform.faults.arm("status", status=502)
    x.platform.faults.arm("status")
    with pytest.raises(aiohttp.ContentTypeError):
        await x.client.create_tweet(text="hello")
    answer = await x.post({"text": "hello"})
    assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert "x-rate-limit-reset" not in answer.headers
    assert x.platform.sent == []


async def test_a_flood_tells_a_time_ahead_a_time_past_or_none(x: World) -> None:
    now = int(x.clock.time.timestamp())
    x.platform.faults.arm("flood", reset_in=300)
    x.platform.faults.arm("flood", reset_in_past=True)
    x.platform.faults.arm("flood", reset_in_past=5)
    x.platform.faults.arm("flood")
    resets = []
    for number in range(4):
        with pytest.raises(tweepy.TooManyRequests) as caught:
            await x.client.create_tweet(text=str(number))
        resets.append(caught.value.reset_time)
    assert resets == [now + 300, now - 60, now - 5, None]
    early = "@acme came back to POST /2/tweets 300.0 s before the reset it was told"
    assert x.platform.violations == [early] * 3
    x.clock.advance(seconds=300)
    assert (await x.post({"text": "now"})).status_code == 201
    assert len(x.platform.violations) == 3


async def test_answers_are_spoilt_after_the_fact(x: World) -> None:
    x.platform.faults.arm("garble")
    x.platform.faults.arm("truncate")
    garbled, truncated = await x.post({"text": "one"}), await x.post({"text": "two"})
    assert garbled.headers["content-type"].startswith("text/html")
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        truncated.json()
    assert [sent.text for sent in x.platform.sent] == ["one", "two"]


async def test_what_never_arrived_was_not_handed_out(x: World) -> None:
    x.anna.mention(x.account, "hello")
    x.platform.faults.arm("truncate")
    x.platform.faults.arm("drop_after_accept")
    path = f"/2/users/{x.account.id}/mentions"
    assert (await x.get(path)).status_code == 200
    with pytest.raises(httpx.RemoteProtocolError):
        await x.get(path)
    assert x.platform.handed_out(x.account) == []
    await x.mentions()
    assert len(x.platform.handed_out(x.account)) == 1


async def test_aiohttp_repeats_a_dropped_get_whose_nonce_may_be_spent(x: World) -> None:
    """On a connection used before, aiohttp silently sends a GET again as it was, signature included."""
    await x.client.get_me(user_auth=True)
    x.platform.faults.arm("drop_before_accept")
    await x.client.get_me(user_auth=True)
    x.platform.faults.arm("drop_after_accept")
    with pytest.raises(tweepy.Unauthorized):
        await x.client.get_me(user_auth=True)
    assert [call.status for call in x.platform.calls] == [200, None, 200, None, 401]


async def test_refusals_on_request(x: World) -> None:
    x.platform.faults.arm("unauthorized")
    x.platform.faults.arm("forbidden", detail="Because.")
    x.platform.faults.arm("duplicate")
    with pytest.raises(tweepy.Unauthorized):
        await x.client.get_me(user_auth=True)
    with pytest.raises(tweepy.Forbidden, match=r"Because\."):
        await x.client.get_me(user_auth=True)
    await x.client.get_me(user_auth=True)
    with pytest.raises(tweepy.Forbidden, match="duplicate content"):
        await x.client.create_tweet(text="new")
    assert x.platform.sent == []
    await x.client.create_tweet(text="new")


async def test_errors_without_data_are_no_exception_for_the_library(x: World) -> None:
    post = x.anna.mention(x.account, "hello")
    x.platform.faults.arm("partial", times=2)
    page = await x.client.get_users_mentions(x.account.id, user_auth=True)
    assert (page.data, len(page.errors), page.meta) == (None, 1, {})
    assert (await x.client.create_tweet(text="hi", in_reply_to_tweet_id=post.id)).data is None
    assert x.platform.sent == []


async def test_an_empty_page_goes_on(x: World) -> None:
    posts = [x.anna.mention(x.account, str(number)) for number in range(7)]
    x.platform.faults.arm("empty_page")
    page = await x.mentions(max_results=5)
    assert "data" not in page
    seen = []
    while token := page["meta"].get("next_token"):
        page = await x.mentions(max_results=5, pagination_token=token)
        seen += [post["id"] for post in page["data"]]
    assert seen == [post.id for post in reversed(posts)]


async def test_an_empty_page_may_be_all_there_is(x: World) -> None:
    x.platform.faults.arm("empty_page")
    page = await x.mentions()
    page = await x.mentions(pagination_token=page["meta"]["next_token"])
    assert page["meta"] == {"result_count": 0}


async def test_a_page_comes_twice_and_nothing_is_lost(x: World) -> None:
    posts = [x.anna.mention(x.account, str(number)) for number in range(7)]
    x.platform.faults.arm("repeat_page")
    seen, page = [], await x.mentions(max_results=5)
    seen.append([post["id"] for post in page["data"]])
    while token := page["meta"].get("next_token"):
        page = await x.mentions(max_results=5, pagination_token=token)
        seen.append([post["id"] for post in page["data"]])
    ids = [post.id for post in reversed(posts)]
    assert seen == [ids[:5], ids[:5], ids[5:]]


async def test_a_page_comes_in_another_order(x: World) -> None:
    posts = [x.anna.mention(x.account, str(number)) for number in range(3)]
    x.platform.faults.arm("reorder_page")
    page = await x.mentions()
    assert [post["id"] for post in page["data"]] == [post.id for post in posts]
    assert page["meta"]["newest_id"] == posts[2].id
    assert x.platform.handed_out(x.account) == [post.id for post in posts]


async def test_faults_are_narrowed_by_path_and_method(x: World) -> None:
    x.platform.faults.arm("status", path="/mentions")
    x.platform.faults.arm("status", path="/2/users/:id/tweets", status=500)
    x.platform.faults.arm("status", method="post", status=504)
    x.platform.faults.arm("empty_page")
    user = f"/2/users/{x.account.id}"
    assert (await x.get("/2/users/me")).status_code == 200
    assert (await x.post({"text": "hello"})).status_code == 504
    assert (await x.get(f"{user}/tweets")).status_code == 500
    assert (await x.get(f"{user}/mentions")).status_code == 503
    assert "next_token" in (await x.mentions())["meta"]
    assert len(x.platform.faults.fired) == 4


async def test_pictures_can_be_withheld(x: World) -> None:
    x.anna.mention(x.account, "look", pictures=[b"\xff\xd8\xff!"])
    page = await x.mentions(expansions="attachments.media_keys", media_fields="url")
    url = page["includes"]["media"][0]["url"]
    x.platform.faults.arm("status", path="/media/:name", status=500)
    x.platform.faults.arm("truncate")
    assert (await x.http.get(url)).status_code == 500
    assert (await x.http.get(url)).content == b"\xff\xd8"
    assert (await x.http.get(url)).content == b"\xff\xd8\xff!"


async def test_a_delay_comes_on_top_of_another_fault_and_ends_with_the_platform(x: World) -> None:
    x.platform.faults.arm("delay", s=0.01)
    x.platform.faults.arm("status")
    assert (await x.post({"text": "hello"})).status_code == 503
    x.platform.faults.arm("delay", s=60)
    call = asyncio.create_task(x.client.get_me(user_auth=True))
    await x.platform.until(lambda: len(x.platform.calls) == 2)
    await x.platform.stop()
    with pytest.raises(aiohttp.ClientError):
        await call
    await x.platform.start()


def test_faults_have_names() -> None:
    assert {
        "drop_before_accept",
        "drop_after_accept",
        "status",
        "flood",
        "garble",
        "truncate",
        "delay",
        "unauthorized",
        "forbidden",
        "duplicate",
        "partial",
        "empty_page",
        "repeat_page",
        "reorder_page",
    } == FAULTS
