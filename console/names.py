"""Names in addresses and forms, checked before the store sees them."""

import re

from starlette.exceptions import HTTPException
from starlette.requests import Request

from tickets.errors import TicketNotFound
from tickets.ids import ChallengeId, DeliveryId, ItemId, MessageId, TicketNumber

_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
LARGEST_NUMBER = 2**31 - 1


def number_in(request: Request) -> TicketNumber:
    """The ticket number of the address.  Raises TicketNotFound for one that no ticket can have."""
    digits = str(request.path_params["number"])
    if not is_number(digits):
        raise TicketNotFound("There is no such ticket.")
    return TicketNumber(int(digits))


def id_in(request: Request, name: str = "id") -> str:
    """An identifier of the address.  Raises HTTPException 404 for what cannot be one."""
    value = str(request.path_params[name])
    if not is_id(value):
        raise HTTPException(404)
    return value


def delivery_in(request: Request) -> DeliveryId:
    """The delivery of the address."""
    return DeliveryId(id_in(request))


def message_in(request: Request) -> MessageId:
    """The message of the address."""
    return MessageId(id_in(request, "message"))


def item_in(request: Request) -> ItemId:
    """The item of the address."""
    return ItemId(id_in(request, "item"))


def challenge_in(request: Request) -> ChallengeId:
    """The challenge of the address."""
    return ChallengeId(id_in(request, "challenge"))


def is_number(digits: str) -> bool:
    """Whether it could be a ticket's number."""
    return digits.isascii() and digits.isdecimal() and len(digits) <= 10 and 0 < int(digits) <= LARGEST_NUMBER


def is_id(value: str) -> bool:
    """Whether it could be one of our identifiers."""
    return _ID.fullmatch(value) is not None


def is_key(value: str) -> bool:
    """Whether it can serve as an idempotency key: 1 to 200 visible ASCII characters."""
    return _KEY.fullmatch(value) is not None
