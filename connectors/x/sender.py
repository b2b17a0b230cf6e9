"""Answering: a post under the post answered.  Never a post that stands alone."""

from connectors.context import ConnectorContext
from connectors.x.api import XApi
from tickets.errors import DeliveryError
from tickets.model import Receipt, Reply
from tickets.ports import Bucket

POSTS = Bucket(name="posts", capacity=10, per_s=90 / 900)
"""Together at most 100 in any 15 minutes, X's limit for an account (https://docs.x.com/x-api/fundamentals/rate-limits)."""
IN_ALL = Bucket(name="all", capacity=500, per_s=9_500 / 86_400)
"""Together at most 10,000 in any 24 hours, X's limit for an app."""
BY_HAND = "https://x.com/intent/post?in_reply_to="
"""Opens X's own reply box, where a person may answer what a program may not."""


class XSender:
    at_once = 2

    def __init__(self, api: XApi, context: ConnectorContext) -> None:
        self._api = api
        self._context = context

    def buckets(self, reply: Reply) -> tuple[Bucket, ...]:
        return POSTS, IN_ALL

    async def send(self, reply: Reply) -> Receipt:
        """Raises DeliveryError; where X forbids a program to answer, with the address for answering by hand."""
        answering = reply.previous or reply.target.in_reply_to
        if answering is None:
            text = "There is no post to answer, and a post of its own is nobody's answer."
            raise DeliveryError("refused", text, temporary=False, delivered=False)
        self._context.crash("x.before_send")
        try:
            receipt = await self._api.create_post(reply.text, answering)
        except DeliveryError as error:
            if error.code != "not_summoned":
                raise
            by_hand = f"{error} Answer by hand there: {BY_HAND}{answering}"
            raise DeliveryError(error.code, by_hand, temporary=False, delivered=False) from error
        self._context.crash("x.after_send")
        return receipt
