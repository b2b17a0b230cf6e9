identity =
    Size daha fazlasını söyleyebilmemiz için siz olduğunuzdan emin olmalıyız. Kayıtlarımızdaki adresinize ({ $address }) bir kod gönderdik. Lütfen kodu buraya yazın.
    .questions = Size daha fazlasını söyleyebilmemiz için siz olduğunuzdan emin olmalıyız. Lütfen burada yanıtlayın:
    .sign-in =
        Size daha fazlasını söyleyebilmemiz için siz olduğunuzdan emin olmalıyız. Lütfen buradan oturum açın:
        { $link }
        Bağlantı yalnızca sizin içindir; kimseye vermeyin.
    .subject = Kodunuz
    .mail =
        Kodunuz: { $code }
        Kodu yalnızca bizim sizden istediğimiz konuşmaya yazın. Bize bir şey sormadıysanız adınızı başka biri kullanıyor olabilir: kodu kimseye vermeyin ve bize haber verin.
    .thanks = Teşekkürler. Artık siz olduğunuzu biliyoruz. Bu sayfayı kapatıp bizimle konuşmanıza devam edebilirsiniz.
    .stale = Bu bağlantı çalışmıyor ya da artık çalışmıyor. Bizimle konuşmanızda yenisini isteyin.
