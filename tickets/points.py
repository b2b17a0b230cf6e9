"""Named steps between a byte arriving and a receipt stored.

The crash hook is called with each name; the crash tests kill the process at
every one of them.  A step that is added gets its name here.
"""

RECEIVING = (
    "telegram.before_confirm",  # the confirming getUpdates is about to leave
    "telegram.fetched",  # updates in memory
    "telegram.webhook_called",  # pushed update in memory
    "telegram.webhook_saved",  # pushed update committed, 200 not yet sent
    "discord.greeted",  # connected, nothing missed read yet
    "discord.heard",  # an announced message in memory
    "discord.page_read",  # a page of what was missed in memory
    "x.page_read",  # a page of mentions in memory
    "x.webhook_called",  # a pushed post in memory
    "x.webhook_saved",  # the post that quotes us committed, 200 not yet sent
    "mail.listed",  # sizes and dates known
    "mail.fetched",  # bodies read from the server
    "feed.read",  # posts that a feed found in memory
    "pump.received",  # bytes in memory, nothing stored
    "store.raw_written",  # inside the transaction, before its commit
    "pump.saved",  # raw event and cursor committed, platform not told
    "mail.before_seen",  # committed, not yet marked as read
    "mail.after_seen",
    "pump.acknowledged",  # platform told
    "intake.leased",
    "intake.normalized",
    "intake.looked_up",  # what the store knows of the people and threads was read
    "intake.decided",
    "store.admit_written",  # inside the transaction, before its commit
    "intake.admitted",
)
FETCHING = (
    "job.leased",
    "job.fetched",  # a file's bytes in memory
    "store.file_written",  # inside the transaction, before its commit
    "job.done",  # the file is stored, the job not yet finished
    "job.finished",
)
ANSWERING = (
    "store.change_written",  # inside the desk's transaction, before its commit
    "desk.committed",
    "outbox.leased",
    "outbox.budget_taken",
    "store.sending_written",  # inside the transaction, before its commit
    "outbox.marked_sending",  # committed as sending, nothing sent
    "telegram.before_send",
    "telegram.after_send",
    "discord.before_send",
    "discord.after_send",
    "x.before_send",
    "x.pictures_uploaded",  # X has them, no post shows them yet
    "x.after_send",
    "mail.before_send",
    "mail.after_send",
    "outbox.sent",  # receipt in memory only
    "store.receipt_written",  # inside the transaction, before its commit
    "outbox.recorded",
)
PROVING = (
    "proof.leased",  # an answer of unknown fate is about to be looked for
    "proof.looked",  # the platform has told what it has
    "proof.recorded",
)
SWEEPING = (
    "store.sweep_written",  # clocks and work given out, inside the transaction, before its commit
    "sweep.committed",  # committed, nobody told yet
)
POINTS = RECEIVING + FETCHING + ANSWERING + PROVING + SWEEPING
