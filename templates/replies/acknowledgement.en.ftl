acknowledgement = Thank you for writing. Your message has arrived, and a person will answer you here.
