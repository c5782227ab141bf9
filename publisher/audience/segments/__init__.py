"""Which subscribers are meant: conditions as data, compiled to SQL by the ORM.

conditions.py   groups of conditions, read from JSON and from forms, written again
fields.py       what a condition may be about, how it is asked in a form, and its part of the query
matching.py     the query of some groups; how many fit, in limited time; a sample
saved.py        segments: conditions with a name

A lower room knows nothing of digests and deliveries, so what is about them is added by `digests/receiving.py` and
`delivery/behaviour.py` (`fields.add`).
"""
