"""The page on which a reader chooses, by a signed link: what it offers, what was typed, what comes of it."""
