"""Correct everywhere: editing, answering or deleting posts that were sent. `docs/corrections.md` is for people.

`standing.py` reads what stands on the networks, `choosing.py` says what is possible and proposes, `texts.py` writes the words,
`costs.py` prices an answer, `asking.py` takes a person's decisions, `claim.py` and `doing.py` carry them out, `doubts.py`
resolves what nobody can tell, `waiting.py` says why something waits.
"""
