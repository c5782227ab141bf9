"""The addresses of: reviewing posts, editions and items."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import may
from publisher.desk.review import clearing, views
from publisher.people.permissions import PUBLISH, SEE_DESK, WRITE

urlpatterns = [
    path("review/posts/<int:post_id>/approve", may(PUBLISH, views.approve_post), name="post-approve"),
    path("review/posts/<int:post_id>/ask", may(PUBLISH, views.ask_post), name="post-ask-changes"),
    path("review/posts/<int:post_id>/comment", may(WRITE, views.comment_post), name="post-comment"),
    path("review/editions/<int:edition_id>/ask", may(PUBLISH, views.ask_edition), name="edition-ask-changes"),
    path(
        "review/editions/<int:edition_id>/comment", may(WRITE, views.comment_edition), name="edition-comment"
    ),
    path(
        "review/editions/<int:edition_id>/tags/<int:tag_id>/clear",
        may(SEE_DESK, clearing.clear_texts),
        name="edition-tag-clear",
    ),
    path(
        "review/editions/<int:edition_id>/tags/<int:tag_id>/remove",
        may(PUBLISH, clearing.remove_from_texts),
        name="edition-tag-remove",
    ),
    path("review/items/<int:item_id>/tags", may(WRITE, clearing.set_tag), name="item-tag"),
    path(
        "review/items/<int:item_id>/tags/<int:tag_id>/remove",
        may(PUBLISH, clearing.remove_tag),
        name="item-tag-remove",
    ),
    path(
        "review/items/<int:item_id>/tags/<int:tag_id>/clear",
        may(SEE_DESK, clearing.clear),
        name="item-tag-clear",
    ),
    path(
        "review/items/<int:item_id>/tags/<int:tag_id>/take-back",
        may(SEE_DESK, clearing.take_back),
        name="item-tag-take-back",
    ),
]
