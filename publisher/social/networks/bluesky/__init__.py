"""Bluesky (AT Protocol): posts of 300 graphemes with links, tags, mentions, a card or pictures, on any PDS."""
