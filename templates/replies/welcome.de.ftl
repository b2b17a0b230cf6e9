welcome = Hallo! Schreiben Sie Ihre Frage hier, in jeder Sprache. Jede Nachricht wird von einem Menschen gelesen.
