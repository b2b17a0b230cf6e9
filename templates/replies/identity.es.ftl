identity =
    Antes de poder decirle más, debemos estar seguros de que es usted. Hemos enviado un código a la dirección que tenemos de usted ({ $address }). Escríbalo aquí, por favor.
    .questions = Antes de poder decirle más, debemos estar seguros de que es usted. Responda aquí, por favor:
    .sign-in =
        Antes de poder decirle más, debemos estar seguros de que es usted. Inicie sesión aquí, por favor:
        { $link }
        El enlace es solo para usted; no se lo dé a nadie.
    .subject = Su código
    .mail =
        Su código: { $code }
        Escríbalo solo en la conversación con nosotros en la que se lo pedimos. Si no nos ha preguntado nada, puede que alguien esté usando su nombre: no dé el código a nadie y avísenos.
    .thanks = Gracias. Ahora sabemos que es usted. Puede cerrar esta página y seguir en su conversación con nosotros.
    .stale = Este enlace no funciona o ya no funciona. Pídanos uno nuevo en su conversación con nosotros.
