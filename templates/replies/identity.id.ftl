identity =
    Sebelum kami dapat memberi tahu lebih banyak, kami harus yakin bahwa ini benar Anda. Kami telah mengirim kode ke alamat Anda yang tercatat pada kami ({ $address }). Silakan tulis di sini.
    .questions = Sebelum kami dapat memberi tahu lebih banyak, kami harus yakin bahwa ini benar Anda. Silakan jawab di sini:
    .sign-in =
        Sebelum kami dapat memberi tahu lebih banyak, kami harus yakin bahwa ini benar Anda. Silakan masuk di sini:
        { $link }
        Tautan ini hanya untuk Anda; jangan berikan kepada siapa pun.
    .subject = Kode Anda
    .mail =
        Kode Anda: { $code }
        Tulis hanya dalam percakapan dengan kami tempat kami memintanya dari Anda. Jika Anda tidak menanyakan apa pun kepada kami, mungkin orang lain memakai nama Anda: jangan berikan kode ini kepada siapa pun dan beri tahu kami.
    .thanks = Terima kasih. Kini kami tahu bahwa ini benar Anda. Anda dapat menutup halaman ini dan melanjutkan percakapan dengan kami.
    .stale = Tautan ini tidak berfungsi, atau tidak berfungsi lagi. Mintalah tautan baru dalam percakapan Anda dengan kami.
