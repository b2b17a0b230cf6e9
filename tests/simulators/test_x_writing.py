"""The loopback X: what an account may write, and what is recorded of it."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
import tweepy

from simulators.x import Keys, SentPost, SimAccount, SimPost
from tests.simulators.test_x_support import KEYS, World, open_world, refusal

DUPLICATE = (403, "You are not allowed to create a Tweet with duplicate content.")
INVISIBLE = (403, "You attempted to reply to a Tweet that is deleted or not visible to you.")
NOT_PERMITTED = (403, "You are not permitted to perform this action.")
NOT_SUMMONED = (
    403,
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged"
    " by the author of the post you are replying to.",
)
TOO_LONG = (
    400,
    "Your Tweet text is too long. For more information on how Twitter determines text length"
    " see https://github.com/twitter/twitter-text.",
)


@pytest.fixture
async def x() -> AsyncIterator[World]:
    async with open_world() as world:
        yield world


def reply(post: SimPost, text: str = "an answer", **more: Any) -> dict[str, Any]:
    return {"text": text, "reply": {"in_reply_to_tweet_id": post.id, **more}}


async def test_an_answer_is_accepted_and_recorded(x: World) -> None:
    post = x.anna.mention(x.account, "help")
    x.clock.advance(minutes=2)
    answer = await x.client.create_tweet(text="with pleasure", in_reply_to_tweet_id=post.id)
    (sent,) = x.platform.sent
    assert (answer.data["id"], answer.data["edit_history_tweet_ids"]) == (sent.id, [sent.id])
    assert (sent.account, sent.text, sent.reply_to, sent.person) == (x.account, "with pleasure", post.id, x.anna)
    assert (sent.created_at, sent.payload) == (x.clock.time, reply(post, "with pleasure"))
    shown = await x.client.get_tweet(sent.id, tweet_fields=["conversation_id", "in_reply_to_user_id", "entities"])
    assert shown.data.text == "@anna with pleasure"
    assert str(shown.data.conversation_id) == post.id
    assert str(shown.data.in_reply_to_user_id) == x.anna.id


async def test_the_status_of_a_new_post_is_created(x: World) -> None:
    answer = await x.post({"text": "hello"})
    assert (answer.status_code, set(answer.json()["data"])) == (201, {"id", "text", "edit_history_tweet_ids"})


async def test_an_answer_mentions_the_others_unless_they_are_excluded(x: World) -> None:
    bert = x.platform.add_person("Bert", "bert")
    post = x.anna.post("@acme @bert look")
    await x.post(reply(post, "one"))
    await x.post(reply(post, "two", exclude_reply_user_ids=[bert.id]))
    await x.post(reply(post, "@anna three", exclude_reply_user_ids=[bert.id]))
    page = await x.client.get_users_tweets(x.account.id, user_auth=True)
    assert [tweet.text for tweet in page.data] == ["@anna three", "@anna two", "@anna @bert one"]


# --- who may be answered


async def test_who_did_not_mention_the_account_is_not_answered(x: World) -> None:
    assert await x.refusal(reply(x.anna.post("acme is bad"))) == NOT_SUMMONED
    assert await x.refusal(reply(x.anna.post("mail me at a@acme or see @acmeology"))) == NOT_SUMMONED
    assert x.platform.sent == []
    with pytest.raises(tweepy.Forbidden, match="not been mentioned or otherwise engaged"):
        await x.client.create_tweet(text="hi", in_reply_to_tweet_id=x.anna.post("again").id)


async def test_another_post_of_the_conversation_does_not_count(x: World) -> None:
    bert = x.platform.add_person("Bert", "bert")
    root = x.anna.mention(x.account, "help")
    assert await x.refusal(reply(bert.post("me too", reply_to=root))) == NOT_SUMMONED
    assert (await x.post(reply(root))).status_code == 201


async def test_a_quote_of_the_account_may_be_answered(x: World) -> None:
    await x.post({"text": "news"})
    quote = x.anna.post("wrong", quoting=x.platform.sent[0])
    assert (await x.mentions())["meta"]["result_count"] == 0
    assert (await x.post(reply(quote))).status_code == 201
    other = x.anna.post("wrong", quoting=x.platform.add_person("Bert", "bert").post("mine"))
    assert await x.refusal(reply(other)) == NOT_SUMMONED


async def test_the_automatic_mention_counts_or_not(x: World) -> None:
    await x.post({"text": "news"})
    plain = x.anna.post("really?", reply_to=x.platform.sent[0])
    assert plain.text == "@acme really?"
    assert (await x.mentions())["data"][0]["id"] == plain.id
    assert (await x.post(reply(plain, "yes"))).status_code == 201
    x.platform.leading_mentions_count = False
    assert await x.refusal(reply(plain, "no")) == NOT_SUMMONED
    for named in (
        x.anna.post("really, @acme?", reply_to=x.platform.sent[0]),
        x.anna.mention(x.account, "really?", reply_to=x.platform.sent[0]),
    ):
        assert (await x.post(reply(named, f"yes {named.id}"))).status_code == 201


async def test_an_account_goes_on_from_its_own_post(x: World) -> None:
    await x.post({"text": "one"})
    answer = await x.post({"text": "two", "reply": {"in_reply_to_tweet_id": x.platform.sent[0].id}})
    assert answer.json()["data"]["text"] == "two"
    assert (x.platform.sent[1].reply_to, x.platform.sent[1].person) == (x.platform.sent[0].id, None)


async def test_what_cannot_be_seen_cannot_be_answered(x: World) -> None:
    gone = x.anna.mention(x.account, "one")
    x.anna.delete(gone)
    assert await x.refusal(reply(gone)) == INVISIBLE
    post = x.anna.mention(x.account, "two")
    x.anna.protected = True
    assert await x.refusal(reply(post)) == INVISIBLE
    x.anna.protected = False
    x.anna.suspend()
    assert await x.refusal(reply(post)) == INVISIBLE
    x.anna.reinstate()
    assert await x.refusal({"text": "x", "reply": {"in_reply_to_tweet_id": "123"}}) == INVISIBLE
    assert (await x.post(reply(post))).status_code == 201


async def test_who_blocks_the_account_is_not_answered(x: World) -> None:
    post = x.anna.mention(x.account, "one")
    x.anna.block(x.account)
    assert await x.refusal(reply(post)) == NOT_PERMITTED
    assert await x.refusal({"text": "see", "quote_tweet_id": post.id}) == NOT_PERMITTED
    assert len((await x.mentions())["data"]) == 1
    x.anna.unblock(x.account)
    assert (await x.post(reply(post))).status_code == 201


async def test_a_suspended_account_does_not_post(x: World) -> None:
    x.account.suspend()
    status, told = await x.refusal({"text": "hello"})
    assert (status, "suspended" in told) == (403, True)
    x.account.reinstate()
    assert (await x.post({"text": "hello"})).status_code == 201


async def test_an_injected_post_is_judged_by_what_it_says(x: World) -> None:
    mention = {"start": 0, "end": 5, "username": "acme", "id": x.account.id}
    x.platform.inject_post(x.account, {"id": "7", "text": "@acme", "author_id": x.anna.id})
    x.platform.inject_post(x.account, {"id": "8", "text": "@acme", "entities": {"mentions": [mention]}})
    assert await x.refusal({"text": "a", "reply": {"in_reply_to_tweet_id": "7"}}) == NOT_SUMMONED
    assert (await x.post({"text": "a", "reply": {"in_reply_to_tweet_id": "8"}})).status_code == 201


# --- what is said


async def test_the_same_text_waits_a_day(x: World) -> None:
    assert (await x.post({"text": "Cafe\u0301  thanks"})).status_code == 201
    x.clock.advance(hours=23, minutes=59)
    assert await x.refusal({"text": "Café thanks "}) == DUPLICATE
    x.clock.advance(minutes=1)
    assert (await x.post({"text": "Café thanks"})).status_code == 201


async def test_the_same_words_to_another_person(x: World) -> None:
    first, second = x.anna.mention(x.account, "a"), x.platform.add_person("Bert", "bert").mention(x.account, "b")
    assert (await x.post(reply(first, "Thanks!"))).status_code == 201
    assert await x.refusal(reply(second, "Thanks!")) == DUPLICATE
    x.platform.duplicates_by_text_alone = False
    assert (await x.post(reply(second, "Thanks!"))).status_code == 201
    assert await x.refusal(reply(second, "Thanks!")) == DUPLICATE


async def test_what_was_refused_or_deleted_may_be_said_again(x: World) -> None:
    assert await x.refusal(reply(x.anna.post("hm"), "hello")) == NOT_SUMMONED
    answer = await x.post({"text": "hello"})
    await x.client.delete_tweet(answer.json()["data"]["id"])
    assert (await x.post({"text": "hello"})).status_code == 201
    assert [sent.deleted for sent in x.platform.sent] == [True, False]


async def test_another_account_may_say_the_same(x: World) -> None:
    keys = Keys("app-key", "app-secret", "other", "secret")
    x.platform.add_account("other", "Other", keys)
    await x.post({"text": "hello"})
    answer = await x.send("POST", "/2/tweets", b'{"text": "hello"}', keys=keys)
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("fits", "too_long"),
    [
        ("x" * 280, "x" * 281),
        ("语" * 140, "语" * 140 + "x"),
        ("あ" * 140, "あ" * 141),
        ("한" * 140, "한" * 140 + "."),
        ("ก" * 280, "ก" * 281),
        ("ش" * 280, "ش" * 281),
        ("न" * 280, "न" * 281),
        ("đ" * 280, "ệ" * 141),
        ("e\u0301" * 280, "e\u0301" * 281),
        ("👨‍👩‍👧‍👦" * 140, "👨‍👩‍👧‍👦" * 141),
        ("x" * 256 + " https://example.com/" + "y" * 100, "x" * 257 + " https://example.com/y"),
        ("x" * 256 + " example.com", "x" * 257 + " t.co"),
    ],
)
async def test_the_length_of_a_text(x: World, fits: str, too_long: str) -> None:
    assert (await x.post({"text": fits})).status_code == 201
    assert await x.refusal({"text": too_long}) == TOO_LONG


async def test_the_mention_before_an_answer_is_free(x: World) -> None:
    post = x.anna.mention(x.account, "help")
    answer = await x.post(reply(post, "x" * 280))
    assert answer.json()["data"]["text"] == "@anna " + "x" * 280


# --- the shape of a request


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "Requests with bodies must have content-type of application/json."),
        ({}, "is required and must not be empty"),
        ({"text": ""}, "is required and must not be empty"),
        ({"text": " \n"}, "is required and must not be empty"),
        ({"text": 5}, "$.text: integer found, string expected"),
        ({"text": None}, "$.text: null found, string expected"),
        ({"text": "\ud800"}, "$.text: is not valid UTF-8"),
        ({"text": "x", "nonsense": 1}, "$.nonsense: is not defined in the schema"),
        ({"text": "x", "reply": {}}, "$.reply.in_reply_to_tweet_id: is missing but it is required"),
        ({"text": "x", "reply": []}, "$.reply: array found, object expected"),
        ({"text": "x", "reply": {"to": "1"}}, "$.reply.to: is not defined in the schema"),
        ({"text": "x", "reply": {"in_reply_to_tweet_id": 5}}, "integer found, string expected"),
        ({"text": "x", "reply": {"in_reply_to_tweet_id": "a"}}, "does not match the regex pattern"),
        ({"text": "x", "quote_tweet_id": "a"}, "$.quote_tweet_id: does not match the regex pattern"),
        ({"text": "x", "media": {"media_ids": "1"}}, "$.media.media_ids: string found, array expected"),
        ({"text": "x", "media": {"media_ids": ["1"] * 5}}, "there must be a maximum of 4 items"),
        ({"text": "x", "media": {"media_ids": ["1"]}}, "Your media IDs are invalid."),
        ({"text": "x", "media": {"media_ids": ["1"]}, "quote_tweet_id": "1"}, "Only one of media"),
    ],
)
async def test_bodies_are_checked(x: World, body: Any, message: str) -> None:
    status, told = await x.refusal(body)
    assert status == 400
    assert message in told
    assert x.platform.sent == []


async def test_a_body_must_be_json(x: World) -> None:
    assert refusal(await x.send("POST", "/2/tweets", b"{no json"))[0] == 400
    assert refusal(await x.send("POST", "/2/tweets"))[0] == 400
    assert (await x.send("POST", "/2/tweets?nonsense=1", b'{"text":"x"}')).status_code == 400
    assert [call.body for call in x.platform.calls] == ["{no json", None, {"text": "x"}]


async def test_quoting(x: World) -> None:
    post = x.anna.post("worth reading")
    await x.client.create_tweet(text="indeed", quote_tweet_id=post.id)
    page = await x.client.get_users_tweets(x.account.id, user_auth=True, tweet_fields=["referenced_tweets"])
    assert page.data[0].referenced_tweets[0].data == {"type": "quoted", "id": post.id}
    x.anna.delete(post)
    assert (await x.post({"text": "gone", "quote_tweet_id": post.id})).status_code == 403


# --- deleting, pictures


async def test_an_account_deletes_its_own_posts_only(x: World) -> None:
    answer = await x.client.create_tweet(text="oops")
    post = x.anna.post("mine")
    with pytest.raises(tweepy.Forbidden, match="not authorized to delete"):
        await x.client.delete_tweet(post.id)
    assert (await x.client.delete_tweet(answer.data["id"])).data == {"deleted": True}
    assert (await x.client.get_users_tweets(x.account.id, user_auth=True)).data is None
    with pytest.raises(ValueError, match="only her own"):
        x.anna.delete(x.platform.add_person("Bert", "bert").post("his"))


async def test_a_picture_is_uploaded_and_posted(x: World) -> None:
    upload = await x.post({"media": base64.b64encode(b"\xff\xd8\xff!").decode()}, path="/2/media/upload")
    media_id = upload.json()["data"]["id"]
    await x.client.create_tweet(text="look", media_ids=[media_id])
    page = await x.client.get_users_tweets(
        x.account.id, user_auth=True, expansions=["attachments.media_keys"], media_fields=["url"]
    )
    assert page.includes["media"][0].media_key == upload.json()["data"]["media_key"]
    assert (await x.http.get(page.includes["media"][0].url)).content == b"\xff\xd8\xff!"
    for media in (None, "no base64!", ""):
        assert (await x.post({"media": media}, path="/2/media/upload")).status_code == 400
    theirs = x.platform.add_account("other", "Other", Keys("app-key", "app-secret", "other", "secret"))
    answer = await x.send("POST", "/2/tweets", _with_media(media_id), keys=theirs.keys)
    assert answer.status_code == 400


async def test_a_form_is_uploaded_too(x: World) -> None:
    headers = _signed(x)
    url = f"{x.platform.base_url}/2/media/upload"
    fields = {"media_category": "tweet_image"}
    answer = await x.http.post(url, data=fields, files={"media": b"GIF89a"}, headers=headers)
    assert (answer.status_code, answer.json()["data"]["size"]) == (200, 6)
    assert x.platform.calls[0].body == {"media_category": "tweet_image", "media": "<6 bytes>"}


# --- scripted people


async def test_scripted_people_react(x: World) -> None:
    async def thank(sent: SentPost) -> None:
        if sent.person is not None:
            sent.person.post("thanks", reply_to=sent)

    x.platform.on_answer(thank)
    x.platform.on_answer(lambda sent: None)
    await x.post(reply(x.anna.mention(x.account, "help")))
    await x.platform.until(lambda: len(x.platform.sent) == 1)
    page = await x.mentions(tweet_fields="referenced_tweets")
    assert page["data"][0]["text"] == "@acme thanks"
    assert page["data"][0]["referenced_tweets"][0]["id"] == x.platform.sent[0].id


async def test_a_failing_reaction_is_reported_by_stop() -> None:
    def fail(sent: SentPost) -> None:
        raise RuntimeError("scripted")

    with pytest.raises(RuntimeError, match="scripted"):
        async with open_world() as x:
            x.platform.on_answer(fail)
            await x.post({"text": "hello"})


def _with_media(media_id: str) -> bytes:
    return b'{"text": "mine?", "media": {"media_ids": ["%s"]}}' % media_id.encode()


def _signed(x: World) -> dict[str, str]:
    from tests.simulators.test_x_support import sign

    assert isinstance(x.account, SimAccount)
    return sign("POST", "/2/media/upload", keys=KEYS)
