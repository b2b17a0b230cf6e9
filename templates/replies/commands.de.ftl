commands =
    Schreiben Sie Ihre Frage hierher, in jeder Sprache; ein Mensch liest sie. Sie können auch senden:
    /status wie es um Ihre Anfrage steht
    /human einen Menschen verlangen
    /close es ist erledigt
    /language Ihre Sprache wählen
    .open = Ihre Anfrage #{ $number } ist bei unserem Team.
    .pending = Wir haben auf Ihre Anfrage #{ $number } geantwortet. Schreiben Sie hier, wenn Sie mehr brauchen.
    .none = Sie haben keine offene Anfrage. Schreiben Sie Ihre Frage hierher.
    .human = Ein Mensch kümmert sich um Ihre Anfrage #{ $number }.
    .human-none = Alles, was Sie hier schreiben, liest ein Mensch. Schreiben Sie einfach Ihre Frage.
    .closed = Ihre Anfrage #{ $number } ist abgeschlossen. Schreiben Sie hier, wann immer Sie uns wieder brauchen.
    .claimed = Danke. Wir wissen jetzt, dass Sie es sind, und machen hier weiter.
    .code =
        Ihr Code: { $code }
        Senden Sie ihn uns von dort, wo Sie uns auch geschrieben haben: im Chat, per E-Mail oder unter Ihrem Beitrag. Dann wissen wir, dass beides von Ihnen ist. Er gilt einmal und 7 Tage lang. Verwenden Sie ihn nur, wenn Sie uns dort selbst geschrieben haben.
    .code-link = Oder öffnen Sie: { $link }
    .menu-help = was Sie senden können
    .menu-status = wie es um Ihre Anfrage steht
    .menu-human = einen Menschen verlangen
    .menu-close = es ist erledigt
    .menu-language = Ihre Sprache wählen
    .languages = In welcher Sprache sollen wir Ihnen schreiben?
    .language = Wir schreiben Ihnen ab jetzt auf Deutsch. Sie können in jeder Sprache schreiben.
    .name = Deutsch
    .form = unserem Team schreiben
