acknowledgement = Obrigado pela mensagem. Já a recebemos, e alguém da nossa equipe vai responder por aqui.
