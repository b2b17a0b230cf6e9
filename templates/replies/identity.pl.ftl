identity =
    Zanim powiemy więcej, musimy mieć pewność, że to Ty. Wysłaliśmy kod na adres, który mamy zapisany ({ $address }). Napisz go tutaj.
    .questions = Zanim powiemy więcej, musimy mieć pewność, że to Ty. Odpowiedz tutaj:
    .sign-in =
        Zanim powiemy więcej, musimy mieć pewność, że to Ty. Zaloguj się tutaj:
        { $link }
        Link jest tylko dla Ciebie; nikomu go nie przekazuj.
    .subject = Twój kod
    .mail =
        Twój kod: { $code }
        Napisz go tylko w rozmowie z nami, w której o niego poprosiliśmy. Jeśli o nic nas nie pytasz, ktoś może używać Twojego nazwiska: nikomu nie podawaj kodu i daj nam znać.
    .thanks = Dziękujemy. Wiemy już, że to Ty. Możesz zamknąć tę stronę i wrócić do rozmowy z nami.
    .stale = Ten link nie działa lub już nie działa. Poproś nas o nowy w rozmowie z nami.
