"""What becomes of a message.  Everything is pure but ``intake``, which alone reads and writes."""
