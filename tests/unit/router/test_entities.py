"""What can be looked up in a message, in every language and script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.entities import EntityFinder, EntityRules, mistake_in
from router.links import looks_like_ours
from tickets.model import EntityKind

HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
RULES = EntityRules(("[0-9]{8}", "U-[0-9]{4}"), ("OR-[0-9]{6}",), (), ("acme-pay.com",))
FINDER = EntityFinder(RULES)
ETHEREUM = "0xde0B295669a9FD93d5F28D9Ec85E40f4cb697BAe"


def named(text: str, kind: EntityKind) -> list[str]:
    return [one.value for one in FINDER.find(text) if one.kind == kind]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("250 USDT", "250 USDT"),
        ("I sent $1,200.50 today", "1200.5 USD"),
        ("1.200,50 € fehlen", "1200.5 EUR"),
        ("2.500 EUR", "2500 EUR"),
        ("0,125 BTC", "0.125 BTC"),
        ("0.500 btc", "0.5 BTC"),
        ("$5k stuck", "5000 USD"),
        ("me faltan 300 dólares", "300 USD"),
        ("R$ 1.500,00 sumiram", "1500 BRL"),
        ("il manque 2 500,75 euros", "2500.75 EUR"),
        ("10 000 рублей не дошли", "10000 RUB"),
        ("5 тыс руб", "5000 RUB"),
        ("500 TL çekemedim", "500 TRY"),
        ("أرسلت ٥٠٠ دولار", "500 USD"),
        ("۲۰۰ هزار تومان", "200000 IRT"),
        ("मैंने ₹5,000 भेजे", "5000 INR"),
        ("2 लाख रुपये", "200000 INR"),
        ("500 ribu rupiah", "500000 IDR"),
        ("tôi nạp 2 triệu đồng", "2000000 VND"),
        ("ฝาก 500 บาท", "500 THB"),
        ("充值了3万元", "30000 CNY"),
        ("ＮＴ$ 1,000", "1000 USD"),
        ("NT$1,000", "1000 TWD"),
        ("お金 3,000円が消えた", "3000 JPY"),
        ("5만원 입금했는데", "50000 KRW"),
        ("100u没到账", "100 USDT"),
    ],
)
def test_amounts_in_every_language(text: str, value: str) -> None:
    assert named(text, "amount") == [value]


@pytest.mark.parametrize(
    "text", ["3 times", "version 2.5.1", "2 accounts", "5 all in", "top 10", "1.2.3 USD", "a1 USD", "12:30", "100"]
)
def test_numbers_without_a_currency_are_no_amounts(text: str) -> None:
    assert named(text, "amount") == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on 2026-11-21", "2026-11-21"),
        ("am 21.11.2026 war", "2026-11-21"),
        ("21.11.26", "2026-11-21"),
        ("11/21/2026", "2026-11-21"),
        ("21/11/2026", "2026-11-21"),
        ("03/04/2026", "03/04/2026"),  # nobody can tell which is the month
        ("2026年11月21日", "2026-11-21"),
        ("11月3日", "11-03"),
        ("11월 3일부터", "11-03"),
        ("21. November 2026", "2026-11-21"),
        ("Nov 21st, 2026", "2026-11-21"),
        ("21 de noviembre de 2026", "2026-11-21"),
        ("3 de março", "03-03"),
        ("1er août 2026", "2026-08-01"),
        ("3 марта 2026 года", "2026-03-03"),
        ("3 березня", "03-03"),
        ("5 Mart 2026", "2026-03-05"),
        ("٣ مارس", "03-03"),
        ("3 मार्च को", "03-03"),
        ("วันที่ 3 มีนาคม 2026", "2026-03-03"),
        ("3 Mei 2026", "2026-05-03"),
        ("at 14:30 UTC", "14:30"),
        ("９:05", "09:05"),
    ],
)
def test_days_and_times_in_every_language(text: str, value: str) -> None:
    assert named(text, "date") == [value]


@pytest.mark.parametrize("text", ["32.13.2026", "3 things", "2.5.1", "1:75", "25:00", "3 more", "ratio 4:5:6"])
def test_other_figures_are_no_days(text: str) -> None:
    assert named(text, "date") == []


@pytest.mark.parametrize(
    "address",
    [
        ETHEREUM,
        ETHEREUM.lower(),
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
        "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
        "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh",
        "EQCD39VS5jcptHL8vMjEXrzGaRcCVYto7HUn4bpAOg8xqB2N",
        "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
    ],
)
def test_wallet_addresses_whose_checksum_is_right(address: str) -> None:
    [found] = [one for one in FINDER.find(f"sent to {address}, nothing came") if one.kind == "wallet"]
    assert (found.value, found.note) == (address, "")


@pytest.mark.parametrize(
    "address",
    [
        ETHEREUM.replace("BAe", "BAE"),
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
        "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6s",
        "EQCD39VS5jcptHL8vMjEXrzGaRcCVYto7HUn4bpAOg8xqB2M",
    ],
)
def test_a_mistyped_address_says_so(address: str) -> None:
    [found] = [one for one in FINDER.find(address) if one.kind == "wallet"]
    assert "mistyped" in found.note


@pytest.mark.parametrize("text", [HASH, f"0x{HASH}", "5" * 30 + "Kq" * 29])
def test_transactions(text: str) -> None:
    assert named(f"tx: {text}.", "transaction") == [text]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("my uid 12345678", ["12345678"]),
        ("账号12345678无法登录", ["12345678"]),
        ("رقم حسابي ١٢٣٤٥٦٧٨", ["12345678"]),
        ("id U-1234 and 123456789", ["U-1234"]),
        ("a12345678", []),
    ],
)
def test_accounts_as_the_operator_writes_them(text: str, values: list[str]) -> None:
    assert named(text, "account") == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("OR-123456", ["OR-123456"]),
        ("order #778899 is stuck", ["778899"]),
        ("pedido n 4455-AB", ["4455-AB"]),
        ("заказ №45921", ["45921"]),
        ("订单号：A20261121007", ["A20261121007"]),
        ("訂單 20261121007", ["20261121007"]),
        ("注文番号 X-99871", ["X-99871"]),
        ("주문번호 990011", ["990011"]),
        ("đơn hàng 99182", ["99182"]),
        ("คำสั่งซื้อ 771234", ["771234"]),
        ("طلب رقم 55123", ["55123"]),
        ("ऑर्डर 55123", ["55123"]),
        ("in order to trade", []),
    ],
)
def test_orders_in_every_language(text: str, values: list[str]) -> None:
    assert named(text, "order") == values


@pytest.mark.parametrize(
    ("text", "region", "value"),
    [
        ("call +49 151 23456789", "", "+4915123456789"),
        ("ruf an: 0151 23456789", "DE", "+4915123456789"),
        ("電話 +886 912-345-678", "", "+886912345678"),
        ("اتصل +٩٦٦ ٥٠ ١٢٣ ٤٥٦٧", "", "+966501234567"),
        ("फ़ोन 098765 43210", "IN", "+919876543210"),
    ],
)
def test_telephones(text: str, region: str, value: str) -> None:
    finder = EntityFinder(EntityRules(regions=(region,) if region else ()))
    assert [one.value for one in finder.find(text)] == [value]


def test_mail_addresses_and_links() -> None:
    text = "Ann@Example.org wrote, see https://help.example.org/a?b=1. Also example.com/x! But not e.g. this.way"
    assert named(text, "email") == ["ann@example.org"]
    assert named(text, "link") == ["help.example.org", "example.com"]
    assert named("见https://例子.com/路径。谢谢", "link") == ["例子.com"]


@pytest.mark.parametrize(
    "host",
    [
        "acme-pay.com.evil.io",
        "аcme-pay.com",  # its first letter is Cyrillic
        "xn--cme-pay-1fg.com",
        "acmepay.com",
        "acme-pay-support.net",
        "acme-psy.com",
        "acme-apy.com",
        "acmepaay.org",
        "acrne-pay.com",
    ],
)
def test_a_server_that_looks_like_ours_is_told(host: str) -> None:
    assert looks_like_ours(host, RULES.domains) == "looks like acme-pay.com and is another server"


@pytest.mark.parametrize("host", ["acme-pay.com", "help.acme-pay.com", "example.org", "acme.com", "pay.com"])
def test_ours_and_others_are_not(host: str) -> None:
    assert looks_like_ours(host, RULES.domains) == ""


def test_each_once_in_the_order_of_the_text_and_not_without_end() -> None:
    text = f"uid 12345678 sent 250 USDT to {ETHEREUM} at 14:30. I repeat: 250 USDT"
    assert [(one.kind, one.value) for one in FINDER.find(text)][:3] == [
        ("account", "12345678"),
        ("amount", "250 USDT"),
        ("wallet", ETHEREUM),
    ]
    assert named(text, "amount") == ["250 USDT"]
    assert len(FINDER.find(" ".join(f"{n} USD" for n in range(1, 500)))) == 40


def test_a_pattern_that_is_none_is_told() -> None:
    assert mistake_in("[0-9]{8}") == ""
    assert "missing" in mistake_in("[0-9")


@given(st.text(max_size=300))
def test_no_text_fails_and_all_stands_in_it(text: str) -> None:
    for one in FINDER.find(text):
        assert one.text in text
        assert one.value
