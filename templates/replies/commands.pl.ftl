commands =
    Napisz tutaj swoje pytanie, w dowolnym języku; przeczyta je człowiek. Możesz też wysłać:
    /status co dzieje się ze sprawą
    /human poproś o człowieka
    /close nic więcej nie trzeba
    /language wybierz swój język
    .open = Sprawa nr { $number } jest u naszego zespołu.
    .pending = Odpowiedzieliśmy w sprawie nr { $number }. Napisz tutaj, jeśli potrzeba czegoś więcej.
    .none = Nie ma otwartej sprawy. Napisz tutaj swoje pytanie.
    .human = Sprawą nr { $number } zajmie się człowiek.
    .human-none = Wszystko, co tu piszesz, czyta człowiek. Po prostu napisz pytanie.
    .closed = Sprawa nr { $number } jest zamknięta. Napisz tutaj, gdy znów będziemy potrzebni.
    .claimed = Dziękujemy. Wiemy już, że to Państwo, i kontynuujemy tutaj.
    .code =
        Kod: { $code }
        Prosimy wysłać go nam z drugiego miejsca, z którego Państwo do nas pisali: na czacie, e-mailem lub pod swoim wpisem. Wtedy będziemy wiedzieć, że to ta sama osoba. Działa jeden raz, przez 7 dni. Prosimy użyć go tylko wtedy, gdy to Państwo tam pisali.
    .code-link = Albo proszę otworzyć: { $link }
    .menu-help = co można wysłać
    .menu-status = co dzieje się ze sprawą
    .menu-human = poproś o człowieka
    .menu-close = nic więcej nie trzeba
    .menu-language = wybierz swój język
    .languages = W jakim języku mamy do Pana/Pani pisać?
    .language = Od teraz piszemy po polsku. Można pisać w dowolnym języku.
    .name = Polski
    .form = napisz do naszego zespołu
