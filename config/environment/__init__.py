"""Every setting that Publisher takes from its environment: name, default, unit, meaning. Read once, by `config.settings`.

`docs/configuration.md` is written from the same tables (a test compares them). No other room reads `os.environ`.
One file a subject (`keeping`, `mail`, `service`, `signing_in`, `signing_up`) holds the rows; `reading` makes them values.
"""

from __future__ import annotations

from config.environment.reading import SETTINGS, Environment, read
from config.environment.setting import Setting

__all__ = ["SETTINGS", "Environment", "Setting", "read"]
