commands =
    Hãy viết câu hỏi của bạn ở đây, bằng bất kỳ ngôn ngữ nào; sẽ có người đọc. Bạn cũng có thể gửi:
    /status yêu cầu của bạn đến đâu rồi
    /human xin gặp nhân viên
    /close không cần gì thêm
    .open = Yêu cầu #{ $number } của bạn đang ở chỗ chúng tôi.
    .pending = Chúng tôi đã trả lời yêu cầu #{ $number } của bạn. Nếu cần thêm, hãy viết ở đây.
    .none = Bạn không có yêu cầu nào đang mở. Hãy viết câu hỏi ở đây.
    .human = Sẽ có nhân viên phụ trách yêu cầu #{ $number } của bạn.
    .human-none = Mọi điều bạn viết ở đây đều có người đọc. Bạn cứ viết câu hỏi.
    .closed = Yêu cầu #{ $number } của bạn đã đóng. Hãy viết ở đây khi bạn lại cần chúng tôi.
    .menu-help = những gì bạn có thể gửi
    .menu-status = yêu cầu của bạn đến đâu rồi
    .menu-human = xin gặp nhân viên
    .menu-close = không cần gì thêm
