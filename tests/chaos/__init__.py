"""Processes that are killed, servers that misbehave, and a count of what arrived. `make chaos` runs all of it.

`sink.py` takes the mail and writes down each message before it answers; `world.py` runs real servers and workers;
`scenarios.py` says what happens to them; `counting.py` compares what arrived with what the database says.
"""
