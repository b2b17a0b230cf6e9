welcome = Xin chào! Hãy viết câu hỏi của bạn ở đây, bằng bất kỳ ngôn ngữ nào. Mọi tin nhắn đều có người đọc.
