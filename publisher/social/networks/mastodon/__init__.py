"""Mastodon: statuses of 500 characters or what the server allows, with pictures and content warnings."""
