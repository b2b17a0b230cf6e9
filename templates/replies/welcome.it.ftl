welcome = Ciao! Scrivi qui la tua domanda, in qualsiasi lingua. Ogni messaggio viene letto da una persona.
