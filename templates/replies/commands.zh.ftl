commands =
    请在这里写下您的问题，任何语言都可以，会有人阅读。您也可以发送：
    /status 查看进展
    /human 请求人工
    /close 不再需要
    .open = 您的问题 #{ $number } 正在由我们的团队处理。
    .pending = 我们已回复您的问题 #{ $number }。如有其他需要，请在这里写下。
    .none = 您没有未处理完的问题。请在这里写下您的问题。
    .human = 您的问题 #{ $number } 将由工作人员处理。
    .human-none = 您在这里写的每条消息都会有人阅读，请直接写下您的问题。
    .closed = 您的问题 #{ $number } 已结束。再次需要时，请在这里写给我们。
    .menu-help = 可以发送什么
    .menu-status = 查看进展
    .menu-human = 请求人工
    .menu-close = 不再需要
