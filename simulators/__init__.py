"""Loopback platforms: they speak each platform's protocol, keep a record, and misbehave on request.

Never imported by shipped code but the sandbox command, and never importing a
connector: one misreading of a protocol must not hide in both.
"""
