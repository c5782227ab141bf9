"""The addresses of: clearance tags and the roles that clear."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import may
from publisher.desk.clearance import views
from publisher.people.permissions import SEE_DESK, SET_UP

urlpatterns = [
    path("clearance", may(SEE_DESK, views.index), name="clearance"),
    path("clearance/tags/new", may(SET_UP, views.new_tag), name="clearance-tag-new"),
    path("clearance/tags/<int:tag_id>", may(SET_UP, views.tag), name="clearance-tag"),
    path("clearance/roles/new", may(SET_UP, views.new_role), name="clearance-role-new"),
    path("clearance/roles/<int:group_id>", may(SET_UP, views.role), name="clearance-role"),
]
