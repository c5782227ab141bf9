"""The addresses of: pauses and the standstill of all sending."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import may
from publisher.desk.stops import pauses, sending
from publisher.people.permissions import PUBLISH, SEE_DESK, STOP

urlpatterns = [
    path("pauses", may(SEE_DESK, pauses.index), name="pauses"),
    path("pauses/begin", may(STOP, pauses.begin), name="pause-begin"),
    path("pauses/<int:pause_id>", may(SEE_DESK, pauses.detail), name="pause"),
    path("pauses/<int:pause_id>/release", may(PUBLISH, pauses.release), name="pause-release"),
    path("sending", may(SEE_DESK, sending.index), name="sending"),
    path("sending/stop", may(STOP, sending.stop), name="sending-stop"),
    path("sending/go", may(PUBLISH, sending.go_on), name="sending-go"),
    path("sending/try", may(PUBLISH, sending.try_now), name="sending-try"),
]
