"""The words by which machine mail is known where no header tells.  Data, folded for case."""

# fmt: off
AWAY = (
    "automatic reply", "automated reply", "auto reply", "auto-reply", "autoreply", "auto response",
    "auto-response", "autoresponse", "automated response", "automatic response", "out of office",
    "out-of-office", "out of the office", "vacation reply", "vacation response", "abwesenheitsnotiz",
    "automatische antwort", "automatische abwesenheitsnotiz", "automatische rückmeldung", "réponse automatique",
    "absence du bureau", "absent du bureau", "message d'absence", "respuesta automática",
    "respuesta automatica", "fuera de la oficina", "fuera de oficina", "resposta automática",
    "resposta automatica", "fora do escritório", "ausência temporária", "ausência do escritório",
    "risposta automatica", "fuori ufficio", "automatisch antwoord", "automatische beantwoording",
    "afwezigheidsbericht", "automatyczna odpowiedź", "odpowiedź automatyczna", "autoodpowiedź", "poza biurem",
    "nieobecność w biurze", "автоматический ответ", "автоответ", "автоответчик", "автоматична відповідь",
    "автовідповідь", "autosvar", "automatiskt svar", "automatisk svar", "automaattinen vastaus",
    "automatická odpověď", "automatická odpoveď", "automatikus válasz", "răspuns automat", "absent din birou",
    "αυτόματη απάντηση", "εκτός γραφείου", "otomatik yanıt", "otomatik cevap", "ofis dışında",
    "balasan otomatis", "jawaban otomatis", "di luar kantor", "jawapan automatik", "trả lời tự động",
    "thư trả lời tự động", "ตอบกลับอัตโนมัติ", "การตอบกลับอัตโนมัติ", "ไม่อยู่ที่สำนักงาน", "स्वचालित उत्तर", "स्वतः उत्तर",
    "कार्यालय से बाहर", "自动回复", "自动答复", "自動回覆", "自動回復", "自動答覆", "不在办公室", "外出自動回覆",
    "休假自動回覆", "自動返信", "自動応答", "不在のお知らせ", "不在のご連絡", "자동 회신", "자동회신",
    "자동 응답", "자동응답", "자동 답장", "رد تلقائي", "الرد التلقائي", "خارج المكتب", "پاسخ خودکار",
    "خارج از دفتر", "תשובה אוטומטית", "מענה אוטומטי", "מחוץ למשרד", "out of office autoreply", "autom. antwort",
    "avviso di assenza",
)
"""How the subject of a person's answering machine begins."""

PERHAPS_AWAY = (
    "autoresponder", "ooo", "away from office", "on vacation", "annual leave", "on leave", "abwesenheit",
    "abwesend", "nicht im büro", "im urlaub", "en congé", "en vacances", "de vacaciones", "ausente",
    "em férias", "fuori sede", "assenza", "in ferie", "afwezig", "niet aanwezig", "nieobecność", "в отпуске",
    "вне офиса", "нет на месте", "отсутствую", "у відпустці", "поза офісом", "frånvarande", "frånvaro",
    "fravær", "ikke til stede", "på ferie", "poissa", "lomalla", "mimo kancelář", "mimo kancelárie", "dovolená",
    "házon kívül", "szabadságon", "în concediu", "izindeyim", "sedang cuti", "vắng mặt", "nghỉ phép", "ลาพักร้อน",
    "外出期间", "休假中", "不在通知", "休暇中", "부재중", "부재 중", "في إجازة", "در مرخصی",
)
"""So it may begin too, but so do people: it counts only where the mail answers another."""

NOT_DELIVERED = (
    "undelivered mail", "undeliverable", "undelivered message", "undeliverable mail", "undeliverable message",
    "mail delivery failed", "mail delivery failure", "mail delivery problem", "delivery status notification",
    "delivery failure", "delivery failed", "delivery notification", "delivery report",
    "message delivery failure", "message status - undeliverable", "returned mail", "returned to sender",
    "failure notice", "mail failure", "mail system error", "could not send message", "warning: could not send",
    "warning: message", "non delivery", "non-delivery", "nondeliverable", "unzustellbar", "nicht zugestellt",
    "zustellung fehlgeschlagen", "unzustellbare nachricht", "fehler bei der zustellung", "non remis",
    "non distribué", "échec de la remise", "echec de la remise", "échec de remise", "notification d'échec",
    "no se puede entregar", "no entregado", "error de entrega", "mensaje no entregado", "não entregue",
    "falha na entrega", "não foi possível entregar", "mancato recapito", "non recapitabile",
    "recapito non riuscito", "onbestelbaar", "niet bezorgd", "niedostarczona", "nie można dostarczyć",
    "zwrot wiadomości", "недоставленное", "не доставлено", "ошибка доставки", "недоставлен", "не доставлено",
    "недоставлене", "помилка доставки", "kan inte levereras", "kunne ikke leveres", "toimitus epäonnistui",
    "nedoručiteln", "nedoručen", "kézbesíthetetlen", "nelivrat", "αδυναμία παράδοσης", "teslim edilemedi",
    "teslim edilemeyen", "gagal terkirim", "tidak terkirim", "không gửi được", "không thể gửi", "ส่งไม่ถึง",
    "ไม่สามารถส่ง", "退信", "无法投递", "未送达", "投递失败", "無法傳遞", "無法遞送", "未傳遞", "配信不能",
    "配信できません", "配信エラー", "送信できませんでした", "배달 실패", "전송 실패", "반송", "배달되지",
    "تعذر التسليم", "فشل التسليم", "لم يتم تسليم", "تحویل نشد", "אין אפשרות למסור", "डिलीवर नहीं", "वितरण विफल",
)
"""What the subject of a mail system's report speaks of."""

LATE = (
    "delay", "warning", "still being retried", "not yet", "verzöger", "warnung", "retard", "retras", "atras",
    "ritard", "vertrag", "opóźni", "задерж", "затрим", "försen", "forsink", "viivästy", "zpožd", "oneskor",
    "késés", "întârzi", "καθυστέρηση", "gecik", "tertunda", "lewat", "trì hoãn", "ล่าช้า", "विलंब", "延迟", "延遲",
    "遅延", "지연", "تأخ", "تاخیر", "עיכוב",
)
"""What the subject of a report speaks of while the mail system is still trying."""
# fmt: on
