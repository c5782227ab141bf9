"""The desk's audience: subscribers, segments, tags and attributes, deeds on many, lists from files."""
