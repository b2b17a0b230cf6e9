"""What a sender finds of its own on the platform, after an answer of which nobody knows whether it arrived."""

import unicodedata
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from connectors.discord.sender import MOST_PAGES
from connectors.registry import make_connector
from connectors.x.api import OWN_PAGES
from tests.contract.connectors.harness import context, reply
from tests.support.town import DISCORD, EMAIL, Town, X
from tickets.errors import ConnectorError, CredentialRejected, DeliveryError, RateLimited, Unreachable
from tickets.ids import AccountId, ExternalMessageId, ThreadKey
from tickets.model import Receipt, Reply, ReplyTarget
from tickets.ports import Connector, ProvingSender

WORDS = {
    "chinese": "您好，已为您处理。请看https://help.example.org/账户?a=1&b=2。谢谢！",
    "arabic": "مرحبًا، تم حل المشكلة ✅ https://help.example.org/ar",
    "thai": "สวัสดีค่ะ ดำเนินการให้แล้วนะคะ 🙏 ดูที่ example.org/ช่วย",
    "hindi": "नमस्ते, आपका खाता अब ठीक है। कृपया दोबारा लॉग-इन करें 🙂",
    "vietnamese, letters and accents apart": unicodedata.normalize("NFD", "Đã xử lý xong, bạn thử lại nhé"),
    "a family and a flag": "Fixed for 👨\u200d👩\u200d👧 in 🇻🇳 ❤\ufe0f",
    "marks": "*no* _markup_ ~here~ `at` ||all|| [a](b) \\ > 1 & 2 < 3 &amp; &lt;b&gt; # not 1. a list",
    "links": "Go to HTTPS://Example.org/Help, or example.com, then https://example.org/a_b_(c)!",
    "nothing but a link": "https://help.example.org/articles/42",
    "lines": "First line\n\n  - second\n> third\r\nfourth\tand a tab",
    "blanks around": "   before and after  \n",
    "names first": "@ricardo @someone_else please try it again",
    "no-break blanks": "Montant\u00a0: 12\u202f500 €",
}


class Case:
    """One channel: a person has asked, and answers may get lost."""

    account: AccountId

    def __init__(self, town: Town) -> None:
        self.town = town
        self.target = self.asked()

    def asked(self) -> ReplyTarget:
        """Somebody asks anew; where the answer goes."""
        raise NotImplementedError

    def settings(self) -> object:
        return self.town.accounts()[self.account].settings

    def lose(self, *, taken: bool) -> None:
        """Nobody hears what becomes of the next answer."""
        raise NotImplementedError

    def sent(self) -> list[tuple[str, datetime]]:
        """Name and time of every answer that the platform has."""
        raise NotImplementedError

    def refuse_reading(self) -> None:
        """The next look is refused for now."""
        raise NotImplementedError

    async def go_away(self) -> None:
        raise NotImplementedError


class OnDiscord(Case):
    account = DISCORD

    def asked(self) -> ReplyTarget:
        said = self.town.linh.say("Giúp mình với", self.town.hall, mention=self.town.discord_bot)
        place = self.town.hall.id
        name = ExternalMessageId(f"{place}/{said.id}")
        return ReplyTarget(
            "discord", DISCORD, ThreadKey(f"{place}/{self.town.linh.id}"), "public", in_reply_to=name
        )

    def lose(self, *, taken: bool) -> None:
        fault = "drop_after_accept" if taken else "drop_before_accept"
        self.town.discord.faults.arm(fault, method="POST", path="/messages")

    def sent(self) -> list[tuple[str, datetime]]:
        return [(f"{one.channel_id}/{one.id}", one.at) for one in self.town.discord.sent]

    def refuse_reading(self) -> None:
        self.town.discord.faults.arm("cloudflare", method="GET", path="/messages")

    async def go_away(self) -> None:
        await self.town.discord.stop()


