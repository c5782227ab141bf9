"""One row of the list, and who reads what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

AUDIENCE: Final = "Editors and admins (*see addresses*); who may not sees addresses masked."
ADMINS: Final = "Admins."
NOBODY: Final = "Nobody in the desk; whoever can open the database."
WITH_PERSON: Final = "as long as the subscriber"
WITH_LOGIN: Final = "as long as the login"
LETTERS: Final = "`PUBLISHER_KEEP_LETTERS_DAYS`"


@dataclass(frozen=True)
class Known:
    """One table. `fields`: all of them but the number, parted by spaces. `what` it says of whom, `why` it is kept, where it
    comes `since`, how long it is `kept`, who may `read` it. Markdown."""

    fields: str
    what: str
    why: str
    since: str
    kept: str
    read: str
