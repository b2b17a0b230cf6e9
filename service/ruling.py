"""What the operator's rules do outside of a ticket: notes, notices, answers, hooks; each once, by a job."""

import json
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Final, NamedTuple, Protocol

import msgspec

from connectors.http.hooks import Called
from desk.actors import Actor
from desk.frame import Done
from router.triggers import Trigger, Triggers
from tickets.errors import Refused, Unreachable
from tickets.ids import TicketId, TicketNumber, UserId
from tickets.model import TicketEnvelope
from tickets.notices import NewNotice
from tickets.ports import Clock
from tickets.records import Job
from tickets.secret import Secret
from tickets.storage import Store

PROGRAM: Final = Actor("program:rules", "Switchboard", "lead")
LONGEST_SAID: Final = 2_000
"""Characters of a hook's answer that become a note."""


class Hook(NamedTuple):
    """A program that rules may call."""

    url: str
    secret: Secret
    timeout_s: float


class RulingDesk(Protocol):
    """What rules ask of the desk."""

    async def note(self, actor: Actor, number: TicketNumber, text: str, *, key: str) -> Done: ...
    async def assign(self, actor: Actor, number: TicketNumber, user: UserId | None, *, key: str) -> Done: ...
    async def answer(self, actor: Actor, number: TicketNumber, text: str, *, key: str) -> Done: ...
    def prepare(self, actor: Actor, ticket: TicketEnvelope, name: str) -> str: ...


CallHook = Callable[..., Awaitable[Called]]


class Ruling:
    """Does what is left to jobs.  call: posts to a hook, see ``connectors.http.hooks.call_hook``."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        desk: RulingDesk,
        triggers: Triggers,
        hooks: Mapping[str, Hook],
        call: CallHook,
    ) -> None:
        self._store = store
        self._clock = clock
        self._desk = desk
        self._triggers = {trigger.name: trigger for trigger in triggers.all}
        self._hooks = hooks
        self._call = call

    async def carry_out(self, job: Job, number: TicketNumber) -> None:
        """Each part once, however often the job is run.

        number: where the ticket goes on.  Raises Unreachable where a hook should be called again.
        """
        trigger = self._triggers.get(job.payload["rule"])
        whole = await self._store.find_ticket(number)
        if trigger is None or whole is None:  # the rule is gone from the configuration meanwhile
            return
        key = f"rule-{job.id}"
        action = trigger.action
        if action.note:
            await self._desk.note(PROGRAM, number, action.note, key=f"{key}-note")
        if action.notify:
            await self._notify(trigger, number)
        if action.assign:
            await self._or_note(number, f"{key}-assign", self._assign(number, action.assign, f"{key}-assigned"))
        if action.reply:
            await self._or_note(number, f"{key}-reply", self._reply(whole, action.reply, f"{key}-replied"))
        if action.hook:
            await self._call_hook(trigger, whole, job, key)

    async def give_up(self, job: Job, number: TicketNumber, why: str) -> None:
        """Tell the team that a hook could not be called."""
        text = f"The hook of rule {job.payload['rule']} could not be called: {why}"
        await self._desk.note(PROGRAM, number, text, key=f"rule-{job.id}-given-up")

    async def _or_note(self, number: TicketNumber, key: str, work: Awaitable[object]) -> None:
        """What the desk refuses is told in the ticket, and nothing else stops for it."""
        try:
            await work
        except Refused as error:
            await self._desk.note(PROGRAM, number, f"A rule could not do it: {error}", key=f"{key}-refused")

    async def _notify(self, trigger: Trigger, number: TicketNumber) -> None:
        now = self._clock.now()
        text = f"{trigger.action.notify} (rule {trigger.name}, ticket #{number})"
        notice = NewNotice("rule", f"rule:{trigger.name}:{number}", text, now)
        await self._store.raise_notices([notice], now)

    async def _assign(self, number: TicketNumber, name: str, key: str) -> None:
        user = next((one for one in await self._store.list_users() if one.name == name and one.active), None)
        if user is None:
            raise Refused(f"there is no user called {name}.")
        await self._desk.assign(PROGRAM, number, user.id, key=key)

    async def _reply(self, whole: TicketEnvelope, name: str, key: str) -> None:
        text = self._desk.prepare(PROGRAM, whole, name)
        await self._desk.answer(PROGRAM, whole.ticket.number, text, key=key)

    async def _call_hook(self, trigger: Trigger, whole: TicketEnvelope, job: Job, key: str) -> None:
        hook = self._hooks.get(trigger.action.hook)
        if hook is None:
            raise Refused(f"there is no hook called {trigger.action.hook}.")
        now, number = self._clock.now(), whole.ticket.number
        body = body_of(trigger, whole, job, now)
        called = await self._call(hook.url, hook.secret.reveal(), body, key, now, timeout_s=hook.timeout_s)
        if called.again:
            raise Unreachable(f"It answered {called.status}.")
        outcome = "did it" if called.well else f"refused it ({called.status})"
        said = said_by(called.text)
        text = f"The hook {trigger.action.hook} {outcome}." + (f"\n{said}" if said else "")
        await self._desk.note(PROGRAM, number, text, key=f"{key}-called")


def body_of(trigger: Trigger, whole: TicketEnvelope, job: Job, now: datetime) -> bytes:
    """What a hook is told: the ticket, who asked, and what was named.  Never what was written."""
    ticket = whole.ticket
    asked = next((one for one in whole.identities if one.id == ticket.requester_id), None)
    entities = [entity for message in whole.messages for entity in message.entities if message.direction == "in"]
    return msgspec.json.encode(
        {
            "rule": trigger.name,
            "event": job.payload["on"],
            "at": now,
            "ticket": {
                "id": ticket.id,
                "number": ticket.number,
                "status": ticket.status,
                "team": ticket.team,
                "line": ticket.line,
                "category": ticket.category,
                "priority": ticket.priority,
                "language": ticket.language,
                "channel": ticket.channel,
                "vip": ticket.vip,
                "tags": ticket.tags,
            },
            "requester": {"channel": asked.channel, "id": asked.external_id} if asked else None,
            "entities": [{"kind": one.kind, "value": one.value} for one in entities],
        }
    )


def said_by(text: str) -> str:
    """What a hook says: the ``note`` of a JSON object, else its text; without control characters."""
    try:
        told = json.loads(text)
        text = str(told.get("note", "")) if isinstance(told, dict) else text
    except (ValueError, RecursionError):
        pass
    plain = "".join(sign for sign in text if sign in "\n\t" or unicodedata.category(sign)[0] != "C")
    return plain.strip()[:LONGEST_SAID]


def ticket_in(job: Job) -> TicketId:
    """Of which ticket a rule's job is."""
    return TicketId(job.payload["ticket"])
