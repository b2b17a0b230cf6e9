commands =
    Schrijf je vraag hier, in elke taal; een mens leest hem. Je kunt ook sturen:
    /status hoe het met je verzoek staat
    /human om een mens vragen
    /close er is niets meer nodig
    .open = Je verzoek #{ $number } is bij ons team.
    .pending = We hebben je verzoek #{ $number } beantwoord. Schrijf hier als je meer nodig hebt.
    .none = Je hebt geen open verzoek. Schrijf je vraag hier.
    .human = Een mens gaat met je verzoek #{ $number } aan de slag.
    .human-none = Een mens leest alles wat je hier schrijft. Schrijf gewoon je vraag.
    .closed = Je verzoek #{ $number } is gesloten. Schrijf hier wanneer je ons weer nodig hebt.
    .menu-help = wat je kunt sturen
    .menu-status = hoe het met je verzoek staat
    .menu-human = om een mens vragen
    .menu-close = er is niets meer nodig
