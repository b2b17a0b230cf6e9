"""Many people, one cause: raised once, over channels and languages, and never for one person alone."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from router.causes import Signature, signature_of
from router.entities import EntityFinder, EntityRules
from router.incidents import Finder, Known, Match, Report, Settings
from router.wordings import Wordings

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ENTITIES = EntityFinder(EntityRules())
PARCELS = {
    "en": "My parcel has not arrived, the tracking page shows an error",
    "de": "Mein Paket ist nicht angekommen, die Sendung zeigt einen Fehler",
    "es": "Mi paquete no ha llegado, el seguimiento da error",
    "pt": "Minha encomenda não chegou, o rastreio dá erro",
    "fr": "Mon colis n'est pas arrivé, le suivi affiche une erreur",
    "it": "Il mio pacco non è arrivato, il tracciamento dà errore",
    "nl": "Mijn pakket is niet aangekomen, de bezorging geeft een fout",
    "pl": "Moja paczka nie dotarła, śledzenie przesyłki pokazuje błąd",
    "ru": "Моя посылка не пришла, отслеживание выдаёт ошибку",
    "uk": "Моя посилка не прийшла, відстеження показує помилку",
    "tr": "Kargom hâlâ gelmedi, takip sayfası hata veriyor",
    "ar": "الشحنة ما وصلت وصفحة التتبع تعطي خطأ",
    "fa": "بسته من نرسیده و صفحه پیگیری خطا می‌دهد",
    "hi": "मेरा पार्सल नहीं आया, ट्रैकिंग में एरर है",
    "id": "Paket saya belum sampai, halaman resi error",
    "vi": "Đơn hàng của mình chưa tới, trang vận chuyển bị lỗi",
    "th": "พัสดุยังไม่ได้รับ หน้าติดตามขึ้นข้อผิดพลาด",
    "zh": "我的包裹没收到,物流页面报错",
    "ja": "荷物が届かない、追跡ページがエラーになります",
    "ko": "택배가 안 왔어요. 배송 조회가 오류 나요",
}
QUESTIONS = {
    "en": "How do I change the phone number of my profile?",
    "ru": "Как изменить номер телефона в профиле?",
    "ja": "プロフィールの電話番号の変更方法を教えてください",
    "es": "¿Cómo puedo cambiar mi número de teléfono?",
    "zh": "请问怎么更换个人资料里的手机号?",
}
LANGUAGES = tuple(PARCELS)


def sign(text: str, language: str | None) -> Signature:
    return signature_of(text, ENTITIES.find(text), language)


def report(text: str, number: int, *, language: str | None = "en", who: str = "", minutes: float = 0.0) -> Report:
    """Of a person of its own, unless who names one."""
    channel = ("telegram", "discord", "x", "email")[number % 4]
    at = NOON + timedelta(minutes=minutes or number / 10)
    return Report(f"m{number:05}", who or f"p{number}", at, language, channel, sign(text, language))


def in_languages(texts: dict[str, str], languages: Sequence[str], first: int = 0) -> list[Report]:
    return [report(texts[one], first + at, language=one) for at, one in enumerate(languages)]


def told(finder: Finder, reports: Sequence[Report]) -> list[Match]:
    return [match for one in reports for match in finder.add(one)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_is_said_in_every_language(language: str) -> None:
    marks = set(sign(PARCELS[language], language).marks)
    assert {"about:delivery", "wrong:missing", "wrong:error"} <= marks


def test_five_people_in_five_languages_raise_one_incident() -> None:
    finder = Finder()
    reports = in_languages(PARCELS, ("en", "ja", "ar", "ru", "th"))
    assert told(finder, reports[:4]) == []
    matches = told(finder, reports[4:])
    assert {one.message for one in matches} == {one.message for one in reports}
    (incident,) = finder.incidents()
    assert (incident.kind, incident.people, incident.began_at) == ("trouble", 5, reports[0].at)
    assert incident.key == reports[0].message
    assert set(incident.languages) == {"en", "ja", "ar", "ru", "th"}
    assert "about:delivery" in incident.marks


def test_a_code_alone_tells_what_belongs_together() -> None:
    finder = Finder()
    texts = (
        "PX-4471??",
        "was ist PX-4471",
        "PX 4471 とは何ですか",
        "خطأ px-4471",
        "что за PX-4471",
        "px-4471 again",
    )
    matches = told(finder, [report(text, at, language=None) for at, text in enumerate(texts)])
    assert {one.incident for one in matches} == {"m00000"}
    assert any("same error code PX-4471" in one.why for one in matches)


def test_as_many_people_as_the_settings_say() -> None:
    finder = Finder(Settings(fewest_people=8))
    assert told(finder, in_languages(PARCELS, LANGUAGES[:7])) == []
    assert told(finder, in_languages(PARCELS, LANGUAGES[7:8], 7)) != []


def test_one_person_many_times_is_no_incident() -> None:
    finder = Finder()
    assert told(finder, [report(PARCELS["en"], at, who="ann") for at in range(30)]) == []
    assert finder.incidents() == ()


def test_five_people_within_five_hours_are_no_incident() -> None:
    finder = Finder()
    assert told(finder, [report(PARCELS["en"], at, minutes=61.0 * (at + 1)) for at in range(5)]) == []


def test_a_question_that_several_ask_is_no_incident() -> None:
    finder = Finder()
    asked = [report(text, at, language=language) for at, (language, text) in enumerate(QUESTIONS.items())]
    again = [report(QUESTIONS["en"], 10 + at) for at in range(6)]
    assert told(finder, [*asked, *again]) == []


def test_what_runs_at_its_usual_rate_is_no_incident() -> None:
    """Six an hour for two days, then six an hour; and thirty in a quarter of one."""
    finder = Finder()
    usual = [report(PARCELS["en"], at, minutes=10.0 * (at + 1)) for at in range(300)]
    raised = {one.incident for one in told(finder, usual[:20])}
    for key in raised:
        finder.dismiss(key)
    assert told(finder, usual[20:]) == []
    burst = [report(PARCELS["de"], 300 + at, language="de", minutes=3000 + at / 2) for at in range(30)]
    assert told(finder, burst) != []


def test_the_unrelated_stays_out() -> None:
    finder = Finder()
    told(finder, in_languages(PARCELS, LANGUAGES))
    others = (
        ("Thanks to Anna, super kind support!", "en"),
        ("Wie lange dauert die Verifizierung?", "de"),
        ("ログインのパスワードを忘れました", "ja"),
        ("У меня дважды списали деньги с карты", "ru"),
        ("我的验证码收不到", "zh"),
        ("¿Cuándo es la próxima promoción?", "es"),
    )
    texts = [report(text, 100 + at, language=language) for at, (text, language) in enumerate(others)]
    assert told(finder, texts) == []


def test_later_reports_say_why_they_belong() -> None:
    finder = Finder()
    told(finder, in_languages(PARCELS, LANGUAGES[:12]))
    (match,) = finder.add(report(f"Hello, {PARCELS['en'].lower()}!!", 50))
    assert "says the same as 1 other" in match.why
    assert any(why.startswith("same trouble: delivery") for why in match.why)
    assert match.score > 0
    assert match.before is None


def test_what_was_removed_does_not_come_back() -> None:
    finder = Finder()
    told(finder, in_languages(PARCELS, LANGUAGES))
    strange = "The parcel is here, but the box is broken and the error is yours, says the courier to my neighbour"
    (match,) = finder.add(report(strange, 60))
    finder.remove(match.incident, match.message)
    assert match.message not in finder.incident(match.incident).members
    assert finder.incident(match.incident).removed == (match.message,)
    assert finder.add(report(f"{strange} today", 61)) == ()
    assert finder.add(report(PARCELS["fr"], 62, language="fr")) != ()
    with pytest.raises(KeyError):
        finder.remove(match.incident, match.message)


def test_copies_of_an_advertisement_are_marked_as_such() -> None:
    finder = Finder()
    spam = "Earn 5% daily, guaranteed! Join now https://quick.example/join?ref={}"
    matches = told(finder, [report(spam.format(at), at) for at in range(8)])
    (incident,) = finder.incidents()
    assert incident.kind == "copies"
    assert len(incident.members) == 8
    assert "link:quick.example/join" in incident.marks
    assert "same link quick.example/join" in matches[-1].why
    assert finder.add(report("Can I join the staking campaign?", 20)) == ()


def test_copies_that_pretend_to_help_are_no_trouble() -> None:
    finder = Finder()
    spam = "Parcel not arrived? Error on the page? Our support helps: https://parcel-help.example/chat"
    told(finder, [report(spam, at) for at in range(6)])
    assert [one.kind for one in finder.incidents()] == ["copies"]


def test_an_incident_closes_and_is_forgotten() -> None:
    finder = Finder()
    told(finder, in_languages(PARCELS, LANGUAGES[:6]))
    assert finder.add(report(PARCELS["en"], 500, minutes=200)) == ()
    assert len(finder.incidents()) == 1
    finder.forget(NOON + timedelta(minutes=100))
    assert finder.incidents() == ()


def test_two_outages_at_once_are_two_incidents() -> None:
    logins = (
        "I cannot log in, error after the password",
        "Login geht nicht, Fehler",
        "ログインできない、エラーです",
    )
    logins += ("Не могу войти, ошибка пароля", "无法登录,一直报错", "No puedo entrar, error de contraseña")
    finder = Finder()
    parcels = in_languages(PARCELS, LANGUAGES[:6])
    spoken = ("en", "de", "ja", "ru", "zh", "es")
    others = [report(text, 100 + at, language=spoken[at], minutes=at / 10) for at, text in enumerate(logins)]
    told(finder, sorted((*parcels, *others), key=lambda one: one.at))
    found = sorted(sorted(one.members) for one in finder.incidents())
    assert found == [sorted(one.message for one in parcels), sorted(one.message for one in others)]


def test_two_incidents_that_turn_out_to_be_one_keep_the_first_name() -> None:
    """Some know the code, others tell what happens, then many do both."""
    finder = Finder()
    codes = [
        report(f"PX-4471 {word}", at, language=None) for at, word in enumerate(("?", "hm", "oh", "eh", "uff"))
    ]
    first = {one.incident for one in told(finder, codes)}
    second = {one.incident for one in told(finder, in_languages(PARCELS, LANGUAGES[:5], 10))}
    assert len(first | second) == 2
    both = [report(f"{PARCELS[one]} PX-4471", 20 + at, language=one) for at, one in enumerate(LANGUAGES * 2)]
    moved = [one for one in told(finder, both) if one.before is not None]
    assert {one.incident for one in moved} == first
    assert {one.before for one in moved} == second
    assert [one.key for one in finder.incidents()] == list(first)


def test_an_incident_may_lose_all_its_members() -> None:
    finder = Finder()
    told(finder, in_languages(PARCELS, LANGUAGES[:5]))
    (incident,) = finder.incidents()
    for message in incident.members:
        finder.remove(incident.key, message)
    told(finder, [report(QUESTIONS["en"], 100 + at) for at in range(20)])
    (incident,) = finder.incidents()
    assert (incident.members, incident.people, incident.typical) == ((), 0, "")


def crowd(count: int, seed: int = 7) -> list[Report]:
    """An outage among questions, with typing errors."""
    dice = random.Random(seed)
    reports = []
    for number in range(count):
        texts = PARCELS if dice.random() < 0.5 and number > count // 3 else QUESTIONS
        language = dice.choice(tuple(texts))
        at = dice.randrange(len(texts[language]))
        text = f"{texts[language][:at]}{texts[language][at + 1 :]}"
        reports.append(report(text, number, language=language, who=f"p{dice.randrange(count)}"))
    return reports


def test_the_same_reports_give_the_same_incidents() -> None:
    one, other = Finder(), Finder()
    reports = crowd(3_000)
    assert told(one, reports) == told(other, reports)
    assert one.incidents() == other.incidents()
    assert max(len(found.members) for found in one.incidents()) > 700


def test_after_a_restart_all_is_as_it_was() -> None:
    before, reports = Finder(), crowd(1_200)
    told(before, reports[:1_000])
    known = [Known(one.key, one.kind, one.raised_at, one.members, one.removed) for one in before.incidents()]
    shuffled = random.Random(3).sample(reports[:1_000], 1_000)
    after, again = Finder(), Finder()
    after.resume(shuffled, known)
    again.resume(reports[:1_000], known)
    expected = [one._replace(members=tuple(sorted(one.members))) for one in before.incidents()]
    found = [one._replace(members=tuple(sorted(one.members))) for one in after.incidents()]
    assert found == expected
    assert after.incidents() == again.incidents()
    rest = [told(finder, reports[1_000:]) for finder in (before, after, again)]
    assert [(one.incident, one.message) for one in rest[0]] == [(one.incident, one.message) for one in rest[1]]
    assert rest[1] == rest[2]


def test_a_removed_message_stays_out_after_a_restart() -> None:
    finder, reports = Finder(), in_languages(PARCELS, LANGUAGES)
    told(finder, reports)
    (incident,) = finder.incidents()
    finder.remove(incident.key, reports[7].message)
    (incident,) = finder.incidents()
    known = Known(incident.key, incident.kind, incident.raised_at, incident.members, incident.removed)
    after = Finder()
    after.resume(reports, [known])
    assert after.incident(incident.key).removed == (reports[7].message,)
    assert after.add(report(PARCELS[LANGUAGES[7]], 90, language=LANGUAGES[7])) == ()


def test_copies_with_typing_errors_have_one_wording() -> None:
    wordings = Wordings()
    first = wordings.learn(
        sign("Withdrawal of 250 USDT over TRC20 is stuck since this morning, please help", "en")
    )
    assert (
        wordings.find(sign("Hi! withdrawal of 99.5 USDT over TRC20 is stuk since this morning please help", "en"))
        == first
    )
    assert wordings.find(sign("How long does the verification of my passport take?", "en")) is None


def test_wordings_are_forgotten_the_oldest_first() -> None:
    wordings = Wordings(most=10)
    signatures = [Signature((), (at, at + 1), (at, at + 7)) for at in range(0, 4_000, 100)]
    for one in signatures:
        wordings.learn(one)
    assert len(wordings) == 10
    assert wordings.find(signatures[0]) is None
    assert wordings.find(signatures[-1]) is not None


def test_what_differs_in_every_message_is_no_word_of_it() -> None:
    one, other = (
        sign(f"Payment {amount} USDT by account {account} failed, tx {tx}", "en")
        for amount, account, tx in (
            (250, 83920174, "9f8a7b6c5d4e3f2a1b0c9f8a"),
            (9.5, 11122233, "aa11bb22cc33dd44ee55ff66"),
        )
    )
    assert one == other
