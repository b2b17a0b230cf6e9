identity =
    Prima di poterle dire di più, dobbiamo essere sicuri che sia lei. Abbiamo inviato un codice all'indirizzo che abbiamo di lei ({ $address }). Lo scriva qui, per favore.
    .questions = Prima di poterle dire di più, dobbiamo essere sicuri che sia lei. Risponda qui, per favore:
    .sign-in =
        Prima di poterle dire di più, dobbiamo essere sicuri che sia lei. Acceda qui, per favore:
        { $link }
        Il link è solo per lei; non lo dia a nessuno.
    .subject = Il suo codice
    .mail =
        Il suo codice: { $code }
        Lo scriva solo nella conversazione con noi in cui glielo abbiamo chiesto. Se non ci ha chiesto nulla, forse qualcuno usa il suo nome: non dia il codice a nessuno e ci avvisi.
    .thanks = Grazie. Ora sappiamo che è lei. Può chiudere questa pagina e continuare la conversazione con noi.
    .stale = Questo link non funziona, o non funziona più. Ce ne chieda uno nuovo nella conversazione con noi.
