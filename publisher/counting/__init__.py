"""Counting clicks and opens, where a digest asks for it. By default it does not, and then nothing here touches a mail.

links.py    the links of an edition's mails, and mails whose links lead through us
tokens.py   what stands in such an address
asking.py   which requests are counted at all
tally.py    counts in Redis, and from there into the database
persons.py  what is kept of people who agreed to it
reading.py  the figures, for the desk
"""
