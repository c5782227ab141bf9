"""The suppression list as a whole: looking through it, and bringing in the lists of others.

strength.py   which reason takes the place of which
searching.py  what somebody wants to see of it
table.py      a CSV file of addresses: its columns, and each of its rows checked
lifting.py    many off it at once, after a provider was broken
importing.py  the good rows into the list, by sets; the others kept with their reasons

One address at a time is `by_staff.py`; what mailboxes answer is `publisher/feedback`.
"""
