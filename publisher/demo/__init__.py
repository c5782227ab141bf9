"""The demo: a sample publication, a local mailbox, and a runner that plays the main job before the user's eyes."""
