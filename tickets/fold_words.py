"""The words by which folds are known where structure alone does not tell.  Data, folded for case."""

# fmt: off
FROM = frozenset((
    "from", "von", "de", "da", "van", "fra", "från", "od", "от", "від", "з", "dari", "daripada", "din",
    "feladó", "lähettäjä", "saatja", "no", "nuo", "kimden", "gönderen", "από", "מאת", "من", "از", "प्रेषक",
    "द्वारा", "จาก", "từ", "người gửi", "发件人", "寄件者", "寄件人", "差出人", "送信者", "送信元", "보낸 사람",
    "보낸사람", "발신", "remitente", "expéditeur", "expediteur", "mittente", "afzender", "отправитель",
    "absender", "nadawca", "odesílatel", "avsender", "avsändare", "afsender", "remetente",
))
"""What the first line of a forwarded head is called."""

SENT_FROM = (
    "sent from", "sent via", "sent with", "get outlook", "gesendet von", "gesendet mit", "von meinem ",
    "diese nachricht wurde von", "envoyé de", "envoyé à partir", "envoyé depuis", "envoyé avec",
    "télécharger outlook", "enviado desde", "enviado do", "enviado da", "enviado de", "enviado pel",
    "enviado a partir", "obtener outlook", "obter o outlook", "inviato da", "ottieni outlook",
    "verzonden vanaf", "verzonden met", "verzonden via", "wysłano z", "wysłane z", "отправлено с",
    "отправлено из", "отправлено от", "надіслано з", "надіслано із", "відправлено з", "odesláno z",
    "odoslané z", "skickat från", "sendt fra", "lähetetty", "trimis de pe", "küldve", "στάλθηκε από",
    "dikirim dari", "dihantar daripada", "được gửi từ", "gửi từ", "đã gửi từ", "ส่งจาก", "发自", "發自",
    "從我的", "从我的", "来自我的", "أرسلت من", "أُرسلت من", "تم الإرسال من", "ارسال شده از", "فرستاده شده از",
    "נשלח מ",
)
"""A line that only says which device a mail was written on begins so, or …"""

SENT_BEHIND = (
    "から送信", "より送信", "에서 보냄", "에서 보냈습니다", "'umdan gönderildi", "'ımdan gönderildi",
    "'imden gönderildi", "'ümden gönderildi", "傳送", "传送", "से भेजा गया",
)
"""… ends so."""

LEGAL = (
    "confidential", "privileged", "intended recipient", "vertraulich", "confidentiel", "confidencial",
    "riservat", "vertrouwelijk", "poufn", "конфиденциальн", "конфіденційн", "důvěrn", "konfident", "fortrolig",
    "luottamuksel", "bizalmas", "εμπιστευτικ", "gizli", "rahasia", "sulit dan", "bảo mật", "ความลับ", "机密",
    "保密", "機密", "기밀", "سري", "محرمانه", "חסוי", "गोपनीय",
)
"""What a notice about secrecy speaks of."""

MAIL = (
    "mail", "message", "communication", "nachricht", "courriel", "correo", "mensaje", "mensagem", "comunicac",
    "comunicazion", "messaggio", "bericht", "wiadomo", "сообщени", "письм", "повідомл", "лист", "zpráv",
    "správ", "meddel", "besked", "melding", "viesti", "üzenet", "levél", "mesaj", "μήνυμα", "ileti", "posta",
    "pesan", "surel", "mesej", "thư", "tin nhắn", "อีเมล", "ข้อความ", "邮件", "郵件", "メール", "이메일", "메일",
    "رسالة", "البريد", "پیام", "ایمیل", "הודעה", "דואר", "ईमेल", "संदेश",
)
"""… and of what: a person's own secret is none of it."""

HEADINGS = frozenset((
    "disclaimer", "confidentiality notice", "confidentiality", "legal notice", "legal disclaimer",
    "haftungsausschluss", "vertraulichkeitshinweis", "avis de confidentialité", "confidentialité",
    "aviso legal", "aviso de confidencialidad", "aviso de confidencialidade", "avviso di riservatezza",
    "nota di riservatezza", "klauzula poufności", "免责声明", "免責事項", "면책 조항", "gizlilik bildirimi",
    "إخلاء مسؤولية",
))
"""What stands above one, as a line of its own."""

SCANNED = (
    "scanned for viruses", "checked for viruses", "scanned by", "virus-free", "virus free", "free of viruses",
    "virenfrei", "auf viren geprüft", "auf viren überprüft", "sans virus", "recherche de virus",
    "libre de virus", "analizado en busca de virus", "livre de vírus", "verificado quanto a vírus",
    "senza virus", "privo di virus", "controllata per rilevare virus", "virusvrij", "gecontroleerd op virussen",
    "wolne od wirusów", "sprawdzona na obecność wirusów", "без вирусов", "проверено на вирусы",
    "на наличие вирусов", "без вірусів", "virusfri", "virová kontrola", "vírusmentes", "virüs bulunmuyor",
    "无病毒", "ウイルス チェック", "ウイルスフリー", "바이러스가 없습니다",
)
"""What a notice says that a virus scanner appends."""
# fmt: on
