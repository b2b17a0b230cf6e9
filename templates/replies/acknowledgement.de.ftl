acknowledgement = Danke für Ihre Nachricht. Sie ist angekommen, und jemand aus unserem Team antwortet Ihnen hier.
