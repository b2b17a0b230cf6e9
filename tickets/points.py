"""Named steps between a byte arriving and a receipt stored.

The crash hook is called with each name; the crash tests kill the process at
every one of them.  A step that is added gets its name here.
"""

RECEIVING = (
    "pump.received",  # bytes in memory, nothing stored
    "pump.saved",  # raw event and cursor committed, platform not told
    "pump.acknowledged",  # platform told
    "telegram.before_confirm",  # the confirming getUpdates is about to leave
    "telegram.webhook_saved",  # pushed update committed, 200 not yet sent
    "mail.fetched",  # bodies read from the server
    "intake.leased",
    "intake.normalized",
    "intake.decided",
    "store.admit_written",  # inside the transaction, before its commit
    "intake.admitted",
)
ANSWERING = (
    "store.change_written",  # inside the desk's transaction, before its commit
    "desk.committed",
    "outbox.leased",
    "outbox.marked_sending",  # committed as sending, nothing sent
    "telegram.before_send",
    "telegram.after_send",
    "discord.before_send",
    "discord.after_send",
    "x.before_send",
    "x.after_send",
    "mail.before_send",
    "mail.after_send",
    "outbox.sent",  # receipt in memory only
    "store.receipt_written",  # inside the transaction, before its commit
    "outbox.recorded",
)
POINTS = RECEIVING + ANSWERING
