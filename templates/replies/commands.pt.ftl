commands =
    Escreva aqui a sua pergunta, em qualquer idioma; uma pessoa vai ler. Também pode enviar:
    /status como está o seu pedido
    /human pedir uma pessoa
    /close não é preciso mais nada
    /language escolher o seu idioma
    .open = O seu pedido nº { $number } está com a nossa equipe.
    .pending = Respondemos ao seu pedido nº { $number }. Escreva aqui se precisar de mais alguma coisa.
    .none = Não há nenhum pedido aberto. Escreva aqui a sua pergunta.
    .human = Uma pessoa vai cuidar do seu pedido nº { $number }.
    .human-none = Uma pessoa lê tudo o que é escrito aqui. Basta escrever a sua pergunta.
    .closed = O seu pedido nº { $number } está encerrado. Escreva aqui quando precisar de nós de novo.
    .claimed = Obrigado. Agora sabemos que é você e continuamos aqui.
    .code =
        O seu código: { $code }
        Envie-o para nós de onde também escreveu: num chat, por e-mail ou abaixo da sua publicação. Assim saberemos que ambos são seus. Vale uma vez, durante 7 dias. Use-o apenas se foi você quem nos escreveu lá.
    .code-link = Ou abra: { $link }
    .menu-help = o que pode enviar
    .menu-status = como está o seu pedido
    .menu-human = pedir uma pessoa
    .menu-close = não é preciso mais nada
    .menu-language = escolher o seu idioma
    .languages = Em que idioma devemos escrever-lhe?
    .language = A partir de agora, escrevemos-lhe em português. Pode escrever em qualquer idioma.
    .name = Português
    .form = escrever à nossa equipa
