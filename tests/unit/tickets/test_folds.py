"""Quotations, signatures and disclaimers are told from what a person says now, in any language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.folds import fresh, passages

QUOTED = "> Guten Tag,\n> Ihre Auszahlung ist unterwegs.\n>\n> Support"
ORIGINAL = "Guten Tag,\n\nIhre Auszahlung ist unterwegs.\n\nSupport"

ANNOUNCED = {
    "Gmail, English": "On Mon, Mar 3, 2025 at 10:15 AM Support <help@desk.test> wrote:",
    "Gmail, wrapped": "On Mon, Mar 3, 2025 at 10:15 AM Support at the Example Company\n<help@desk.test> wrote:",
    "Gmail, German": "Am Mo., 3. März 2025 um 10:15 Uhr schrieb Support <help@desk.test>:",
    "Gmail, French": "Le lun. 3 mars 2025 à 10:15, Support <help@desk.test> a écrit :",
    "Gmail, Spanish": "El lun, 3 mar 2025 a las 10:15, Support (<help@desk.test>) escribió:",
    "Gmail, Portuguese": "Em seg., 3 de mar. de 2025 às 10:15, Support <help@desk.test>\nescreveu:",
    "Gmail, Italian": "Il giorno lun 3 mar 2025 alle ore 10:15 Support <help@desk.test> ha\nscritto:",
    "Gmail, Russian": "пн, 3 мар. 2025 г. в 10:15, Support <help@desk.test>:",
    "Gmail, Ukrainian": "пн, 3 бер. 2025 р. о 10:15 Support <help@desk.test> пише:",
    "Gmail, Polish": "pon., 3 mar 2025 o 10:15 Support <help@desk.test> napisał(a):",
    "Gmail, Turkish": "Support <help@desk.test>, 3 Mar 2025 Pzt, 10:15 tarihinde şunu yazdı:",
    "Gmail, Chinese": "Support <help@desk.test> 于2025年3月3日周一 10:15写道：",
    "Gmail, Taiwan": "Support <help@desk.test> 於 2025年3月3日 週一 上午10:15寫道：",
    "Gmail, Japanese": "2025年3月3日(月) 10:15 Support <help@desk.test>:",
    "Gmail, Korean": "2025년 3월 3일 (월) 오전 10:15, Support <help@desk.test>님이 작성:",
    "Gmail, Thai": "ในวันที่ จ. 3 มี.ค. 2025 เวลา 10:15 Support <help@desk.test> เขียนว่า:",
    "Gmail, Vietnamese": "Vào Th 2, 3 thg 3, 2025 vào lúc 10:15 Support <help@desk.test> đã\nviết:",
    "Gmail, Arabic": "في الاثنين، 3 مارس 2025 في 10:15 ص تمت كتابة ما يلي بواسطة Support "
    "\u200f<help@desk.test\u200f>:\u200f",
    "Gmail, Hindi": "सोम, 3 मार्च 2025 को 10:15 am बजे को Support <help@desk.test> ने लिखा:",
    "Gmail, Indonesian": "Pada Sen, 3 Mar 2025 pukul 10.15 Support <help@desk.test> menulis:",
    "Apple Mail": "On 3. Mar 2025, at 10:15, Support <help@desk.test> wrote:",
    "Apple Mail, German": "> Am 03.03.2025 um 10:15 schrieb Support <help@desk.test>:\n>",
    "Apple Mail, Chinese": "> 2025年3月3日 上午10:15，Support <help@desk.test> 写道：\n>",
    "Thunderbird": "Am 03.03.25 um 10:15 schrieb Support:",
    "Thunderbird, Japanese": "On 2025/03/03 10:15, Support wrote:",
    "Yahoo": "On Monday, March 3, 2025 at 10:15:20 AM GMT+1, Support <help@desk.test> wrote:",
    "Mail.ru": "Понедельник, 3 марта 2025, 10:15 +03:00 от Support <help@desk.test>:",
    "K-9": "On March 3, 2025 10:15:20 AM GMT+01:00, Support <help@desk.test> wrote:",
    "mutt": "* Support <help@desk.test> [2025-03-03 10:15]:",
    "Gnus": "Support <help@desk.test> writes:",
}
SAID = {
    "one line": "Danke, das Geld ist da.",
    "Chinese": "还没有到账，请再查一下。\n谢谢！",
    "Arabic": "لم يصل المبلغ بعد، أرجو التحقق مرة أخرى.",
    "with a list": "Three things:\n\n- the fee\n- the date: 3 March 2025\n- who gets it?",
    "with a colon": "My account:\n\n12345\n\nPlease look.",
}


@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
@pytest.mark.parametrize("announcement", ANNOUNCED.values(), ids=ANNOUNCED)
def test_a_quotation_goes_with_the_line_that_announces_it(announcement: str, said: str) -> None:
    assert fresh(f"{said}\n\n{announcement}\n\n{QUOTED}") == said
    assert fresh(f"{said}\n\n{announcement}\n{QUOTED}") == said


ATTACHED = {
    "Outlook": "From: Support <help@desk.test>\nSent: Monday, March 3, 2025 10:15 AM\nTo: Anna\nSubject: Payout",
    "Outlook, ruled": "________________________________\nFrom: Support <help@desk.test>\n"
    "Sent: Monday, March 3, 2025\n"
    "To: Anna <anna@x.test>\nSubject: Payout",
    "Outlook, older": "-----Original Message-----\nFrom: Support [mailto:help@desk.test]\n"
    "Sent: Montag, 3. März 2025 10:15"
    "\nTo: Anna\nSubject: Payout",
    "Outlook, German": "Von: Support <help@desk.test>\nGesendet: Montag, 3. März 2025 10:15\n"
    "An: Anna\nBetreff: Payout",
    "Outlook, bold": "*Von:* Support <help@desk.test>\n*Gesendet:* Montag, 3. März 2025 10:15\n"
    "*An:* Anna\n*Betreff:* x",
    "Outlook, French": "De : Support <help@desk.test>\nEnvoyé : lundi 3 mars 2025 10:15\nÀ : Anna\nObjet : Payout",
    "Outlook, Spanish": "De: Support <help@desk.test>\nEnviado: lunes, 3 de marzo de 2025 10:15\n"
    "Para: Anna\nAsunto: x",
    "Outlook, Chinese": "发件人: Support <help@desk.test>\n发送时间: 2025年3月3日 10:15\n收件人: Anna\n主题: 提现",
    "Outlook, Japanese": "差出人: Support <help@desk.test>\n送信日時: 2025年3月3日 10:15\n宛先: Anna\n件名: 出金",
    "Outlook, Korean": "보낸 사람: Support <help@desk.test>\n보낸 날짜: 2025년 3월 3일 10:15\n"
    "받는 사람: Anna\n제목: 출금",
    "Outlook, Russian": "От: Support <help@desk.test>\nОтправлено: 3 марта 2025 г. 10:15\nКому: Anna\nТема: Вывод",
    "Outlook, Thai": "จาก: Support <help@desk.test>\nส่ง: 3 มีนาคม 2025 10:15\nถึง: Anna\nเรื่อง: ถอนเงิน",
    "Outlook, Vietnamese": "Từ: Support <help@desk.test>\nĐã gửi: 3 tháng 3, 2025 10:15\nĐến: Anna\n"
    "Chủ đề: Rút tiền",
    "Outlook, Arabic": "من: Support <help@desk.test>\nتم الإرسال: 3 مارس 2025 10:15\nإلى: Anna\nالموضوع: سحب",
    "QQ": '------------------ 原始邮件 ------------------\n发件人: "Support" <help@desk.test>;\n'
    '发送时间: 2025年3月3日(星期一) 上午10:15\n收件人: "Anna"<anna@qq.test>;\n主题: 提现',
    "QQ, English": '------------------ Original ------------------\nFrom: "Support" <help@desk.test>;\n'
    'Date: Mon, Mar 3, 2025 10:15 AM\nTo: "Anna"<anna@qq.test>;\nSubject: Payout',
    "Forwarded": "---------- Forwarded message ---------\nFrom: Support <help@desk.test>\n"
    "Date: Mon, Mar 3, 2025 at 10:15\n"
    "Subject: Payout\nTo: Anna <anna@x.test>",
    "Lotus": "-----Support <help@desk.test> wrote: -----\nTo: Anna\nFrom: Support <help@desk.test>\n"
    "Date: 03/03/2025 10:15",
}


@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
@pytest.mark.parametrize("head", ATTACHED.values(), ids=ATTACHED)
def test_a_whole_mail_below_is_a_quotation(head: str, said: str) -> None:
    assert fresh(f"{said}\n\n{head}\n\n{ORIGINAL}") == said


@pytest.mark.parametrize("name", ["Gmail, English", "Gmail, Chinese", "Gmail, Japanese", "Gmail, Vietnamese"])
def test_an_announced_mail_without_marks_is_a_quotation(name: str) -> None:
    """As 163.com and others answer."""
    assert fresh(f"Noch nichts da.\n\n{ANNOUNCED[name]}\n\n{ORIGINAL}") == "Noch nichts da."


SIGNATURES = {
    "RFC 3676": "-- \nAnna Schmidt\nMusterstraße 1\n+49 30 1234567",
    "without the blank": "--\n王小明\n电话：123",
    "iPhone": "Sent from my iPhone",
    "iPhone, German": "Von meinem iPhone gesendet",
    "iPhone, French": "Envoyé de mon iPhone",
    "iPhone, Russian": "Отправлено с iPhone",
    "iPhone, Chinese": "发自我的iPhone",
    "iPhone, Taiwan": "從我的 iPhone 傳送",
    "iPhone, Japanese": "iPhoneから送信",
    "iPhone, Korean": "나의 iPhone에서 보냄",
    "iPhone, Thai": "ส่งจาก iPhone ของฉัน",
    "iPhone, Vietnamese": "Đã gửi từ iPhone của tôi",
    "iPhone, Arabic": "أرسلت من الـ iPhone",
    "iPhone, Turkish": "iPhone'umdan gönderildi",
    "iPhone, Hindi": "मेरे iPhone से भेजा गया",
    "Outlook": "Get Outlook for Android<https://aka.test/x>",
    "Yahoo": "Sent from Yahoo Mail on Android",
}


@pytest.mark.parametrize("signature", SIGNATURES.values(), ids=SIGNATURES)
@pytest.mark.parametrize(
    "below", ["", f"\n\n{ANNOUNCED['Gmail, English']}\n{QUOTED}", f"\n\n{ATTACHED['Outlook']}\n\nHi"]
)
def test_a_signature_is_none_of_the_words(signature: str, below: str) -> None:
    said = "Bitte prüfen Sie das.\n\n-- oder sagen Sie mir, wer es tut"
    text = f"{said}\n\n{signature}{below}"
    assert fresh(text) == said
    assert "signature" in [passage.kind for passage in passages(text)]


DISCLAIMERS = (
    "This e-mail and any attachments are confidential and intended solely for the use of the "
    "individual to whom it "
    "is addressed. If you have received it in error, please delete it.",
    "Diese E-Mail enthält vertrauliche und rechtlich geschützte Informationen. Wenn Sie nicht der "
    "richtige Adressat "
    "sind, informieren Sie bitte sofort den Absender und vernichten Sie diese Mail.",
    "Это сообщение и любые вложения к нему содержат конфиденциальную информацию и предназначены "
    "исключительно для "
    "указанного адресата; если вы получили его по ошибке, удалите его.",
    "本邮件及其附件含有保密信息，仅限于发送给上面地址中列出的个人或群组。禁止任何其他人以任何形式使用（包括但不限于全部或部分地泄露、复制、或散发）"
    "本邮件中的信息。如果您错收了本邮件，请您立即电话或邮件通知发件人并删除本邮件！",
)


@pytest.mark.parametrize("disclaimer", DISCLAIMERS)
@pytest.mark.parametrize("between", ["", "-- \nAnna\n\n", "Sent from my iPhone\n\n"])
def test_a_disclaimer_is_none_of_the_words(disclaimer: str, between: str) -> None:
    text = f"Where is my money?\n\n{between}{disclaimer}"
    assert fresh(text) == "Where is my money?"
    assert passages(text)[-1].kind == "disclaimer"


BELOW = {
    "a mailing list's footer": "_______________________\ndesk mailing list\nhttps://lists.desk.test/desk",
    "a virus scanner's word": "This email has been checked for viruses by Example Antivirus. www.scanner.test",
    "another's, in German": "Virenfrei. www.scanner.test",
    "a notice under a heading": f"Disclaimer\n\n{DISCLAIMERS[0]}",
    "a device and a wish": "Sent from my phone, sorry for typos",
}


@pytest.mark.parametrize("below", BELOW.values(), ids=BELOW)
def test_what_programs_append_is_none_of_the_words(below: str) -> None:
    assert fresh(f"Where is my money?\n\n{below}") == "Where is my money?"


@pytest.mark.parametrize("below", [*BELOW.values(), "-- \nAnna"], ids=[*BELOW, "a signature"])
def test_what_programs_append_below_a_quotation_is_no_answer_between_its_lines(below: str) -> None:
    assert fresh(f"Danke\n\n{ANNOUNCED['Thunderbird']}\n{QUOTED}\n\n\n{below}") == "Danke"


def test_answers_between_the_lines_lose_what_programs_append() -> None:
    text = "Hi,\n\n> Which account?\n\n12345\n\n> Since when?\n\nMonday"
    assert fresh(f"{text}\n\n-- \nAnna") == text


def test_a_device_on_the_last_line_of_a_paragraph() -> None:
    text = "My number is 0123\nGet Outlook for iOS<https://outlook.test>"
    assert fresh(f"Hello,\n\n{text}") == "Hello,\n\nMy number is 0123"


def test_an_announcement_stands_above_the_headers_of_what_is_quoted() -> None:
    head = "From: a@desk.test\nSubject: Payout\nTo: b@x.test\nDate: Monday, March 3, 2025, 10:15 AM"
    announced = f"--- On Mon, 3/3/25, a@desk.test <a@desk.test> wrote:\n\n\n{head}\n\n{ORIGINAL}"
    assert fresh(f"Thanks\n\n{announced}") == "Thanks"
    assert fresh(f"Thanks\n{head}\n\n{ORIGINAL}") == "Thanks"


def test_a_forwarded_head_does_not_save_the_quotation_below_it() -> None:
    head = "Od: Jan <jan@x.test>\nWysłano: środa, 1 marca 2023 12:00\nTemat: Test"
    own = f"{head}\n\nCzesc Anno,\n\nJak się masz?"
    assert fresh(f"{own}\n\nDnia 28 lutego 2023 14:00 Anna <anna@x.test> napisał(a):\n{QUOTED}") == own


WHOLE = {
    "a person's own secret": "Hallo,\n\nVertraulich - bitte löschen Sie mein Konto 4711 und alles, "
    "was dazu gehört, bis Ende der Woche, denn jemand anderes kennt das Kennwort.",
    "what one writes from where": "Here it is\n\nSent from my desk, is much easier than my mobile phone.",
    "a ruler above an own address": "Hello\n\nMy new place:\n\n________\n\n12 Main Street, mail anna@x.test",
    "a sentence that is wrapped": "It happens with every message that was\nsent from my phone",
    "answers between the lines": "Hi,\n\n> Which account?\n\n12345\n\n> Since when?\n\nMonday\n\nAnna",
    "answers below a greeting and a quotation": f"Hallo,\n\n{QUOTED}\n\nNein, sie ist nicht unterwegs.",
    "a form": "Name: Anna Schmidt\nEmail: anna@x.test\nDate: 2025-03-03 10:15\nProblem: no payout\n\nPlease help.",
    "a form below words": "Here it is.\n\nAccount: 12345\nEmail: anna@x.test\nDate: 3.3.2025 10:15\nAmount: 50",
    "one line that begins so": "My balance is\n> 100 USD",
    "a ruler": "First part\n\n________________________________\n\nSecond part: see 3.3.2025 10:15, anna@x.test",
    "headings in rulers": "--- Problem ---\nNo payout since 3.3.2025\n--- Wanted ---\nMy money",
    "a list of dashes": "I tried:\n\n-- the app\n-- the web page\n\nBoth fail.",
    "a time before a list": "I wrote to you on 3 March 2025 at 10:15:\n\n1. about the fee\n2. about the date",
    "a phone that is spoken of": "It fails everywhere.\n\n"
    "I use an iPhone 12, the newest app. Sent a screenshot already.",
    "an iPhone in question": "Hallo\n\nGeht es auf dem iPhone?",
    "a confidential matter": "This is confidential: somebody stole my password and took everything "
    "that was in my account "
    "while I was abroad, and now the app refuses me. What shall I do?",
    "only a quotation": QUOTED,
    "only a forwarded mail": f"{ATTACHED['Forwarded']}\n\n{ORIGINAL}",
    "only a signature": "-- \nAnna",
    "only a device": "Sent from my iPhone",
    "nothing": "",
    "a long text after two dashes": "Hello\n\n--\n\n" + "\n".join(f"line {n}" for n in range(20)),
    "an order from somebody": "From: Berlin\nTo: Hamburg\nWhen: 3.3.2025 10:15\n\nHow much is it?",
}


@pytest.mark.parametrize("text", WHOLE.values(), ids=WHOLE)
def test_a_persons_own_lines_are_never_folded(text: str) -> None:
    assert fresh(text) == text.strip()


def test_an_answer_below_the_whole_quotation_stands_alone() -> None:
    text = f"{ANNOUNCED['Thunderbird']}\n{QUOTED}\n\nNein, leider nicht."
    assert [passage.kind for passage in passages(text)] == ["quote", None]
    assert fresh(text) == "Nein, leider nicht."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hello\n\n> old", "Hello"),
        ("Hello\n\nOn Monday, Mei wrote:\n\n> old\n> older\n", "Hello"),
        ("> only quoted", "> only quoted"),
        ("Above\n> quoted\nbelow", "Above\n> quoted\nbelow"),
        ("Hello\n" + "> x\n" * 100_000, "Hello"),
    ],
)
def test_marked_lines_at_the_end_are_a_quotation(text: str, said: str) -> None:
    assert fresh(text) == said


def test_what_is_folded_says_what_it_is() -> None:
    text = f"Danke\n\n-- \nAnna\n\n{DISCLAIMERS[0]}\n\n{ANNOUNCED['Gmail, German']}\n{QUOTED}"
    assert [passage.kind for passage in passages(text)] == [None, "signature", "disclaimer", "quote"]


LINES = st.sampled_from(
    [
        "",
        "words",
        "> quoted",
        "--",
        "From: a@b.test",
        "Sent: 2025-03-03 10:15",
        "________________",
        "On 3.3.2025, 10:15 <a@b.test> wrote:",
        "Sent from my iPhone",
        DISCLAIMERS[0],
        "写道：",
        "\u200f",
    ]
)


@given(st.lists(st.one_of(LINES, st.text(max_size=30)), max_size=25))
def test_nothing_is_lost_and_something_is_always_said(lines: list[str]) -> None:
    text = "\n".join(lines)
    found = passages(text)
    assert "\n".join(passage.text for passage in found) == text
    assert bool(fresh(text)) == bool(text.strip())


@pytest.mark.parametrize("text", ["2024-01-01 10:00 " + "<@" * 600, ("-" * 290 + "x\n") * 200, "<" * 5_000 + "@"])
def test_what_once_took_minutes(text: str) -> None:
    for end in ("", ":", ">:"):
        assert fresh(f"hi\n\n{text}{end}\n\nmore")


@pytest.mark.parametrize(
    "unit", [":", "-", "_ ", "> ", ">\n", ": \n", "-- \n", "a: b@c.de\n", "1:2 :\n", "\n", "> a\nb\n"]
)
def test_hostile_repetition_costs_no_more_than_its_length(unit: str) -> None:
    """A pattern that backtracks over a whole text would not come back at all."""
    text = (unit * 64_000)[:64_000]
    assert "\n".join(passage.text for passage in passages(text + "x")) == text + "x"
