"""The addresses of: what came back."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import may
from publisher.desk.reports import views
from publisher.people.permissions import SEE_ADDRESSES

urlpatterns = [
    path("reports", may(SEE_ADDRESSES, views.index), name="reports"),
    path("reports/<int:report_id>", may(SEE_ADDRESSES, views.detail), name="report"),
    path("reports/<int:report_id>/evidence", may(SEE_ADDRESSES, views.evidence), name="report-evidence"),
]
"""Reports hold addresses and the words of readers, so all of it is for who may see addresses."""
