"""`python -m publisher.cli`, the same as `publisher`."""

from __future__ import annotations

from publisher.cli import main

if __name__ == "__main__":
    main()
