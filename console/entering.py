"""Coming in and leaving: one-time links, name and password, sign-out."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from console.security import check_origin, local_path
from console.sessions import Visit, cookie_name, field, find_visit, welcome
from console.site import site_of
from tickets.errors import Refused

WRONG = "The name or the password is wrong. Check both, or ask for a sign-in link."
USED = "This link was used before or is older than 30 minutes. Ask for a new one: switchboard user link NAME"
LONGEST_PASSWORD = 1_000


async def show_link(request: Request) -> Response:
    """The one-time link does nothing when opened: mail scanners and previews open links too."""
    secret = request.path_params["secret"]
    return site_of(request).pages.answer("enter.html", secret=secret, problem="")


async def enter_by_link(request: Request) -> Response:
    """The button behind the link."""
    site = site_of(request)
    check_origin(request, site.console.secure)
    secret = request.path_params["secret"]
    entered = await site.console.access.enter_by_link(secret) if len(secret) <= 200 else None
    if entered is None:
        return site.pages.answer("enter.html", 410, secret="", problem=USED)
    return welcome(request, entered, "/")


async def show_signin(request: Request) -> Response:
    """The sign-in form; whoever is signed in goes on."""
    target = local_path(request.query_params.get("next", "/"))
    if await find_visit(request) is not None:
        return RedirectResponse(target, 303)
    return _form(request, 200, name="", target=target, problem="")


async def enter_by_password(request: Request) -> Response:
    """Name and password, then on to where the visitor wanted to go."""
    site = site_of(request)
    check_origin(request, site.console.secure)
    form = await request.form(max_files=0, max_fields=10)
    name, password = field(form, "name").strip(), field(form, "password")
    target = local_path(field(form, "next") or "/")
    if not name or not password or len(name) > 200 or len(password) > LONGEST_PASSWORD:
        return _form(request, 422, name=name[:200], target=target, problem="Type your name and your password.")
    try:
        entered = await site.console.access.enter_by_password(name, password)
    except Refused as error:
        return _form(request, 429, name=name, target=target, problem=str(error))
    if entered is None:
        return _form(request, 401, name=name, target=target, problem=WRONG)
    return welcome(request, entered, target)


async def leave(request: Request, visit: Visit, _form: FormData) -> Response:
    """End the session here and now."""
    console = site_of(request).console
    await console.access.leave(visit.session)
    response = RedirectResponse("/signin", 303)
    response.delete_cookie(cookie_name(console.secure), httponly=True, secure=console.secure, samesite="lax")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


async def set_presence(request: Request, visit: Visit, form: FormData) -> Response:
    """Whether work may be given to the visitor now; back to where they were."""
    await site_of(request).console.desk.set_presence(visit.actor, present=field(form, "present") == "yes")
    return RedirectResponse("/", 303)


def _form(request: Request, status: int, *, name: str, target: str, problem: str) -> Response:
    return site_of(request).pages.answer("signin.html", status, name=name, target=target, problem=problem)
