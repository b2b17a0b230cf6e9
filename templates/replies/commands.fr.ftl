commands =
    Écrivez votre question ici, dans n’importe quelle langue ; une personne la lira. Vous pouvez aussi envoyer :
    /status où en est votre demande
    /human demander une personne
    /close tout est réglé
    /language choisir votre langue
    .open = Votre demande nº { $number } est entre les mains de notre équipe.
    .pending = Nous avons répondu à votre demande nº { $number }. Écrivez ici s’il vous faut autre chose.
    .none = Vous n’avez aucune demande en cours. Écrivez votre question ici.
    .human = Une personne va s’occuper de votre demande nº { $number }.
    .human-none = Une personne lit tout ce que vous écrivez ici. Posez simplement votre question.
    .closed = Votre demande nº { $number } est close. Écrivez ici dès que vous avez de nouveau besoin de nous.
    .claimed = Merci. Nous savons maintenant que c’est vous et nous continuons ici.
    .code =
        Votre code : { $code }
        Envoyez-le-nous depuis l’autre endroit où vous nous avez écrit : dans une discussion, par e-mail ou sous votre publication. Nous saurons alors que c’est bien vous. Il sert une seule fois, pendant 7 jours. Ne l’utilisez que si vous nous y avez écrit vous-même.
    .code-link = Ou ouvrez : { $link }
    .menu-help = ce que vous pouvez envoyer
    .menu-status = où en est votre demande
    .menu-human = demander une personne
    .menu-close = tout est réglé
    .menu-language = choisir votre langue
    .languages = Dans quelle langue devons-nous vous écrire ?
    .language = Nous vous écrivons désormais en français. Vous pouvez écrire dans n’importe quelle langue.
    .name = Français
    .form = écrire à notre équipe
