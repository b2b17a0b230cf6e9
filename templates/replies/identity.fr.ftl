identity =
    Avant de vous en dire plus, nous devons être sûrs que c'est bien vous. Nous avons envoyé un code à l'adresse que nous avons pour vous ({ $address }). Écrivez-le ici, s'il vous plaît.
    .questions = Avant de vous en dire plus, nous devons être sûrs que c'est bien vous. Répondez ici, s'il vous plaît :
    .sign-in =
        Avant de vous en dire plus, nous devons être sûrs que c'est bien vous. Connectez-vous ici, s'il vous plaît :
        { $link }
        Ce lien n'est que pour vous ; ne le donnez à personne.
    .subject = Votre code
    .mail =
        Votre code : { $code }
        Ne l'écrivez que dans la conversation avec nous où nous vous l'avons demandé. Si vous ne nous avez rien demandé, quelqu'un utilise peut-être votre nom : ne donnez le code à personne et prévenez-nous.
    .thanks = Merci. Nous savons maintenant que c'est vous. Vous pouvez fermer cette page et reprendre votre conversation avec nous.
    .stale = Ce lien ne fonctionne pas, ou plus. Demandez-nous-en un nouveau dans votre conversation avec nous.
