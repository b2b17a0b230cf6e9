commands =
    Schrijf je vraag hier, in elke taal; een mens leest hem. Je kunt ook sturen:
    /status hoe het met je verzoek staat
    /human om een mens vragen
    /close er is niets meer nodig
    /language uw taal kiezen
    .open = Je verzoek #{ $number } is bij ons team.
    .pending = We hebben je verzoek #{ $number } beantwoord. Schrijf hier als je meer nodig hebt.
    .none = Je hebt geen open verzoek. Schrijf je vraag hier.
    .human = Een mens gaat met je verzoek #{ $number } aan de slag.
    .human-none = Een mens leest alles wat je hier schrijft. Schrijf gewoon je vraag.
    .closed = Je verzoek #{ $number } is gesloten. Schrijf hier wanneer je ons weer nodig hebt.
    .claimed = Bedankt. We weten nu dat u het bent en gaan hier verder.
    .code =
        Uw code: { $code }
        Stuur hem ons vanaf de andere plek waar u ons schreef: in een chat, per e-mail of onder uw bericht. Dan weten we dat u het beide keren bent. Hij werkt één keer, 7 dagen lang. Gebruik hem alleen als u ons daar zelf hebt geschreven.
    .code-link = Of open: { $link }
    .menu-help = wat je kunt sturen
    .menu-status = hoe het met je verzoek staat
    .menu-human = om een mens vragen
    .menu-close = er is niets meer nodig
    .menu-language = uw taal kiezen
    .languages = In welke taal zullen we u schrijven?
    .language = We schrijven u voortaan in het Nederlands. U mag in elke taal schrijven.
    .name = Nederlands
    .form = ons team schrijven
