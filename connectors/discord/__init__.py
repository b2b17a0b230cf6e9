"""Discord by its gateway and REST API, through discord.py."""
