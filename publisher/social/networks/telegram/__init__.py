"""Telegram: messages of a bot in a channel or group, of 4096 characters, or 1024 with pictures."""
