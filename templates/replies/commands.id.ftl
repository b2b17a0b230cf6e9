commands =
    Tulis pertanyaan Anda di sini, dalam bahasa apa pun; akan dibaca oleh petugas kami. Anda juga dapat mengirim:
    /status sampai di mana permintaan Anda
    /human minta dilayani petugas
    /close tidak perlu apa-apa lagi
    .open = Permintaan #{ $number } Anda ada pada tim kami.
    .pending = Kami sudah menjawab permintaan #{ $number } Anda. Tulis di sini bila masih ada yang diperlukan.
    .none = Anda tidak punya permintaan yang terbuka. Tulis pertanyaan Anda di sini.
    .human = Petugas kami akan menangani permintaan #{ $number } Anda.
    .human-none = Semua yang Anda tulis di sini dibaca petugas kami. Tulis saja pertanyaan Anda.
    .closed = Permintaan #{ $number } Anda ditutup. Tulis di sini kapan pun Anda memerlukan kami lagi.
    .menu-help = apa yang dapat Anda kirim
    .menu-status = sampai di mana permintaan Anda
    .menu-human = minta dilayani petugas
    .menu-close = tidak perlu apa-apa lagi
