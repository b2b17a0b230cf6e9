identity =
    Bevor wir Ihnen mehr sagen können, müssen wir sicher sein, dass Sie es sind. Wir haben einen Code an die Adresse gesendet, die wir von Ihnen haben ({ $address }). Bitte schreiben Sie ihn hierher.
    .questions = Bevor wir Ihnen mehr sagen können, müssen wir sicher sein, dass Sie es sind. Bitte antworten Sie hier:
    .sign-in =
        Bevor wir Ihnen mehr sagen können, müssen wir sicher sein, dass Sie es sind. Bitte melden Sie sich hier an:
        { $link }
        Der Link ist nur für Sie; geben Sie ihn nicht weiter.
    .subject = Ihr Code
    .mail =
        Ihr Code: { $code }
        Schreiben Sie ihn nur in das Gespräch mit uns, in dem wir Sie darum gebeten haben. Wenn Sie uns nichts gefragt haben, benutzt vielleicht jemand anderes Ihren Namen: Geben Sie den Code niemandem, und sagen Sie es uns.
    .thanks = Danke. Wir wissen jetzt, dass Sie es sind. Sie können diese Seite schließen und Ihr Gespräch mit uns fortsetzen.
    .stale = Dieser Link funktioniert nicht oder nicht mehr. Bitten Sie uns in Ihrem Gespräch mit uns um einen neuen.
