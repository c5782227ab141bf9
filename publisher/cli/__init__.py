"""The `publisher` command.

How to add a command:

1. Write it as a plain click command in the file of its section (`intake.py`, `people.py`, …), with ordinary imports at
   the top. The file is imported only when the command is called, after Django is set up if the command needs it.
2. Add its line to the table in `commands.py`: section, name, where it is, what it needs, and one line of help.
3. When it reports something, return a `report.Report` and decorate it with `@report.reporting`: that adds `--json`.

Raise `UserError` for anything that a person can put right; any other error is logged with its traceback to `log/cli.log`
in the data folder, and the person sees one line.
"""

from __future__ import annotations

import sys

from publisher.cli.frame import run


def main() -> None:
    """The console script."""
    sys.exit(run(sys.argv[1:]))
