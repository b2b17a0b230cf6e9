acknowledgement = 感謝您的來信。我們已收到您的訊息，專人會在這裡回覆您。
