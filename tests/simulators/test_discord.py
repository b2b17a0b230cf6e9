"""The loopback Discord, held to its protocol by the unmodified discord.py."""

import asyncio
import importlib.util
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from simulators.discord import DiscordPlatform, SentMessage, SimBot, SimPerson
from tests.simulators.test_discord_tools import TOKEN, discord, point_library

QUIET = discord.AllowedMentions.none()


class Client(discord.Client):
    """Notes what it hears."""

    def __init__(self) -> None:
        intents = discord.Intents.none()
        intents.guilds = intents.guild_messages = intents.dm_messages = True
        super().__init__(intents=intents, guild_ready_timeout=0.01, allowed_mentions=QUIET)
        self.heard: list[Any] = []
        self.edits: list[Any] = []
        self.deletes: list[Any] = []
        self.threads_seen: list[Any] = []
        self.resumes = 0
        self.told = asyncio.Event()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """The library's own waits 5 s before each IDENTIFY but the first."""

    async def on_message(self, message: Any) -> None:
        self.heard.append(message)
        self.told.set()

    async def on_raw_message_edit(self, event: Any) -> None:
        self.edits.append(event)
        self.told.set()

    async def on_raw_message_delete(self, event: Any) -> None:
        self.deletes.append(event)
        self.told.set()

    async def on_thread_create(self, thread: Any) -> None:
        self.threads_seen.append(thread)

    async def on_resumed(self) -> None:
        self.resumes += 1

    def texts(self) -> list[str]:
        return [message.content for message in self.heard]

    async def until(self, condition: Callable[[], object]) -> None:
        """As soon as the library told of what is wanted."""
        async with asyncio.timeout(5):
            while not condition():
                self.told.clear()
                await self.told.wait()


@pytest.fixture
async def platform() -> AsyncIterator[DiscordPlatform]:
    async with DiscordPlatform() as running:
        yield running


@pytest.fixture
def bot(platform: DiscordPlatform) -> SimBot:
    return platform.add_bot(TOKEN, username="support_bot", name="Support")


@pytest.fixture
def anna(platform: DiscordPlatform) -> SimPerson:
    return platform.add_person("Anna Schmidt", username="anna")


