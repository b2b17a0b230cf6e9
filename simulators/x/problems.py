"""How the API refuses: problem objects, whole or beside data.

Source: https://docs.x.com/x-api/fundamentals/response-codes-and-errors
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulators.x.records import Json

PROBLEMS = "https://api.twitter.com/2/problems/"


class ApiError(Exception):
    """A refusal of the whole request.  body: its JSON object; headers: beside the usual ones."""

    def __init__(self, status: int, body: Json, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {body.get('detail', '')}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def generic(
    status: int, title: str, detail: str | None = None, headers: Mapping[str, str] | None = None
) -> ApiError:
    """A problem that says no more than its status and a sentence; None repeats the title."""
    body: Json = {"title": title, "type": "about:blank", "status": status, "detail": detail or title}
    return ApiError(status, body, headers)


def unauthorized() -> ApiError:
    """401, whatever was wrong with the credentials."""
    return generic(401, "Unauthorized")


def forbidden(detail: str) -> ApiError:
    """403 with a sentence."""
    return generic(403, "Forbidden", detail)


def too_many(headers: Mapping[str, str]) -> ApiError:
    """429.  headers: what tells when to come back."""
    return generic(429, "Too Many Requests", headers=headers)


def invalid_request(*errors: Json) -> ApiError:
    """400 with one entry for each thing wrong."""
    body: Json = {
        "errors": list(errors),
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": f"{PROBLEMS}invalid-request",
    }
    return ApiError(400, body)


def parameter_error(name: str, values: Sequence[str], message: str) -> Json:
    """An entry for ``invalid_request`` about one parameter."""
    return {"parameters": {name: list(values)}, "message": message}


def unsupported_authentication(used: str, supported: Sequence[str]) -> ApiError:
    """403: the right credentials, but not of the kind this endpoint takes."""
    body: Json = {
        "title": "Unsupported Authentication",
        "detail": f"Authenticating with {used} is forbidden for this endpoint.  "
        f"Supported authentication types are [{', '.join(supported)}].",
        "type": f"{PROBLEMS}unsupported-authentication",
        "status": 403,
    }
    return ApiError(403, body)


def missing(kind: str, parameter: str, value: str) -> Json:
    """A partial error: there is no such tweet or user."""
    detail = f"Could not find {kind} with {parameter}: [{value}]."
    return _partial("Not Found Error", "resource-not-found", detail, kind, parameter, value)


def hidden(kind: str, parameter: str, value: str) -> Json:
    """A partial error: the caller may not see it."""
    shown = "Tweet" if kind == "tweet" else kind
    detail = f"Sorry, you are not authorized to see the {shown} with {parameter}: [{value}]."
    return _partial("Authorization Error", "not-authorized-for-resource", detail, kind, parameter, value)


def suspended(parameter: str, value: str) -> Json:
    """A partial error: the user has been suspended."""
    detail = f"User has been suspended: [{value}]."
    return _partial("Forbidden", "resource-not-found", detail, "user", parameter, value)


def _partial(title: str, problem: str, detail: str, kind: str, parameter: str, value: str) -> Json:
    return {
        "value": value,
        "detail": detail,
        "title": title,
        "resource_type": kind,
        "parameter": parameter,
        "resource_id": value,
        "type": PROBLEMS + problem,
    }
