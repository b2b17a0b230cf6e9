welcome = ¡Hola! Escribe aquí tu pregunta, en cualquier idioma. Una persona lee todos los mensajes.