@pytest.fixture
async def client(platform: DiscordPlatform, bot: SimBot, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    """Logged in; connects once ``connect`` is called."""
    point_library(monkeypatch, platform)
    library = Client()
    await library.login(TOKEN)
    yield library
    await library.close()


async def connect(platform: DiscordPlatform, bot: SimBot, client: Client) -> asyncio.Task[None]:
    running = asyncio.create_task(client.connect())
    await platform.until(lambda: platform.connected(bot))
    await asyncio.wait_for(client.wait_until_ready(), 5)
    return running


async def heard(platform: DiscordPlatform, client: Client, count: int) -> None:
    """Until the library told of so many messages; it does so a little after the platform's bell."""
    await client.until(lambda: len(client.heard) >= count)


# --- the REST client


async def test_the_library_logs_in(client: Client, bot: SimBot) -> None:
    assert client.user is not None
    assert (client.user.id, client.user.name, client.user.bot) == (bot.id, "support_bot", True)
    assert client.application_id == bot.application_id


async def test_a_wrong_token_is_a_login_failure(
    platform: DiscordPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_library(monkeypatch, platform)
    library = Client()
    with pytest.raises(discord.LoginFailure):
        await library.login("nobody.has.this")
    await library.close()


async def test_the_library_opens_a_dm_and_writes(
    platform: DiscordPlatform, client: Client, bot: SimBot, anna: SimPerson
) -> None:
    user = await client.fetch_user(anna.id)
    dm = await user.create_dm()
    message = await dm.send("Good morning", nonce="0123456789012345678901234")
    [sent] = platform.sent
    assert dm.id == anna.dm(bot) == sent.channel_id
    assert (sent.id, sent.text, sent.person, sent.guild_id) == (message.id, "Good morning", anna, None)
    assert sent.nonce == "0123456789012345678901234"
    assert sent.payload["allowed_mentions"] == {"parse": []}
    assert platform.violations == []


async def test_the_library_refuses_what_discord_refuses(client: Client, bot: SimBot, anna: SimPerson) -> None:
    dm = await client.fetch_channel(anna.dm(bot))
    with pytest.raises(discord.HTTPException) as too_long:
        await dm.send("x" * 2001)
    assert (too_long.value.status, too_long.value.code) == (400, 50035)
    anna.block(bot)
    with pytest.raises(discord.Forbidden) as blocked:
        await dm.send("hello")
    assert (blocked.value.code, blocked.value.text) == (50007, "Cannot send messages to this user")
    with pytest.raises(discord.NotFound) as missing:
        await client.fetch_channel(1)
    assert missing.value.code == 10003


async def test_the_library_reads_the_history_after_a_message(
    client: Client, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    first, *later = [anna.write(f"message {number}", bot) for number in range(130)]
    dm = await client.fetch_channel(anna.dm(bot))
    after = discord.Object(first.id)
    read = [message async for message in dm.history(limit=None, after=after, oldest_first=True)]
    assert [message.id for message in read] == [message.id for message in later]
    assert set(platform.handed_out(bot)) == {message.id for message in later}


async def test_the_library_uploads_and_downloads(
    client: Client, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    anna.write("see", bot, files=[("räksmörgås/1.txt", "text/plain", b"five!")])
    dm = await client.fetch_channel(anna.dm(bot))
    [message] = [message async for message in dm.history()]
    [attachment] = message.attachments
    assert (attachment.filename, attachment.size, attachment.content_type) == ("räksmörgås/1.txt", 5, "text/plain")
    assert attachment.url.startswith(f"{platform.cdn_url}/attachments/")
    assert await attachment.read() == b"five!"
    sent = await dm.send(file=await attachment.to_file(filename="back.txt"))
    assert platform.sent[0].files == [("back.txt", b"five!")]
    assert await sent.attachments[0].read() == b"five!"
    assert "a token was sent to the CDN" not in platform.violations


async def test_the_library_edits_and_deletes_its_messages(
    client: Client, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    dm = await client.fetch_channel(anna.dm(bot))
    message = await dm.send("frist")
    edited = await message.edit(content="first")
    assert edited.edited_at is not None
    assert (platform.sent[0].text, platform.sent[0].versions) == ("first", ["frist"])
    await message.delete()
    assert platform.sent[0].deleted


async def test_the_library_waits_for_a_rate_limit(
    client: Client, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    dm = await client.fetch_channel(anna.dm(bot))
    platform.faults.arm("rate_limit", retry_after=0.05, path="/messages")
    await dm.send("patience")
    assert [call.status for call in platform.calls[-2:]] == [429, 200]
    assert platform.violations == []


# --- the gateway


async def test_the_library_hears_a_dm(
    client: Client, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    await connect(platform, bot, client)
    written = anna.write("Where is my parcel?", bot)
    await heard(platform, client, 1)
    [message] = client.heard
    assert (message.id, message.content, message.guild) == (written.id, "Where is my parcel?", None)
    assert (message.author.id, message.author.display_name) == (anna.id, "Anna Schmidt")
    assert message.channel.type is discord.ChannelType.private
    assert message.created_at == written.at.replace(microsecond=written.at.microsecond // 1000 * 1000)
    assert platform.handed_out(bot) == [written.id]


async def test_the_library_knows_guild_channel_and_thread(
    client: Client, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    guild = platform.add_guild("Shop", bot)
    channel = guild.add_channel("help")
    await connect(platform, bot, client)
    question = anna.say("who can help?", channel, mention=bot)
    thread = anna.start_thread(channel, "parcel", question)
    anna.say("in here please", thread, mention=bot)
    await heard(platform, client, 3)
    asked, starter, inside = client.heard
    assert isinstance(asked.channel, discord.TextChannel)
    assert (asked.guild.name, asked.channel.name) == ("Shop", "help")
    assert asked.mentions[0].id == bot.id
    assert asked.content == f"<@{bot.id}> who can help?"
    assert starter.type is discord.MessageType.thread_starter_message
    assert isinstance(inside.channel, discord.Thread)
    assert (inside.channel.parent, inside.channel.id) == (asked.channel, thread.id)
    assert [seen.name for seen in client.threads_seen] == ["parcel"]


async def test_the_library_hears_of_channels_and_guilds_made_later(
    client: Client, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    await connect(platform, bot, client)
    channel = platform.add_guild("Late", bot).add_channel("news")
    anna.say("hello", channel, mention=bot)
    await heard(platform, client, 1)
    assert (client.heard[0].guild.name, client.heard[0].channel.name) == ("Late", "news")


async def test_the_library_sees_replies_edits_and_deletions(
    client: Client, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    await connect(platform, bot, client)
    first = anna.write("one", bot)
    await heard(platform, client, 1)
    await client.heard[0].reply("two")
    anna.write("three", bot, reply_to=platform.sent[0])
    await heard(platform, client, 3)
    assert client.texts() == ["one", "two", "three"]
    anna.edit(first, "ONE")
    anna.delete(first)
    await client.until(lambda: client.deletes)
    answer, back = client.heard[1:]
    assert (answer.type, answer.reference.message_id) == (discord.MessageType.reply, first.id)
    assert back.reference.resolved.content == "two"
    assert platform.sent[0].reply_to == first.id
    assert client.edits[0].message.content == "ONE"
    assert client.edits[0].message.edited_at is not None
    assert client.deletes[0].message_id == first.id


@pytest.mark.parametrize("code", [None, 1000, 4000, 4008])
async def test_the_library_resumes_and_misses_nothing(
    client: Client, platform: DiscordPlatform, bot: SimBot, anna: SimPerson, code: int | None
) -> None:
    await connect(platform, bot, client)
    anna.write("one", bot)
    await heard(platform, client, 1)
    platform.disconnect(bot, code)
    assert not platform.connected(bot)
    anna.write("two", bot)
    await platform.until(lambda: platform.connected(bot))
    anna.write("three", bot)
    await heard(platform, client, 3)
    assert client.texts() == ["one", "two", "three"]
    assert [start.kind for start in platform.sessions(bot)] == ["identify", "resume"]
    assert platform.sessions(bot)[1].path == "/resume"
    assert client.resumes == 1


async def test_the_library_resumes_after_op_7_and_op_9_true(
    client: Client, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    await connect(platform, bot, client)
    platform.faults.arm("reconnect")
    platform.faults.arm("invalid_session", resumable=True, after=3)
    for number in range(4):
        anna.write(str(number), bot)
    await heard(platform, client, 4)
    assert client.texts() == ["0", "1", "2", "3"]
    assert {fault.name for fault in platform.faults.fired} == {"reconnect", "invalid_session"}
    assert {start.kind for start in platform.sessions(bot)[1:]} == {"resume"}


async def test_the_library_starts_anew_when_its_session_is_forgotten(
    client: Client, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    await connect(platform, bot, client)
    platform.forget_sessions(bot)
    platform.disconnect(bot)
    anna.write("lost to the gateway", bot)
    await platform.until(lambda: platform.connected(bot))
    anna.write("heard", bot)
    await heard(platform, client, 1)
    assert client.texts() == ["heard"]
    assert [(start.kind, start.accepted) for start in platform.sessions(bot)] == [
        ("identify", True),
        ("resume", False),
        ("identify", True),
    ]


async def test_the_library_gives_up_on_intents_it_was_not_granted(
    platform: DiscordPlatform, bot: SimBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_library(monkeypatch, platform)
    intents = discord.Intents.default()
    intents.message_content = True
    library = discord.Client(intents=intents)
    async with library:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await asyncio.wait_for(library.start(TOKEN), 5)
    assert not platform.sessions(bot)[0].accepted


async def test_the_library_understands_split_frames(
    client: Client, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    if importlib.util.find_spec("zstandard") is not None:
        pytest.skip("the library takes zstd-stream, where a message is one frame")
    platform.faults.arm("split_frames", times=None, parts=4)
    await connect(platform, bot, client)
    anna.write("in pieces", bot)
    await heard(platform, client, 1)
    assert client.texts() == ["in pieces"]
    assert platform.sessions(bot)[0].compress == "zlib-stream"


async def test_the_library_hands_on_a_message_without_its_author(
    client: Client, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    await connect(platform, bot, client)
    platform.faults.arm("garble_event")
    anna.write("whose?", bot)
    await heard(platform, client, 1)
    assert not hasattr(client.heard[0], "author")


async def test_a_message_without_its_id_ends_the_library(
    client: Client, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    """Whoever runs it must start it again."""
    running = await connect(platform, bot, client)
    platform.faults.arm("garble_event", without="id")
    garbled = anna.write("spoilt", bot)
    with pytest.raises(KeyError):
        await asyncio.wait_for(running, 5)
    assert garbled.id not in platform.handed_out(bot)


async def test_people_react_to_answers(
    client: Client, platform: DiscordPlatform, bot: SimBot, anna: SimPerson
) -> None:
    def thank(answer: SentMessage) -> None:
        if answer.text == "done":
            anna.write("thanks", bot, reply_to=answer)

    platform.on_answer(thank)
    await connect(platform, bot, client)
    dm = await client.fetch_channel(anna.dm(bot))
    await dm.send("done")
    await heard(platform, client, 2)
    assert client.texts() == ["done", "thanks"]
