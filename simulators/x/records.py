"""What a judge reads: posts both ways and the calls that carried them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from simulators.x.accounts import SimAccount
    from simulators.x.people import SimPerson

Json: TypeAlias = dict[str, object]


class Keys(NamedTuple):
    """The four secrets of OAuth 1.0a: the app's pair and the account's pair."""

    consumer_key: str
    consumer_secret: str
    access_token: str
    access_token_secret: str


@dataclass(eq=False)
class SimPost:
    """One post, whoever wrote it.

    id: a snowflake, unless injected otherwise.  text: as written, with the
    "@author " a reply gets; ``payload`` holds it as the API shows it (links
    shortened, ``&<>`` escaped, cut when long).  created_at: aware UTC.
    payload: the whole post object, of which a request sees the fields it asks for.
    position: where it stands in timelines.  raw: an injected post, handed out as
    it is; None for all others.  replaced: there is a newer version of it.
    hidden: under the post that began the talk.
    """

    id: str
    author: SimPerson | SimAccount
    text: str
    created_at: datetime
    conversation_id: str
    payload: Json
    position: int
    raw: Json | bytes | None = None
    deleted: bool = False
    replaced: bool = False
    hidden: bool = False


@dataclass(eq=False)
class SentPost:
    """One post the platform accepted from an account.

    text: as sent.  reply_to: id of the post answered, None for none.
    person: who wrote that post; None for no reply and for a reply to an account.
    created_at: aware UTC.  payload: the body of the request.  pictures: their
    bytes, in order.
    """

    id: str
    account: SimAccount
    text: str
    reply_to: str | None
    person: SimPerson | None
    created_at: datetime
    payload: Json
    pictures: list[bytes] = field(default_factory=list)
    deleted: bool = False


@dataclass
class ApiCall:
    """One request, to the API or for a picture.

    query: decoded, the last value of each name.  at: arrival, aware UTC.
    account_id: None when the credentials were nobody's.  body: parsed JSON;
    text where it is none; None when there is none; an upload is ``"<N bytes>"``.
    status: the HTTP status answered; None while open, or when the connection
    was dropped instead.
    """

    method: str
    path: str
    query: dict[str, str]
    at: datetime
    account_id: str | None
    body: object
    status: int | None = None