class OnX(Case):
    account = X

    def asked(self) -> ReplyTarget:
        post = self.town.ricardo.mention(self.town.x_account, "meu saque não chegou")
        key = ThreadKey(f"{post.conversation_id}/{self.town.ricardo.id}")
        return ReplyTarget("x", X, key, "public", in_reply_to=ExternalMessageId(post.id))

    def lose(self, *, taken: bool) -> None:
        self.town.x.faults.arm("drop_after_accept" if taken else "drop_before_accept", method="POST")

    def sent(self) -> list[tuple[str, datetime]]:
        return [(one.id, one.created_at) for one in self.town.x.sent]

    def refuse_reading(self) -> None:
        self.town.x.faults.arm("flood", method="GET", path="/tweets", reset_in=90)

    async def go_away(self) -> None:
        await self.town.x.stop()


class ByMail(Case):
    account = EMAIL

    def asked(self) -> ReplyTarget:
        self.town.box.keeps_sent_in = "Sent"
        return ReplyTarget(
            "email", EMAIL, ThreadKey("t"), "private", to=("mei@customers.test",), subject="Re: 主题"
        )

    def settings(self) -> object:
        usual = self.town.accounts()[EMAIL].settings
        return replace(usual, imap=replace(usual.imap, sent_folder="Sent"))

    def lose(self, *, taken: bool) -> None:
        self.town.mail.faults.arm("smtp_drop_after_accept" if taken else "smtp_drop_before_accept")

    def sent(self) -> list[tuple[str, datetime]]:
        return [(one.message_id or "", one.at) for one in self.town.mail.sent]

    def refuse_reading(self) -> None:
        self.town.mail.faults.arm("imap_no", command="SEARCH")

    async def go_away(self) -> None:
        await self.town.mail.stop_imap()


CASES: dict[str, Callable[[Town], Case]] = {"discord": OnDiscord, "x": OnX, "email": ByMail}
CHATS = ("discord", "x")


class Scene:
    """A case with a connector that is ready."""

    def __init__(self, case: Case, connector: Connector) -> None:
        self.case = case
        self.connector = connector
        sender = connector.sender
        assert isinstance(sender, ProvingSender)
        self.proving: ProvingSender = sender

    async def lost(self, answer: Reply, *, taken: bool = True) -> datetime:
        """Send it, so that nobody knows whether it arrived; when that began."""
        began = datetime.now(UTC)
        self.case.lose(taken=taken)
        with pytest.raises(DeliveryError) as failure:
            await self.connector.sender.send(answer)
        assert failure.value.delivered is None
        return began

    async def found(self, answer: Reply, since: datetime) -> list[str]:
        return [one.external_id for one in await self.proving.find_sent(answer, since)]


