"""The addresses of: posts."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import may
from publisher.desk.posts import handing, late, picture_deeds, pictures, views
from publisher.people.permissions import PUBLISH, SEE_DESK, WRITE

urlpatterns = [
    path("posts", may(SEE_DESK, views.index), name="posts"),
    path("posts/asking", may(SEE_DESK, late.index), name="asking"),
    path("posts/asking/decide", may(PUBLISH, late.decide), name="asking-decide"),
    path("posts/asking/all", may(PUBLISH, late.decide_all), name="asking-all"),
    path("posts/<int:post_id>", may(SEE_DESK, views.detail), name="post"),
    path("posts/<int:post_id>/edit", may(WRITE, views.edit), name="post-edit"),
    path("posts/<int:post_id>/redraft", may(WRITE, views.redraft), name="post-redraft"),
    path("posts/<int:post_id>/cancel", may(PUBLISH, views.cancel), name="post-cancel"),
    path("posts/<int:post_id>/reschedule", may(PUBLISH, views.reschedule), name="post-reschedule"),
    path("posts/<int:post_id>/hand", may(SEE_DESK, handing.page), name="post-hand"),
    path("posts/<int:post_id>/not-posted", may(PUBLISH, handing.not_posted), name="post-not-posted"),
    path("posts/<int:post_id>/check", may(SEE_DESK, views.check), name="post-check"),
    path("posts/<int:post_id>/measure/<int:part>", may(SEE_DESK, views.measure), name="post-measure"),
    path(
        "posts/<int:post_id>/pictures/describe",
        may(WRITE, picture_deeds.describe),
        name="post-picture-describe",
    ),
    path(
        "posts/<int:post_id>/pictures/leave-out",
        may(WRITE, picture_deeds.leave_out),
        name="post-picture-leave-out",
    ),
    path(
        "posts/<int:post_id>/pictures/put-back",
        may(WRITE, picture_deeds.put_back),
        name="post-picture-put-back",
    ),
    path("posts/<int:post_id>/pictures/upload", may(WRITE, picture_deeds.upload), name="post-picture-upload"),
    path(
        "posts/<int:post_id>/pictures/again", may(WRITE, picture_deeds.fetch_again), name="post-picture-again"
    ),
    path("pictures/<str:digest>", may(SEE_DESK, pictures.show_picture), name="picture"),
    path("deliveries/<int:delivery_id>/posted", may(PUBLISH, handing.posted), name="delivery-posted"),
    path(
        "deliveries/<int:delivery_id>/pictures/<int:number>",
        may(SEE_DESK, handing.picture),
        name="delivery-picture",
    ),
]
