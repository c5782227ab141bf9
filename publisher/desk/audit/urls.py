"""The addresses of: the audit trail."""

from __future__ import annotations

from django.urls import path

from publisher.delivery.models import Export
from publisher.desk.access import may
from publisher.desk.audit import exporting, views
from publisher.people.permissions import SEE_AUDIT

Form = Export.Form

urlpatterns = [
    path("audit", may(SEE_AUDIT, views.index), name="audit"),
    path("audit.csv", may(SEE_AUDIT, exporting.export), {"form": Form.CSV}, name="audit-csv"),
    path("audit.jsonl", may(SEE_AUDIT, exporting.export), {"form": Form.JSON}, name="audit-json"),
    path("audit/<int:entry_id>", may(SEE_AUDIT, views.entry), name="audit-entry"),
    path("audit/exports", may(SEE_AUDIT, exporting.index), name="audit-exports"),
    path("audit/exports/new", may(SEE_AUDIT, exporting.ask), name="audit-export-ask"),
    path("audit/exports/<int:export_id>/file", may(SEE_AUDIT, exporting.fetch), name="audit-export-file"),
]
