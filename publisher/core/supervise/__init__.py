"""Running several programs in one terminal, for `publisher up` and its kin.

`program` says what a program is, `restarts` when one that died starts again, `output` how their lines look
side by side, and `supervisor` is the loop. Which programs those are is data from above.
"""
