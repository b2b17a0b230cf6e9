identity =
    Voordat we u meer kunnen vertellen, moeten we zeker weten dat u het bent. We hebben een code gestuurd naar het adres dat we van u hebben ({ $address }). Schrijf die hier, alstublieft.
    .questions = Voordat we u meer kunnen vertellen, moeten we zeker weten dat u het bent. Antwoord hier, alstublieft:
    .sign-in =
        Voordat we u meer kunnen vertellen, moeten we zeker weten dat u het bent. Meld u hier aan, alstublieft:
        { $link }
        De link is alleen voor u; geef hem niet door.
    .subject = Uw code
    .mail =
        Uw code: { $code }
        Schrijf die alleen in het gesprek met ons waarin wij u erom vroegen. Hebt u ons niets gevraagd, dan gebruikt misschien iemand anders uw naam: geef de code aan niemand en laat het ons weten.
    .thanks = Dank u. We weten nu dat u het bent. U kunt deze pagina sluiten en verdergaan in uw gesprek met ons.
    .stale = Deze link werkt niet, of niet meer. Vraag ons om een nieuwe in uw gesprek met ons.
