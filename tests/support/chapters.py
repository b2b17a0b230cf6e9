"""Chapters of the soak: one town, one database, one program killed many times, judged at the end."""

import asyncio
import random
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import httpx

from tests.support.crew import Office, answer_to, open_office
from tests.support.ports import free_port
from tests.support.program import Program, breathe, picture_for
from tests.support.stores import Database
from tests.support.town import ADDRESS, Town, open_town, unescaped, unquoted
from tickets.points import ANSWERING, FETCHING, POINTS, PROVING

CHANNELS = ("telegram", "discord", "x", "email")
PATIENCE_S = 60.0
SPEAKING_S = 0.5
HALLS = 40
"""So many channels people write in on Discord: each lets one answer a second pass."""
PICTURE = bytes(range(256)) * 4
PICTURED = ("x.pictures_uploaded",)
"""Only here answers carry pictures, as X takes one in eight seconds."""
WEBHOOKS = ("telegram.webhook_called", "telegram.webhook_saved", "x.webhook_called", "x.webhook_saved")
GREETING = "Switchboard is running"
AT_ONCE = 8 + 8 + 2 + 1
"""What the four senders have in hand at a time: at most so many are unknown after a kill."""
UNKNOWN_STAYS = ("telegram", "email")
"""Nobody can look there what arrived."""
WORDS = ("Bitte helfen", "救命", "النجدة", "ช่วยด้วย", "помогите", "도와주세요", "Cứu với", "मदद करें", "help 🆘")


class Chapter(NamedTuple):
    """Where it plays, and the chance that decides in it."""

    database: Database
    folder: Path
    chance: random.Random


