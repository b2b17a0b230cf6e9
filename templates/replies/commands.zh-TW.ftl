commands =
    請在這裡寫下您的問題，任何語言都可以，會有專人閱讀。您也可以傳送：
    /status 查看進度
    /human 請求真人服務
    /close 不再需要
    .open = 您的問題 #{ $number } 正由我們的團隊處理。
    .pending = 我們已回覆您的問題 #{ $number }。如有其他需要，請在這裡寫下。
    .none = 您沒有未處理完的問題。請在這裡寫下您的問題。
    .human = 您的問題 #{ $number } 將由專人處理。
    .human-none = 您在這裡寫的每則訊息都會有專人閱讀，請直接寫下您的問題。
    .closed = 您的問題 #{ $number } 已結束。再次需要時，請在這裡寫給我們。
    .menu-help = 可以傳送什麼
    .menu-status = 查看進度
    .menu-human = 請求真人服務
    .menu-close = 不再需要
