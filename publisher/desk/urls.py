"""The desk's addresses, and who may open each."""

from __future__ import annotations

from django.urls import path

from publisher.desk import (
    asking,
    audit,
    channels,
    copies,
    deliveries,
    digests,
    editions,
    handing,
    home,
    items,
    login,
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
    path("rejected", staff(rejected.index), name="rejected"),
    path("rejected/<int:rejection_id>", staff(rejected.detail), name="rejection"),
    path("posts", staff(posts.index), name="posts"),
    path("posts/<int:post_id>", staff(posts.detail), name="post"),
    path("posts/<int:post_id>/edit", staff(posts.edit), name="post-edit"),
    path("posts/<int:post_id>/redraft", staff(posts.redraft), name="post-redraft"),
    path("posts/<int:post_id>/cancel", staff(posts.cancel), name="post-cancel"),
    path("posts/<int:post_id>/reschedule", staff(posts.reschedule), name="post-reschedule"),
    path("posts/<int:post_id>/hand", staff(handing.page), name="post-hand"),
    path("posts/<int:post_id>/not-posted", staff(handing.not_posted), name="post-not-posted"),
    path("posts/<int:post_id>/measure/<int:part>", staff(posts.measure), name="post-measure"),
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
    path("deliveries", staff(deliveries.index), name="deliveries"),
    path("deliveries.csv", staff(deliveries.export), name="deliveries-csv"),
    path("deliveries/<int:delivery_id>", staff(deliveries.detail), name="delivery"),
    path("deliveries/<int:delivery_id>/confirm", staff(asking.confirm), name="delivery-confirm"),
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
