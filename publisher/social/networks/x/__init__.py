"""X: posts of 280 weighted characters, on which a link counts 23."""
