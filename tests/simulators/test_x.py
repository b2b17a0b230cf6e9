"""The loopback X, held to API v2 by the unmodified tweepy and by signed HTTP: who calls, and what is read."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import tweepy

from simulators.x import Keys, SimPost, XPlatform
from simulators.x.fields import TWEET_EXPANSIONS
from simulators.x.snowflakes import EPOCH_MS, SHIFT
from tests.simulators.test_x_support import KEYS, World, blocking, open_world, refusal, sign

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (320).to_bytes(4) + (200).to_bytes(4)


@pytest.fixture
async def x() -> AsyncIterator[World]:
    async with open_world() as world:
        yield world


# --- who is calling


async def test_the_library_knows_who_it_is(x: World) -> None:
    me = await x.client.get_me(user_auth=True, user_fields=["created_at", "protected"])
    assert (str(me.data.id), me.data.username, me.data.name) == (x.account.id, "acme", "Acme Support")
    assert (me.data.created_at, me.data.protected) == (x.clock.time, False)
    assert x.platform.calls[0].account_id == x.account.id


async def test_the_blocking_library_works_too(x: World) -> None:
    post = x.anna.mention(x.account, "hello: world, it's ~me & ünï")
    client = blocking(x)
    page = await asyncio.to_thread(
        client.get_users_mentions, x.account.id, user_auth=True, start_time=datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert [str(tweet.id) for tweet in page.data] == [post.id]
    answer = await asyncio.to_thread(client.create_tweet, text="你好 ~ 'ok'", in_reply_to_tweet_id=post.id)
    assert answer.data["id"] == x.platform.sent[0].id
    client.session.close()


@pytest.mark.parametrize("host", ["https://api.twitter.com", "https://api.x.com", "own"])
async def test_a_signature_is_good_for_every_name_of_the_platform(x: World, host: str) -> None:
    host = x.platform.base_url if host == "own" else host
    assert (await x.get("/2/users/me", host=host, user_fields="id,url")).status_code == 200


@pytest.mark.parametrize(
    "spoilt",
    [
        {"host": "https://api.example.com"},
        {"keys": KEYS._replace(access_token_secret="guessed")},
        {"keys": KEYS._replace(consumer_secret="guessed")},
        {"keys": KEYS._replace(access_token="unknown")},
        {"keys": KEYS._replace(consumer_key="unknown")},
    ],
)
async def test_a_bad_signature_is_unauthorized(x: World, spoilt: dict[str, Any]) -> None:
    answer = await x.send("GET", "/2/users/me", **spoilt)
    assert refusal(answer) == (401, "Unauthorized")
    assert answer.json() == {
        "title": "Unauthorized",
        "type": "about:blank",
        "status": 401,
        "detail": "Unauthorized",
    }
    assert x.platform.calls[0].account_id is None


async def test_a_signature_covers_method_path_and_query(x: World) -> None:
    url, headers = x.platform.base_url, sign("GET", "/2/users/me?user.fields=id")
    changed = [
        await x.http.get(f"{url}/2/users/me", headers=headers),
        await x.http.get(f"{url}/2/users/me?user.fields=url", headers=headers),
        await x.http.get(f"{url}/2/tweets?user.fields=id", headers=headers),
        await x.http.delete(f"{url}/2/users/me?user.fields=id", headers=headers),
    ]
    assert [answer.status_code for answer in changed] == [401] * 4
    assert (await x.http.get(f"{url}/2/users/me?user.fields=id", headers=headers)).status_code == 200


async def test_a_nonce_is_used_once_and_a_timestamp_is_of_now(x: World) -> None:
    url = f"{x.platform.base_url}/2/users/me"

    async def status(age_s: int, nonce: str) -> int:
        headers = sign("GET", "/2/users/me", timestamp=str(int(time.time()) - age_s), nonce=nonce)
        return (await x.http.get(url, headers=headers)).status_code

    assert [await status(0, "one"), await status(0, "one")] == [200, 401]
    assert [await status(280, "two"), await status(-280, "three")] == [200, 200]
    assert [await status(320, "four"), await status(-320, "five")] == [401, 401]


@pytest.mark.parametrize(
    "header", ["", "Basic abc", "Bearer", "Bearer wrong", "OAuth", "OAuth x", 'OAuth a="1",a="2"']
)
async def test_other_credentials_are_unauthorized(x: World, header: str) -> None:
    answer = await x.http.get(f"{x.platform.base_url}/2/users/me", headers={"Authorization": header})
    assert answer.status_code == 401


async def test_a_bearer_token_reads_and_does_not_write(x: World) -> None:
    post = x.anna.mention(x.account, "hello")
    assert (await x.client.get_tweet(post.id)).data.text == "@acme hello"
    for call in (x.client.create_tweet(text="no", user_auth=False), x.client.get_me(user_auth=False)):
        with pytest.raises(tweepy.Forbidden, match="Application-Only is forbidden for this endpoint"):
            await call
    assert x.platform.sent == []


async def test_revoked_keys_are_unauthorized_until_they_are_restored(x: World) -> None:
    x.account.revoke()
    for user_auth in (True, False):
        with pytest.raises(tweepy.Unauthorized):
            await x.client.get_users_mentions(x.account.id, user_auth=user_auth)
    x.account.restore()
    await x.client.get_me(user_auth=True)


async def test_calls_are_recorded_without_secrets(x: World) -> None:
    await x.get(f"/2/users/{x.account.id}/mentions", max_results=5, since_id="1")
    await x.post({"text": "hello"})
    first, second = x.platform.calls
    assert (first.method, first.path, first.status) == ("GET", f"/2/users/{x.account.id}/mentions", 200)
    assert (first.query, first.body, first.at) == ({"max_results": "5", "since_id": "1"}, None, x.clock.time)
    assert (second.method, second.path, second.status, second.body) == (
        "POST",
        "/2/tweets",
        201,
        {"text": "hello"},
    )
    assert not any(secret in repr(x.platform.calls) for secret in (*KEYS, x.account.bearer_token))


async def test_unknown_paths_and_methods(x: World) -> None:
    assert refusal(await x.get("/2/telepathy")) == (404, "Not Found")
    assert refusal(await x.send("PATCH", "/2/tweets")) == (405, "Method Not Allowed")


# --- ids and shapes


async def test_ids_are_snowflakes_that_rise(x: World) -> None:
    posts = [x.anna.post("a"), x.anna.post("b")]
    x.clock.advance(seconds=1)
    posts.append(x.anna.post("c"))
    x.clock.advance(hours=-1)
    posts.append(x.anna.post("d"))
    ids = [int(post.id) for post in posts]
    assert ids == sorted(set(ids))
    start = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
    assert (ids[0] >> SHIFT) + EPOCH_MS == int(start.timestamp() * 1000)
    assert (ids[2] >> SHIFT) - (ids[0] >> SHIFT) == 1000


async def test_a_post_shows_what_is_asked_for(x: World) -> None:
    post = x.anna.mention(x.account, "Tom & <Jerry>: example.com/x #help @nobody", lang="en")
    (bare,) = (await x.mentions())["data"]
    assert set(bare) == {"id", "text", "edit_history_tweet_ids"}
    names = "author_id,created_at,entities,lang,conversation_id,display_text_range,public_metrics"
    (full,) = (await x.mentions(tweet_fields=names))["data"]
    assert set(full) == set(bare) | set(names.split(","))
    assert full["text"].startswith("@acme Tom &amp; &lt;Jerry&gt;: https://t.co/")
    assert (full["author_id"], full["lang"], full["conversation_id"]) == (x.anna.id, "en", post.id)
    assert full["created_at"] == "2026-05-04T09:00:00.000Z"
    (mention,), (link,), (tag,) = (full["entities"][name] for name in ("mentions", "urls", "hashtags"))
    assert mention == {"start": 0, "end": 5, "username": "acme", "id": x.account.id}
    assert link["expanded_url"] == "http://example.com/x"
    assert full["text"][link["start"] : link["end"]] == link["url"]
    assert full["text"][tag["start"] : tag["end"]] == "#help"
    assert post.text == "@acme Tom & <Jerry>: example.com/x #help @nobody"


async def test_expansions_bring_users_posts_and_pictures(x: World) -> None:
    bert = x.platform.add_person("Bert", "bert")
    first = bert.post("look", pictures=[PNG])
    x.anna.mention(x.account, "see this", reply_to=first, pictures=[PNG, b"\xff\xd8\xffjpeg"])
    page = await x.client.get_users_mentions(
        x.account.id,
        user_auth=True,
        expansions=[
            "author_id",
            "in_reply_to_user_id",
            "referenced_tweets.id.author_id",
            "attachments.media_keys",
        ],
        media_fields=["url", "width", "height"],
        tweet_fields=["author_id"],
    )
    assert {user.username for user in page.includes["users"]} == {"anna", "bert"}
    assert [(str(tweet.id), str(tweet.author_id)) for tweet in page.includes["tweets"]] == [(first.id, bert.id)]
    assert [(item.width, item.height) for item in page.includes["media"]] == [(320, 200), (1200, 800)]
    assert page.data[0].attachments["media_keys"] == [item.media_key for item in page.includes["media"]]
    answer = await x.http.get(page.includes["media"][0].url)
    assert page.includes["media"][0].url.startswith(x.platform.media_url)
    assert (answer.content, answer.headers["content-type"]) == (PNG, "image/png")
    assert (await x.http.get(f"{x.platform.media_url}/unknown.jpg")).status_code == 404


async def test_a_reply_carries_the_mention_and_the_conversation(x: World) -> None:
    bert = x.platform.add_person("Bert", "bert")
    root = bert.post("question")
    reply = x.anna.post("me too", reply_to=root)
    own = bert.post("and again", reply_to=root)
    assert (reply.text, own.text) == ("@bert me too", "and again")
    assert reply.conversation_id == own.conversation_id == root.id
    assert reply.payload["in_reply_to_user_id"] == bert.id
    assert reply.payload["referenced_tweets"] == [{"type": "replied_to", "id": root.id}]
    assert reply.payload["display_text_range"] == [6, 12]
    named = x.anna.post("@BERT yes", reply_to=root)
    assert (named.text, named.payload["display_text_range"]) == ("@BERT yes", [0, 9])


async def test_a_quote_refers_to_the_post_and_ends_in_its_address(x: World) -> None:
    sent = await x.client.create_tweet(text="news")
    quote = x.anna.post("wrong!", quoting=x.platform.sent[0])
    assert quote.payload["referenced_tweets"] == [{"type": "quoted", "id": sent.data["id"]}]
    text = str(quote.payload["text"])
    assert text.startswith("wrong! https://t.co/")
    assert quote.payload["display_text_range"] == [0, len(text)]


async def test_a_long_post_is_cut_and_whole_in_its_note(x: World) -> None:
    text = "ก" * 300 + " & @acme"
    x.anna.post(text)
    (post,) = (await x.mentions(tweet_fields="note_tweet,entities"))["data"]
    assert post["text"].startswith("ก" * 280 + "… https://t.co/")
    assert "mentions" not in post["entities"]
    assert post["note_tweet"]["text"] == "ก" * 300 + " &amp; @acme"
    assert post["note_tweet"]["entities"]["mentions"][0]["id"] == x.account.id


async def test_an_edit_takes_the_place_of_the_post(x: World) -> None:
    first = x.anna.mention(x.account, "helo")
    x.clock.advance(minutes=1)
    second = x.anna.edit(first, "@acme hello")
    (shown,) = (await x.mentions(tweet_fields="conversation_id,edit_controls"))["data"]
    assert (shown["id"], shown["edit_history_tweet_ids"]) == (second.id, [first.id, second.id])
    assert (shown["conversation_id"], shown["edit_controls"]["edits_remaining"]) == (first.id, 4)
    old = await x.client.get_tweet(first.id)
    assert (old.data.text, old.data.edit_history_tweet_ids) == ("@acme helo", [int(first.id), int(second.id)])
    third = x.anna.edit(second, "hello nobody")
    assert third.payload["edit_history_tweet_ids"] == [first.id, second.id, third.id]
    assert (await x.mentions())["meta"] == {"result_count": 0}
    with pytest.raises(ValueError, match="latest version"):
        x.anna.edit(first, "again")


async def test_an_edited_reply_stays_a_reply(x: World) -> None:
    root = x.platform.add_person("Bert", "bert").post("?")
    edited = x.anna.edit(x.anna.post("yse", reply_to=root, pictures=[PNG]), "yes")
    assert edited.text == "@bert yes"
    assert (edited.conversation_id, edited.payload["in_reply_to_user_id"]) == (root.id, root.author.id)
    assert "attachments" in edited.payload


# --- timelines


async def test_mentions_are_newest_first_and_of_others(x: World) -> None:
    posts = [x.anna.mention(x.account, str(number)) for number in range(3)]
    x.anna.post("nothing to do with it")
    await x.client.create_tweet(text="me: @acme")
    page = await x.mentions()
    assert [post["id"] for post in page["data"]] == [post.id for post in reversed(posts)]
    assert page["meta"] == {"result_count": 3, "newest_id": posts[2].id, "oldest_id": posts[0].id}


async def test_pages_are_walked_forth_and_back(x: World) -> None:
    posts = [x.anna.mention(x.account, str(number)) for number in range(12)]
    wanted = [post.id for post in reversed(posts)]
    seen, page = [], await x.mentions(max_results=5)
    assert "previous_token" not in page["meta"]
    seen += [post["id"] for post in page["data"]]
    x.anna.mention(x.account, "came in between")
    while token := page["meta"].get("next_token"):
        page = await x.mentions(max_results=5, pagination_token=token)
        seen += [post["id"] for post in page["data"]]
    assert seen == wanted
    assert x.platform.handed_out(x.account) == wanted
    back = await x.mentions(max_results=5, pagination_token=page["meta"]["previous_token"])
    assert [post["id"] for post in back["data"]] == wanted[5:10]


async def test_the_library_walks_all_pages(x: World) -> None:
    posts = [x.anna.mention(x.account, str(number)) for number in range(250)]
    found: list[Any] = []
    paginator = tweepy.asynchronous.AsyncPaginator(
        x.client.get_users_mentions, x.account.id, user_auth=True, max_results=100, since_id=posts[49].id
    )
    async for page in paginator:
        found += page.data
    assert [str(tweet.id) for tweet in found] == [post.id for post in reversed(posts[50:])]
    assert len(x.platform.calls) == 2


async def test_ids_and_times_bound_a_timeline(x: World) -> None:
    posts: list[SimPost] = []
    for number in range(4):
        posts.append(x.anna.mention(x.account, str(number)))
        x.clock.advance(minutes=1)

    async def numbers(**bounds: Any) -> list[str]:
        return [post["text"][-1] for post in (await x.mentions(**bounds)).get("data", [])]

    assert await numbers(since_id=posts[1].id) == ["3", "2"]
    assert await numbers(until_id=posts[1].id) == ["0"]
    assert await numbers(since_id=posts[0].id, until_id=posts[2].id) == ["1"]
    assert await numbers(start_time="2026-05-04T09:01:00Z", end_time="2026-05-04T09:03:00Z") == ["2", "1"]
    assert await numbers(since_id=posts[3].id) == []


async def test_only_eight_hundred_mentions_can_be_read(x: World) -> None:
    posts = [x.anna.mention(x.account, str(number)) for number in range(805)]
    page = await x.mentions(max_results=100, since_id=posts[0].id)
    count = len(page["data"])
    while token := page["meta"].get("next_token"):
        page = await x.mentions(max_results=100, since_id=posts[0].id, pagination_token=token)
        count += len(page["data"])
    assert (count, page["data"][-1]["id"]) == (800, posts[5].id)


async def test_a_users_own_posts_are_read_back(x: World) -> None:
    post = x.anna.mention(x.account, "help")
    await x.client.create_tweet(text="of my own")
    await x.client.create_tweet(text="an answer", in_reply_to_tweet_id=post.id)
    page = await x.client.get_users_tweets(x.account.id, user_auth=True, tweet_fields=["referenced_tweets"])
    assert [tweet.text for tweet in page.data] == ["@anna an answer", "of my own"]
    assert str(page.data[0].referenced_tweets[0].id) == post.id
    page = await x.client.get_users_tweets(x.account.id, user_auth=True, exclude=["replies"])
    assert [tweet.text for tweet in page.data] == ["of my own"]
    assert x.platform.handed_out(x.account) == []


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("conversation_id:{root}", ["@anna two", "one"]),
        ("to:anna", ["@anna two"]),
        ("from:bert -is:reply", ["three @acme"]),
        ("@acme", ["three @acme"]),
        ("TWO", ["@anna two"]),
        ("three OR two", ["three @acme", "@anna two"]),
        ("(three OR two) -is:reply", ["three @acme"]),
        ("-(three OR two)", ["one"]),
        ("list:1", []),
        ("from:nobody", []),
    ],
)
async def test_recent_posts_are_searched(x: World, query: str, texts: list[str]) -> None:
    x.anna.post("one, last month")
    x.clock.advance(days=8)
    bert = x.platform.add_person("Bert", "bert")
    root = x.anna.post("one")
    bert.post("two", reply_to=root)
    bert.post("three @acme")
    page = await x.client.search_recent_tweets(query.format(root=root.id), user_auth=True)
    assert [tweet.text for tweet in page.data or []] == texts


async def test_a_query_is_checked(x: World) -> None:
    for query in ("", "x" * 513, "nonsense:1", "(a OR b", "a OR nonsense:1", "a)"):
        assert (await x.get("/2/tweets/search/recent", query=query)).status_code == 400


# --- what cannot be seen


async def test_posts_that_are_gone_or_hidden_are_errors_beside_the_data(x: World) -> None:
    bert = x.platform.add_person("Bert", "bert", protected=True)
    secret, gone, seen = bert.post("secret"), x.anna.post("gone"), x.anna.post("seen")
    x.anna.delete(gone)
    answer = await x.client.get_tweets([secret.id, gone.id, seen.id], user_auth=True)
    assert [str(tweet.id) for tweet in answer.data] == [seen.id]
    assert [(error["title"], error["resource_id"]) for error in answer.errors] == [
        ("Authorization Error", secret.id),
        ("Not Found Error", gone.id),
    ]
    alone = await x.client.get_tweet(gone.id)
    assert (alone.data, alone.errors[0]["detail"]) == (None, f"Could not find tweet with id: [{gone.id}].")


async def test_a_missing_parent_is_an_error_beside_the_reply(x: World) -> None:
    bert = x.platform.add_person("Bert", "bert")
    parent, other = bert.post("parent"), bert.post("other")
    x.anna.mention(x.account, "a", reply_to=parent)
    x.anna.mention(x.account, "b", quoting=other)
    bert.delete(parent)
    page = await x.mentions(expansions="referenced_tweets.id")
    assert len(page["data"]) == 2
    assert [tweet["id"] for tweet in page["includes"]["tweets"]] == [other.id]
    assert [error["detail"] for error in page["errors"]] == [
        f"Could not find tweet with referenced_tweets.id: [{parent.id}]."
    ]
    bert.protected = True
    page = await x.mentions(expansions="referenced_tweets.id")
    assert {error["type"].rpartition("/")[2] for error in page["errors"]} == {
        "resource-not-found",
        "not-authorized-for-resource",
    }
    assert "errors" not in await x.mentions()


async def test_protected_suspended_and_deleted_posts_leave_the_mentions(x: World) -> None:
    post = x.anna.mention(x.account, "hello")
    x.anna.protected = True
    assert (await x.mentions())["meta"]["result_count"] == 0
    x.anna.protected = False
    x.anna.suspend()
    assert (await x.mentions())["meta"]["result_count"] == 0
    x.anna.reinstate()
    assert (await x.mentions())["meta"]["result_count"] == 1
    x.anna.delete(post)
    assert (await x.mentions())["meta"]["result_count"] == 0


async def test_a_protected_timeline_is_an_error_without_data(x: World) -> None:
    x.anna.protected = True
    answer = await x.client.get_users_tweets(x.anna.id, user_auth=True)
    assert answer.data is None
    assert answer.errors[0]["detail"] == f"Sorry, you are not authorized to see the user with id: [{x.anna.id}]."


async def test_users_are_looked_up(x: World) -> None:
    assert (await x.client.get_user(username="ANNA")).data.name == "Anna"
    assert (await x.client.get_user(id=x.anna.id)).data.username == "anna"
    assert (await x.client.get_user(username="nobody")).errors[0]["title"] == "Not Found Error"
    x.anna.suspend()
    assert (await x.client.get_user(id=x.anna.id)).errors[0][
        "detail"
    ] == f"User has been suspended: [{x.anna.id}]."
    assert (await x.get("/2/users/by/username/too-strange")).status_code == 400


# --- parameters


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"nonsense": "1"}, "The query parameter [nonsense] is not one of [id,expansions,"),
        ({"max_results": "4"}, "The `max_results` query parameter value [4] is not between 5 and 100"),
        ({"max_results": "101"}, "[101] is not between 5 and 100"),
        ({"max_results": "many"}, "[many] is not between 5 and 100"),
        ({"since_id": "abc"}, "The `since_id` query parameter value [abc] is not valid"),
        ({"until_id": "-1"}, "The `until_id` query parameter value [-1] is not valid"),
        ({"start_time": "yesterday"}, "The `start_time` query parameter value [yesterday] is not valid"),
        ({"end_time": "2026-02-30T00:00:00Z"}, "[2026-02-30T00:00:00Z] is not valid"),
        ({"pagination_token": "forged"}, "The `pagination_token` query parameter value [forged] is not valid"),
        ({"tweet_fields": "id,nonsense"}, "The `tweet.fields` query parameter value [nonsense] is not one of ["),
        ({"user_fields": "nonsense"}, "The `user.fields` query parameter value [nonsense]"),
        ({"media_fields": "nonsense"}, "The `media.fields` query parameter value [nonsense]"),
        ({"expansions": "nonsense"}, "The `expansions` query parameter value [nonsense]"),
    ],
)
async def test_bad_parameters_are_refused(x: World, parameters: dict[str, str], message: str) -> None:
    status, told = refusal(await x.get(f"/2/users/{x.account.id}/mentions", **parameters))
    assert status == 400
    assert message in told


async def test_everything_wrong_is_told_at_once(x: World) -> None:
    answer = await x.get(f"/2/users/{x.account.id}/mentions", max_results=1, since_id="x", other="y")
    assert [list(error["parameters"]) for error in answer.json()["errors"]] == [
        ["other"],
        ["since_id"],
        ["max_results"],
    ]
    with pytest.raises(tweepy.BadRequest, match="is not between 5 and 100"):
        await x.client.get_users_mentions(x.account.id, max_results=3, user_auth=True)


async def test_ids_in_paths_and_lists_are_checked(x: World) -> None:
    paths = ("/2/tweets/abc", "/2/users/abc/mentions", "/2/users/abc", "/2/tweets?ids=", "/2/tweets?ids=1,b")
    assert {(await x.get(path)).status_code for path in paths} == {400}
    assert (await x.get("/2/tweets", ids=",".join(["1"] * 101))).status_code == 400
    assert (await x.get("/2/users/5/mentions")).json()["errors"][0][
        "detail"
    ] == "Could not find user with id: [5]."


# --- injected posts


async def test_injected_posts_are_handed_out_as_they_are(x: World) -> None:
    first = x.anna.mention(x.account, "real")
    odd: dict[str, object] = {"id": 7, "text": None, "strange": [1]}
    x.platform.inject_post(x.account, odd)
    x.platform.inject_post(x.account, {"id": "5", "text": "an old id", "author_id": x.anna.id})
    x.platform.inject_post(x.account, b'{"id":"99999999999999999999","text":"\\ud800"}')
    page = await x.mentions(expansions="author_id")
    assert page["data"][1] == odd
    assert [post["id"] for post in page["data"]] == ["99999999999999999999", 7, first.id, "5"]
    assert [user["id"] for user in page["includes"]["users"]] == [x.anna.id]
    assert x.platform.handed_out(x.account) == ["99999999999999999999", first.id, "5"]


@pytest.mark.parametrize("odd", [None, 0, "x", [], [None], {}, {"a": 1}, [{"id": 1}], [{"type": "quoted"}]])
async def test_injected_posts_of_any_shape_are_served_and_judged(x: World, odd: object) -> None:
    names = ("author_id", "entities", "attachments", "referenced_tweets", "edit_history_tweet_ids", "note_tweet")
    shape: dict[str, object] = {"id": "7", "text": "odd", **dict.fromkeys(names, odd), "display_text_range": odd}
    x.platform.inject_post(x.account, shape)
    x.platform.inject_post(
        x.account, {"id": "8", "entities": {"mentions": odd}, "attachments": {"media_keys": odd}}
    )
    page = await x.mentions(expansions=",".join(TWEET_EXPANSIONS))
    assert page["data"][1] == shape
    body = {"text": "answer", "reply": {"in_reply_to_tweet_id": "7"}}
    assert (await x.post(body)).status_code == 403


async def test_injected_bytes_break_the_page_as_told(x: World) -> None:
    x.platform.inject_post(x.account, b"{nonsense")
    answer = await x.get(f"/2/users/{x.account.id}/mentions")
    assert (answer.status_code, answer.content.startswith(b'{"data":[{nonsense],')) == (200, True)


# --- the platform itself


async def test_stop_and_start_go_on_at_the_same_address() -> None:
    async with open_world() as x:
        post, address = x.anna.mention(x.account, "before"), x.platform.base_url
        await x.platform.stop()
        with pytest.raises(OSError, match="Cannot connect"):
            await x.client.get_me(user_auth=True)
        await x.platform.start()
        assert x.platform.base_url == address
        assert (await x.mentions())["data"][0]["id"] == post.id


def test_names_and_tokens_are_taken_once() -> None:
    platform = XPlatform()
    platform.add_account("acme", "Acme", KEYS)
    with pytest.raises(ValueError, match="there is a user @ACME already"):
        platform.add_person("Other", "ACME")
    with pytest.raises(ValueError, match="access token"):
        platform.add_account("other", "Other", KEYS)
    platform.add_account("other", "Other", Keys("app-key", "app-secret", "other-token", "other-secret"))


async def test_until_gives_up(x: World) -> None:
    with pytest.raises(TimeoutError):
        await x.platform.until(lambda: False, timeout_s=0.01)
    x.clock.time += timedelta(days=1)
    await x.platform.until(lambda: True)
