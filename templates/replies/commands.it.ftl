commands =
    Scrivi qui la tua domanda, in qualsiasi lingua; la leggerà una persona. Puoi anche inviare:
    /status a che punto è la tua richiesta
    /human chiedere una persona
    /close non serve altro
    /language scegliere la lingua
    .open = La tua richiesta n. { $number } è al nostro team.
    .pending = Abbiamo risposto alla tua richiesta n. { $number }. Scrivi qui se ti serve altro.
    .none = Non hai richieste aperte. Scrivi qui la tua domanda.
    .human = Una persona si occuperà della tua richiesta n. { $number }.
    .human-none = Una persona legge tutto ciò che scrivi qui. Scrivi semplicemente la tua domanda.
    .closed = La tua richiesta n. { $number } è chiusa. Scrivi qui quando hai di nuovo bisogno di noi.
    .claimed = Grazie. Ora sappiamo che è Lei e continuiamo qui.
    .code =
        Il Suo codice: { $code }
        Ce lo invii dall’altro posto in cui ci ha scritto: in chat, per e-mail o sotto il Suo post. Così sapremo che è sempre Lei. Vale una volta sola, per 7 giorni. Lo usi solo se ci ha scritto Lei stesso da lì.
    .code-link = Oppure apra: { $link }
    .menu-help = che cosa puoi inviare
    .menu-status = a che punto è la tua richiesta
    .menu-human = chiedere una persona
    .menu-close = non serve altro
    .menu-language = scegliere la lingua
    .languages = In quale lingua dobbiamo scriverle?
    .language = D’ora in poi le scriviamo in italiano. Lei può scrivere in qualsiasi lingua.
    .name = Italiano
    .form = scrivere al nostro team
