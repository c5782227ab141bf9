"""LinkedIn: posts of 3000 characters in its “little” text format."""
