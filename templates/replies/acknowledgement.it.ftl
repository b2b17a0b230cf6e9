acknowledgement = Grazie per averci scritto. Il messaggio è arrivato e una persona del team ti risponderà qui.
