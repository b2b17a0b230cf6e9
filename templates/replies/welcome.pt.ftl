welcome = Olá! Escreva aqui sua pergunta, em qualquer idioma. Uma pessoa lê todas as mensagens.
