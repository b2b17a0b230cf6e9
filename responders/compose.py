"""From a text and a conversation to a delivery ready for the outbox.  Pure but for fresh ids."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Final, NamedTuple
from urllib.parse import quote

from msgspec.structs import replace

from responders.files import pieces, refuse_unfit
from responders.fit import fit_rich
from responders.templates import ReplyTemplates
from tickets.ids import AccountId, DeliveryId, ExternalMessageId, MessageId, ThreadId, TicketId, new_id
from tickets.model import (
    Button,
    Delivery,
    DeliveryKind,
    Identity,
    InboundMessage,
    Message,
    ReplyTarget,
    Span,
    Thread,
    Ticket,
    Visibility,
)
from tickets.own_names import is_own
from tickets.ports import Capabilities, CommandAnswer, FileRules, Way
from tickets.records import NewAttachment
from tickets.rich import Rich
from tickets.spending import Prices

NOTICE_PRIORITY = 0
REPLY_PRIORITY = 50
MOST_REFERENCES = 20
_REPLY_MARKS = re.compile(
    r"^(?:(?:re|aw|antw|sv|vs|odp|res|rif|ynt|回复|回覆|答复|答覆|返信|회신)\s*(?:\[\d+\])?\s*[:：]\s*)+",
    re.IGNORECASE,
)
"""What mail programs put before the subject of an answer, in the languages they speak."""


class Limits(NamedTuple):
    """What an account lets through in one piece.  text_limit None: no limit.

    own: its mail address, to which no copy goes; empty on other channels.
    aliases: further ones, from which an answer goes if they were written to.
    formats: formatted words are shown as such.  buttons: so is what may be pressed.
    hides: what others write under our posts can be hidden.  notifies: an @name
    calls whoever is called so.
    by_hand: where a person can post what a program may not; see ``Capabilities``.
    in_private: what goes in private talks where that is something else, see ``there``.
    files: which go with an answer; None: none.  prices: of what the platform
    takes money for; None: it is free.  budget: dollars a month; 0: none.
    """

    text_limit: int | None
    unit: str
    own: str = ""
    files: FileRules | None = None
    aliases: frozenset[str] = frozenset()
    formats: bool = False
    buttons: bool = False
    by_hand: str = ""
    hides: bool = False
    notifies: bool = False
    prices: Prices | None = None
    budget: float = 0.0
    in_private: Way | None = None
    direct: bool = False
    """They are those of private talks, where the platform takes another price."""

    def there(self, visibility: Visibility) -> "Limits":
        """Those of a public or private talk."""
        way = self.in_private if visibility == "private" and not self.direct else None
        if way is None:
            return self
        return self._replace(
            text_limit=way.text_limit,
            unit=way.text_unit,
            files=way.files,
            by_hand="",
            hides=False,
            notifies=False,
            direct=True,
        )

    @classmethod
    def of(cls, capabilities: Capabilities) -> "Limits":
        return cls(
            capabilities.text_limit,
            capabilities.text_unit,
            files=capabilities.files,
            formats=capabilities.formats,
            buttons=capabilities.buttons,
            by_hand=capabilities.by_hand,
            hides=capabilities.hides,
            notifies=capabilities.notifies,
            in_private=capabilities.in_private,
        )


MOST_COPIES = 20
_PLAIN = re.compile(r"[!-~]{1,64}@[a-z0-9.-]{1,255}", re.IGNORECASE)


def copies_of(answered: Message, author: Identity, limits: Limits) -> tuple[str, ...]:
    """Who else got the message that is answered, and could get the answer too; at most twenty.

    The account's own addresses are none of them.
    """
    others = dict.fromkeys(address.lower() for address in (*answered.to, *answered.cc))
    named = (one for one in others if one not in (author.external_id, *limits.aliases))
    strangers = (one for one in named if limits.own and not is_own(one, limits.own))
    return tuple(one for one in strangers if _PLAIN.fullmatch(one))[:MOST_COPIES]


def reply_target(
    thread: Thread,
    answered: Message | None,
    author: Identity,
    earlier: Sequence[Message],
    copies: tuple[str, ...] = (),
    alias: str | None = None,
) -> ReplyTarget:
    """Where an answer in ``thread`` goes.

    answered: the newest message of the person there; None speaks plainly.
    author: who is answered.  earlier: the thread's messages, oldest first.
    copies: who else gets it, by mail.  alias: from which address of ours.
    """
    references = tuple(message.external_id for message in earlier if message.external_id)
    by_mail = thread.channel == "email"
    return ReplyTarget(
        channel=thread.channel,
        account=thread.account,
        thread_key=thread.key,
        visibility=thread.visibility,
        in_reply_to=answered.external_id if answered else None,
        references=references[-MOST_REFERENCES:] if by_mail else (),
        to=(author.external_id,) if by_mail else (),
        subject=reply_subject(_subject(answered, earlier)) if by_mail else None,
        cc=copies if by_mail else (),
        alias=alias if by_mail else None,
    )


def plain_target(thread: Thread) -> ReplyTarget:
    """Into a conversation, answering nothing in particular."""
    return ReplyTarget(thread.channel, thread.account, thread.key, thread.visibility)


def _subject(answered: Message | None, earlier: Sequence[Message]) -> str:
    candidates = [answered, *earlier] if answered else list(earlier)
    return next((message.subject for message in candidates if message.subject), "")


def reply_subject(subject: str) -> str:
    """``Re:`` once, whatever the other side's program put before it."""
    return f"Re: {_REPLY_MARKS.sub('', subject.strip())}".strip()


