"""Webhooks: signed events to any address of ours, and messages to rooms of Slack, Teams and Discord."""
