"""The sandbox network: a timeline on this machine, for trying things out."""
