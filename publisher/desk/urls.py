"""The desk's addresses, and who may open each."""

from __future__ import annotations

from django.urls import path

from publisher.desk import (
    asking,
    audit,
    channels,
    copies,
    correcting,
    deliveries,
    digests,
    editions,
    handing,
    home,
    items,
    late,
    login,
    pauses,
    picture_deeds,
    pictures,
    posts,
    rejected,
    repairs,
    sending,
)
from publisher.desk.access import admins, anyone, staff

app_name = "desk"

urlpatterns = [
    path("login", anyone(login.login), name="login"),
    path("logout", anyone(login.logout), name="logout"),
    path("", staff(home.home), name="home"),
    path("items", staff(items.index), name="items"),
    path("items/<int:item_id>", staff(items.detail), name="item"),
    path("items/<int:item_id>/topics/<int:topic_id>", staff(items.decide_topic), name="topic"),
    path("items/<int:item_id>/correct", staff(correcting.index), name="correct"),
    path("items/<int:item_id>/correct/go", staff(correcting.correct), name="correct-go"),
    path("items/<int:item_id>/correct/progress", staff(correcting.progress), name="correct-progress"),
    path(
        "items/<int:item_id>/correct/measure/<int:post_id>/<slug:name>",
        staff(correcting.measure),
        name="correct-measure",
    ),
    path("corrections/<int:amendment_id>/again", staff(correcting.again), name="correction-again"),
    path(
        "corrections/<int:amendment_id>/delete-answer",
        staff(correcting.delete_answer),
        name="correction-delete-answer",
    ),
    path("corrections/<int:amendment_id>/call-off", staff(correcting.call_off), name="correction-call-off"),
    path("corrections/<int:amendment_id>/confirm", staff(correcting.confirm), name="correction-confirm"),
    path("rejected", staff(rejected.index), name="rejected"),
    path("rejected/<int:rejection_id>", staff(rejected.detail), name="rejection"),
    path("posts", staff(posts.index), name="posts"),
    path("posts/asking", staff(late.index), name="asking"),
    path("posts/asking/decide", staff(late.decide), name="asking-decide"),
    path("posts/asking/all", staff(late.decide_all), name="asking-all"),
    path("posts/<int:post_id>", staff(posts.detail), name="post"),
    path("posts/<int:post_id>/edit", staff(posts.edit), name="post-edit"),
    path("posts/<int:post_id>/redraft", staff(posts.redraft), name="post-redraft"),
    path("posts/<int:post_id>/cancel", staff(posts.cancel), name="post-cancel"),
    path("posts/<int:post_id>/reschedule", staff(posts.reschedule), name="post-reschedule"),
    path("posts/<int:post_id>/hand", staff(handing.page), name="post-hand"),
    path("posts/<int:post_id>/not-posted", staff(handing.not_posted), name="post-not-posted"),
    path("posts/<int:post_id>/measure/<int:part>", staff(posts.measure), name="post-measure"),
    path(
        "posts/<int:post_id>/pictures/describe", staff(picture_deeds.describe), name="post-picture-describe"
    ),
    path(
        "posts/<int:post_id>/pictures/leave-out",
        staff(picture_deeds.leave_out),
        name="post-picture-leave-out",
    ),
    path(
        "posts/<int:post_id>/pictures/put-back", staff(picture_deeds.put_back), name="post-picture-put-back"
    ),
    path("posts/<int:post_id>/pictures/upload", staff(picture_deeds.upload), name="post-picture-upload"),
    path("posts/<int:post_id>/pictures/again", staff(picture_deeds.fetch_again), name="post-picture-again"),
    path("pictures/<str:digest>", staff(pictures.show_picture), name="picture"),
    path("editions", staff(editions.index), name="editions"),
    path("editions/<int:edition_id>", staff(editions.detail), name="edition"),
    path("editions/<int:edition_id>/progress", staff(editions.progress), name="edition-progress"),
    path("editions/<int:edition_id>/waves", staff(editions.waves), name="edition-waves"),
    path("editions/<int:edition_id>/test", staff(copies.send_test), name="edition-test"),
    path("editions/<int:edition_id>/variants/<int:variant_id>", staff(editions.variant), name="variant"),
    path("editions/<int:edition_id>/confirm", staff(asking.confirm_edition), name="edition-confirm"),
    path("editions/<int:edition_id>/<slug:action>", staff(editions.act), name="edition-act"),
    path("digests", staff(digests.index), name="digests"),
    path("channels", staff(channels.index), name="channels"),
    path("channels/<int:channel_id>/resume", staff(repairs.resume), name="channel-resume"),
    path("channels/<int:channel_id>/check", staff(repairs.check), name="channel-check"),
    path("deliveries", staff(deliveries.index), name="deliveries"),
    path("deliveries.csv", staff(deliveries.export), name="deliveries-csv"),
    path("deliveries/<int:delivery_id>", staff(deliveries.detail), name="delivery"),
    path("deliveries/<int:delivery_id>/confirm", staff(asking.confirm), name="delivery-confirm"),
    path("pauses", staff(pauses.index), name="pauses"),
    path("pauses/begin", staff(pauses.begin), name="pause-begin"),
    path("pauses/<int:pause_id>", staff(pauses.detail), name="pause"),
    path("pauses/<int:pause_id>/release", staff(pauses.release), name="pause-release"),
    path("deliveries/<int:delivery_id>/posted", staff(handing.posted), name="delivery-posted"),
    path(
        "deliveries/<int:delivery_id>/pictures/<int:number>", staff(handing.picture), name="delivery-picture"
    ),
    path("sending", staff(sending.index), name="sending"),
    path("sending/stop", staff(sending.stop), name="sending-stop"),
    path("sending/go", staff(sending.go_on), name="sending-go"),
    path("sending/try", staff(sending.try_now), name="sending-try"),
    path("audit", admins(audit.index), name="audit"),
]
