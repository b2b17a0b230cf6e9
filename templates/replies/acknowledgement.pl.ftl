acknowledgement = Dziękujemy za wiadomość. Dotarła do nas, a ktoś z zespołu odpowie tutaj.
