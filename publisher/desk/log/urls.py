"""The addresses of: the delivery log."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import may
from publisher.desk.log import asking, deeds, exporting, message, views
from publisher.people.permissions import PUBLISH, SEE_ADDRESSES, SEE_DESK

urlpatterns = [
    path("deliveries", may(SEE_DESK, views.index), name="deliveries"),
    path("deliveries.csv", may(SEE_ADDRESSES, exporting.csv), name="deliveries-csv"),
    path("deliveries.jsonl", may(SEE_ADDRESSES, exporting.json_lines), name="deliveries-json"),
    path("deliveries/retry", may(PUBLISH, deeds.retry_all), name="deliveries-retry"),
    path("deliveries/<int:delivery_id>", may(SEE_DESK, views.detail), name="delivery"),
    path("deliveries/<int:delivery_id>/confirm", may(PUBLISH, asking.confirm), name="delivery-confirm"),
    path("deliveries/<int:delivery_id>/retry", may(PUBLISH, deeds.retry), name="delivery-retry"),
    path("deliveries/<int:delivery_id>/resend", may(PUBLISH, deeds.resend), name="delivery-resend"),
    path("deliveries/<int:delivery_id>/message", may(PUBLISH, message.download), name="delivery-message"),
    path("exports", may(SEE_ADDRESSES, exporting.index), name="exports"),
    path("exports/new", may(SEE_ADDRESSES, exporting.ask), name="export-ask"),
    path("exports/<int:export_id>/file", may(SEE_ADDRESSES, exporting.fetch), name="export-file"),
]
