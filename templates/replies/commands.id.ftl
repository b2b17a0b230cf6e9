commands =
    Tulis pertanyaan Anda di sini, dalam bahasa apa pun; akan dibaca oleh petugas kami. Anda juga dapat mengirim:
    /status sampai di mana permintaan Anda
    /human minta dilayani petugas
    /close tidak perlu apa-apa lagi
    /language pilih bahasa Anda
    .open = Permintaan #{ $number } Anda ada pada tim kami.
    .pending = Kami sudah menjawab permintaan #{ $number } Anda. Tulis di sini bila masih ada yang diperlukan.
    .none = Anda tidak punya permintaan yang terbuka. Tulis pertanyaan Anda di sini.
    .human = Petugas kami akan menangani permintaan #{ $number } Anda.
    .human-none = Semua yang Anda tulis di sini dibaca petugas kami. Tulis saja pertanyaan Anda.
    .closed = Permintaan #{ $number } Anda ditutup. Tulis di sini kapan pun Anda memerlukan kami lagi.
    .claimed = Terima kasih. Kami sekarang tahu bahwa ini Anda, dan melanjutkan di sini.
    .code =
        Kode Anda: { $code }
        Kirimkan kepada kami dari tempat lain Anda menulis: di obrolan, lewat email, atau di bawah kiriman Anda. Dengan begitu kami tahu keduanya adalah Anda. Berlaku sekali, selama 7 hari. Gunakan hanya jika Anda sendiri yang menulis kepada kami di sana.
    .code-link = Atau buka: { $link }
    .menu-help = apa yang dapat Anda kirim
    .menu-status = sampai di mana permintaan Anda
    .menu-human = minta dilayani petugas
    .menu-close = tidak perlu apa-apa lagi
    .menu-language = pilih bahasa Anda
    .languages = Dalam bahasa apa kami menulis kepada Anda?
    .language = Mulai sekarang kami menulis kepada Anda dalam bahasa Indonesia. Anda boleh menulis dalam bahasa apa pun.
    .name = Bahasa Indonesia
    .form = tulis ke tim kami
