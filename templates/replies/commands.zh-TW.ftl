commands =
    請在這裡寫下您的問題，任何語言都可以，會有專人閱讀。您也可以傳送：
    /status 查看進度
    /human 請求真人服務
    /close 不再需要
    /language 選擇語言
    .open = 您的問題 #{ $number } 正由我們的團隊處理。
    .pending = 我們已回覆您的問題 #{ $number }。如有其他需要，請在這裡寫下。
    .none = 您沒有未處理完的問題。請在這裡寫下您的問題。
    .human = 您的問題 #{ $number } 將由專人處理。
    .human-none = 您在這裡寫的每則訊息都會有專人閱讀，請直接寫下您的問題。
    .closed = 您的問題 #{ $number } 已結束。再次需要時，請在這裡寫給我們。
    .claimed = 謝謝。現在我們知道這是您，將在這裡繼續。
    .code =
        您的代碼：{ $code }
        請從您聯絡過我們的另一個地方傳給我們：聊天、郵件或您的貼文下方。這樣我們就知道兩邊都是您。代碼 7 天內有效，只能使用一次。僅當您本人在那裡聯絡過我們時才使用。
    .code-link = 或開啟：{ $link }
    .menu-help = 可以傳送什麼
    .menu-status = 查看進度
    .menu-human = 請求真人服務
    .menu-close = 不再需要
    .menu-language = 選擇語言
    .languages = 您希望我們用哪種語言回覆？
    .language = 從現在起我們用繁體中文回覆您。您可以用任何語言書寫。
    .name = 繁體中文
    .form = 給我們的團隊留言
