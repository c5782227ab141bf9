"""Erasing what is past its time, each night, in batches; and the list of what is known of people at all.

`kinds.py` says what is erased and when, `working.py` does it and keeps a row of each run (`models.py`), `known.py` is the list
from which docs/privacy.md is written. Deliveries, webhooks' log, exports and sessions have their own tasks: `elsewhere.py`.
"""
