"""A small publication with something in every state, so that each page has something to show."""

from tests.browser.world.building import World, build
from tests.browser.world.people import PASSWORD
from tests.browser.world.reviews import without_review

__all__ = ["PASSWORD", "World", "build", "without_review"]