@pytest.fixture(params=CASES)
def channel(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def scene(town: Town, channel: str) -> AsyncIterator[Scene]:
    case = CASES[channel](town)
    connector = make_connector(case.target.channel, case.settings(), context(case.account))
    await connector.open()
    yield Scene(case, connector)
    await connector.close()


# Found, and not found ----------------------------------------------------------------


@pytest.mark.parametrize("text", WORDS.values(), ids=WORDS)
async def test_what_arrived_is_found_with_its_name_and_time(scene: Scene, text: str) -> None:
    """BD18, BX03."""
    answer = reply(scene.case.target, text)
    began = await scene.lost(answer)

    found = await scene.proving.find_sent(answer, began)

    [(name, at)] = scene.case.sent()
    [receipt] = found
    assert receipt.external_id == name
    assert abs(receipt.sent_at - at) < timedelta(seconds=2)
    assert receipt.sent_at.tzinfo is not None


@pytest.mark.parametrize("text", WORDS.values(), ids=WORDS)
async def test_what_never_arrived_is_not_found(scene: Scene, text: str) -> None:
    """Though other words of ours stand beside it, and others say the same."""
    await scene.connector.sender.send(
        reply(scene.case.target, "Something else: https://example.org/else", "other")
    )
    _say_the_same(scene.case, text)
    answer = reply(scene.case.target, text)
    began = await scene.lost(answer, taken=False)
    assert await scene.found(answer, began) == []


def _say_the_same(case: Case, text: str) -> None:
    town = case.town
    if isinstance(case, OnDiscord):
        town.linh.say(text, town.hall)
    elif isinstance(case, OnX):
        town.ricardo.mention(town.x_account, text)
    else:
        town.mei.write(to="support@example.test", subject="Re: 主题", text=text)


@pytest.mark.parametrize("minutes", [-12, -4, 4, 12, 55])
async def test_clocks_that_differ_do_not_hide_it(scene: Scene, minutes: int) -> None:
    answer = reply(scene.case.target, "已经处理好了")
    began = await scene.lost(answer)
    [(name, _at)] = scene.case.sent()
    assert await scene.found(answer, began + timedelta(minutes=minutes)) == [name]


async def test_each_of_several_pieces_is_found_for_itself(scene: Scene) -> None:
    """Also where they say the same."""
    first = reply(scene.case.target, "Part of it", "long", part=1, parts=3)
    receipt = await scene.connector.sender.send(first)
    second = replace(first, text="Part of it.", send_key="long.2", part=2, previous=receipt.external_id)
    began = await scene.lost(second)
    names = [name for name, _at in scene.case.sent()]
    assert await scene.found(second, began) == names[1:]
    third = replace(first, text="The rest", send_key="long.3", part=3, previous=ExternalMessageId(names[1]))
    assert await scene.found(third, await scene.lost(third, taken=False)) == []


@pytest.mark.parametrize("channel", ["discord"], indirect=True)
async def test_equal_words_of_an_earlier_answer_are_told_too(scene: Scene) -> None:
    """Who asks knows the earlier one by its name, and takes the other."""
    known = await scene.connector.sender.send(reply(scene.case.target, "Xong rồi nhé", "first"))
    answer = reply(scene.case.target, "Xong rồi nhé", "second")
    began = await scene.lost(answer)
    assert await scene.found(answer, began) == [name for name, _at in scene.case.sent()]
    assert known.external_id == scene.case.sent()[0][0]


@pytest.mark.parametrize("channel", CHATS, indirect=True)
async def test_equal_words_to_another_question_are_another_answer(scene: Scene) -> None:
    """Answers from before the question was asked, and on X those under another post."""
    scene.case.town.x.duplicates_by_text_alone = False
    earlier = reply(scene.case.target, "Estamos verificando.", "first")
    await scene.connector.sender.send(earlier)
    scene.case.town.ricardo = scene.case.town.x.add_person("Beatriz", username="beatriz")
    answer = reply(scene.case.asked(), "Estamos verificando.", "second")
    assert await scene.found(answer, await scene.lost(answer, taken=False)) == []
    assert await scene.found(answer, await scene.lost(answer)) == [scene.case.sent()[1][0]]


@pytest.mark.parametrize("channel", ["discord"], indirect=True)
async def test_signs_that_discord_takes_away_do_not_hide_it(scene: Scene) -> None:
    answer = reply(scene.case.target, "Thanks 👨\u200d👩\u200d👧 ❤\ufe0f \u2067right to left\u2069")
    began = await scene.lost(answer)
    [message] = [one for one in scene.case.town.hall.messages.values() if "Thanks" in str(one["content"])]
    message["content"] = "".join(one for one in str(message["content"]) if one not in "\u200d\ufe0f\u2067\u2069")
    assert await scene.found(answer, began) == [name for name, _at in scene.case.sent()]


# Busy places -------------------------------------------------------------------------


@pytest.mark.parametrize("channel", ["discord"], indirect=True)
async def test_it_is_found_in_a_busy_channel(scene: Scene) -> None:
    hall, linh = scene.case.town.hall, scene.case.town.linh
    for n in range(130):
        linh.say(f"before {n}", hall)
    answer = reply(scene.case.target, "Đã xong")
    began = await scene.lost(answer)
    for n in range(230):
        linh.say(f"after {n}", hall)
    assert await scene.found(answer, began) == [name for name, _at in scene.case.sent()]


@pytest.mark.parametrize("channel", ["discord"], indirect=True)
async def test_a_channel_too_busy_to_read_through_proves_nothing(scene: Scene) -> None:
    hall, linh = scene.case.town.hall, scene.case.town.linh
    answer = reply(scene.case.target, "Đã xong")
    began = await scene.lost(answer, taken=False)
    for n in range(MOST_PAGES * 100):
        linh.say(f"{n}", hall)
    with pytest.raises(Unreachable, match="Too much was said"):
        await scene.found(answer, began)
    assert len([one for one in scene.case.town.discord.calls if one.method == "GET"]) <= MOST_PAGES + 2


@pytest.mark.parametrize("channel", ["x"], indirect=True)
async def test_it_is_found_among_many_posts(scene: Scene) -> None:
    answer = reply(scene.case.target, "Já resolvido")
    began = await scene.lost(answer)
    for n in range(110):
        await scene.connector.sender.send(reply(scene.case.target, f"And number {n}", f"k{n}"))
    assert await scene.found(answer, began) == [scene.case.sent()[0][0]]


@pytest.mark.parametrize("channel", ["x"], indirect=True)
async def test_older_posts_than_it_can_be_are_not_read(scene: Scene) -> None:
    """An old question to a busy account: reading on from the question would take too many pages."""
    answer = reply(scene.case.target, "Já resolvido")
    await scene.found(answer, datetime.now(UTC) + timedelta(hours=28))
    [asked] = [one for one in scene.case.town.x.calls if one.path.endswith("/tweets")]
    since_ms = (int(asked.query["since_id"]) >> 22) + 1_288_834_974_657
    hours = (since_ms / 1000 - datetime.now(UTC).timestamp()) / 3600
    assert hours == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize("channel", ["x"], indirect=True)
async def test_pages_without_end_prove_nothing(scene: Scene) -> None:
    answer = reply(scene.case.target, "Já resolvido")
    began = await scene.lost(answer)
    scene.case.town.x.faults.arm("repeat_page", times=None, path="/tweets")
    with pytest.raises(Unreachable, match="too much"):
        await scene.found(answer, began)
    asked = [one for one in scene.case.town.x.calls if one.method == "GET" and one.path.endswith("/tweets")]
    assert len(asked) == OWN_PAGES


@pytest.mark.parametrize("channel", ["x"], indirect=True)
@pytest.mark.parametrize("fault", ["empty_page", "reorder_page"])
async def test_odd_pages_do_not_hide_it(scene: Scene, fault: str) -> None:
    answer = reply(scene.case.target, "Já resolvido")
    began = await scene.lost(answer)
    scene.case.town.x.faults.arm(fault, path="/tweets")
    assert await scene.found(answer, began) == [scene.case.sent()[0][0]]


# When it cannot be looked for --------------------------------------------------------


async def test_a_platform_that_is_away_proves_nothing(scene: Scene) -> None:
    answer = reply(scene.case.target, "No way to see it")
    began = await scene.lost(answer)
    await scene.case.go_away()
    with pytest.raises(ConnectorError):
        await scene.found(answer, began)


async def test_a_refused_look_proves_nothing_and_the_next_finds_it(scene: Scene, channel: str) -> None:
    answer = reply(scene.case.target, "Not just now")
    began = await scene.lost(answer)
    scene.case.refuse_reading()
    with pytest.raises(ConnectorError) as refusal:
        await scene.found(answer, began)
    assert isinstance(refusal.value, RateLimited) == (channel in CHATS)
    if channel != "x":
        assert await scene.found(answer, began) == [scene.case.sent()[0][0]]


@pytest.mark.parametrize("channel", ["x"], indirect=True)
async def test_a_pause_that_x_asks_for_holds_for_every_look(scene: Scene) -> None:
    answer = reply(scene.case.target, "Not just now")
    began = await scene.lost(answer)
    scene.case.refuse_reading()
    for _ in range(5):
        with pytest.raises(RateLimited) as refusal:
            await scene.found(answer, began)
        assert 0 < refusal.value.retry_after_s <= 90
    assert scene.case.town.x.violations == []


@pytest.mark.parametrize("channel", ["x"], indirect=True)
async def test_an_answer_that_tells_only_an_error_proves_nothing(scene: Scene) -> None:
    """X answers 200 with errors and no posts where its own parts do not reach each other."""
    answer = reply(scene.case.target, "Not just now")
    began = await scene.lost(answer)
    scene.case.town.x.faults.arm("partial", method="GET", path="/tweets")
    with pytest.raises(Unreachable):
        await scene.found(answer, began)


@pytest.mark.parametrize("channel", CHATS, indirect=True)
@pytest.mark.parametrize("fault", ["garble", "truncate"])
async def test_an_answer_that_cannot_be_read_proves_nothing(scene: Scene, channel: str, fault: str) -> None:
    answer = reply(scene.case.target, "Not just now")
    began = await scene.lost(answer, taken=False)
    platform = scene.case.town.discord if channel == "discord" else scene.case.town.x
    platform.faults.arm(fault, method="GET", path="/messages" if channel == "discord" else "/tweets")
    with pytest.raises(ConnectorError):
        await scene.found(answer, began)


@pytest.mark.parametrize("channel", ["discord"], indirect=True)
async def test_a_conversation_that_we_may_not_read_proves_nothing(scene: Scene) -> None:
    answer = reply(scene.case.target, "Not for us any more")
    began = await scene.lost(answer)
    scene.case.town.discord.faults.arm("forbidden", method="GET", path="/messages")
    with pytest.raises(Unreachable, match="does not let us read"):
        await scene.found(answer, began)


# Mail --------------------------------------------------------------------------------


async def _look(town: Town, sent_folder: str, since: datetime) -> Sequence[Receipt]:
    usual = town.accounts()[EMAIL].settings
    settings = replace(usual, imap=replace(usual.imap, sent_folder=sent_folder))
    sender = make_connector("email", settings, context(EMAIL)).sender
    assert isinstance(sender, ProvingSender)
    return await sender.find_sent(reply(ByMail(town).target, "Gesendet"), since)


async def test_a_folder_that_is_not_there_is_said_so(town: Town) -> None:
    with pytest.raises(Unreachable, match=r"Nowhere cannot be opened\. Check its name"):
        await _look(town, "Nowhere", datetime.now(UTC))


async def test_a_refused_password_is_said_so(town: Town) -> None:
    town.mail.faults.arm("imap_refuse_login")
    with pytest.raises(CredentialRejected):
        await _look(town, "Sent", datetime.now(UTC))


@pytest.mark.parametrize("channel", ["email"], indirect=True)
async def test_a_copy_in_the_inbox_is_no_proof(scene: Scene) -> None:
    """Only the folder of sent mail counts: anybody can write to the inbox."""
    answer = reply(scene.case.target, "Forged")
    began = await scene.lost(answer)
    folder = scene.case.town.box.folder("Sent")
    [forged] = [mail.raw for mail in folder.mails.values()]
    folder.remove(list(folder.uids))
    scene.case.town.box.deliver(forged)
    assert await scene.found(answer, began) == []


async def test_without_a_folder_mail_cannot_be_looked_for(town: Town) -> None:
    sender = make_connector("email", town.accounts()[EMAIL].settings, context(EMAIL)).sender
    assert not isinstance(sender, ProvingSender)


@pytest.mark.parametrize("channel", ["email"], indirect=True)
async def test_not_finding_a_mail_is_never_certain(scene: Scene) -> None:
    assert scene.proving.certain_after_s is None


@pytest.mark.parametrize("channel", CHATS, indirect=True)
async def test_not_finding_it_is_certain_after_the_time_in_the_settings(scene: Scene) -> None:
    assert scene.proving.certain_after_s == scene.case.settings().appears_within_s  # type: ignore[attr-defined]
