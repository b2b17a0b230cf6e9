commands =
    Hãy viết câu hỏi của bạn ở đây, bằng bất kỳ ngôn ngữ nào; sẽ có người đọc. Bạn cũng có thể gửi:
    /status yêu cầu của bạn đến đâu rồi
    /human xin gặp nhân viên
    /close không cần gì thêm
    /language chọn ngôn ngữ của bạn
    .open = Yêu cầu #{ $number } của bạn đang ở chỗ chúng tôi.
    .pending = Chúng tôi đã trả lời yêu cầu #{ $number } của bạn. Nếu cần thêm, hãy viết ở đây.
    .none = Bạn không có yêu cầu nào đang mở. Hãy viết câu hỏi ở đây.
    .human = Sẽ có nhân viên phụ trách yêu cầu #{ $number } của bạn.
    .human-none = Mọi điều bạn viết ở đây đều có người đọc. Bạn cứ viết câu hỏi.
    .closed = Yêu cầu #{ $number } của bạn đã đóng. Hãy viết ở đây khi bạn lại cần chúng tôi.
    .claimed = Cảm ơn bạn. Giờ chúng tôi biết đó là bạn và tiếp tục tại đây.
    .code =
        Mã của bạn: { $code }
        Hãy gửi mã cho chúng tôi từ nơi khác bạn đã viết: trong cuộc trò chuyện, qua email hoặc dưới bài đăng của bạn. Khi đó chúng tôi biết cả hai đều là bạn. Mã dùng được một lần, trong 7 ngày. Chỉ dùng nếu chính bạn đã viết cho chúng tôi ở đó.
    .code-link = Hoặc mở: { $link }
    .menu-help = những gì bạn có thể gửi
    .menu-status = yêu cầu của bạn đến đâu rồi
    .menu-human = xin gặp nhân viên
    .menu-close = không cần gì thêm
    .menu-language = chọn ngôn ngữ của bạn
    .languages = Chúng tôi nên viết cho bạn bằng ngôn ngữ nào?
    .language = Từ giờ chúng tôi sẽ viết cho bạn bằng tiếng Việt. Bạn có thể viết bằng bất kỳ ngôn ngữ nào.
    .name = Tiếng Việt
    .form = viết cho đội ngũ của chúng tôi
