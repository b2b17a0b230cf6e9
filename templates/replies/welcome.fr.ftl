welcome = Bonjour ! Écrivez votre question ici, dans la langue de votre choix. Chaque message est lu par une personne.
