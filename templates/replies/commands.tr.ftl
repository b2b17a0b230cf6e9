commands =
    Sorunuzu buraya herhangi bir dilde yazın; bir insan okuyacak. Şunları da gönderebilirsiniz:
    /status talebiniz ne durumda
    /human bir insan isteyin
    /close başka bir şey gerekmiyor
    /language dilinizi seçin
    .open = { $number } numaralı talebiniz ekibimizde.
    .pending = { $number } numaralı talebinizi yanıtladık. Başka bir şey gerekirse buraya yazın.
    .none = Açık talebiniz yok. Sorunuzu buraya yazın.
    .human = { $number } numaralı talebinizle bir insan ilgilenecek.
    .human-none = Buraya yazdığınız her şeyi bir insan okur. Sorunuzu yazmanız yeterli.
    .closed = { $number } numaralı talebiniz kapatıldı. Bize yeniden ihtiyaç duyduğunuzda buraya yazın.
    .claimed = Teşekkürler. Artık siz olduğunuzu biliyoruz ve buradan devam ediyoruz.
    .code =
        Kodunuz: { $code }
        Bize yazdığınız diğer yerden gönderin: sohbetten, e-postayla ya da gönderinizin altına. Böylece ikisinin de siz olduğunu biliriz. Bir kez ve 7 gün geçerlidir. Yalnızca oradan bize kendiniz yazdıysanız kullanın.
    .code-link = Ya da açın: { $link }
    .menu-help = neler gönderebilirsiniz
    .menu-status = talebiniz ne durumda
    .menu-human = bir insan isteyin
    .menu-close = başka bir şey gerekmiyor
    .menu-language = dilinizi seçin
    .languages = Size hangi dilde yazalım?
    .language = Bundan sonra size Türkçe yazacağız. Siz istediğiniz dilde yazabilirsiniz.
    .name = Türkçe
    .form = ekibimize yazın
