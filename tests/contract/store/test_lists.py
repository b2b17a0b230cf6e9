"""Lists, search in every script, paging, counts."""

import pytest
from msgspec.structs import replace

from tests.support.builders import at, changing, following, open_ticket, opening, ticket
from tickets.ids import TicketNumber, UserId
from tickets.records import Counts, TicketFilter
from tickets.segments import segments
from tickets.storage import Store


async def found(store: Store, **wanted: object) -> list[str]:
    """The names of the tickets listed, all pages together."""
    names: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await store.list_tickets(TicketFilter(cursor=cursor, **wanted))  # type: ignore[arg-type]
        names += [row.ticket.id.removeprefix("t-") for row in page.items]
        cursor = page.next
    return names


# Order and filters -----------------------------------------------------------------


async def test_the_most_urgent_comes_first_then_the_longest_waiting(store: Store) -> None:
    for name, priority, waits in (("a", 10, 5), ("b", 50, 9), ("c", 50, 3), ("d", 10, 1), ("e", 50, 3)):
        await open_ticket(store, name, priority=priority, waiting_since=at(waits))
    assert await found(store) == ["c", "e", "b", "d", "a"]


async def test_filters_narrow_the_list(store: Store) -> None:
    await open_ticket(store, "a", assignee=UserId("u-1"))
    await open_ticket(store, "b", status="pending", channel="email")
    await open_ticket(store, "c", status="closed", assignee=UserId("u-2"))
    assert await found(store) == ["a", "b", "c"]
    assert await found(store, status="pending") == ["b"]
    assert await found(store, status="closed") == ["c"]
    assert await found(store, channel="telegram") == ["a", "c"]
    assert await found(store, assignee="u-1") == ["a"]
    assert await found(store, assignee="-") == ["b"]
    assert await found(store, assignee="u-2", status="open") == []


async def test_a_page_has_a_cursor_only_when_more_follows(store: Store) -> None:
    await store.admit([opening(f"p{n}") for n in range(4)], at(0))
    first = await store.list_tickets(TicketFilter(limit=3))
    assert (len(first.items), first.next is None) == (3, False)
    second = await store.list_tickets(TicketFilter(limit=3, cursor=first.next or ""))
    assert (len(second.items), second.next) == (1, None)
    assert (await store.list_tickets(TicketFilter(limit=4))).next is None


@pytest.mark.parametrize("limit", [1, 2, 7])
async def test_pages_have_no_gaps_and_no_repeats(store: Store, limit: int) -> None:
    admissions = [
        opening(f"p{n}", priority=n % 3 * 10, waiting_since=at(n % 4) if n % 5 else None) for n in range(20)
    ]
    await store.admit(admissions, at(0))
    whole = await found(store, limit=200)
    assert len(whole) == 20
    assert await found(store, limit=limit) == whole
    everywhere = await found(store, limit=200, query="text")
    assert everywhere == [f"p{n}" for n in range(19, -1, -1)]
    assert await found(store, limit=limit, query="text") == everywhere


async def test_a_ticket_that_comes_meanwhile_shifts_nothing(store: Store) -> None:
    await store.admit([opening(f"p{n}") for n in range(6)], at(0))
    first = await store.list_tickets(TicketFilter(limit=3))
    await open_ticket(store, "urgent", priority=99)
    second = await store.list_tickets(TicketFilter(limit=3, cursor=first.next or ""))
    assert [row.ticket.id for row in (*first.items, *second.items)] == [f"t-p{n}" for n in range(6)]


async def test_a_changed_ticket_takes_its_new_place(store: Store) -> None:
    await open_ticket(store, "a")
    second = await open_ticket(store, "b")
    await store.apply_change(changing(second, ticket=replace(second, priority=90, version=2)), at(1))
    assert await found(store) == ["b", "a"]


# Search ------------------------------------------------------------------------------

