acknowledgement = Merci de nous avoir écrit. Votre message est bien arrivé ; une personne de l’équipe vous répondra ici.
