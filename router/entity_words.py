"""What people call money, and orders, in every language we are written to.  Data, not code."""

from typing import Final

COINS: Final = (
    "BTC", "ETH", "USDT", "USDC", "BNB", "SOL", "XRP", "ADA", "DOGE", "TRX", "TON", "DOT", "LTC", "BCH",
    "AVAX", "LINK", "MATIC", "POL", "SHIB", "XLM", "XMR", "ETC", "FIL", "ATOM", "NEAR", "APT", "ARB", "OP",
    "SUI", "PEPE", "DAI", "FDUSD", "TUSD", "OKB", "UNI", "AAVE", "ALGO", "HBAR", "ICP", "INJ", "SATS",
)  # fmt: skip
CURRENCY_SIGNS: Final = {
    "$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY/CNY", "￥": "JPY/CNY", "₹": "INR", "₩": "KRW",
    "₽": "RUB", "₺": "TRY", "₫": "VND", "฿": "THB", "₿": "BTC", "₴": "UAH", "₦": "NGN", "₱": "PHP",
    "R$": "BRL", "NT$": "TWD", "HK$": "HKD", "A$": "AUD", "C$": "CAD", "S$": "SGD", "Rp": "IDR", "zł": "PLN",
    "﷼": "IRR", "₪": "ILS", "₸": "KZT", "Rs": "INR", "Rs.": "INR",
}  # fmt: skip
"""One sign for two currencies names both."""
CURRENCY_WORDS: Final = {
    "dollar": "USD", "dollars": "USD", "dólares": "USD", "dolares": "USD", "dolar": "USD", "dólar": "USD",
    "доллар": "USD", "долларов": "USD", "доллара": "USD", "баксов": "USD", "دولار": "USD", "دلار": "USD",
    "डॉलर": "USD", "đô": "USD", "ดอลลาร์": "USD", "美元": "USD", "美金": "USD", "ドル": "USD", "달러": "USD",
    "bucks": "USD", "euro": "EUR", "euros": "EUR", "евро": "EUR", "يورو": "EUR", "یورو": "EUR", "यूरो": "EUR",
    "ยูโร": "EUR", "欧元": "EUR", "歐元": "EUR", "ユーロ": "EUR", "유로": "EUR", "pounds": "GBP",
    "libras": "GBP", "英镑": "GBP", "рублей": "RUB", "рубля": "RUB", "руб": "RUB", "р.": "RUB",
    "гривень": "UAH", "грн": "UAH", "lira": "TRY", "tl": "TRY", "ریال": "IRR", "تومان": "IRT", "ريال": "SAR",
    "درهم": "AED", "جنيه": "EGP", "دينار": "KWD", "रुपये": "INR", "रुपए": "INR", "rupees": "INR",
    "rupiah": "IDR", "đồng": "VND", "dong": "VND", "vnđ": "VND", "บาท": "THB", "baht": "THB", "元": "CNY",
    "块": "CNY", "塊": "TWD", "人民币": "CNY", "円": "JPY", "yen": "JPY", "엔": "JPY", "원": "KRW",
    "reais": "BRL", "real": "BRL", "pesos": "MXN/ARS", "złotych": "PLN", "zlotych": "PLN", "bitcoin": "BTC",
    "bitcoins": "BTC", "比特币": "BTC", "比特幣": "BTC", "ビットコイン": "BTC", "비트코인": "BTC",
    "биткоин": "BTC", "بيتكوين": "BTC", "泰达币": "USDT", "테더": "USDT", "u": "USDT", "刀": "USD",
}  # fmt: skip
MULTIPLES: Final = {
    "万": 10_000, "萬": 10_000, "만": 10_000, "亿": 100_000_000, "億": 100_000_000, "억": 100_000_000,
    "千": 1_000, "천": 1_000, "k": 1_000, "triệu": 1_000_000, "tr": 1_000_000, "nghìn": 1_000, "ngàn": 1_000,
    "juta": 1_000_000, "jt": 1_000_000, "ribu": 1_000, "rb": 1_000, "тыс": 1_000, "млн": 1_000_000,
    "mil": 1_000, "millones": 1_000_000, "bin": 1_000, "هزار": 1_000, "ألف": 1_000, "الف": 1_000,
    "مليون": 1_000_000, "میلیون": 1_000_000, "लाख": 100_000, "हज़ार": 1_000, "lakh": 100_000, "หมื่น": 10_000,
    "พัน": 1_000, "แสน": 100_000, "ล้าน": 1_000_000,
}  # fmt: skip
"""Words and signs between a number and its currency."""
ORDER_WORDS: Final = (
    "order", "order id", "order no", "order number", "ticket id", "bestellung", "bestellnummer", "auftrag",
    "pedido", "orden", "commande", "ordine", "bestelling", "zamówienie", "zamowienie", "заказ", "заказа",
    "ордер", "замовлення", "sipariş", "siparis", "emir", "طلب", "الطلب", "سفارش", "ऑर्डर", "pesanan",
    "đơn hàng", "don hang", "mã đơn", "lệnh", "คำสั่งซื้อ", "ออเดอร์", "订单", "訂單", "单号", "單號", "委托",
    "注文", "注文番号", "オーダー", "주문", "주문번호",
)  # fmt: skip
CURRENCY_CODES: Final = """
    ADP AED AFA AFN ALK ALL AMD ANG AOA AOK AON AOR ARA ARL ARM ARP ARS ATS AUD AWG AZM AZN BAD BAM BAN BBD
    BDT BEC BEF BEL BGL BGM BGN BGO BHD BIF BMD BND BOB BOL BOP BOV BRB BRC BRE BRL BRN BRR BRZ BSD BTN BUK
    BWP BYB BYN BYR BZD CAD CDF CHE CHF CHW CLE CLF CLP CNH CNX CNY COP COU CRC CSD CSK CUC CUP CVE CYP CZK
    DDM DEM DJF DKK DOP DZD ECS ECV EEK EGP ERN ESA ESB ESP ETB EUR FIM FJD FKP FRF GBP GEK GEL GHC GHS GIP
    GMD GNF GNS GQE GRD GTQ GWE GWP GYD HKD HNL HRD HRK HTG HUF IDR IEP ILP ILR ILS INR IQD IRR ISJ ISK ITL
    JMD JOD JPY KES KGS KHR KMF KPW KRH KRO KRW KWD KYD KZT LAK LBP LKR LRD LSL LTL LTT LUC LUF LUL LVL LVR
    LYD MAD MAF MCF MDC MDL MGA MGF MKD MKN MLF MMK MNT MOP MRO MRU MTL MTP MUR MVP MVR MWK MXN MXP MXV MYR
    MZE MZM MZN NAD NGN NIC NIO NLG NOK NPR NZD OMR PAB PEI PEN PES PGK PHP PKR PLN PLZ PTE PYG QAR RHD ROL
    RON RSD RUB RUR RWF SAR SBD SCR SDD SDG SDP SEK SGD SHP SIT SKK SLE SLL SOS SRD SRG SSP STD STN SUR SVC
    SYP SZL THB TJR TJS TMM TMT TND TOP TPE TRL TRY TTD TWD TZS UAH UAK UGS UGX USD USN USS UYI UYP UYU UYW
    UZS VEB VED VEF VES VND VNN VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XEU XFO XFU XOF XPD XPF XPT
    XRE XSU XTS XUA XXX YDD YER YUD YUM YUN YUR ZAL ZAR ZMK ZMW ZRN ZRZ ZWD ZWG ZWL ZWR
""".split()  # noqa: SIM905
"""ISO 4217, those of the past too (Unicode CLDR)."""
