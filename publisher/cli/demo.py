"""`publisher demo`: the main job before one's eyes."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from publisher.demo.runner import run


@click.command()
@click.option(
    "--once", is_flag=True, help="End after the summary; exit status 1 if anything is not as it should be."
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Where the demo lives. It is emptied at each start.",
)
def demo(once: bool, folder: Path) -> int:
    """Play the whole way of an item with a sample publication, a local mailbox and a local network.

    Nothing leaves this machine. Runs until Ctrl-C.
    """
    return run(folder.resolve(), once=once, console=Console())
