acknowledgement = Cảm ơn bạn đã liên hệ. Chúng tôi đã nhận được tin nhắn và sẽ có người trả lời bạn tại đây.
