"""What is known of a person over all rooms: shown to them, and erased at their wish."""
