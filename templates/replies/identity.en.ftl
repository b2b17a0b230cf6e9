identity =
    Before we can tell you more, we must be sure that it is you. We have sent a code to the address that we have on record for you ({ $address }). Please write it here.
    .questions = Before we can tell you more, we must be sure that it is you. Please answer here:
    .sign-in =
        Before we can tell you more, we must be sure that it is you. Please sign in here:
        { $link }
        The link is for you alone; do not pass it on.
    .subject = Your code
    .mail =
        Your code: { $code }
        Write it only in the conversation with us in which we asked you for it. If you did not ask us anything, somebody else may be using your name: give the code to nobody, and tell us.
    .thanks = Thank you. We know now that it is you. You can close this page and go on in your conversation with us.
    .stale = This link does not work, or does not work any more. Ask us for a new one in your conversation with us.
