"""Everything one can do with a ticket besides writing."""

import secrets
from collections.abc import Awaitable, Callable
from typing import cast

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console import words
from console.answering import CHANGED
from console.downloads import as_download
from console.lists import where_in
from console.names import delivery_in, is_id, is_key, is_number, message_in, number_in
from console.sessions import Change, Visit, field
from console.site import site_of
from desk.commands import Desk
from desk.frame import Done
from desk.restricting import Kind, Why
from tickets.errors import Refused
from tickets.ids import ChallengeId, IdentityId, ThreadId, TicketNumber, UserId

Command = Callable[[Desk, Request, Visit, FormData, str], Awaitable[Done]]


def action(command: Command) -> Change:
    """A form with one command behind it; back to the ticket it belongs to."""

    async def handler(request: Request, visit: Visit, form: FormData) -> Response:
        key = field(form, "key")
        if not is_key(key):
            raise Refused("This form is incomplete. Reload the page, then try again.")
        done = await command(site_of(request).console.desk, request, visit, form, key)
        if "hx-request" in request.headers:
            return Response(status_code=204, headers=CHANGED)
        if not done.number:
            return RedirectResponse("/outbox", 303)
        return RedirectResponse(f"/tickets/{done.number}{where_in(request).parameters()}", 303)

    return handler


async def claim(desk: Desk, request: Request, visit: Visit, _form: FormData, key: str) -> Done:
    """Take the ticket."""
    return await desk.claim(visit.actor, number_in(request), key=key)


async def assign(desk: Desk, request: Request, visit: Visit, form: FormData, key: str) -> Done:
    """Hand it to the chosen user, or to nobody."""
    chosen = field(form, "user")
    users = {user.id for user in await site_of(request).console.access.list_users() if user.active}
    if chosen and chosen not in users:
        raise Refused("There is no such colleague. Choose another.")
    user = UserId(chosen) if is_id(chosen) else None
    return await desk.assign(visit.actor, number_in(request), user, key=key)


async def categorize(desk: Desk, request: Request, visit: Visit, form: FormData, key: str) -> Done:
    """Say what it is about."""
    chosen = field(form, "category")
    return await desk.categorize(visit.actor, number_in(request), chosen, key=f"{key}-{chosen}"[:200])


async def hand_over(desk: Desk, request: Request, visit: Visit, form: FormData, key: str) -> Done:
    """Give it to another line or team, with what is known."""
    line = field(form, "line")
    return await desk.hand_over(
        visit.actor,
        number_in(request),
        key=key,
        found=field(form, "found"),
        tried=field(form, "tried"),
        team=field(form, "team"),
        line=int(line) if line in ("1", "2", "3") else 0,
    )


async def tag(desk: Desk, request: Request, visit: Visit, form: FormData, key: str) -> Done:
    """The words on it, as a list with commas."""
    return await desk.tag(visit.actor, number_in(request), field(form, "tags").split(","), key=key)


async def close(desk: Desk, request: Request, visit: Visit, _form: FormData, key: str) -> Done:
    """Done with it."""
    return await desk.close(visit.actor, number_in(request), key=key)


async def reopen(desk: Desk, request: Request, visit: Visit, _form: FormData, key: str) -> Done:
    """Not done with it after all."""
    return await desk.reopen(visit.actor, number_in(request), key=key)


async def merge(desk: Desk, request: Request, visit: Visit, form: FormData, key: str) -> Done:
    """Have it go on in another ticket."""
    number = field(form, "into").strip().removeprefix("#")
    if not is_number(number):
        raise Refused("Write the number of the other ticket, as 17.")
    consent = field(form, "consent")
    return await desk.merge(visit.actor, number_in(request), TicketNumber(int(number)), key=key, consent=consent)


async def take_apart(desk: Desk, request: Request, visit: Visit, _form: FormData, key: str) -> Done:
    """Have a merged ticket on its own again."""
    return await desk.take_apart(visit.actor, number_in(request), key=key)


async def hide(desk: Desk, request: Request, visit: Visit, form: FormData, key: str) -> Done:
    """Have the platform hide what somebody wrote under our post, or show it again."""
    hidden = field(form, "hidden") == "yes"
    return await desk.hide(visit.actor, number_in(request), message_in(request), key=key, hidden=hidden)


