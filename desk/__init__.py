"""Every command a person or a rule can give, once: actor, role, idempotency key, event.

The only way to change a ticket from outside; console, API and staff chats
call it and nothing else.
"""
