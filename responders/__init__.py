"""Answers: composed, fitted to the channel, sent once, tried again only where that is safe."""
