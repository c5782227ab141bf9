"""The board at the village green: a network that a package of somebody else brings. Written by the steps of docs/networks.md."""
