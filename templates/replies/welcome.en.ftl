welcome = Hello! Write your question here, in any language. A person reads every message.
