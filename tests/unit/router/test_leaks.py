"""Secrets that people write to us are covered where a message is read; what only looks like one stays."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from router.gist import read
from router.leaks import covered, leaks_in
from tests.support.inbound import mailed, said

ENGLISH = "abandon amount liar amount expire adjust cage candy arch gather drum buyer"
LONG = (
    "abandon amount liar amount expire adjust cage candy arch gather drum bullet absurd math era live bid rhythm "
    "alien crouch range attend journey unaware"
)
PHRASES = {
    "en": ENGLISH,
    "es": "ábaco álbum líquido álbum espuma acudir bolero bosque amante gaita dictar boca",
    "ja": "あいこくしん　いくぶん　そなた　いくぶん　こぜん　あぶら　おおう　おきる　いたみ　さんすう"
    "　けたば　おうたい",
    "ko": "가격 걱정 심부름 걱정 별도 갈색 기법 기운 경력 산길 미술 기념",
    "fr": "abaisser agréable inductif agréable éligible achat bolide boucle amateur exister dérober bloquer",
    "zh": "的 三 欧 三 考 于 据 保 量 损 破 战",
    "zh-TW": "的 三 歐 三 考 於 據 保 量 損 破 戰",
    "tr": "abajur alperen mimar alperen hisse ahbap cazibe cesur anatomi karşıt gariban cacık",
    "ru": "абзац бандит обморок бандит каток анализ время всюду блеск кусок звонить вполне",
    "pt": "abacate afivelar inativo afivelar donzela achatar barulho beber albergue exalar cuidado banir",
    "it": "abaco alogeno mitigare alogeno fenomeno affetto bravura bronzina ampio gonfio elaborato bottino",
}
WALLET_KEY = "KwDidQJHSE67VJ6MWRvbBKAxhD3F48DvqRT6JRqrjd7MHLBjGF7V"
EXTENDED_KEY = (
    "xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oStZzF93Y5wvzdUayhgkkFoicQZcP3y52uPPxFnfoLZB21Teqt1V"
    "vEHx"
)
STELLAR_KEY = "SAAACAQDAQCQMBYIBEFAWDANBYHRAEISCMKBKFQXDAMRUGY4DUPB6NKI"
HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
TEXTUAL_KEY = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIA==\n-----END EC PRIVATE KEY-----"


def kinds(text: str) -> list[str]:
    return [leak.kind for leak in leaks_in(text)]


def shown(text: str) -> str:
    return covered(said(text)).text


@pytest.mark.parametrize("phrase", PHRASES.values(), ids=PHRASES)
def test_a_seed_phrase_is_covered_in_every_language_it_can_be_in(phrase: str) -> None:
    told = shown(f"I cannot log in!\n{phrase}\nThanks.")
    assert told == "I cannot log in!\n[covered: seed phrase]\nThanks."


@pytest.mark.parametrize(
    "text",
    [
        ENGLISH.upper(),
        ENGLISH.replace(" ", ", "),
        ENGLISH.replace(" ", "\n"),
        " ".join(f"{n}. {word}" for n, word in enumerate(ENGLISH.split(), 1)),
        "abaco album liquido album espuma acudir bolero bosque amante gaita dictar boca",  # its accents left out
        PHRASES["zh"].replace(" ", ""),
        PHRASES["ja"].replace("　", " "),
    ],
)
def test_a_seed_phrase_is_known_however_it_is_written(text: str) -> None:
    assert kinds(text) == ["seed phrase"]


def test_a_phrase_with_a_mistake_in_it_is_covered_too() -> None:
    assert kinds(ENGLISH.replace("buyer", "zoo")) == ["seed phrase"]
    assert shown(LONG) == "[covered: seed phrase]"


@pytest.mark.parametrize(
    "text",
    [
        " ".join(ENGLISH.split()[:11]),
        "When I open the app it shows an error, and then I cannot do anything about it all day, please help me",
        "my order amount is wrong and the price in the chart does not match what I paid for it two days ago",
        "今天我的账户一直不能登录请你们尽快帮我处理一下这个问题谢谢你们",
        "지금 로그인이 안 되고 인증 문자도 안 와요 언제쯤 되나요 확인 부탁드립니다 감사합니다 오늘 안에 되나요",
        "ログインできません。昨日から何度も試していますが、エラーが表示されます。どうすればいいですか。",
    ],
)
def test_ordinary_words_are_no_phrase(text: str) -> None:
    assert kinds(text) == []


@pytest.mark.parametrize(
    "key",
    [
        WALLET_KEY,
        EXTENDED_KEY,
        STELLAR_KEY,
        TEXTUAL_KEY,
        str(list(range(64))),
        "nsec1" + "q" * 58,
        "123456789:AA" + "b" * 33,
        "sk_live_" + "a1" * 12,
        f"my private key {HASH}",
        f"私钥：0x{HASH}",
        f"개인키는 {HASH} 입니다",
        f"المفتاح الخاص {HASH}",
        f"निजी कुंजी {HASH}",
        f"khoá riêng của tôi là {HASH}",
        f"กุญแจส่วนตัว {HASH}",
    ],
)
def test_a_private_key_is_covered(key: str) -> None:
    told = shown(key)
    assert "[covered: private key]" in told
    assert HASH not in told


@pytest.mark.parametrize(
    "text",
    [
        f"my transaction 0x{HASH} does not arrive",
        HASH,
        WALLET_KEY[:-1] + "W",  # its checksum is wrong
        "1111111111111111111114oLvT2 is my address",
        STELLAR_KEY[:-1] + "J",
        "[1, 2, 3]",
        "xpub6CUGRUonZSQ4TWtTMmzXdrXDtypWKiKrhko4egpiMZbpiaQL2jkwSB1icqYh2cfDfVxdx4df189oLKnC5fSwqPfgyP3hooxujYzAu3fDVmz",
    ],
)
def test_what_may_be_public_stays(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize(
    ("number", "last"),
    [
        ("4111111111111111", "1111"),
        ("4111 1111 1111 1111", "1111"),
        ("4111-1111-1111-1111", "1111"),
        ("5500 0000 0000 0004", "0004"),
        ("3782 822463 10005", "0005"),
        ("6212345678901232", "1232"),
        ("٤١١١ ١١١١ ١١١١ ١١١١", "1111"),
        ("４１１１１１１１１１１１１１１１", "1111"),
        ("४१११ ११११ ११११ ११११", "1111"),
    ],
)
def test_a_card_shows_its_last_four_digits_only(number: str, last: str) -> None:
    assert shown(f"my card {number} was declined") == f"my card [covered: card, ends in {last}] was declined"


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111112",  # the check digit is wrong
        "order 1234567890123452",  # no network gives out such numbers
        "call +49 151 23456789",
        "356938035643809",  # the number of a telephone (IMEI)
        "a4111111111111111",
        "DE89 3704 0044 0532 0130 00",
        "2026-11-21 10:00:00.123456",
        "4111111111111111222222",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("My password is Hunter2!", "My password is [covered: password]!"),
        ("password: hunter", "password: [covered: password]"),
        ("user ann, pwd=tr0ub4dor, thanks", "user ann, pwd=[covered: password], thanks"),
        ("my password hunter2 does not work", "my password [covered: password] does not work"),
        ("Mein Passwort lautet Sommer2024.", "Mein Passwort lautet [covered: password]."),
        ("mi contraseña es gato123", "mi contraseña es [covered: password]"),
        ("minha senha é abc12345", "minha senha é [covered: password]"),
        ("mon mot de passe est Soleil75", "mon mot de passe est [covered: password]"),
        ("мой пароль qwerty123 не подходит", "мой пароль [covered: password] не подходит"),
        ("Пароль: солнышко", "Пароль: [covered: password]"),
        ("şifrem: kedi2020", "şifrem: [covered: password]"),
        ("كلمة المرور هي Sara1990", "كلمة المرور هي [covered: password]"),
        ("मेरा पासवर्ड है Ravi@123", "मेरा पासवर्ड है [covered: password]"),
        ("mật khẩu là meocon99", "mật khẩu là [covered: password]"),
        ("mat khau la meocon99", "mat khau la [covered: password]"),
        ("kata sandi: rahasia88", "kata sandi: [covered: password]"),
        ("รหัสผ่านคือ somchai55", "รหัสผ่านคือ [covered: password]"),
        ("密码是abc12345请帮我看看", "密码是[covered: password]请帮我看看"),
        ("密碼：Abc12345", "密碼：[covered: password]"),
        ("パスワードはneko2222です", "パスワードは[covered: password]です"),
        ("비밀번호는 nabi1234 입니다", "비밀번호는 [covered: password] 입니다"),
        ("pin: 4711", "pin: [covered: password]"),
        ("CVV is 123", "CVV is [covered: password]"),
    ],
)
def test_a_password_is_covered_in_every_language(text: str, told: str) -> None:
    assert shown(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "I forgot my password",
        "Password reset does not work, the password page is white",
        "password is wrong",
        "How do I change my password? Please help",
        "Password: how do I change it?",
        "the password https://example.org/reset-123 link is dead",
        "忘记密码了，怎么找回？",
        "비밀번호를 잊어버렸어요",
        "パスワードを忘れました",
        "รหัสผ่านใช้ไม่ได้",
        "quên mật khẩu rồi",
        "забыл пароль, помогите",
        "nasıl şifremi değiştiririm",
        "pinned to the top, pin it",
        "password *****",
    ],
)
def test_talk_about_passwords_stays(text: str) -> None:
    assert shown(text) == text


def test_everything_that_is_shown_of_a_mail_is_covered() -> None:
    mail = mailed(f"here: {ENGLISH}", subject=f"Wallet {WALLET_KEY}", html=f"<p>{ENGLISH}</p>")
    told = read(mail)
    assert told.secrets == ("seed phrase", "private key")
    assert (told.text, told.subject) == (
        "here: [covered: seed phrase]",
        "Wallet [covered: private key]",
    )
    assert told.html is None  # the same stands in it, in pieces
    assert told.gist is not None
    assert "abandon" not in told.gist.segments
    assert "abandon" not in told.gist.said
    assert read(told) is told


def test_a_title_is_covered() -> None:
    post = said("see above")
    told = covered(replace(post, thread=replace(post.thread, title=ENGLISH)))
    assert told.thread.title == "[covered: seed phrase]"


def test_a_message_without_secrets_is_left_as_it_is() -> None:
    mail = mailed("hello", html="<p>hello</p>")
    assert covered(mail) is mail


PIECES = st.sampled_from(
    [ENGLISH, WALLET_KEY, "4111111111111111", "pwd: Hunter2 x", "hello", "密码是abc12345", " \n"]
)


@given(st.lists(PIECES | st.text(max_size=20), max_size=6).map("".join))
def test_nothing_but_secrets_is_lost_whatever_the_text(text: str) -> None:
    leaks = leaks_in(text)
    for earlier, later in itertools.pairwise(leaks):
        assert earlier.end <= later.start
    for leak in leaks:
        assert 0 <= leak.start < leak.end <= len(text)
    told = shown(text)
    assert len(told) == len(text) + sum(len(leak.shown) - (leak.end - leak.start) for leak in leaks)
