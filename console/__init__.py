"""The web inbox, the REST API and live updates: thin, every change goes through the desk."""
