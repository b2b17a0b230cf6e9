"""The four platforms as places where scripted people write and are answered."""

from collections.abc import Callable
from typing import Protocol

from service.sandbox.pictures import picture
from service.sandbox.script import Character, Line, Where
from simulators.discord import DiscordPlatform, SentMessage, SimBot, SimChannel
from simulators.discord import SimPerson as DiscordPerson
from simulators.mail import MailPlatform, SentMail
from simulators.mail import Person as Correspondent
from simulators.telegram import SentMessage as ChatMessage
from simulators.telegram import SimBot as ChatBot
from simulators.telegram import SimPerson as Chatter
from simulators.telegram import TelegramPlatform
from simulators.x import SentPost, SimAccount, XPlatform
from simulators.x import SimPerson as Poster

Say = Callable[[str], object]
Answered = Callable[[Where, str, Say], None]
"""Called with the channel, the person's key, and a way for them to answer back."""


class Venue(Protocol):
    """One platform.  Only answers of people are told of: nobody thanks for an acknowledgement."""

    def settle(self, character: Character) -> None:
        """Give the person an account there."""

    def say(self, line: Line) -> None:
        """Let them write."""


class TelegramVenue:
    def __init__(self, platform: TelegramPlatform, bot: ChatBot, answered: Answered) -> None:
        self._platform = platform
        self._bot = bot
        self._answered = answered
        self._people: dict[str, Chatter] = {}
        self._keys: dict[int, str] = {}
        platform.on_answer(self._told)

    def settle(self, character: Character) -> None:
        person = self._platform.add_person(
            character.name, username=character.key, language_code=character.language
        )
        self._people[character.key] = person
        self._keys[person.id] = character.key

    def say(self, line: Line) -> None:
        if line.pictures:
            pictures = [picture(70 * n) for n in range(line.pictures)]
            self._people[line.who].send_album(pictures, self._bot, caption=line.text)
        else:
            self._people[line.who].write(line.text, self._bot)

    def _told(self, message: ChatMessage) -> None:
        """An acknowledgement quotes nothing."""
        key = self._keys.get(message.chat_id)
        if key is not None and message.reply_to is not None:
            person = self._people[key]
            self._answered(
                "telegram", key, lambda text: person.write(text, self._bot, reply_to=message.message_id)
            )


class MailVenue:
    def __init__(self, platform: MailPlatform, to: str, answered: Answered) -> None:
        self._platform = platform
        self._to = to
        self._answered = answered
        self._people: dict[str, Correspondent] = {}
        platform.on_mail(self._told)

    def settle(self, character: Character) -> None:
        self._people[character.key] = self._platform.add_person(
            character.name, f"{character.key}@customers.test", character.language
        )

    def say(self, line: Line) -> None:
        self._people[line.who].write(to=self._to, subject=line.subject, text=line.text)

    def _told(self, mail: SentMail) -> None:
        key = mail.envelope_to[0].partition("@")[0]
        if key in self._people and not mail.header("Auto-Submitted"):
            self._answered("email", key, lambda text: self._people[key].reply(mail, text))


class DiscordVenue:
    """Direct messages, and the channel where everybody can read along."""

    def __init__(self, platform: DiscordPlatform, bot: SimBot, hall: SimChannel, answered: Answered) -> None:
        self._platform = platform
        self._bot = bot
        self._hall = hall
        self._answered = answered
        self._people: dict[str, DiscordPerson] = {}
        self._said: dict[int, str] = {}
        self._acknowledged: set[str] = set()
        platform.on_answer(self._told)

    def settle(self, character: Character) -> None:
        self._people[character.key] = self._platform.add_person(character.name, username=character.key)

    def say(self, line: Line) -> None:
        person = self._people[line.who]
        said = (
            person.say(line.text, self._hall, mention=self._bot)
            if line.aloud
            else person.write(line.text, self._bot)
        )
        self._said[said.id] = line.who

    def _told(self, message: SentMessage) -> None:
        """Acknowledgements quote in public only, and there they are the first that somebody gets."""
        key = self._said.get(message.reply_to or 0)
        if key is None:
            return
        if message.guild_id is not None and key not in self._acknowledged:
            self._acknowledged.add(key)
            return
        person = self._people[key]

        def back(text: str) -> None:
            said = (
                person.write(text, self._bot, reply_to=message)
                if message.guild_id is None
                else person.say(text, self._hall, reply_to=message)
            )
            self._said[said.id] = key

        self._answered("discord", key, back)


class XVenue:
    def __init__(self, platform: XPlatform, account: SimAccount, answered: Answered) -> None:
        self._platform = platform
        self._account = account
        self._answered = answered
        self._people: dict[str, Poster] = {}
        self._keys: dict[str, str] = {}
        platform.on_answer(self._told)

    def settle(self, character: Character) -> None:
        person = self._platform.add_person(character.name, character.key)
        self._people[character.key] = person
        self._keys[person.id] = character.key

    def say(self, line: Line) -> None:
        self._people[line.who].mention(self._account, line.text)

    def talk(self, who: str, text: str) -> None:
        """Somebody says something to nobody in particular."""
        self._people[who].post(text)

    def _told(self, post: SentPost) -> None:
        """People name the account when they answer, so that it may answer them again."""
        key = self._keys.get(post.person.id) if post.person else None
        if key is not None:
            person, name = self._people[key], self._account.username
            self._answered("x", key, lambda text: person.post(f"{text} @{name}", reply_to=post))
