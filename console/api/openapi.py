"""The OpenAPI 3.1 description: shapes taken from the code, the rest written down here."""

from typing import Any

import msgspec

from console.api.requests import DEFAULT, LONGEST_QUERY, MOST
from console.api.shapes import (
    Accepted,
    ChannelList,
    DeliveryDocument,
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
    ProblemDocument,
    TicketList,
    WholeIncident,
    WholeTicket,
)

SHAPES = (
    TicketList,
    WholeIncident,
    WholeTicket,
    IncidentList,
    NewCategory,
    NewChallenge,
    NewHandOver,
    NewJudgement,
    NewReply,
    NewMerging,
    NewRestriction,
    NewRemoval,
    NewTags,
    NewTalk,
    NewTelling,
    Accepted,
    DeliveryDocument,
    ChannelList,
    ItemList,
    ProblemDocument,
)
SUMMARIES = {
    400: "A header or the body is missing or no JSON.",
    401: "The token is missing, unknown or revoked.",
    403: "The token's role does not allow this.",
    404: "There is no such thing.",
    405: "The address does not take this method.",
    409: "The Idempotency-Key was used with another text, or somebody else was faster.",
    413: "The body is larger than 1 MB.",
    415: "The body is not announced as JSON.",
    422: "A value makes no sense; the detail names it.",
    500: "Something broke on the server.",
    503: "The database is away; try again after Retry-After seconds.",
}
ALWAYS = (401, 403, 405, 500, 503)
Node = dict[str, Any]


def document(version: str) -> Node:
    """The whole description."""
    _, components = msgspec.json.schema_components(SHAPES, ref_template="#/components/schemas/{name}")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Switchboard",
            "version": version,
            "description": "Tickets from every channel, and answers back. Times are UTC.",
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "paths": _paths(),
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _paths() -> Node:
    number = _parameter("number", "path", {"type": "integer", "minimum": 1}, "The ticket's number.")
    challenge = _parameter("challenge", "path", {"type": "string"}, "The challenge's identifier.")
    some_id = _parameter("id", "path", {"type": "string"}, "The identifier.")
    return {
        "/tickets": {"get": _get("List tickets", "listTickets", "TicketList", _list_parameters(), 422)},
        "/tickets/{number}": {
            "get": _get("One ticket with its messages", "getTicket", "WholeTicket", [number], 404)
        },
        "/tickets/{number}/replies": {"post": _reply(number)},
        "/tickets/{number}/merge": {
            "post": _change("Have it go on in another ticket", "mergeTicket", [number], "NewMerging")
        },
        "/tickets/{number}/category": {
            "post": _change("Say what it is about", "categorizeTicket", [number], "NewCategory")
        },
        "/tickets/{number}/tags": {"post": _change("Put words on it", "tagTicket", [number], "NewTags")},
        "/tickets/{number}/hand-over": {
            "post": _change("Give it to another line or team", "handOverTicket", [number], "NewHandOver")
        },
        "/tickets/{number}/take-apart": {
            "post": _change("Have a merged ticket on its own again", "takeTicketApart", [number])
        },
        "/tickets/{number}/code": {"post": _code(number)},
        "/tickets/{number}/challenges": {
            "post": _change("Ask who wrote to show who they are", "challengePerson", [number], "NewChallenge")
        },
        "/tickets/{number}/challenges/{challenge}": {
            "post": _change("Say what came of it", "judgeChallenge", [number, challenge], "NewJudgement")
        },
        "/tickets/{number}/begin": {
            "post": _change("Write first to who asked, in a ticket of its own", "beginTalk", [number], "NewTalk")
        },
        "/tickets/{number}/restrict": {
            "post": _change("Block or mute who asked", "restrictPerson", [number], "NewRestriction")
        },
        "/tickets/{number}/lift": {"post": _change("Let them be heard again", "liftRestriction", [number])},
        "/incidents": {"get": _get("Incidents, the one last reported first", "listIncidents", "IncidentList", [])},
        "/incidents/{number}": {
            "get": _get("One with who reported it", "getIncident", "WholeIncident", [number], 404)
        },
        "/incidents/{number}/tell": {
            "post": _change_incident("Tell everybody", "tellIncident", number, "NewTelling")
        },
        "/incidents/{number}/dismiss": {"post": _change_incident("It is none", "dismissIncident", number, None)},
        "/incidents/{number}/remove": {
            "post": _change_incident("A ticket does not belong to it", "removeMember", number, "NewRemoval")
        },
        "/deliveries/{id}": {
            "get": _get("How an answer is doing", "getDelivery", "DeliveryDocument", [some_id], 404)
        },
        "/channels": {"get": _get("How the channels are doing", "listChannels", "ChannelList", [])},
        "/items": {
            "get": _get("What feeds found, the newest first", "listItems", "ItemList", _feed_parameters(), 422)
        },
        "/items/{item}/ticket": {"post": _taking_up()},
        "/attachments/{id}": {"get": _file(some_id)},
        "/openapi.json": {"get": _description()},
    }


