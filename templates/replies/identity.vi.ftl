identity =
    Trước khi cho bạn biết thêm, chúng tôi cần chắc chắn rằng đó là bạn. Chúng tôi đã gửi một mã đến địa chỉ của bạn mà chúng tôi có trong hồ sơ ({ $address }). Vui lòng viết mã đó vào đây.
    .questions = Trước khi cho bạn biết thêm, chúng tôi cần chắc chắn rằng đó là bạn. Vui lòng trả lời tại đây:
    .sign-in =
        Trước khi cho bạn biết thêm, chúng tôi cần chắc chắn rằng đó là bạn. Vui lòng đăng nhập tại đây:
        { $link }
        Liên kết này chỉ dành cho bạn; đừng đưa cho ai khác.
    .subject = Mã của bạn
    .mail =
        Mã của bạn: { $code }
        Chỉ viết mã này trong cuộc trò chuyện mà chúng tôi đã hỏi bạn mã này. Nếu bạn không hỏi chúng tôi điều gì, có thể ai đó đang dùng tên bạn: đừng đưa mã cho ai và hãy báo cho chúng tôi.
    .thanks = Cảm ơn bạn. Giờ chúng tôi biết đó là bạn. Bạn có thể đóng trang này và tiếp tục cuộc trò chuyện với chúng tôi.
    .stale = Liên kết này không hoạt động hoặc không còn hoạt động. Hãy xin liên kết mới trong cuộc trò chuyện với chúng tôi.
