commands =
    Escribe aquí tu pregunta, en cualquier idioma; la leerá una persona. También puedes enviar:
    /status cómo va tu solicitud
    /human pedir una persona
    /close ya no hace falta nada
    /language elegir su idioma
    .open = Tu solicitud n.º { $number } está con nuestro equipo.
    .pending = Hemos respondido a tu solicitud n.º { $number }. Escribe aquí si necesitas algo más.
    .none = No tienes ninguna solicitud abierta. Escribe aquí tu pregunta.
    .human = Una persona se ocupará de tu solicitud n.º { $number }.
    .human-none = Una persona lee todo lo que escribes aquí. Escribe tu pregunta sin más.
    .closed = Tu solicitud n.º { $number } está cerrada. Escribe aquí cuando vuelvas a necesitarnos.
    .claimed = Gracias. Ahora sabemos que es usted y seguimos aquí.
    .code =
        Su código: { $code }
        Envíenoslo desde el otro lugar donde nos escribió: en un chat, por correo o debajo de su publicación. Así sabremos que en ambos es usted. Sirve una vez, durante 7 días. Úselo solo si fue usted quien nos escribió allí.
    .code-link = O abra: { $link }
    .menu-help = qué puedes enviar
    .menu-status = cómo va tu solicitud
    .menu-human = pedir una persona
    .menu-close = ya no hace falta nada
    .menu-language = elegir su idioma
    .languages = ¿En qué idioma le escribimos?
    .language = A partir de ahora le escribimos en español. Usted puede escribir en cualquier idioma.
    .name = Español
    .form = escribir a nuestro equipo
