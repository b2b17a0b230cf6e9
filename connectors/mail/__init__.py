"""Email: IMAP through aioimaplib, SMTP through aiosmtplib."""
