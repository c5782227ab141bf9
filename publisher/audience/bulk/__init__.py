"""One deed on many subscribers, done by workers in batches, and undone for a week.

asking.py    what is asked for: checked, counted, confirmed
actions.py   the table of deeds
deeds.py     their SQL: each of a batch, and its undoing
working.py   a worker's part: collect who is meant, batch after batch, and back

Who is meant is written down first (`BulkRow`), by one statement, and must be about as many as the person confirmed. Each batch
is a transaction that changes its rows, says what was before, and moves the cursor: whoever is killed has done a batch or not.
"""
