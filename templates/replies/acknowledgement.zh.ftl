acknowledgement = 感谢您的来信。我们已收到您的消息，工作人员会在这里回复您。
