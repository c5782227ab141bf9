"""Webhooks of mail providers: what they tell of mail that they took, through a door of their own for each.

proofs.py, sns.py    whether a call is the provider's: signatures, times, what was used before
table.py             the providers: how each proves itself, how its events are read, how a person sets it up
pieces.py            a call's body, cut into events
meanings.py          what a provider says beyond what anymail reads: for good or not, why, by which code
events.py            an event of anymail's, in the words of `taking.py`
doors.py             making, rotating and removing a provider's door
calls.py             a call: checked and stored by the door, taken by a task
"""
