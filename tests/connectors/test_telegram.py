"""The Bot API when it misbehaves, and the webhook's door, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from msgspec.structs import replace

from connectors.registry import make_connector
from connectors.telegram.settings import Settings
from connectors.telegram.source import peek
from tests.connectors.listening import next_said
from tests.contract.connectors.harness import context, reply
from tests.support.town import TELEGRAM, TOKEN, Town
from tickets.errors import (
    ConnectorError,
    ConsumerConflict,
    CredentialRejected,
    DeliveryError,
    PayloadError,
    RateLimited,
    Unreachable,
)
from tickets.ids import ThreadKey
from tickets.model import RawEvent, ReplyFile, ReplyTarget
from tickets.ports import Connector, WebhookAnswer, WebhookReceiver, WebhookRequest
from tickets.rich import read
from tickets.secret import Secret

PATIENCE_S = 15.0
SECRET_HEADER = "x-telegram-bot-api-secret-token"


@pytest.fixture
async def connector(town: Town) -> AsyncIterator[Connector]:
    made = make_connector("telegram", town.accounts()[TELEGRAM].settings, context(TELEGRAM))
    await made.open()
    yield made
    await made.close()


async def collect(connector: Connector, count: int, cursor: str | None = None) -> list[RawEvent]:
    """Events until there are ``count``, asking again after every error as the supervisor does."""
    events: list[RawEvent] = []
    async with asyncio.timeout(PATIENCE_S):
        while len(events) < count:
            try:
                async with aclosing(connector.source.batches(cursor)) as batches:
                    async for batch in batches:
                        events += batch.events
                        cursor = batch.cursor or cursor
                        if len(events) >= count:
                            break
            except ConnectorError:
                continue
    return events


async def first_error(connector: Connector) -> ConnectorError:
    with pytest.raises(ConnectorError) as failure:
        async with aclosing(connector.source.batches(None)) as batches, asyncio.timeout(PATIENCE_S):
            async for _ in batches:
                pass
    return failure.value


@pytest.mark.parametrize(
    ("groups", "hears", "told"),
    [("mentions", False, True), ("all", False, True), ("off", False, False), ("mentions", True, False)],
)
async def test_the_check_says_that_a_bot_cannot_hear_its_name(
    town: Town, groups: str, hears: bool, told: bool
) -> None:
    town.bot.hears_groups = hears
    made = make_connector(
        "telegram", replace(town.accounts()[TELEGRAM].settings, groups=groups), context(TELEGRAM)
    )
    try:
        said = await made.check()
    finally:
        await made.close()
    assert said.startswith(f"@{town.bot.username}")
    assert ("/setprivacy" in said) is told


@pytest.mark.parametrize(
    ("fault", "details"),
    [
        ("drop_before_accept", {}),
        ("drop_after_accept", {}),
        ("garble", {}),
        ("truncate", {}),
        ("status", {"status": 502}),
        ("status", {"status": 500}),
        ("repeat", {}),
        ("reorder", {}),
    ],
)
async def test_no_update_is_missed_whatever_the_platform_does(
    town: Town, connector: Connector, fault: str, details: dict[str, int]
) -> None:
    """BT18."""
    for n in range(5):
        town.anna.write(f"Nachricht {n}", town.bot)
    town.telegram.faults.arm(fault, method="getUpdates", **details)
    payloads = b"".join(event.payload for event in await collect(connector, 5))
    assert all(f"Nachricht {n}".encode() in payloads for n in range(5))


async def test_an_unreadable_update_stands_alone_and_the_others_go_on(town: Town, connector: Connector) -> None:
    """BT01, BT02."""
    following = town.anna.write("vorher", town.bot).update_id + 1
    town.telegram.inject_update(town.bot, b'{"update_id": %d, "message": {"text": "kaputt' % following)
    town.anna.write("nachher", town.bot)
    payloads = [event.payload for event in await collect(connector, 3)]
    assert sum(b"vorher" in one for one in payloads) == 1
    assert sum(b"nachher" in one for one in payloads) == 1
    assert sum(b"kaputt" in one for one in payloads) == 1


@pytest.mark.parametrize(
    ("fault", "details", "kind"),
    [
        ("unauthorized", {}, CredentialRejected),
        ("conflict", {}, ConsumerConflict),
        ("flood", {"retry_after": 9}, RateLimited),
        ("status", {"status": 503}, Unreachable),
    ],
)
async def test_every_trouble_of_polling_has_its_name(
    town: Town, connector: Connector, fault: str, details: dict[str, int], kind: type[ConnectorError]
) -> None:
    """BT24."""
    town.telegram.faults.arm(fault, times=None, method="getUpdates", **details)
    error = await first_error(connector)
    assert type(error) is kind
    assert "token-of-no-value" not in str(error)
    if isinstance(error, RateLimited):
        assert error.retry_after_s == 9


@pytest.mark.parametrize(
    ("fault", "details", "delivered"),
    [
        ("drop_before_accept", {}, None),
        ("drop_after_accept", {}, None),
        ("garble", {}, None),
        ("truncate", {}, None),
        ("status", {"status": 502}, None),
        ("flood", {"retry_after": 3}, False),
        ("unauthorized", {}, False),
    ],
)
async def test_every_trouble_of_sending_says_whether_it_may_have_arrived(
    town: Town, connector: Connector, fault: str, details: dict[str, int], delivered: bool | None
) -> None:
    """BT17, BT18."""
    town.anna.write("Hallo", town.bot)
    town.telegram.faults.arm(fault, method="sendMessage", **details)
    target = ReplyTarget("telegram", TELEGRAM, ThreadKey(str(town.anna.id)), "private")
    with pytest.raises(DeliveryError) as failure:
        await connector.sender.send(reply(target, "Antwort"))
    assert failure.value.delivered is delivered
    assert failure.value.temporary
    assert "token-of-no-value" not in str(failure.value)


async def test_markup_in_an_answer_stays_text(town: Town, connector: Connector) -> None:
    """BT09, BT10."""
    town.anna.write("Hallo", town.bot)
    target = ReplyTarget("telegram", TELEGRAM, ThreadKey(str(town.anna.id)), "private")
    text = r"_*[]()~`>#+-=|{}.! <b>fett</b> &amp; {0} %s @everyone \ "
    await connector.sender.send(reply(target, text.strip()))
    assert (town.telegram.sent[-1].text, town.telegram.sent[-1].entities) == (text.strip(), [])


async def test_a_quoted_message_that_is_gone_is_left_out_and_said_so(town: Town, connector: Connector) -> None:
    """BT13."""
    town.anna.write("Hallo", town.bot)
    target = ReplyTarget(
        "telegram",
        TELEGRAM,
        ThreadKey(str(town.anna.id)),
        "private",
        in_reply_to=f"{town.bot.id}/{town.anna.id}/9999",
    )
    receipt = await connector.sender.send(reply(target, "Trotzdem"))
    assert "gone" in receipt.note
    assert town.telegram.sent[-1].text == "Trotzdem"


@pytest.mark.parametrize(
    "update",
    [
        b"",
        b"[]",
        b"7",
        b'{"update_id": true}',
        b'{"message": {"chat": []}}',
        b'{"message": 3}',
        b'{"callback_query": {"id": 3, "message": 4}}',
        b'{"callback_query": null}',
        b'{"callback_query": {"id": "1", "data": "x", "message": {"chat": {"id": true}}}}',
        b'{"message_reaction": {"date": 549755813888}}',
        b"\xff\xfe",
        b'{"a":' * 5000,
    ],
)
def test_peeking_never_fails(update: bytes) -> None:
    seen = peek(update)
    assert seen.update_id is None
    assert seen.chat == ""


# The webhook's door -----------------------------------------------------------


@pytest.fixture
async def pushed(town: Town) -> AsyncIterator[Connector]:
    settings: Settings = town.accounts()[TELEGRAM].settings
    settings = replace(settings, mode="webhook", webhook_url="http://127.0.0.1:9/hooks/telegram/main")
    made = make_connector("telegram", settings, context(TELEGRAM))
    yield made
    await made.close()


async def push(connector: Connector, **changes: object) -> WebhookAnswer:
    assert isinstance(connector, WebhookReceiver)
    secret = (b"webhook".ljust(32, b".")).hex()
    request = WebhookRequest(method="POST", headers={SECRET_HEADER: secret}, query={}, body=b'{"update_id": 5}')
    return await connector.receive(replace(request, **changes))


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"method": "GET"}, 405),
        ({"headers": {}}, 403),
        ({"headers": {SECRET_HEADER: ""}}, 403),
        ({"headers": {SECRET_HEADER: "77656268é"}}, 403),
        ({"body": b"x" * (1024 * 1024 + 1)}, 413),
    ],
)
async def test_a_push_without_the_secret_or_too_large_is_refused(
    pushed: Connector, changes: dict[str, object], status: int
) -> None:
    """BT06."""
    assert (await push(pushed, **changes)).status == status


async def test_a_push_is_confirmed_only_after_it_was_acknowledged(town: Town, pushed: Connector) -> None:
    await pushed.open()
    async with aclosing(pushed.source.batches(None)) as batches:
        assert (await anext(batches)).events == ()
        confirmed = asyncio.ensure_future(push(pushed))
        batch = await next_said(batches)
        assert [event.payload for event in batch.events] == [b'{"update_id": 5}']
        assert not confirmed.done()
        await pushed.source.acknowledge(batch)
        assert (await confirmed).status == 200


@pytest.mark.parametrize("path", ["/etc/hostname", "", None])
async def test_a_file_is_fetched_from_the_platform_only(path: str | None, unused_tcp_port: int) -> None:
    """A Bot API server in local mode names paths of its own machine; ours has no business opening them."""
    file = {"file_id": "f", "file_unique_id": "u"} | ({} if path is None else {"file_path": path})
    me = {"id": 700200, "is_bot": True, "first_name": "S", "username": "s"}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.readline():
            length = 0
            while (header := await reader.readline()) not in (b"\r\n", b""):
                if header.lower().startswith(b"content-length:"):
                    length = int(header.split(b":")[1])
            await reader.readexactly(length)
            body = json.dumps({"ok": True, "result": file if b"getFile" in request else me}).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", unused_tcp_port)
    base = f"http://127.0.0.1:{unused_tcp_port}"
    settings = Settings(token=Secret(TOKEN), base_url=f"{base}/bot", base_file_url=f"{base}/file/bot")
    made = make_connector("telegram", settings, context(TELEGRAM))
    await made.open()
    fetched: list[bytes] = []
    with pytest.raises((PayloadError, ConnectorError)):
        fetched += [chunk async for chunk in made.source.fetch_file("f")]
    assert fetched == []
    await made.close()
    server.close()


async def test_a_picture_that_is_no_photo_for_telegram_goes_as_a_file(town: Town, connector: Connector) -> None:
    town.anna.write("Hallo", town.bot)
    target = ReplyTarget("telegram", TELEGRAM, ThreadKey(str(town.anna.id)), "private")
    for name, width in (("photo.png", 100), ("strip.png", 9_999)):
        picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + width.to_bytes(4, "big") + (100).to_bytes(4, "big")
        await connector.sender.send(reply(target, "", key=name, files=(ReplyFile(name, "image/png", picture),)))
    assert [(one.kind, one.file_name) for one in town.telegram.sent] == [
        ("photo", "photo.png"),
        ("document", "strip.png"),
    ]


async def test_files_that_go_together_are_an_album_and_each_name_leads_to_it(
    town: Town, connector: Connector
) -> None:
    town.anna.write("Hallo", town.bot)
    target = ReplyTarget("telegram", TELEGRAM, ThreadKey(str(town.anna.id)), "private")
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
    fine, strip = (head + width.to_bytes(4, "big") + (100).to_bytes(4, "big") for width in (100, 9_999))
    albums = [
        [("a.png", "image/png", fine), ("b.png", "image/png", fine + b"b")],
        [("c.png", "image/png", fine), ("streifen.png", "image/png", strip)],
        [("d.csv", "text/csv", b"1;2"), ("e.pdf", "application/pdf", b"%PDF")],
    ]
    for n, album in enumerate(albums):
        files = tuple(ReplyFile(*one) for one in album)
        receipt = await connector.sender.send(reply(target, "", key=f"album{n}", files=files, carries=len(files)))
        assert len({receipt.external_id, *receipt.aliases}) == 2
    sent = town.telegram.sent
    assert [one.kind for one in sent] == ["photo"] * 2 + ["document"] * 4
    assert [one.file for one in sent] == [content for album in albums for _name, _type, content in album]
    assert len({one.album for one in sent}) == 3
    assert town.telegram.violations == []


@pytest.mark.parametrize("why", ["PHOTO_INVALID_DIMENSIONS", "Too Many Requests: retry after 8"])
async def test_of_an_album_that_was_refused_in_its_midst_nobody_knows_and_nothing_goes_again(
    town: Town, connector: Connector, why: str
) -> None:
    town.anna.write("Hallo", town.bot)
    target = ReplyTarget("telegram", TELEGRAM, ThreadKey(str(town.anna.id)), "private")
    town.telegram.faults.arm("half_album", after=1, why=why)
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (100).to_bytes(4, "big") * 2
    files = (ReplyFile("a.png", "image/png", png), ReplyFile("b.png", "IMAGE/PNG", png + b"b"))
    with pytest.raises(DeliveryError, match="Look at the chat") as failed:
        await connector.sender.send(reply(target, "", files=files, carries=2))
    assert (failed.value.code, failed.value.delivered, failed.value.temporary) == ("half_sent", None, False)
    assert [one.kind for one in town.telegram.sent] == ["photo"]


async def test_a_file_that_telegram_does_not_take_is_refused_for_good(town: Town, connector: Connector) -> None:
    town.anna.write("Hallo", town.bot)
    target = ReplyTarget("telegram", TELEGRAM, ThreadKey(str(town.anna.id)), "private")
    with pytest.raises(DeliveryError) as failure:
        await connector.sender.send(reply(target, "", files=(ReplyFile("a.txt", "text/plain", b""),)))
    assert (failure.value.temporary, failure.value.delivered) == (False, False)
    assert town.telegram.sent == []


async def test_formatted_words_are_entities_in_telegrams_own_units(town: Town, connector: Connector) -> None:
    town.anna.write("Hallo", town.bot)
    target = ReplyTarget("telegram", TELEGRAM, ThreadKey(str(town.anna.id)), "private")
    rich = read("😀 **注意：**请 [看](https://x.test) ~~alt~~ *neu* `x`")
    await connector.sender.send(reply(target, rich.text, spans=rich.spans))
    sent = town.telegram.sent[-1]
    assert sent.text == "😀 注意：请 看 alt neu x"
    shown = [(one["type"], units(sent.text, one["offset"], one["length"])) for one in sent.entities]
    assert shown == [
        ("bold", "注意："), ("text_link", "看"), ("strikethrough", "alt"), ("italic", "neu"), ("code", "x"),
    ]  # fmt: skip
    assert sent.entities[1]["url"].rstrip("/") == "https://x.test"


def units(text: str, offset: int, length: int) -> str:
    return text.encode("utf-16-le")[2 * offset : 2 * (offset + length)].decode("utf-16-le")
