acknowledgement = Bize yazdığınız için teşekkürler. Mesajınız ulaştı; ekibimizden biri size buradan yanıt verecek.
