"""What a message is about, by the words in it."""

import pytest

from router.categories import DEFAULTS, Classifier
from router.language import sample_of
from router.lexicon import read_words
from tests.support.inbound import LANGUAGES

ABOUT = {
    "account": [
        "I cannot log in, my 2FA code is wrong",
        "Ich kann mich nicht einloggen, das Passwort stimmt nicht",
        "忘记密码了，收不到验证码",
        "パスワードを忘れてログインできません",
        "비밀번호를 잊어버려서 로그인이 안 돼요",
        "ลืมรหัสผ่าน เข้าสู่ระบบไม่ได้",
        "quên mật khẩu, không đăng nhập được",
        "मेरा पासवर्ड काम नहीं कर रहा, लॉगिन नहीं हो रहा",
    ],
    "payments": [
        "My deposit by bank transfer has not arrived",
        "El retiro sigue pendiente y el banco no lo ve",
        "提现两个小时了还没到账",
        "入金がまだ反映されません",
        "출금했는데 은행에 안 들어왔어요",
        "سحبت فلوس وما وصل التحويل للبنك",
        "Вывод на карту не пришёл, перевод висит",
        "Para yatırdım ama bankadan geldiği halde yansımadı",
    ],
    "orders": [
        "My limit order was not filled",
        "限价单一直没有成交",
        "Мой лимитный ордер не исполнился",
    ],
    "rules": [
        "How much is the fee, and is there a minimum?",
        "手续费怎么算？",
        "سقف و کارمزد چقدر است",
    ],
    "technical": [
        "The app crashes with an error after the update",
        "更新之后闪退，一直报错",
        "L'appli plante, erreur serveur",
    ],
    "feedback": [
        "Please add a dark mode, would be nice",
        "建议增加深色模式，希望优化",
        "Bitte ergänzt ein Widget, guter Vorschlag",
    ],
    "praise": [
        "Thank you, great job, excellent",
        "谢谢，太棒了",
        "Muchas gracias, excelente, son geniales",
    ],
    "spam": [
        "Guaranteed profit, earn daily, join our group",
        "稳赚不赔，日入过万，加微信",
        "ร่วมลงทุน การันตีกำไร ทักไลน์",
    ],
}


@pytest.mark.parametrize(("category", "text"), [(one, text) for one, texts in ABOUT.items() for text in texts])
def test_each_category_in_several_languages(category: str, text: str) -> None:
    found = Classifier().classify(text, LANGUAGES.recognize(sample_of(text)), theft=False)
    assert found.category == category
    assert 0 < found.confidence < 1
    assert set(ABOUT) == set(DEFAULTS)


def test_where_nothing_speaks_for_one_it_is_unsure() -> None:
    assert Classifier().classify("ok", "en", theft=False).category is None
    assert Classifier().classify("", None, theft=False) == (None, 0.0)


def test_theft_is_always_a_matter_of_the_account() -> None:
    assert Classifier().classify("withdrawal withdrawal deposit", "en", theft=True) == ("account", 1.0)


def test_every_language_has_words_for_every_category() -> None:
    for language, categories in read_words("categories").items():
        assert set(categories) == set(DEFAULTS), language
        assert all(len(words) > 8 for words in categories.values()), language
