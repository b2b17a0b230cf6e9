"""Scripted people on simulated platforms: they write, and they react to answers."""

import asyncio
from collections.abc import Callable, Sequence

from service.sandbox.pictures import picture
from service.sandbox.script import CAST, Character, Line
from simulators.mail import MailPlatform, SentMail
from simulators.mail import Person as Correspondent
from simulators.telegram import SentMessage, SimBot, SimPerson, TelegramPlatform
from tickets.ports import Clock

REACTION_S = 4.0
SUPPORT = "support@example.test"


class Town:
    """Everybody in the sandbox, on both platforms.  pace: 1.0 is real time, less is faster."""

    def __init__(
        self, telegram: TelegramPlatform, bot: SimBot, mail: MailPlatform, clock: Clock, pace: float = 1.0
    ) -> None:
        self._bot = bot
        self._clock = clock
        self._pace = pace
        self._chatters: dict[str, SimPerson] = {}
        self._writers: dict[str, Correspondent] = {}
        self._characters: dict[str, Character] = {}
        self._answers: dict[str, int] = {}
        self._reactions: set[asyncio.Task[None]] = set()
        for character in CAST:
            self._settle(character, telegram, mail)
        telegram.on_answer(self._chat_answered)
        mail.on_mail(self._mail_answered)

    async def play(self, script: Sequence[Line]) -> None:
        """Let everybody say their lines, in order and in their time."""
        for line in script:
            await self._clock.sleep(line.after_s * self._pace)
            self._say(line)

    async def close(self) -> None:
        for task in self._reactions:
            task.cancel()
        await asyncio.gather(*self._reactions, return_exceptions=True)

    def _settle(self, character: Character, telegram: TelegramPlatform, mail: MailPlatform) -> None:
        address = f"{character.key}@customers.test"
        self._chatters[character.key] = telegram.add_person(
            character.name, username=character.key, language_code=character.language
        )
        self._writers[character.key] = mail.add_person(character.name, address, character.language)
        self._characters[f"telegram:{self._chatters[character.key].id}"] = character
        self._characters[f"email:{address}"] = character

    def _say(self, line: Line) -> None:
        if line.where == "email":
            self._writers[line.who].write(to=SUPPORT, subject=line.subject, text=line.text)
        elif line.pictures:
            pictures = [picture(70 * n) for n in range(line.pictures)]
            self._chatters[line.who].send_album(pictures, self._bot, caption=line.text)
        else:
            self._chatters[line.who].write(line.text, self._bot)

    def _chat_answered(self, message: SentMessage) -> None:
        """The first message a person gets is our acknowledgement: it quotes nothing, so nobody thanks for it."""
        character = self._characters.get(f"telegram:{message.chat_id}")
        if character is not None and message.reply_to is not None:
            person = self._chatters[character.key]
            self._react(
                f"telegram:{character.key}",
                character,
                lambda text: person.write(text, self._bot, reply_to=message.message_id),
            )

    def _mail_answered(self, mail: SentMail) -> None:
        character = self._characters.get(f"email:{mail.envelope_to[0]}")
        if character is not None and not mail.header("Auto-Submitted"):
            writer = self._writers[character.key]
            self._react(f"email:{character.key}", character, lambda text: writer.reply(mail, text))

    def _react(self, key: str, character: Character, say: Callable[[str], object]) -> None:
        count = self._answers[key] = self._answers.get(key, 0) + 1
        text = {1: character.thanks, 2: character.follow_up}.get(count, "")
        if text:
            task = asyncio.create_task(self._later(lambda: say(text)))
            self._reactions.add(task)
            task.add_done_callback(self._reactions.discard)

    async def _later(self, say: Callable[[], object]) -> None:
        await self._clock.sleep(REACTION_S * self._pace)
        say()
