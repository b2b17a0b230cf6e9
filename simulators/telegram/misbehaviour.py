"""What an armed fault does to one exchange."""

from starlette.responses import HTMLResponse, Response

from simulators.faults import Fault
from simulators.telegram.errors import ApiError, flood

BEFORE = frozenset({"drop_before_accept", "status", "flood", "unauthorized", "conflict"})
"""Faults that keep the call from being done at all."""

SPOILING = frozenset({"drop_after_accept", "garble", "truncate"})
"""Faults that spoil the answer of a call that was done."""


class Dropped(Exception):
    """The connection is to be cut without an answer."""


def number(fault: Fault, name: str, default: float) -> float:
    """A number among the fault's details."""
    value = fault.details.get(name, default)
    if not isinstance(value, int | float):
        raise TypeError(f"{fault.name}: {name} is a number")
    return value


def refuse(fault: Fault) -> Response:
    """The answer of a fault in BEFORE: a page, an ApiError or Dropped."""
    if fault.name == "drop_before_accept":
        raise Dropped
    if fault.name == "flood":
        raise flood(int(number(fault, "retry_after", 1)))
    if fault.name == "unauthorized":
        raise ApiError(401, "Unauthorized")
    if fault.name == "conflict":
        raise ApiError(
            409,
            "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
        )
    status = int(number(fault, "status", 502))
    page = f"<html><head><title>{status}</title></head><body><center>nginx</center></body></html>"
    return HTMLResponse(page, status)


def spoil(fault: Fault, response: Response) -> Response:
    """The answer of a call that was done, spoilt by a fault in SPOILING."""
    if fault.name == "drop_after_accept":
        raise Dropped
    if fault.name == "garble":
        return HTMLResponse("<html><body>Please log in to the network</body></html>", 200)
    half = bytes(response.body)[: len(response.body) // 2]
    return Response(half, response.status_code, media_type="application/json")
