"""The addresses of: the suppression list."""

from __future__ import annotations

from django.urls import path

from publisher.delivery.models import Export
from publisher.desk.access import may
from publisher.desk.suppressions import exporting, imports, views
from publisher.people.permissions import MANAGE_AUDIENCE, SEE_ADDRESSES, SEE_DESK

Form = Export.Form

urlpatterns = [
    path("suppressions", may(SEE_DESK, views.index), name="suppressions"),
    path("suppressions/new", may(MANAGE_AUDIENCE, views.add), name="suppression-add"),
    path("suppressions/<int:suppression_id>", may(SEE_DESK, views.detail), name="suppression"),
    path("suppressions/<int:suppression_id>/lift", may(MANAGE_AUDIENCE, views.lift), name="suppression-lift"),
    path("suppressions/imports", may(MANAGE_AUDIENCE, imports.index), name="suppression-imports"),
    path(
        "suppressions/imports/<int:import_id>/refused.csv",
        may(SEE_ADDRESSES, imports.refused),
        name="suppression-import-refused",
    ),
    path(
        "suppressions.csv",
        may(SEE_ADDRESSES, exporting.export),
        {"form": Form.CSV},
        name="suppressions-csv",
    ),
    path(
        "suppressions.jsonl",
        may(SEE_ADDRESSES, exporting.export),
        {"form": Form.JSON},
        name="suppressions-json",
    ),
    path("suppressions/exports", may(SEE_ADDRESSES, exporting.index), name="suppression-exports"),
    path("suppressions/exports/new", may(SEE_ADDRESSES, exporting.ask), name="suppression-export-ask"),
    path(
        "suppressions/exports/<int:export_id>/file",
        may(SEE_ADDRESSES, exporting.fetch),
        name="suppression-export-file",
    ),
]
