"""What `publisher doctor` looks at: whether this service can send, and whether mailbox providers will take what it sends.

Each file answers one question with findings (findings.py); examination.py asks them all. Nothing is sent or changed.
"""
