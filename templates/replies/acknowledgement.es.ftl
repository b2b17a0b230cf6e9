acknowledgement = Gracias por escribirnos. Hemos recibido tu mensaje y una persona te responderá por aquí.
