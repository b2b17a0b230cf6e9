identity =
    Antes de lhe podermos dizer mais, temos de ter a certeza de que é você. Enviámos um código para o endereço que temos seu ({ $address }). Escreva-o aqui, por favor.
    .questions = Antes de lhe podermos dizer mais, temos de ter a certeza de que é você. Responda aqui, por favor:
    .sign-in =
        Antes de lhe podermos dizer mais, temos de ter a certeza de que é você. Inicie sessão aqui, por favor:
        { $link }
        A ligação é só para si; não a passe a ninguém.
    .subject = O seu código
    .mail =
        O seu código: { $code }
        Escreva-o apenas na conversa connosco em que lho pedimos. Se não nos perguntou nada, alguém pode estar a usar o seu nome: não dê o código a ninguém e avise-nos.
    .thanks = Obrigado. Sabemos agora que é você. Pode fechar esta página e continuar na sua conversa connosco.
    .stale = Esta ligação não funciona, ou já não funciona. Peça-nos uma nova na sua conversa connosco.
