"""Every network against every fault of the wire: what stands on it afterwards. `make faults` runs all of it.

`cases.py` is the interface by which a network takes part, `networks/` has one file for each that does; `way.py` goes the way
of a post as the product does; `table.py` runs the cells and judges them.
"""
