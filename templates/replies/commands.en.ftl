commands =
    Write your question here, in any language; a person reads it. You can also send:
    /status where your request stands
    /human ask for a person
    /close nothing more is needed
    /language choose your language
    .open = Your request #{ $number } is with our team.
    .pending = We have answered your request #{ $number }. Write here if you need more.
    .none = You have no open request. Write your question here.
    .human = A person will take care of your request #{ $number }.
    .human-none = A person reads everything you write here. Just write your question.
    .closed = Your request #{ $number } is closed. Write here whenever you need us again.
    .claimed = Thank you. We know now that this is you, and go on here.
    .code =
        Your code: { $code }
        Send it to us from where you also wrote: in a chat, by mail, or under your post. Then we know that both are you. It works once, for 7 days. Only use it if you wrote to us there yourself.
    .code-link = Or open: { $link }
    .menu-help = what you can send
    .menu-status = where your request stands
    .menu-human = ask for a person
    .menu-close = nothing more is needed
    .menu-language = choose your language
    .languages = In which language shall we write to you?
    .language = We write to you in English from now on. You can write in any language.
    .name = English
    .form = write to our team
