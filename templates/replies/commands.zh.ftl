commands =
    请在这里写下您的问题，任何语言都可以，会有人阅读。您也可以发送：
    /status 查看进展
    /human 请求人工
    /close 不再需要
    /language 选择语言
    .open = 您的问题 #{ $number } 正在由我们的团队处理。
    .pending = 我们已回复您的问题 #{ $number }。如有其他需要，请在这里写下。
    .none = 您没有未处理完的问题。请在这里写下您的问题。
    .human = 您的问题 #{ $number } 将由工作人员处理。
    .human-none = 您在这里写的每条消息都会有人阅读，请直接写下您的问题。
    .closed = 您的问题 #{ $number } 已结束。再次需要时，请在这里写给我们。
    .claimed = 谢谢。现在我们知道这是您，将在这里继续。
    .code =
        您的代码：{ $code }
        请从您联系过我们的另一个地方发给我们：聊天、邮件或您的帖子下方。这样我们就知道两边都是您。代码 7 天内有效，只能使用一次。仅当您本人在那里联系过我们时才使用。
    .code-link = 或打开：{ $link }
    .menu-help = 可以发送什么
    .menu-status = 查看进展
    .menu-human = 请求人工
    .menu-close = 不再需要
    .menu-language = 选择语言
    .languages = 您希望我们用哪种语言回复？
    .language = 从现在起我们用简体中文回复您。您可以用任何语言书写。
    .name = 简体中文
    .form = 给我们的团队留言
