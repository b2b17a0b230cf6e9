commands =
    Schreiben Sie Ihre Frage hierher, in jeder Sprache; ein Mensch liest sie. Sie können auch senden:
    /status wie es um Ihre Anfrage steht
    /human einen Menschen verlangen
    /close es ist erledigt
    .open = Ihre Anfrage #{ $number } ist bei unserem Team.
    .pending = Wir haben auf Ihre Anfrage #{ $number } geantwortet. Schreiben Sie hier, wenn Sie mehr brauchen.
    .none = Sie haben keine offene Anfrage. Schreiben Sie Ihre Frage hierher.
    .human = Ein Mensch kümmert sich um Ihre Anfrage #{ $number }.
    .human-none = Alles, was Sie hier schreiben, liest ein Mensch. Schreiben Sie einfach Ihre Frage.
    .closed = Ihre Anfrage #{ $number } ist abgeschlossen. Schreiben Sie hier, wann immer Sie uns wieder brauchen.
    .menu-help = was Sie senden können
    .menu-status = wie es um Ihre Anfrage steht
    .menu-human = einen Menschen verlangen
    .menu-close = es ist erledigt
