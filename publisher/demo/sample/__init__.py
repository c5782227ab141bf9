"""The sample publication: own writing about an invented country. `load.py` reads it."""