def _feed_parameters() -> list[Node]:
    moods = {"type": "string", "enum": ["", "upset", "alarming"]}
    limits = {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT}
    return [
        _parameter("feed", "query", {"type": "string"}, "Only what this feed found, as x:main/name."),
        _parameter("mood", "query", moods, "Only of this tone."),
        _parameter("limit", "query", limits, "How many at most."),
        _parameter("cursor", "query", {"type": "string"}, "The next of the page before."),
    ]


def _taking_up() -> Node:
    item = _parameter("item", "path", {"type": "string"}, "The item's identifier.")
    asked = _answer("Its ticket is being made, or was.", "application/json", _ref("ItemDocument"))
    return {
        "summary": "Have a ticket made of an item",
        "operationId": "takeUpItem",
        "parameters": [item],
        "responses": {"202": asked, **_problems(404, 409)},
    }


def _list_parameters() -> list[Node]:
    statuses = {"type": "string", "enum": ["open", "pending", "closed"]}
    channels = {"type": "string", "enum": ["telegram", "discord", "x", "email"]}
    limits = {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT}
    return [
        _parameter("status", "query", statuses, "Only tickets in this state."),
        _parameter("channel", "query", channels, "Only tickets of this channel."),
        _parameter("team", "query", {"type": "string"}, "Only tickets of this team."),
        _parameter("category", "query", {"type": "string"}, "Only tickets that are about this."),
        _parameter("q", "query", {"type": "string", "maxLength": LONGEST_QUERY}, "Words that must all occur."),
        _parameter("limit", "query", limits, "How many at most."),
        _parameter("cursor", "query", {"type": "string"}, "The next of the page before."),
    ]


def _get(summary: str, name: str, shape: str, parameters: list[Node], *problems: int) -> Node:
    return {
        "summary": summary,
        "operationId": name,
        "parameters": parameters,
        "responses": {"200": _answer("Found.", "application/json", _ref(shape)), **_problems(*problems)},
    }


def _accepted() -> Node:
    accepted = _answer("In the outbox.", "application/json", _ref("Accepted"))
    return {
        **accepted,
        "headers": {"Location": {"schema": {"type": "string"}, "description": "Where to follow it."}},
    }


def _code(number: Node) -> Node:
    return {
        "summary": "Send the person a code in private, to be brought from where else they write",
        "operationId": "giveCode",
        "parameters": [number, _key("The same key sends one code.")],
        "responses": {"202": _accepted(), **_problems(400, 404, 409, 422)},
    }


def _reply(number: Node) -> Node:
    return {
        "summary": "Answer the person",
        "operationId": "addReply",
        "parameters": [number, _key("The same key and text answer once.")],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ref("NewReply")}}},
        "responses": {"202": _accepted(), **_problems(400, 404, 409, 413, 415, 422)},
    }


def _change(summary: str, name: str, where: list[Node], body: str = "") -> Node:
    """A command on a ticket; answers with the ticket where it goes on."""
    content = {"required": True, "content": {"application/json": {"schema": _ref(body)}}} if body else None
    statuses = (400, 404, 409, 413, 415, 422) if body else (400, 404, 409, 422)
    return {
        "summary": summary,
        "operationId": name,
        "parameters": [*where, _key("The same key does it once.")],
        **({"requestBody": content} if content else {}),
        "responses": {
            "200": _answer("The ticket.", "application/json", _ref("WholeTicket")),
            **_problems(*statuses),
        },
    }


def _change_incident(summary: str, name: str, number: Node, body: str | None) -> Node:
    """A command on an incident; answers with it.  The same twice is done once."""
    content = {"required": True, "content": {"application/json": {"schema": _ref(body)}}} if body else None
    return {
        "summary": summary,
        "operationId": name,
        "parameters": [number],
        **({"requestBody": content} if content else {}),
        "responses": {
            "200": _answer("The incident.", "application/json", _ref("WholeIncident")),
            **_problems(400, 404, 409, 413, 415, 422),
        },
    }


def _key(description: str) -> Node:
    key = _parameter("Idempotency-Key", "header", {"type": "string", "maxLength": 200}, description)
    return {**key, "required": True}


def _file(some_id: Node) -> Node:
    found = _answer("The bytes.", "application/octet-stream", {"type": "string", "format": "binary"})
    return {
        "summary": "The bytes of a file",
        "operationId": "getAttachment",
        "parameters": [some_id],
        "responses": {"200": found, **_problems(404)},
    }


def _description() -> Node:
    found = _answer("This document.", "application/json", {"type": "object"})
    return {"summary": "This description", "operationId": "describe", "security": [], "responses": {"200": found}}


def _parameter(name: str, place: str, schema: Node, description: str) -> Node:
    return {"name": name, "in": place, "required": place == "path", "schema": schema, "description": description}


def _problems(*statuses: int) -> Node:
    problem = _ref("ProblemDocument")
    return {
        str(status): _answer(SUMMARIES[status], "application/problem+json", problem)
        for status in sorted({*statuses, *ALWAYS})
    }


def _answer(description: str, media_type: str, schema: Node) -> Node:
    return {"description": description, "content": {media_type: {"schema": schema}}}


def _ref(shape: str) -> Node:
    return {"$ref": f"#/components/schemas/{shape}"}
