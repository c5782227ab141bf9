"""How fast mail may leave: limits, buckets, back-off, the limit of errors, and whose turn it is.

Senders use `pacer.py` and `order.py`; nothing here sends, claims or settles.
"""
