"""One folder a network: everything that is known about it is in there."""
