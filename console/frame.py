"""What every page of the inbox stands in: the rail, the list, the visitor."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request

from console.lists import VIEWS, Where, list_all, where_in
from console.rows import Names, Rows, rows_of
from console.sessions import Visit
from console.site import Console, site_of
from desk.actors import Actor
from tickets.notices import Notice
from tickets.records import Counts, Duty, User

NOTICES = 20


@dataclass(frozen=True, slots=True)
class Frame:
    """Who is here, where, and what surrounds the page's own content.

    place: which part of the rail is current.  notices: what everybody
    should know.  duty: what work the visitor does; None: none is given to
    them.  now: the server's time, by which the page's clocks go.
    """

    actor: Actor
    csrf: str
    place: str
    where: Where
    counts: Counts
    now: str
    sandbox: bool
    duty: Duty | None
    notices: Sequence[Notice]

    @property
    def views(self) -> list[tuple[str, str, str, int | None]]:
        """Key, title, icon and count of each view."""
        counts = {
            "open": self.counts.open,
            "unassigned": self.counts.unassigned,
            "mine": self.counts.mine,
            "waiting": self.counts.pending,
        }
        return [(key, view.title, view.icon, counts.get(key)) for key, view in VIEWS.items()]


async def frame_of(request: Request, visit: Visit, place: str = "") -> Frame:
    """The frame of a request.  place: for pages that are no view of the list."""
    console = site_of(request).console
    where = where_in(request)
    return Frame(
        actor=visit.actor,
        csrf=visit.session.csrf,
        place=place or ("search" if where.query else where.view),
        where=where,
        duty=await _duty_of(console, visit),
        counts=await console.desk.count_tickets(visit.actor),
        now=console.clock.now().isoformat(),
        sandbox=console.sandbox,
        notices=await console.store.list_notices(NOTICES),
    )


async def _duty_of(console: Console, visit: Visit) -> Duty | None:
    """What work the visitor does; None for who does none."""
    users = await console.access.list_users()
    duty = next((user.duty for user in users if user.id == visit.actor.user_id), None)
    return duty if duty is not None and duty.teams else None


async def users_of(console: Console) -> list[User]:
    """Everybody, by name."""
    return await console.access.list_users()


def names_of(users: list[User]) -> Names:
    """Their names by id."""
    return {user.id: user.name for user in users}


async def lists_of(request: Request, visit: Visit, names: Names) -> list[Rows]:
    """The list beside everything."""
    console = site_of(request).console
    where = where_in(request)
    listed = await list_all(console.desk, where, visit.actor)
    now = console.clock.now()
    return [rows_of(one, where, names, now) for one in listed]
