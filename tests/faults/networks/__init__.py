"""One file a network, each with a `SUBJECT` (`tests/faults/cases.py`)."""
