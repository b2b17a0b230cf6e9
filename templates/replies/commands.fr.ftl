commands =
    Écrivez votre question ici, dans n’importe quelle langue ; une personne la lira. Vous pouvez aussi envoyer :
    /status où en est votre demande
    /human demander une personne
    /close tout est réglé
    .open = Votre demande nº { $number } est entre les mains de notre équipe.
    .pending = Nous avons répondu à votre demande nº { $number }. Écrivez ici s’il vous faut autre chose.
    .none = Vous n’avez aucune demande en cours. Écrivez votre question ici.
    .human = Une personne va s’occuper de votre demande nº { $number }.
    .human-none = Une personne lit tout ce que vous écrivez ici. Posez simplement votre question.
    .closed = Votre demande nº { $number } est close. Écrivez ici dès que vous avez de nouveau besoin de nous.
    .menu-help = ce que vous pouvez envoyer
    .menu-status = où en est votre demande
    .menu-human = demander une personne
    .menu-close = tout est réglé
