welcome = Dzień dobry! Napisz swoje pytanie w dowolnym języku. Każdą wiadomość czyta człowiek.
