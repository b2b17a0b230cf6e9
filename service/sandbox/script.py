"""Who writes what in the sandbox, and how they react.  All of it is made up."""

from typing import Literal, NamedTuple

Where = Literal["telegram", "discord", "x", "email"]


class Character(NamedTuple):
    """A person: their name, language and channels, and what they say when somebody answers them.

    thanks: said after the first answer.  follow_up: said after the second.
    """

    key: str
    name: str
    language: str
    thanks: str
    follow_up: str = ""


class Line(NamedTuple):
    """One message.

    after_s: pause since the line before.  pictures: sent as an album on
    Telegram.  aloud: on Discord in the channel, not as a direct message.
    """

    after_s: float
    who: str
    where: Where
    text: str
    subject: str = ""
    pictures: int = 0
    aloud: bool = False


CAST = (
    Character(
        "anna", "Anna", "de", "Vielen Dank, das hat geholfen!", "Eine Frage noch: gilt das auch am Wochenende?"
    ),
    Character("mei", "Mei Lin", "zh", "谢谢你们！我现在能登录了。", "请问以后怎样避免再次被盗？"),
    Character("ricardo", "Ricardo", "pt", "Obrigado! Vou esperar então.", "Já caiu na conta, obrigado mesmo."),
    Character("yuki", "Yuki", "ja", "ありがとうございます。試してみます。", "解決しました。助かりました。"),
    Character("minjun", "Min-jun", "ko", "감사합니다. 확인해 보겠습니다.", "이제 잘 됩니다!"),
    Character("linh", "Linh", "vi", "Cảm ơn bạn nhiều nhé!", "Mình thử lại được rồi."),
    Character("somchai", "Somchai", "th", "ขอบคุณครับ จะลองดูครับ", "ใช้ได้แล้วครับ ขอบคุณมาก"),
    Character("fatima", "Fatima", "ar", "شكرًا جزيلًا لكم!", "تم حل المشكلة، شكرًا."),
    Character("priya", "Priya", "hi", "धन्यवाद, मैं कोशिश करती हूँ।", "अब ठीक है, धन्यवाद!"),
    Character("elif", "Elif", "tr", "Teşekkürler, deneyeceğim.", "Şimdi oldu, sağ olun."),
    Character("olena", "Olena", "uk", "Дякую за допомогу!", "Усе працює, дякую."),
    Character("james", "James", "en", "Thanks, that was quick!", "All good now. You can close this."),
    Character("sofia", "Sofia", "es", "¡Muchas gracias!", "Ya me funciona, gracias."),
    Character("pierre", "Pierre", "fr", "Merci beaucoup !", "C’est réglé, merci."),
)

OVERHEARD = (
    ("ricardo", "O AcmePay novo ficou bem mais rápido, gostei."),
    ("yuki", "AcmePayの手数料って、どこで確認できるんだろう？"),
    ("sofia", "¿Alguien más con problemas en AcmePay hoy? Inaceptable!!!"),
    ("somchai", "AcmePay ถอนเงินช้ามาก แย่มาก"),
    ("james", "Careful: my friend's AcmePay account was hacked last night after a fake support call."),
    ("elif", "Careful: my friend's AcmePay account was hacked last night after a fake support call."),
)
"""What people say on X among themselves: who, and what.  A feed finds it."""

OPENING = (
    Line(1.5, "anna", "telegram", "Hallo, wie lange dauert eine Auszahlung auf mein Bankkonto normalerweise?"),
    Line(
        1.5,
        "ricardo",
        "email",
        "Fiz um depósito ontem e o valor ainda não apareceu. Podem verificar, por favor?",
        "Depósito não apareceu",
    ),
    Line(2.0, "mei", "telegram", "我的账户被盗了！有人在凌晨登录并更改了我的密码，请马上冻结！"),
    Line(
        2.0,
        "yuki",
        "email",
        "お世話になっております。本人確認の書類を再提出したいのですが、どこから送ればよいでしょうか。",
        "本人確認書類の再提出について",
    ),
    Line(2.0, "sofia", "discord", "Hola, quisiera cambiar el correo de mi cuenta. ¿Cómo lo hago?"),
    Line(2.5, "somchai", "telegram", "แนบภาพหน้าจอมาให้ดูครับ แอปขึ้นข้อความผิดพลาดทุกครั้งที่กดถอนเงิน", pictures=3),
    Line(
        2.5,
        "fatima",
        "email",
        "السلام عليكم، هل يمكنني استخدام الخدمة من خارج بلدي؟ وما هي الرسوم؟",
        "سؤال عن الرسوم",
    ),
)

WORRIED = (
    Line(3.0, "mei", "x", "我的账户被盗了，已经半小时没有人回复我！请马上冻结我的账户，里面有我所有的积蓄。"),
)
"""The person whose account was stolen gets no answer fast enough, and asks again in public."""

TWICE = (
    Line(
        3.0,
        "james",
        "telegram",
        "My withdrawal from Monday is still pending and nobody tells me why. This is the third time I ask!!!",
    ),
    Line(
        4.0,
        "james",
        "email",
        "My withdrawal from Monday is still pending and nobody tells me why. This is the third time I ask!!!",
        "Withdrawal still pending",
    ),
)
"""The same complaint of one person over two channels."""

BURST = (
    Line(
        4.0,
        "linh",
        "discord",
        "Ứng dụng không mở được, cứ báo lỗi 503 hoài. Có phải đang bảo trì không?",
        aloud=True,
    ),
    Line(0.6, "minjun", "x", "앱이 안 열립니다. 503 오류가 계속 나와요. 서버 점검 중인가요?"),
    Line(0.6, "elif", "telegram", "Uygulama açılmıyor, sürekli 503 hatası veriyor. Bakım mı var?"),
    Line(0.5, "priya", "x", "ऐप नहीं खुल रहा है, बार-बार 503 त्रुटि आ रही है। क्या सर्वर बंद है?"),
    Line(0.5, "olena", "email", "Не можу відкрити застосунок: помилка 503. Чи це тимчасово?", "Помилка 503"),
    Line(
        0.5,
        "pierre",
        "email",
        "L’application affiche une erreur 503 depuis dix minutes. Est-ce une panne ?",
        "Erreur 503",
    ),
    Line(0.5, "anna", "telegram", "Jetzt geht auch noch die App nicht mehr: Fehler 503!"),
)
"""An outage: many people, one cause."""

SCRIPT = (*OPENING, *WORRIED, *TWICE, *BURST)