def compose(
    kind: DeliveryKind,
    target: ReplyTarget,
    text: str,
    limits: Limits,
    now: datetime,
    *,
    release_at: datetime | None = None,
    thread_id: ThreadId | None = None,
    ticket_id: TicketId | None = None,
    message_id: MessageId | None = None,
    files: Sequence[NewAttachment] = (),
    spans: tuple[Span, ...] = (),
) -> Delivery:
    """A queued delivery with its text fitted.  spans: what of the text is formatted.

    release_at: not before this time (None: at once).  Raises Refused for a
    text or a file that cannot be sent here.
    """
    limits = limits.there(target.visibility)
    refuse_unfit(files, limits.files)
    words = fit_rich(Rich(text, spans), limits.text_limit, limits.unit, limits.formats)
    if limits.by_hand and target.in_reply_to:
        own_box = limits.by_hand.format(post=quote(target.in_reply_to), text=quote(words[0].text, safe=""))
        target = replace(target, by_hand=own_box)
    return Delivery(
        id=DeliveryId(new_id()),
        kind=kind,
        target=target,
        parts=pieces(words, files, limits.files),
        state="queued",
        next_at=release_at or now,
        created_at=now,
        updated_at=now,
        priority=REPLY_PRIORITY if kind in ("reply", "code") else NOTICE_PRIORITY,
        thread_id=thread_id,
        ticket_id=ticket_id,
        message_id=message_id,
    )


COMMANDS: Final = "commands"
"""The template of what commands are answered with: its text is the list of them, its attributes the rest."""


COMMAND_VALUES = {
    "number": "17",
    "code": "K7QF-2MXD-9TPA",
    "link": "https://t.me/desk_bot?start=K7QF-2MXD-9TPA",
    "address": "a•••@example.org",
    "things": "\n- the amount",
}
_MENU = "menu-"
_OFFERED: Final[Mapping[CommandAnswer, tuple[str, ...]]] = {
    "open": ("human", "close"),
    "pending": ("human", "close"),
}
"""What may be pressed under an answer to a command."""


def languages_of(templates: ReplyTemplates) -> dict[str, str]:
    """In which the program's own texts are there, with what each language calls itself."""
    return said_in(COMMANDS, templates, "name")


