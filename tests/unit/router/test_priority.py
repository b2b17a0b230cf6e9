"""How soon a person should look, and why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.language import sample_of
from router.priority import Circumstances, Weights, score
from tests.support.inbound import LANGUAGES, said
from tickets.ids import ThreadKey
from tickets.model import Author, Automatic, Entity, Reason, ThreadRef

SECURITY = [
    "My account was hacked", "Someone accessed my wallet", "Mein Konto wurde GEHACKT!!", "Me robaron la cuenta",
    "Alguien hackeó mi cuenta", "Minha conta foi hackeada", "Roubaram minha conta", "Mon compte a été piraté",
    "On m'a volé mon argent", "Je me suis fait voler mon compte", "Mi hanno rubato l'account",
    "Mijn account is gestolen", "Ktoś zhakował moje konto", "Мой аккаунт взломали", "Мій акаунт зламали",
    "Hesabım çalındı", "HESABIM ÇALINDI", "hesabim calindi", "تم اختراق حسابي", "حساب من هک شده",
    "मेरा अकाउंट हैक हो गया", "Akun saya dibobol orang", "Tài khoản của tôi bị hack", "tai khoan bi hack roi",
    "บัญชีของฉันถูกแฮก", "我的账号被盗了", "我的帳號被盜了", "アカウントが乗っ取られました", "계정이 해킹당했어요",
]  # fmt: skip
HONEST = [
    "My parcel has not arrived", "A benevolent reply, thank you", "Wann kommt mein Paket?",
    "El paquete llegó golpeado", "De golpe dejó de funcionar", "Tengo que ir a la estafeta", "Cadê meu pedido?",
    "Où est ma commande ?", "Le volet est cassé, le bénévole est gentil", "Volevo sapere dove è il mio ordine",
    "Volete che la rimandi?", "Waar is mijn bestelling?", "Gdzie jest moje zamówienie?", "Где мой заказ?",
    "Живу на Украине", "Де моє замовлення?", "Siparişim nerede?", "أين طلبي؟", "سفارش من کجاست؟ در دهکده",
    "मेरा ऑर्डर कहाँ है?", "Di mana pesanan saya?", "Tôi quên mật khẩu", "ฉันยังไม่ได้รับพัสดุ", "我的包裹还没有到",
    "荷物がまだ届いていません", "택배가 아직 안 왔어요",
]  # fmt: skip


def labels(text: str, **fields: object) -> list[str]:
    language = LANGUAGES.recognize(sample_of(text))
    return [reason.label for reason in score(said(text, **fields), Circumstances(language=language))[1]]


@pytest.mark.parametrize("text", SECURITY)
def test_theft_is_recognised_in_every_language(text: str) -> None:
    points, reasons = score(said(text), Circumstances())
    assert any(reason.label.startswith("security") for reason in reasons)
    assert points >= 60


@pytest.mark.parametrize("text", HONEST)
def test_ordinary_questions_are_no_alarm(text: str) -> None:
    assert labels(text) == ["a person is waiting"]


def test_theft_in_the_subject_counts() -> None:
    assert "security: theft or somebody else's access" in labels("please help", subject="Account HACKED")


def test_a_machine_is_never_robbed() -> None:
    assert labels("hacked", automatic=Automatic("list", "x")) == ["a person is waiting", "written by a machine"]


def test_a_secret_in_public_is_looked_at_soon_and_stays_so() -> None:
    public = ThreadRef(ThreadKey("x"), "public")
    exposed = "a secret of theirs stands in public"
    assert exposed in labels("[covered: card]", thread=public, secrets=("card",))
    assert exposed not in labels("[covered: card]", secrets=("card",))
    before = (Reason(exposed, 40),)
    assert exposed in [
        reason.label for reason in score(said("thanks"), Circumstances(unanswered=1, before=before))[1]
    ]


def test_reasons_say_all_there_is() -> None:
    message = said("Unacceptable!!! Hacked.", thread=ThreadRef(ThreadKey("x"), "public"))
    points, reasons = score(message, Circumstances(unanswered=2))
    assert [(reason.label, reason.points) for reason in reasons] == [
        ("a person is waiting", 10),
        ("security: theft or somebody else's access", 60),
        ("written in public", 10),
        ("upset", 8),
        ("wrote 3 times without an answer", 8),
    ]
    assert points == 96


def test_what_was_serious_stays_serious() -> None:
    _, first = score(said("I was hacked"), Circumstances())
    points, _ = score(said("Hello? Anybody?"), Circumstances(unanswered=1, before=first))
    assert points == 10 + 60 + 4


def test_waiting_counts_up_to_a_limit() -> None:
    assert score(said(), Circumstances(unanswered=5))[0] == score(said(), Circumstances(unanswered=500))[0] == 30


def test_only_the_beginning_is_read() -> None:
    assert labels("x" * 4_000 + " hacked") == ["a person is waiting"]


@given(
    st.text(alphabet=st.characters()) | st.sampled_from(SECURITY),
    st.integers(0, 1000),
    st.sampled_from(["public", "private"]),
    st.sampled_from([None, Automatic("bot", "x")]),
    st.lists(st.builds(Reason, st.sampled_from(["security: x", "upset"]), st.just(1)), max_size=2),
)
def test_the_points_are_the_sum_of_the_reasons(
    text: str, unanswered: int, visibility: str, automatic: Automatic | None, before: list[Reason]
) -> None:
    message = said(text, automatic=automatic, thread=ThreadRef(ThreadKey("x"), visibility))
    points, reasons = score(message, Circumstances(unanswered=unanswered, before=tuple(before)))
    assert 0 <= points <= 100
    assert points == max(0, min(100, sum(reason.points for reason in reasons)))


@pytest.mark.parametrize(
    ("followers", "points"),
    [(None, 0), (999, 0), (1_000, 2), (9_999, 2), (10_000, 4), (250_000, 6), (2_000_000, 8), (90_000_000, 8)],
)
def test_reach_counts_by_its_order_of_magnitude_in_public_alone(followers: int | None, points: int) -> None:
    loud = Author("u", "Somebody", followers=followers)
    public = said("hi", thread=ThreadRef(ThreadKey("x"), "public"), author=loud)
    _, reasons = score(public, Circumstances())
    assert sum(one.points for one in reasons if "follow them" in one.label) == points
    _, private = score(said("hi", author=loud), Circumstances())
    assert not any("follow them" in one.label for one in private)


def test_vips_and_money_count_as_the_operator_wants() -> None:
    of = Circumstances(vip=True, entities=(Entity("amount", "5 USD"),))
    assert score(said("hi"), of)[0] == 10 + 25 + 5
    assert score(said("hi"), of, Weights(vip=50, money=0, waiting=0))[0] == 50
    labels = [one.label for one in score(said("hi"), of, Weights(money=0))[1]]
    assert labels == ["a person is waiting", "a VIP"]


def test_what_is_muted_keeps_what_is_serious_alone() -> None:
    assert score(said("hello", who="a"), Circumstances(muted=True, vip=True))[0] == 0
    assert score(said("I was hacked", who="a"), Circumstances(muted=True))[0] == 60
