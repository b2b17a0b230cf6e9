"""The addresses of the API."""

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.api.openapi import document
from console.api.requests import Handler, body_in, feed_filter_in, filter_in, key_in, with_token
from console.api.shapes import (
    Accepted,
    ChannelList,
    IncidentList,
    ItemList,
    NewCategory,
    NewChallenge,
    NewHandOver,
    NewJudgement,
    NewMerging,
    NewRemoval,
    NewReply,
    NewRestriction,
    NewTags,
    NewTalk,
    NewTelling,
    TicketList,
    brief,
    channel_document,
    delivery_document,
    incident_document,
    item_document,
    ticket_document,
    whole_incident,
    whole_ticket,
)
from console.downloads import attachment_response
from console.incidents import incident_in
from console.names import challenge_in, delivery_in, item_in, number_in
from console.site import Console, site_of
from desk.actors import Actor, Right
from desk.files import NewFile
from desk.frame import Done
from tickets.ids import TicketId, TicketNumber
from tickets.incidents import TellingKind

JSON = "application/json"


async def list_tickets(request: Request, actor: Actor) -> Response:
    """A page of tickets: most urgent first; with ``q`` newest first."""
    page = await site_of(request).console.desk.list_tickets(actor, filter_in(request))
    return _json(TicketList([ticket_document(row.ticket) for row in page.items], page.next))


async def get_ticket(request: Request, actor: Actor) -> Response:
    """A ticket with its messages."""
    return await _whole(request, actor, number_in(request))


async def add_reply(request: Request, actor: Actor) -> Response:
    """Answer the person; the same key with the same text does it once."""
    console = site_of(request).console
    key = key_in(request)
    wanted = await body_in(request, NewReply)
    files = [NewFile(file.name, file.type, file.content) for file in wanted.files]
    done = await console.desk.answer(
        actor,
        number_in(request),
        wanted.text,
        key=key,
        copies=wanted.copies,
        quote=wanted.quote,
        formatted=wanted.formatted,
        files=files,
        seen_public=wanted.public,
    )
    return await _accepted(console, done)


async def _accepted(console: Console, done: Done) -> Response:
    delivery = await console.store.find_delivery(done.delivery_id) if done.delivery_id else None
    if delivery is None:
        raise HTTPException(409, "The answer made with this key is not kept any more.")
    location = {"Location": f"/api/v1/deliveries/{delivery.id}"}
    return _json(Accepted(brief(delivery)), 202, location)


async def give_code(request: Request, actor: Actor) -> Response:
    """Send the person a code in private."""
    console = site_of(request).console
    done = await console.desk.give_code(actor, number_in(request), key=key_in(request))
    return await _accepted(console, done)


async def challenge(request: Request, actor: Actor) -> Response:
    """Ask who wrote last to show who they are."""
    key = key_in(request)
    wanted = await body_in(request, NewChallenge)
    desk, number = site_of(request).console.desk, number_in(request)
    done = await desk.challenge(
        actor, number, wanted.way, key=key, address=wanted.address, questions=wanted.questions
    )
    return await _whole(request, actor, done.number)


async def judge(request: Request, actor: Actor) -> Response:
    """Say what came of it."""
    key = key_in(request)
    wanted = await body_in(request, NewJudgement)
    desk, number = site_of(request).console.desk, number_in(request)
    done = await desk.judge(actor, number, challenge_in(request), wanted.evidence, key=key, passed=wanted.passed)
    return await _whole(request, actor, done.number)


async def begin(request: Request, actor: Actor) -> Response:
    """Write first to who asked, in a ticket of its own."""
    key = key_in(request)
    wanted = await body_in(request, NewTalk)
    desk = site_of(request).console.desk
    done = await desk.begin(actor, number_in(request), wanted.text, wanted.reason, key=key, subject=wanted.subject)
    return await _whole(request, actor, done.number)


async def merge(request: Request, actor: Actor) -> Response:
    """Have a ticket go on in another."""
    key = key_in(request)
    wanted = await body_in(request, NewMerging)
    desk, into = site_of(request).console.desk, TicketNumber(wanted.into)
    done = await desk.merge(actor, number_in(request), into, key=key, consent=wanted.consent)
    return await _whole(request, actor, done.number)


async def categorize(request: Request, actor: Actor) -> Response:
    """Say what a ticket is about."""
    key = key_in(request)
    wanted = await body_in(request, NewCategory)
    done = await site_of(request).console.desk.categorize(actor, number_in(request), wanted.category, key=key)
    return await _whole(request, actor, done.number)


async def tag(request: Request, actor: Actor) -> Response:
    """Put words on a ticket."""
    key = key_in(request)
    wanted = await body_in(request, NewTags)
    done = await site_of(request).console.desk.tag(actor, number_in(request), wanted.tags, key=key)
    return await _whole(request, actor, done.number)


async def list_incidents(request: Request, actor: Actor) -> Response:
    """Every incident."""
    found = await site_of(request).console.incidents.list_incidents(actor)
    return _json(IncidentList([incident_document(one) for one in found]))


async def get_incident(request: Request, actor: Actor) -> Response:
    """One with who reported it."""
    room = await site_of(request).console.incidents.get_room(actor, incident_in(request))
    return _json(whole_incident(room))


async def tell_incident(request: Request, actor: Actor) -> Response:
    """Tell everybody who reported it."""
    wanted = await body_in(request, NewTelling)
    kind: TellingKind = "resolution" if wanted.over else "answer"
    desk, number = site_of(request).console.incidents, incident_in(request)
    await desk.tell(actor, number, kind, wanted.texts, wanted.otherwise)
    return await get_incident(request, actor)


