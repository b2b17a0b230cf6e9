commands =
    질문을 여기에 어떤 언어로든 적어 주세요. 담당자가 읽습니다. 다음과 같이 보낼 수도 있습니다:
    /status 문의 진행 상황
    /human 담당자 요청
    /close 더 필요한 것이 없음
    .open = 문의 #{ $number }은(는) 담당 팀에 있습니다.
    .pending = 문의 #{ $number }에 답변드렸습니다. 더 필요한 것이 있으면 여기에 적어 주세요.
    .none = 열려 있는 문의가 없습니다. 질문을 여기에 적어 주세요.
    .human = 문의 #{ $number }은(는) 담당자가 처리합니다.
    .human-none = 여기에 적으신 모든 내용을 담당자가 읽습니다. 질문을 적어 주세요.
    .closed = 문의 #{ $number }을(를) 종료했습니다. 다시 필요하시면 언제든 여기에 적어 주세요.
    .menu-help = 보낼 수 있는 것
    .menu-status = 문의 진행 상황
    .menu-human = 담당자 요청
    .menu-close = 더 필요한 것이 없음
