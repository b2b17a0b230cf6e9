"""Words that mean trouble, in every language we are written to.  Data, not code.

They are matched inside the folded text, so that "gehackt" is found in
"Gehackt!!" and 被盗 inside a sentence.  Recall matters more than precision:
a false alarm costs a glance, a missed one somebody's money.
"""

from tickets.segments import fold

SECURITY = (
    # English
    "hacked", "stolen", "stole my", "compromised", "unauthorized", "unauthorised", "phishing", "scammed",
    "fraud", "someone logged in", "someone accessed", "not me who", "took over my account", "lost access",
    # German
    "gehackt", "gestohlen", "geklaut", "unbefugt", "betrug", "fremder zugriff", "übernommen worden",
    # Spanish, Portuguese
    "hackead", "hackearon", "robado", "robaron", "robada", "estafa", "roubad", "hackeada", "invadida",
    "um golpe", "no golpe", "golpista", "roubaram", "roubou", "hackeó",
    # French, Italian
    "piraté", "a volé m", "ont volé", "été volé", "m'a volé", "m’a volé", "fait voler", "arnaque",
    "usurp", "hackerato", "rubat", "truffa",
    # Dutch, Polish
    "gehackt", "gestolen", "opgelicht", "zhakowa", "skradzion", "ukradzion", "ukrad", "oszust",
    # Russian, Ukrainian
    "взлома", "украл", "украден", "мошенник", "мошенничес", "зламал", "вкрал", "шахра",
    # Turkish
    "hacklendi", "çalındı", "calindi", "çalınmış", "calinmis", "ele geçiril", "dolandır", "dolandir",
    # Arabic, Persian
    "اختراق", "سرق", "سرقة", "احتيال", "هک شد", "هک کرد", "دزدید", "کلاهبردار",
    # Hindi
    "हैक", "चोरी", "धोखा",
    # Indonesian
    "diretas", "dicuri", "dibobol", "penipuan", "kena hack",
    # Vietnamese
    "bị hack", "bị đánh cắp", "đánh cắp", "lừa đảo", "mất tài khoản", "bị trộm",
    # Thai
    "ถูกแฮก", "โดนแฮก", "ถูกขโมย", "โดนขโมย", "ถูกหลอก", "โดนโกง",
    # Chinese
    "被盗", "被盜", "盗号", "盜號", "被黑", "盗刷", "盜刷", "诈骗", "詐騙", "被骗", "被騙", "异地登录",
    # Japanese
    "乗っ取", "不正アクセス", "不正ログイン", "盗まれ", "ハッキング", "詐欺",
    # Korean
    "해킹", "도난", "도용", "탈취", "사기당", "털렸",
)  # fmt: skip
ANGER = (
    "!!!", "???", "unacceptable", "ridiculous", "worst", "lawyer", "inakzeptabel", "anwalt", "unverschämt",
    "inaceptable", "abogado", "inacceptable", "avocat", "безобразие", "возмутительно", "rezalet", "avukat",
    "太差", "投诉", "投訴", "垃圾", "ひどい", "最悪", "화나", "최악", "แย่มาก",
    "tệ quá", "thất vọng", "keterlaluan",
)  # fmt: skip


def folded(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words as they look in folded text, each once."""
    return tuple(dict.fromkeys(fold(word) for word in words))


FOLDED_SECURITY = folded(SECURITY)
FOLDED_ANGER = folded(ANGER)