class Stage:
    """People who write one message each, somebody who answers, and the program between them."""

    def __init__(self, chapter: Chapter, town: Town, office: Office) -> None:
        self.town = town
        self.chance = chapter.chance
        self._database = chapter.database
        self._office = office
        self._texts: list[str] = []
        self._answered: set[int] = set()
        self._asked: set[int] = set()
        self._pictured: set[int] = set()
        self._refusals: list[str] = []
        self.kills = 0
        self._halls = [town.guild.add_channel(f"help-{n}") for n in range(HALLS)]
        self._own_post = town.own_post()
        self.polling = self._program(chapter, "polling", webhook=False)
        self.pushed = self._program(chapter, "pushed", webhook=True)

    def _program(self, chapter: Chapter, name: str, *, webhook: bool) -> Program:
        folder = chapter.folder / name
        folder.mkdir()
        return Program(self.town, chapter.database, folder, free_port(), webhook=webhook)

    def write(self, count: int) -> None:
        """So many new people on channels by chance, each with one message."""
        for _ in range(count):
            n = len(self._texts)
            text = f"{self.chance.choice(WORDS)}, message {n} of this chapter"
            self._texts.append(text)
            self._somebody(n, text, self.chance.choice(CHANNELS), files=False)

    def write_everywhere(self, *, files: bool = False) -> None:
        """Somebody new on each of the four channels."""
        for channel in CHANNELS:
            n = len(self._texts)
            self._texts.append(f"{self.chance.choice(WORDS)}, message {n} of this chapter")
            self._somebody(n, self._texts[-1], channel, files=files)

    def _somebody(self, n: int, text: str, channel: str, *, files: bool) -> None:
        town = self.town
        if channel == "telegram":
            person = town.telegram.add_person(f"P{n}", language_code="en")
            if files:
                person.send_photo(PICTURE, town.bot, text)
            else:
                person.write(text, town.bot)
        elif channel == "discord":
            town.discord.add_person(f"P{n}").say(text, self._halls[n % HALLS], mention=town.discord_bot)
        elif channel == "x":
            person = town.x.add_person(f"P{n}", f"person_{n}")
            person.mention(town.x_account, text, quoting=self._own_post)
        else:
            writer = town.mail.add_person(f"P{n}", f"person{n}@customers.test", "en")
            writer.write(to=ADDRESS, subject=f"Mail {n}", text=text)

    def numbers(self) -> list[int]:
        """Of all tickets."""
        return [number for (number,) in self._database.rows("SELECT number FROM ticket ORDER BY number")]

    def open_numbers(self) -> list[int]:
        """Tickets nobody has answered yet."""
        return [number for number in self.numbers() if number not in self._answered]

    async def answer(self, number: int, program: Program | None = None, *, picture: bool = False) -> None:
        """Once, over the program's API or beside it."""
        if picture and number not in self._asked:  # whoever asks again asks for the same
            self._pictured.add(number)
        self._asked.add(number)
        if program is None:
            await self._office.answer(number)
        elif not await self._accepted_by(program, number):
            return  # it died over it, or its database is just away; whether it was taken is found out later
        self._answered.add(number)

    async def _accepted_by(self, program: Program, number: int) -> bool:
        try:
            picture = picture_for(number) if number in self._pictured else b""
            if await program.reply(number, answer_to(number), picture) is not None:
                return True
            self._refusals.append(f"ticket {number}: no answer")
            return False
        except httpx.HTTPStatusError as refusal:
            if refusal.response.status_code != 503:
                raise
            self._refusals.append(f"ticket {number}: {refusal.response.text[:200]}")
            return False

    async def answer_all(self, program: Program | None = None) -> None:
        for number in self.open_numbers():
            await self.answer(number, program)

    async def rest(self, *, over_api: bool) -> None:
        """Run until everything that can settle has settled.

        over_api: an answer that was cut off there must be asked for there
        again, as the same person with the same key.
        """
        await self.polling.start()
        await self.polling.says(GREETING)
        await self.until(
            lambda: self._count("message WHERE direction = 'in'") >= len(self._texts), "every message"
        )
        await self._answer_the_rest(self.polling if over_api else None)
        await self.until(self._settled, "every answer settled")
        await self.until(lambda: not self._count("job WHERE state = 'waiting'"), "every file")
        await self.polling.stop()

    async def _answer_the_rest(self, program: Program | None) -> None:
        """The API may open a moment after the program has read its mail."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while self.open_numbers():
                    await self.answer_all(program)
                    await asyncio.to_thread(breathe)
        except TimeoutError:
            refused = self._refusals[-len(self.open_numbers()) :]
            raise AssertionError(f"answers are not taken: {refused}\n{self.polling.log()}") from None

    def _settled(self) -> bool:
        """Nothing is under way, and what is unknown is where only a person can tell, and says so."""
        moving = self._count("delivery WHERE state IN ('queued', 'sending')")
        looked_for = self._count("delivery WHERE state = 'unknown' AND look_at IS NOT NULL")
        return not moving and not looked_for

    def _count(self, what: str) -> int:
        return int(self._database.rows(f"SELECT COUNT(*) FROM {what}")[0][0])

    async def until(self, condition: object, what: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not condition():  # type: ignore[operator]
                    await asyncio.to_thread(breathe)
        except TimeoutError:
            moving = self._database.rows(
                "SELECT channel, state, code, detail FROM delivery WHERE state NOT IN ('sent', 'held')"
            )
            raise AssertionError(f"waited in vain: {what}\n{moving}\n{self.polling.log()}") from None

    def judge(self) -> str:
        """Every message once in one ticket, every answer once; unknown only where nobody can look."""
        rows = self._database.rows("SELECT text, ticket_id FROM message WHERE direction = 'in'")
        assert Counter(unquoted(text) for text, _ in rows) == Counter(self._texts), "a message is lost or doubled"
        assert len({ticket for _, ticket in rows}) == len(self._texts), "a ticket is doubled"
        accepted = Counter(self._accepted())
        fates = self._database.rows(
            "SELECT d.channel, d.state, t.number FROM delivery d JOIN ticket t ON t.id = d.ticket_id "
            "WHERE d.kind = 'reply'"
        )
        answers = Counter(number for _, _, number in fates)
        odd = {number: answers[number] for number in self.numbers() if answers[number] != 1}
        assert not odd, f"answers by ticket that are lost or doubled: {odd}; said no for now: {self._refusals}"
        unknown, files = 0, Counter(self.town.accepted_files())
        for channel, state, number in fates:
            times, shown = accepted[answer_to(number)], files[picture_for(number)]
            wanted = int(number in self._pictured)
            assert shown == wanted if state == "sent" else shown <= wanted, f"picture {number}: {shown} times"
            if state == "unknown":
                unknown += 1
                assert channel in UNKNOWN_STAYS, f"the answer to {number} could have been looked up on {channel}"
                assert times <= 1, f"the answer to {number} was sent {times} times"
            else:
                assert (state, times) == ("sent", 1), (
                    f"the answer to {number} is {state} and was sent {times} times"
                )
        assert unknown <= self.kills * AT_ONCE, f"{unknown} unknown after {self.kills} kills"
        missing = self._database.rows("SELECT COUNT(*) FROM attachment WHERE state <> 'stored'")[0][0]
        assert not missing, f"{missing} files are not there"
        return (
            f"{len(self._texts)} messages, {self.kills} kills, {unknown} left to a person, nothing lost or doubled"
        )

    def _accepted(self) -> list[str]:
        """Every answer that a platform took, as it was written."""
        town = self.town
        discord = [unescaped(one.text) for one in town.discord.sent]
        mails = [one.text.strip() for one in town.mail.sent]
        return [*(one.text for one in town.telegram.sent), *discord, *(one.text for one in town.x.sent), *mails]


async def play_points(chapter: Chapter) -> str:
    """A kill at every named step once, in an order of chance."""
    order = list(POINTS)
    chapter.chance.shuffle(order)
    async with open_town() as town, open_office(town, chapter.database, chapter.folder) as office:
        stage = Stage(chapter, town, office)
        await stage.polling.make_token()
        stage.pushed.token = stage.polling.token
        for point in order:
            if point in PROVING:  # something must be of unknown fate first
                await kill_at(stage, "discord.after_send")
            await kill_at(stage, point)
        await stage.rest(over_api=True)
        return stage.judge()


async def kill_at(stage: Stage, point: str) -> None:
    program = stage.pushed if point in WEBHOOKS else stage.polling
    live = point in ("discord.heard", *WEBHOOKS)  # else it may be part of what was missed
    if not live:
        stage.write_everywhere(files=point in FETCHING)
    await program.start(f"{point}:1")
    assert program.process is not None
    if live:
        await _listening(stage, program)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while program.process.exitcode is None:
                if live:  # again and again: what is said just before a session begins is missed, not heard
                    stage.write_everywhere()
                    await asyncio.to_thread(program.process.join, SPEAKING_S)
                if point in ANSWERING:
                    for number in stage.open_numbers()[-4:]:
                        await stage.answer(number, program, picture=point in PICTURED)
                await asyncio.to_thread(breathe)
    except TimeoutError:
        raise AssertionError(f"the program was never at {point}: {program.log()}") from None
    assert await program.killed(), f"the program was never at {point}: {program.log()}"
    stage.kills += 1


async def _listening(stage: Stage, program: Program) -> None:
    """Return once it hears what is said, or is over: what was pushed again may have been enough to kill it."""

    def ready() -> bool:
        assert program.process is not None
        over = program.process.exitcode is not None
        return over or stage.town.discord.connected(stage.town.discord_bot)

    await stage.until(ready, "a session with Discord")


async def play_storm(chapter: Chapter, messages: int, kills: int) -> str:
    """People write all the time and are answered, while the program is killed at moments of chance."""
    async with open_town() as town, open_office(town, chapter.database, chapter.folder) as office:
        stage = Stage(chapter, town, office)
        await stage.polling.make_token()
        share = messages // (kills + 1)
        for _ in range(kills):
            await stage.polling.start()
            killing = asyncio.create_task(_kill_after(stage, stage.chance.uniform(0.5, 4.0)))
            for at in range(0, share, 10):
                stage.write(min(10, share - at))
                await asyncio.to_thread(breathe)
            while not killing.done():
                await stage.answer_all()
                await asyncio.to_thread(breathe)
            await killing
        stage.write(messages - share * kills)
        await stage.rest(over_api=False)
        return stage.judge()


async def _kill_after(stage: Stage, seconds: float) -> None:
    """The one wait that is meant: a moment of chance."""
    await asyncio.sleep(seconds)
    await stage.polling.kill()
    stage.kills += 1
