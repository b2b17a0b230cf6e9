"""The copyable start of another channel: complete and working, for a platform that does not exist.

Copy the folder, rename it, and replace what speaks to ``Line`` by the
platform's library.  Then add the channel to ``connectors.registry``, write
its normalizer, simulator and golden payloads, and run the contract suite in
``tests/contract/connectors``: it shows what is still missing.
"""
