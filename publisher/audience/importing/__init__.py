"""Importing subscribers from a CSV file. `run.py` is the whole way; `publisher subscribers import` calls it.

opening.py      bytes → text: what is no table, and which encoding it is
dialect.py      the delimiter, and whether there is a header
columns.py      names of columns → fields
records.py      text → records; broken quotes cost one line, not the file
rows.py         one record checked: what is staged, or why it is refused
given.py        the cells that say what somebody chose
staging.py      all good rows into a temporary table by COPY, sorted by address
loading.py      from there into subscribers, subscriptions and consents, chunk by chunk; its SQL in `statements.py`
refused.py      every refused row, with line and reason, in a file that can be repaired and imported
"""
