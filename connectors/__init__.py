"""Wire protocols only: how to fetch and how to send.

One folder a channel: ``source`` (receiving), ``sender`` (answering), ``api``
(the typed edge to the library, where its errors become ours),
``capabilities``, ``settings``.  ``skeleton`` is the copyable start of another.
"""
