welcome = Halo! Tulis pertanyaan Anda di sini, dalam bahasa apa pun. Setiap pesan dibaca oleh petugas kami.