def said_in(name: str, templates: ReplyTemplates, part: str = "") -> dict[str, str]:
    """A text without placeholders, by language."""
    return {locale: templates.render(name, locale, part) for locale in templates.locales(name)}


def menu_of(templates: ReplyTemplates) -> dict[str, dict[str, str]]:
    """What one can send, each command with what it is for, by language."""
    return {
        locale: {
            part.removeprefix(_MENU): text
            for part, text in templates.parts(COMMANDS, locale).items()
            if part.startswith(_MENU)
        }
        for locale in templates.locales(COMMANDS)
    }


class Notices:
    """The program's own short texts (see ``tickets.ports.NoticeWriter``).

    limits: by account.  acknowledging: accounts that acknowledge new tickets.
    """

    def __init__(
        self, templates: ReplyTemplates, limits: Mapping[AccountId, Limits], acknowledging: frozenset[AccountId]
    ) -> None:
        self._templates = templates
        self._limits = limits
        self._acknowledging = acknowledging

    def acknowledgement(
        self, message: InboundMessage, thread: Thread, ticket: Ticket, now: datetime
    ) -> Delivery | None:
        if message.account not in self._acknowledging:
            return None
        language = ticket.language or message.author.language
        text = self._templates.render("acknowledgement", language)
        buttons = self._buttons(("status", "human", "close"), language)
        return self._notice(message, text, now, thread.id, ticket.id, buttons)

    def welcome(self, message: InboundMessage, now: datetime) -> Delivery | None:
        if message.account not in self._acknowledging:
            return None
        return self._notice(message, self._templates.render("welcome", message.author.language), now)

    def told(
        self,
        said: CommandAnswer,
        message: InboundMessage,
        now: datetime,
        language: str | None,
        thread: Thread | None,
        ticket: Ticket | None,
    ) -> Delivery:
        part = "" if said == COMMANDS else said
        number = str(ticket.number) if ticket else ""
        language = language or message.author.language
        text = self._templates.render(COMMANDS, language, part, number=number)
        thread_id, ticket_id = (thread.id, ticket.id) if thread and ticket else (None, None)
        buttons = self._languages if said == "languages" else self._buttons(_OFFERED.get(said, ()), language)
        return self._notice(message, text, now, thread_id, ticket_id, buttons)

    @cached_property
    def _languages(self) -> tuple[Button, ...]:
        return tuple(Button(f"language {tag}", name) for tag, name in languages_of(self._templates).items())

    def _buttons(self, commands: Sequence[str], language: str | None) -> tuple[Button, ...]:
        labels = {name: self._templates.render(COMMANDS, language, f"{_MENU}{name}") for name in commands}
        return tuple(Button(name, label[:1].upper() + label[1:]) for name, label in labels.items())

    def _notice(
        self,
        message: InboundMessage,
        text: str,
        now: datetime,
        thread_id: ThreadId | None = None,
        ticket_id: TicketId | None = None,
        buttons: tuple[Button, ...] = (),
    ) -> Delivery:
        limits = self._limits[message.account]
        by_mail = message.channel == "email"
        quoting = by_mail or message.thread.visibility == "public"  # in public, else nobody knows who is meant
        target = ReplyTarget(
            channel=message.channel,
            account=message.account,
            thread_key=message.thread.key,
            visibility=message.thread.visibility,
            in_reply_to=message.external_id if quoting else None,
            references=_unique([*reversed(message.reply_to), message.external_id]) if by_mail else (),
            to=(message.author.external_id,) if by_mail else (),
            subject=reply_subject(message.subject or "") if by_mail else None,
            alias=message.alias or None,
            buttons=buttons if limits.buttons and message.thread.visibility == "private" else (),
            interaction=message.interaction,
        )
        return compose("notice", target, text, limits, now, thread_id=thread_id, ticket_id=ticket_id)


def _unique(names: list[ExternalMessageId]) -> tuple[ExternalMessageId, ...]:
    return tuple(dict.fromkeys(names))[-MOST_REFERENCES:]
