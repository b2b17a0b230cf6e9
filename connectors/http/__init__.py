"""The door for platforms that push: maps HTTP to WebhookReceiver."""
