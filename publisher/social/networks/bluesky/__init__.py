"""Bluesky: posts of 300 graphemes."""