async def dismiss_incident(request: Request, actor: Actor) -> Response:
    """It is none."""
    await site_of(request).console.incidents.dismiss(actor, incident_in(request))
    return await get_incident(request, actor)


async def remove_member(request: Request, actor: Actor) -> Response:
    """A ticket does not belong to it."""
    wanted = await body_in(request, NewRemoval)
    console, number = site_of(request).console, incident_in(request)
    room = await console.incidents.get_room(actor, number)
    ticket = next((row.member.ticket_id for row in room.rows if row.number == wanted.ticket), TicketId(""))
    await console.incidents.remove(actor, number, ticket)
    return await get_incident(request, actor)


async def hand_over(request: Request, actor: Actor) -> Response:
    """Give a ticket to another line or team."""
    key = key_in(request)
    wanted = await body_in(request, NewHandOver)
    desk, number = site_of(request).console.desk, number_in(request)
    done = await desk.hand_over(actor, number, key=key, **msgspec.structs.asdict(wanted))
    return await _whole(request, actor, done.number)


async def take_apart(request: Request, actor: Actor) -> Response:
    """Have a merged ticket on its own again."""
    done = await site_of(request).console.desk.take_apart(actor, number_in(request), key=key_in(request))
    return await _whole(request, actor, done.number)


async def restrict(request: Request, actor: Actor) -> Response:
    """Hold back what who asked writes from now on."""
    key = key_in(request)
    wanted = await body_in(request, NewRestriction)
    done = await site_of(request).console.desk.restrict(
        actor,
        number_in(request),
        wanted.kind,
        wanted.reason,
        key=key,
        hours=wanted.hours,
        everywhere=wanted.everywhere,
    )
    return await _whole(request, actor, done.number)


async def lift(request: Request, actor: Actor) -> Response:
    """Let who asked be heard again."""
    done = await site_of(request).console.desk.lift(actor, number_in(request), key=key_in(request))
    return await _whole(request, actor, done.number)


async def get_delivery(request: Request, _actor: Actor) -> Response:
    """How an answer is doing."""
    store = site_of(request).console.store
    delivery = await store.find_delivery(delivery_in(request))
    if delivery is None:
        raise HTTPException(404, "There is no such delivery.")
    number = await store.find_ticket_number(delivery.ticket_id) if delivery.ticket_id else None
    return _json(delivery_document(delivery, number))


async def list_channels(request: Request, _actor: Actor) -> Response:
    """Every account with its state."""
    found = await site_of(request).console.store.list_health()
    return _json(ChannelList([channel_document(one) for one in found]))


async def list_items(request: Request, _actor: Actor) -> Response:
    """A page of what feeds found, the newest first."""
    wanted = feed_filter_in(request)
    found = await site_of(request).console.store.list_items(wanted)
    follows = found[-1].id if len(found) == wanted.limit else None
    return _json(ItemList([item_document(one) for one in found], follows))


async def take_up(request: Request, actor: Actor) -> Response:
    """Have a ticket made of an item; asked again it is the same."""
    console, item_id = site_of(request).console, item_in(request)
    await console.desk.take_up(actor, item_id)
    item = await console.store.find_item(item_id)
    if item is None:
        raise HTTPException(404)
    return _json(item_document(item), 202)


async def get_attachment(request: Request, _actor: Actor) -> Response:
    """A file's bytes."""
    return await attachment_response(request)


async def describe(request: Request) -> Response:
    """The OpenAPI document; needs no token."""
    return Response(msgspec.json.encode(document(site_of(request).console.version)), media_type=JSON)


async def _whole(request: Request, actor: Actor, number: TicketNumber) -> Response:
    console = site_of(request).console
    return _json(whole_ticket(await console.desk.get_ticket(actor, number), console.clock.now()))


def _json(shape: msgspec.Struct, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(shape), status, headers, JSON)


def _route(path: str, handler: Handler, right: Right, method: str = "GET") -> BaseRoute:
    return Route(path, with_token(handler, right), methods=[method])


API_ROUTES: list[BaseRoute] = [
    _route("/tickets", list_tickets, "read"),
    _route("/tickets/{number}", get_ticket, "read"),
    _route("/tickets/{number}/replies", add_reply, "work", "POST"),
    _route("/tickets/{number}/merge", merge, "work", "POST"),
    _route("/tickets/{number}/category", categorize, "work", "POST"),
    _route("/tickets/{number}/tags", tag, "work", "POST"),
    _route("/tickets/{number}/hand-over", hand_over, "work", "POST"),
    _route("/tickets/{number}/take-apart", take_apart, "work", "POST"),
    _route("/tickets/{number}/code", give_code, "work", "POST"),
    _route("/tickets/{number}/challenges", challenge, "work", "POST"),
    _route("/tickets/{number}/challenges/{challenge}", judge, "work", "POST"),
    _route("/tickets/{number}/begin", begin, "work", "POST"),
    _route("/tickets/{number}/restrict", restrict, "work", "POST"),
    _route("/tickets/{number}/lift", lift, "work", "POST"),
    _route("/incidents", list_incidents, "read"),
    _route("/incidents/{number}", get_incident, "read"),
    _route("/incidents/{number}/tell", tell_incident, "work", "POST"),
    _route("/incidents/{number}/dismiss", dismiss_incident, "work", "POST"),
    _route("/incidents/{number}/remove", remove_member, "work", "POST"),
    _route("/deliveries/{id}", get_delivery, "read"),
    _route("/channels", list_channels, "read"),
    _route("/items", list_items, "read"),
    _route("/items/{item}/ticket", take_up, "work", "POST"),
    _route("/attachments/{id}", get_attachment, "read"),
    Route("/openapi.json", describe, methods=["GET"]),
]
