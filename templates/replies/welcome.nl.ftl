welcome = Hallo! Stel je vraag hier, in welke taal dan ook. Ieder bericht wordt door een mens gelezen.
