"""What a payload means: pure functions from RawEvent to InboundMessage or Ignored.  One module a channel."""
