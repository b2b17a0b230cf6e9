commands =
    Write your question here, in any language; a person reads it. You can also send:
    /status where your request stands
    /human ask for a person
    /close nothing more is needed
    /language the language of our answers
    .open = Your request #{ $number } is with our team. We have not answered yet.
    .pending = We have answered your request #{ $number }. Write here if you need more.
    .none = You have no open request. Write your question here.
    .human = A person will take care of your request #{ $number }.
    .human-none = A person reads everything you write here. Just write your question.
    .closed = Your request #{ $number } is closed. Write here whenever you need us again.
    .language = From now on we write to you in English.
    .languages = Send /language and one of these: { $codes }
    .menu-help = what you can send
    .menu-status = where your request stands
    .menu-human = ask for a person
    .menu-close = nothing more is needed
    .menu-language = the language of our answers
