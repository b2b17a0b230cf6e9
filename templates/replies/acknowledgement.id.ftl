acknowledgement = Terima kasih sudah menghubungi kami. Pesan Anda sudah kami terima, dan petugas kami akan menjawab di sini.
