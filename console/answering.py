"""Answers and notes from the composer, and taking an answer back.

Whatever goes wrong is told beside the composer, with the typed text in it.
"""

from dataclasses import replace
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.case import answer_with, case_of
from console.composer import Kind
from console.lists import where_in
from console.names import delivery_in, is_id, is_key, number_in
from console.sessions import Visit, field
from console.site import site_of
from console.withdrawn import withdrawn
from desk.files import NewFile
from desk.frame import Done
from tickets.errors import KeyReused, PublicStep, Refused, SwitchboardError
from tickets.ids import MessageId, ThreadId

CHANGED = {"HX-Trigger": "switchboard:changed"}
"""Lets the page fetch what a command changed."""
MOST_FILES = 100
"""A form is not read with more; how many go with an answer the channel says."""
ANEW = "Choose the files again."
TAKEN_BACK = "The answer was taken back. Its files stay with it; attach them again if you want to send them."
AGAIN = "This form was sent before with other words. Your text is still here: press again to send it too."


async def write(request: Request, visit: Visit, form: FormData) -> Response:
    """Send an answer or keep a note."""
    kind: Kind = "note" if field(form, "kind") == "note" else "answer"
    try:
        await _write(request, visit, form, kind)
    except PublicStep as step:
        return await _show(request, visit, form, 422, text=field(form, "text"), kind=kind, step=step)
    except SwitchboardError as error:
        text = AGAIN if isinstance(error, KeyReused) else str(error)
        if "hx-request" not in request.headers and _uploads(form):
            text = f"{text} {ANEW}"
        return await _show(request, visit, form, 422, problem=text, text=field(form, "text"), kind=kind)
    if "hx-request" not in request.headers:
        where = where_in(request).parameters()
        return RedirectResponse(f"/tickets/{number_in(request)}{where}#newest", 303)
    return await _show(request, visit, form, 200, kind="answer")


async def _write(request: Request, visit: Visit, form: FormData, kind: Kind) -> Done:
    console = site_of(request).console
    number, key, text = number_in(request), field(form, "key"), field(form, "text")
    if not is_key(key):
        raise Refused("This form is incomplete. Your text is still here: press again.")
    if kind == "note":
        if _uploads(form):
            raise Refused("A note takes no files. Your text is still here: remove the files, or choose Answer.")
        return await console.desk.note(visit.actor, number, text, key=key, call=field(form, "call") == "yes")
    thread, seen = field(form, "thread"), field(form, "seen")
    return await console.desk.answer(
        visit.actor,
        number,
        text,
        key=key,
        thread_id=ThreadId(thread) if is_id(thread) else None,
        seen=MessageId(seen) if is_id(seen) else None,
        undo_s=console.undo_s,
        copies=field(form, "copies") == "yes",
        quote=field(form, "quote") == "yes",
        formatted=field(form, "formatted") == "yes",
        files=[await _file(upload) for upload in _uploads(form)],
        seen_public=field(form, "public"),
    )


def _uploads(form: FormData) -> list[UploadFile]:
    """The files that were chosen; a browser sends one without a name when none was."""
    return [one for one in form.getlist("files") if isinstance(one, UploadFile) and one.filename]


async def _file(upload: UploadFile) -> NewFile:
    return NewFile(upload.filename or "", upload.content_type or "", await upload.read())


async def undo(request: Request, visit: Visit, form: FormData) -> Response:
    """Stop an answer of one's own; its words return to the composer, before what was typed since."""
    console = site_of(request).console
    delivery, typed = delivery_in(request), field(form, "text")
    key = field(form, "undo_key")
    try:
        if not is_key(key):
            raise Refused("This form is incomplete. Reload the page, then try again.")
        done = await console.desk.withdraw(visit.actor, delivery, key=key)
    except SwitchboardError as error:
        return await _show(request, visit, form, 422, problem=str(error), text=typed)
    if "hx-request" not in request.headers:
        where = where_in(request).parameters(restore=delivery)
        return RedirectResponse(f"/tickets/{done.number}{where}", 303)
    whole = await console.desk.get_ticket(visit.actor, done.number)
    words = withdrawn(whole, delivery)
    text = "\n\n".join(part for part in (words.text, typed.strip()) if part)
    problem = TAKEN_BACK if words.had_files else ""
    return await _show(request, visit, form, 200, text=text, problem=problem, formatted=words.formatted, kept=True)


async def preview(request: Request, visit: Visit, form: FormData) -> Response:
    """What the typed answer would leave as, and cost; nothing where there is nothing to say of it."""
    site, thread = site_of(request), field(form, "thread")
    if field(form, "kind") == "note" or not field(form, "text").strip():
        return Response()
    try:
        foreseen = await site.console.desk.foresee(
            visit.actor,
            number_in(request),
            field(form, "text"),
            thread_id=ThreadId(thread) if is_id(thread) else None,
            quote=field(form, "quote") == "yes",
            formatted=field(form, "formatted") == "yes",
        )
    except Refused as refused:
        return site.pages.answer("preview.html", refused=str(refused), foreseen=None)
    return site.pages.answer("preview.html", refused="", foreseen=foreseen)


async def show_typing(request: Request, visit: Visit, form: FormData) -> Response:
    """Let the person see that an answer is being written."""
    thread = field(form, "thread")
    thread_id = ThreadId(thread) if is_id(thread) else None
    await site_of(request).console.desk.typing(visit.actor, number_in(request), thread_id)
    return Response(status_code=204)


def _chosen(form: FormData, formatted: bool) -> dict[str, Any]:
    """What was ticked and attached, for a composer."""
    ticked = {name: field(form, name) == "yes" for name in ("copies", "quote", "formatted", "call")}
    attached = field(form, "attached")
    kept = {"attached": attached} if is_key(attached) else {}
    return {**ticked, "formatted": ticked["formatted"] or formatted, **kept}


async def _show(
    request: Request,
    visit: Visit,
    form: FormData,
    status: int,
    *,
    problem: str = "",
    text: str = "",
    kind: Kind = "answer",
    formatted: bool = False,
    kept: bool = False,
    step: PublicStep | None = None,
) -> Response:
    """kept: what was chosen stays chosen, as nothing was sent."""
    case = await case_of(request, visit)
    composer = replace(
        case.composer,
        problem=problem,
        text=text,
        kind=kind,
        chosen=field(form, "thread"),
        formatted=formatted,
        step=step,
    )
    if kept or status != 200:
        composer = replace(composer, **_chosen(form, formatted))
    case = replace(case, composer=composer)
    if "hx-request" not in request.headers:
        return await answer_with(request, visit, case, status)
    response = site_of(request).pages.answer("composer.html", status, case=case)
    response.headers.update(CHANGED)
    return response
