"""Signing up: somebody asks by a form (`asking`), the owner of the mailbox confirms (`confirming`), and what keeps forms from
being used against others (`limits`, `policy`, `stamps`, `challenge`). What came of them is counted (`tally`).
"""
