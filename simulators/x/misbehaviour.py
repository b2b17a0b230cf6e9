"""What an armed fault does to one exchange."""

from __future__ import annotations

from datetime import datetime

from starlette.responses import HTMLResponse, Response

from simulators.faults import Fault, Faults
from simulators.x.problems import PROBLEMS, ApiError, forbidden, too_many, unauthorized

PAGING = frozenset({"empty_page", "repeat_page", "reorder_page"})
"""Faults of timelines: an empty page that goes on, a page whose next_token leads back to it, oldest first."""

BEFORE = frozenset({"drop_before_accept", "status", "flood", "unauthorized", "forbidden", "duplicate", "partial"})
"""Faults that keep the call from being done at all."""

SPOILING = frozenset({"drop_after_accept", "garble", "truncate"})
"""Faults that spoil the answer of a call that was done."""

FAULTS = BEFORE | SPOILING | PAGING | {"delay"}
"""Names for ``Faults.arm``; ``path`` and ``method`` details narrow each of them.

path: the whole path, its end ("/mentions"), or the pattern ("/2/users/:id/mentions").
delay: ``s`` seconds.  status: ``status``.  forbidden: ``detail``.  flood: ``reset_in``
seconds (the header says when), ``reset_in_past`` (True, or seconds ago), neither: no header.
duplicate concerns POST /2/tweets alone, the paging faults timelines alone.
"""

DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
NOT_PERMITTED = "You are not permitted to perform this action."


class Dropped(Exception):
    """The connection is to be cut without an answer."""


def take(faults: Faults, *names: str, method: str, path: str, pattern: str) -> Fault | None:
    """The next armed fault among ``names`` meant for this request."""

    def meant(fault: Fault) -> bool:
        wanted_method = str(fault.details.get("method", method)).upper()
        wanted_path = str(fault.details.get("path", path))
        if fault.name == "duplicate" and (method, pattern) != ("POST", "/2/tweets"):
            return False
        return wanted_method == method and (path.endswith(wanted_path) or wanted_path == pattern)

    return faults.take(*names, matching=meant)


def number(fault: Fault, name: str, default: float) -> float:
    """A number among the fault's details."""
    value = fault.details.get(name, default)
    if not isinstance(value, int | float):
        raise TypeError(f"{fault.name}: {name} is a number")
    return value


def reset_of(fault: Fault, now: datetime) -> int | None:
    """Epoch seconds a flood tells to come back at; None: it does not tell."""
    if (past := fault.details.get("reset_in_past")) not in (None, False):
        return int(now.timestamp() - (60 if past is True else number(fault, "reset_in_past", 60)))
    if "reset_in" in fault.details:
        return int(now.timestamp() + number(fault, "reset_in", 0))
    return None


def refuse(fault: Fault, now: datetime) -> Response:
    """The answer of a fault in BEFORE: a page, an ApiError or Dropped."""
    if fault.name == "drop_before_accept":
        raise Dropped
    if fault.name == "unauthorized":
        raise unauthorized()
    if fault.name == "forbidden":
        raise forbidden(str(fault.details.get("detail", NOT_PERMITTED)))
    if fault.name == "duplicate":
        raise forbidden(DUPLICATE)
    if fault.name == "flood":
        raise _flood(reset_of(fault, now))
    if fault.name == "partial":
        raise _partial()
    status = int(number(fault, "status", 503))
    page = f"<html><head><title>{status}</title></head><body><center>nginx</center></body></html>"
    return HTMLResponse(page, status)


def spoil(fault: Fault, response: Response) -> Response:
    """The answer of a call that was done, spoilt by a fault in SPOILING."""
    if fault.name == "drop_after_accept":
        raise Dropped
    if fault.name == "garble":
        return HTMLResponse("<html><body>Please log in to the network</body></html>", 200)
    half = bytes(response.body)[: len(response.body) // 2]
    return Response(half, response.status_code, media_type=response.headers.get("content-type"))


def _flood(reset: int | None) -> ApiError:
    if reset is None:
        return too_many({})
    return too_many({"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(reset)})


def _partial() -> ApiError:
    error: dict[str, object] = {
        "title": "Operational Disconnect",
        "detail": "The data could not be read in time.",
        "type": f"{PROBLEMS}operational-disconnect",
    }
    return ApiError(200, {"errors": [error]})
