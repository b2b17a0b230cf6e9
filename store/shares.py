"""How much of what waits one worker gets: fairly over accounts, groups in one piece.  Pure."""

from collections.abc import Sequence

from store.engine import Row

CONVERSATION_EVENTS = 50
LEASE_BYTES = 48 * 1024 * 1024
"""At most about so many payload bytes are handed out at once."""


def share_out(leased: Sequence[Row], waiting: Sequence[Row], limit: int) -> list[int]:
    """The events handed out, in order of arrival.

    leased: (conversation, account, oldest_at); waiting: (event, conversation,
    size_bytes, group) in order of arrival.  The first conversation of every
    account gets at least its account's share of ``limit``, further ones come
    while there is room.
    """
    by_conversation: dict[int, list[Row]] = {}
    for row in waiting:
        by_conversation.setdefault(row[1], []).append(row)
    queue = _in_turn([row for row in leased if row[0] in by_conversation])
    accounts = sum(turn == 0 for turn, _ in queue)
    share = max(1, limit // max(1, accounts))
    taken: list[Row] = []
    for place, (turn, conversation) in enumerate(queue, start=1):
        reserved = share * max(0, accounts - place)
        room = max(limit - len(taken) - reserved, 0 if turn else share)
        taken += _piece(by_conversation[conversation], room, LEASE_BYTES - sum(row[2] for row in taken), taken)
    return sorted(row[0] for row in taken)


def _in_turn(leased: Sequence[Row]) -> list[tuple[int, int]]:
    """(turn, conversation): the longest waiting of every account, then the second of each."""
    turns: dict[str, int] = {}
    queue: list[tuple[int, int, int]] = []
    for conversation, account, oldest_at in sorted(leased, key=lambda row: (row[2], row[0])):
        queue.append((turns.get(account, 0), oldest_at, conversation))
        turns[account] = turns.get(account, 0) + 1
    return [(turn, conversation) for turn, _, conversation in sorted(queue)]


def _piece(events: list[Row], room: int, size_bytes: int, taken: list[Row]) -> list[Row]:
    """The first events that fit; at least one (with its group) when nothing was taken yet."""
    count = 0
    for row in events[: min(room, CONVERSATION_EVENTS)]:
        size_bytes -= row[2]
        if size_bytes < 0 and (taken or count):
            break
        count += 1
    return events[: _seam(events, count)] if count else []


def _seam(events: list[Row], count: int) -> int:
    """The nearest count at which no group is torn apart: the one before, else the one after."""
    before = next((at for at in range(count, 0, -1) if _whole(events, at)), 0)
    after = next(at for at in range(count, len(events) + 1) if _whole(events, at))
    return before or min(after, CONVERSATION_EVENTS)


def _whole(events: list[Row], at: int) -> bool:
    return at == len(events) or not events[at][3] or events[at][3] != events[at - 1][3]