SENTENCES = {
    "zh": ("我的包裹三个星期了还没有到，请帮我查一下。", ["包裹", "三个星期", "查一下", "包"]),
    "ja": ("注文した商品がまだ届いていません。キャンセルできますか？", ["商品", "キャンセル", "ｷｬﾝｾﾙ", "届いて"]),
    "ko": ("주문한 노트북이 아직 도착하지 않았어요", ["노트북", "도착", "주문"]),
    "th": ("ฉันยังไม่ได้รับพัสดุที่สั่งซื้อไว้เลย", ["พัสดุ", "สั่งซื้อ", "ได้รับ"]),
    "ar": ("لم تصل الطَّلَبِيَّة حتى الآن وأريد استرداد المبلغ", ["الطلبية", "استرداد", "المبلغ"]),
    "vi": ("Đơn hàng của tôi bị thất lạc ở Hà Nội", ["đơn hàng", "don hang", "THẤT LẠC", "ha noi"]),
    "hi": ("मेरा पार्सल अभी तक नहीं पहुँचा है", ["पार्सल", "पहुँचा", "मेरा पार्सल"]),
    "de": ("Die Größe der Schuhe stimmt überhaupt nicht", ["Größe", "GRÖSSE", "uberhaupt", "schuhe größe"]),
    "tr": ("İade talebim reddedildi, çözüm bekliyorum", ["iade", "İADE", "cozum", "çözüm"]),
}


@pytest.fixture
async def library(store: Store) -> Store:
    """One ticket in each language."""
    await store.admit([opening(name, text=text) for name, (text, _) in SENTENCES.items()], at(0))
    return store


async def test_words_of_every_language_find_their_ticket_and_no_other(library: Store) -> None:
    for language, (_, words) in SENTENCES.items():
        for word in words:
            assert await found(library, query=word) == [language], word


async def test_what_nobody_wrote_is_not_found(library: Store) -> None:
    for word in ("发票", "キーボード", "냉장고", "รองเท้า", "فاتورة", "hóa đơn", "जूते", "Rechnung", "fatura"):
        assert await found(library, query=word) == [], word


async def test_all_words_of_a_query_must_be_there(library: Store) -> None:
    assert await found(library, query="Größe Schuhe") == ["de"]
    assert await found(library, query="Größe 包裹") == []


async def test_a_query_without_words_finds_nothing(library: Store) -> None:
    assert await found(library, query="!?") == []
    assert len(await found(library, query="   ")) == len(SENTENCES)


async def test_later_messages_and_notes_are_searched_too(store: Store) -> None:
    known = await open_ticket(store, "a", text="first")
    await store.admit([following(known, "m2", segments=segments("refund please"))], at(1))
    known = (await store.list_tickets(TicketFilter(query="refund"))).items[0].ticket
    await store.apply_change(changing(known, segments=segments("goodwill")), at(2))
    assert await found(store, query="goodwill first refund") == ["a"]


async def test_a_search_shows_the_newest_first_and_honours_filters(store: Store) -> None:
    for n, status in enumerate(("open", "closed", "open")):
        await open_ticket(store, f"p{n}", text="broken lamp", status=status, priority=90 - n)
    assert await found(store, query="lamp") == ["p2", "p1", "p0"]
    assert await found(store, query="lamp", status="open") == ["p2", "p0"]


# Counts --------------------------------------------------------------------------------


async def test_counts_tell_what_is_not_closed(store: Store) -> None:
    for name, status, assignee in (
        ("a", "open", None), ("b", "open", "u-1"), ("c", "pending", "u-1"), ("d", "pending", None),
        ("e", "closed", None), ("f", "closed", "u-1"), ("g", "open", "u-2"),
    ):  # fmt: skip
        await open_ticket(store, name, status=status, assignee=assignee)
    assert await store.count_tickets(UserId("u-1")) == Counts(open=3, pending=2, unassigned=2, mine=2)
    assert await store.count_tickets(None) == Counts(open=3, pending=2, unassigned=2, mine=0)
    assert (await store.count_rows())["tickets_unfinished"] == 5


async def test_an_empty_store_counts_nothing(store: Store) -> None:
    assert await store.count_tickets(None) == Counts(open=0, pending=0, unassigned=0, mine=0)
    assert await found(store) == []
    assert await store.find_ticket(TicketNumber(1)) is None
    assert await store.find_ticket_number(ticket("a").id) is None
    assert await store.newest_seq() == 0


async def test_a_ticket_is_found_by_id(store: Store) -> None:
    await open_ticket(store, "a")
    known = await open_ticket(store, "b")
    assert await store.find_ticket_number(known.id) == 2
