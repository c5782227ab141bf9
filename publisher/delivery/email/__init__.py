"""Mail: building a message from its template (message.py, headers.py) and bringing it to a mail server
(smtp/).

Nothing here knows the database; the sender that claims and settles deliveries calls it.
"""