async def give_code(desk: Desk, request: Request, visit: Visit, form: FormData, key: str) -> Done:
    """Send somebody a code, to be brought from where else they write."""
    thread = field(form, "thread")
    undo_s = site_of(request).console.undo_s
    thread_id = ThreadId(thread) if is_id(thread) else None
    return await desk.give_code(visit.actor, number_in(request), key=key, thread_id=thread_id, undo_s=undo_s)


async def challenge(desk: Desk, request: Request, visit: Visit, form: FormData, key: str) -> Done:
    """Ask who wrote to show who they are."""
    way, thread = field(form, "way"), field(form, "thread")
    if way not in words.CHALLENGE_WAYS or not is_id(thread):
        raise Refused("This form is incomplete. Reload the page, then try again.")
    questions = [one for one in form.getlist("question") if isinstance(one, str)]
    if way == "questions" and not questions:
        raise Refused("Tick the questions to ask.")
    return await desk.challenge(
        visit.actor,
        number_in(request),
        way,
        key=key,
        thread_id=ThreadId(thread),
        address=field(form, "address"),
        questions=questions,
    )


async def judge(desk: Desk, request: Request, visit: Visit, form: FormData, key: str) -> Done:
    """Say what came of it."""
    asked, passed, evidence = field(form, "challenge"), field(form, "passed"), field(form, "evidence")
    if not is_id(asked) or passed not in ("yes", "no"):
        raise Refused("This form is incomplete. Reload the page, then try again.")
    return await desk.judge(
        visit.actor,
        number_in(request),
        ChallengeId(asked),
        evidence,
        key=f"{key}-{passed}",
        passed=passed == "yes",
    )


async def begin(desk: Desk, request: Request, visit: Visit, form: FormData, key: str) -> Done:
    """Write to somebody first."""
    who, undo_s = _who(form), site_of(request).console.undo_s
    if who is None:
        raise Refused("This form is incomplete. Reload the page, then try again.")
    text, reason, subject = field(form, "text"), field(form, "reason"), field(form, "subject")
    return await desk.begin(
        visit.actor, number_in(request), text, reason, key=key, who=who, subject=subject, undo_s=undo_s
    )


async def restrict(desk: Desk, request: Request, visit: Visit, form: FormData, key: str) -> Done:
    """Hold back what somebody writes."""
    kind, why, hours = field(form, "kind"), field(form, "why"), field(form, "hours")
    if kind not in words.RESTRICTIONS or why not in words.WHY or hours not in words.HOURS:
        raise Refused("This form is incomplete. Reload the page, then try again.")
    return await desk.restrict(
        visit.actor,
        number_in(request),
        cast("Kind", kind),
        cast("Why", why),
        key=key,
        who=_who(form),
        hours=float(hours) if hours else None,
        everywhere=field(form, "everywhere") == "yes",
    )


async def lift(desk: Desk, request: Request, visit: Visit, form: FormData, key: str) -> Done:
    """Let somebody be heard again."""
    return await desk.lift(visit.actor, number_in(request), key=key, who=_who(form))


def _who(form: FormData) -> IdentityId | None:
    who = field(form, "who")
    return IdentityId(who) if is_id(who) else None


async def withdraw(desk: Desk, request: Request, visit: Visit, _form: FormData, key: str) -> Done:
    """Stop an answer that waits."""
    return await desk.withdraw(visit.actor, delivery_in(request), key=key)


async def send_again(desk: Desk, request: Request, visit: Visit, _form: FormData, key: str) -> Done:
    """Send what failed, is held, or nobody knows about."""
    return await desk.send_again(visit.actor, delivery_in(request), key=key)


async def confirm_arrived(desk: Desk, request: Request, visit: Visit, _form: FormData, key: str) -> Done:
    """Somebody has seen it on the platform."""
    return await desk.confirm_arrived(visit.actor, delivery_in(request), key=key)


async def read_original(request: Request, visit: Visit, _form: FormData) -> Response:
    """A message byte for byte; each reading is an event of its own."""
    desk = site_of(request).console.desk
    number, message = number_in(request), message_in(request)
    raw = await desk.read_raw(visit.actor, number, message, key=secrets.token_urlsafe(12))
    return as_download(raw.payload, f"ticket-{number}-{raw.channel}-original.bin")
