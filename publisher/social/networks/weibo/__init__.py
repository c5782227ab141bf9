"""Weibo: microblogs of 140 Han characters, which a person posts by hand."""
