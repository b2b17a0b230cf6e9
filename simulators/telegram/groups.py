"""Groups a bot is a member of."""

from itertools import count

from simulators.telegram.bots import SimBot
from simulators.telegram.chats import Conversation
from simulators.telegram.records import Json


class SimGroup:
    """A supergroup, seen by the bots that were added to it.

    topics: forum thread ids a bot may send to; "General" is never among
    them, since it is addressed by leaving the thread id out.
    """

    def __init__(self, group_id: int, title: str, *, topics: set[int]) -> None:
        self.id = group_id
        self.title = title
        self.topics = topics
        self._message_ids = count(1)
        self._bots: list[SimBot] = []

    def info(self) -> Json:
        """The Chat object."""
        forum: Json = {"is_forum": True} if self.topics else {}
        return {"id": self.id, "type": "supergroup", "title": self.title, **forum}

    def add(self, bot: SimBot) -> Conversation:
        """Make ``bot`` a member."""
        self._bots.append(bot)
        return self._open(bot)

    def upgrade(self, new_id: int) -> None:
        """Give the group a new id; the old one answers 400 with ``migrate_to_chat_id``."""
        old = {"id": self.id, "type": "group", "title": self.title}
        former_id, self.id = self.id, new_id
        for bot in self._bots:
            conversation = self._open(bot)
            message: Json = {
                "message_id": conversation.next_message_id(),
                "date": bot.timestamp(),
                "chat": old,
                "migrate_to_chat_id": new_id,
            }
            bot.migrated[former_id] = new_id
            bot.updates.add("message", message)

    def _open(self, bot: SimBot) -> Conversation:
        conversation = Conversation(self.id, self.info(), lambda: next(self._message_ids), group=self)
        bot.conversations[self.id] = conversation
        return conversation
