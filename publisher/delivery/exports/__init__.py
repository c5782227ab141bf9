"""Rows of a long list as files: at once when they are few, else written by a worker, a piece at a time.

No process of the web holds a thread while millions of rows are read: a person asks (`asking.py`), beat's tick writes
(`writing.py`), and what is ready is read from the store of files. Files go after a week. Which lists there are says `kinds.py`.
"""
