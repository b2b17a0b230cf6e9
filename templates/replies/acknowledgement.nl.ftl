acknowledgement = Bedankt voor je bericht. Het is aangekomen en iemand van ons team antwoordt je hier.
