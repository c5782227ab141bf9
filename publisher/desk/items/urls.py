"""The addresses of: items, their corrections, and what was refused."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import may
from publisher.desk.items import correcting, rejected, views
from publisher.people.permissions import PUBLISH, SEE_DESK, WRITE

urlpatterns = [
    path("items", may(SEE_DESK, views.index), name="items"),
    path("items/<int:item_id>", may(SEE_DESK, views.detail), name="item"),
    path("items/<int:item_id>/topics/<int:topic_id>", may(WRITE, views.decide_topic), name="topic"),
    path("items/<int:item_id>/correct", may(SEE_DESK, correcting.index), name="correct"),
    path("items/<int:item_id>/correct/go", may(PUBLISH, correcting.correct), name="correct-go"),
    path("items/<int:item_id>/correct/progress", may(SEE_DESK, correcting.progress), name="correct-progress"),
    path(
        "items/<int:item_id>/correct/measure/<int:post_id>/<slug:name>",
        may(SEE_DESK, correcting.measure),
        name="correct-measure",
    ),
    path(
        "corrections/<int:amendment_id>/approve",
        may(PUBLISH, correcting.approve),
        name="correction-approve",
    ),
    path("corrections/<int:amendment_id>/again", may(PUBLISH, correcting.again), name="correction-again"),
    path(
        "corrections/<int:amendment_id>/delete-answer",
        may(PUBLISH, correcting.delete_answer),
        name="correction-delete-answer",
    ),
    path(
        "corrections/<int:amendment_id>/call-off",
        may(PUBLISH, correcting.call_off),
        name="correction-call-off",
    ),
    path(
        "corrections/<int:amendment_id>/confirm", may(PUBLISH, correcting.confirm), name="correction-confirm"
    ),
    path("rejected", may(SEE_DESK, rejected.index), name="rejected"),
    path("rejected/<int:rejection_id>", may(SEE_DESK, rejected.detail), name="rejection"),
]
