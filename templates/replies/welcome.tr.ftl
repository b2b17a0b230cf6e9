welcome = Merhaba! Sorunuzu istediğiniz dilde buraya yazın. Her mesajı ekibimizden biri okur.
