"""Items of feeds in the memory store."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from msgspec.structs import replace

from simulators.memory_store.intake import wait_again
from simulators.memory_store.items import forget_removed, matches, numbered
from simulators.memory_store.tables import Part
from tickets.feeds import FeedFilter, FeedItem
from tickets.ids import AccountId, ExternalMessageId, ItemId


class MemoryFeeds(Part):
    """See ``tickets.feeds.FeedStore``."""

    async def list_items(self, wanted: FeedFilter) -> Sequence[FeedItem]:
        tables = self._read()
        newest = sorted(tables.items.values(), key=lambda item: item.id, reverse=True)
        return [
            numbered(tables, item)
            for item in islice((one for one in newest if matches(one, wanted)), wanted.limit)
        ]

    async def find_item(self, item_id: ItemId) -> FeedItem | None:
        tables = self._read()
        return next((numbered(tables, one) for one in tables.items.values() if one.id == item_id), None)

    async def want_item(self, item_id: ItemId, by: str, now: datetime) -> bool:
        with self._write("inbound") as tables:
            for key, item in list(tables.items.items()):
                if item.id == item_id and not item.wanted_by and item.ticket_id is None:
                    tables.items[key] = replace(item, wanted_by=by)
                    done = [wait_again(tables, event_id, "ignored") for event_id in item.event_ids]
                    return any(done)
            return False

    async def forget_items(self, account: AccountId, names: Sequence[ExternalMessageId]) -> int:
        with self._write() as tables:
            return forget_removed(tables, [(account, name) for name in names])
