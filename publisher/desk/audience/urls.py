"""The addresses of: subscribers, segments, tags and attributes, bulk actions, imports."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import may
from publisher.desk.audience import bulk, exporting, imports, labels, person, rights, segments, views
from publisher.people.permissions import MANAGE_AUDIENCE, SEE_ADDRESSES, SEE_DESK

urlpatterns = [
    path("subscribers", may(SEE_DESK, views.index), name="subscribers"),
    path("subscribers/export", may(SEE_ADDRESSES, exporting.ask), name="subscribers-export"),
    path("subscribers/exports", may(SEE_ADDRESSES, exporting.index), name="subscriber-exports"),
    path(
        "subscribers/exports/<int:export_id>/file",
        may(SEE_ADDRESSES, exporting.fetch),
        name="subscriber-export-file",
    ),
    path("subscribers/new", may(MANAGE_AUDIENCE, person.new), name="subscriber-new"),
    path("subscribers/<int:subscriber_id>", may(SEE_DESK, person.detail), name="subscriber"),
    *(
        path(
            f"subscribers/<int:subscriber_id>/{deed.__name__}",
            may(MANAGE_AUDIENCE, deed),
            name=f"subscriber-{deed.__name__}",
        )
        for deed in (
            person.rename,
            person.unsubscribe,
            person.suppress,
            person.lift,
            person.tag,
            person.attribute,
            rights.erase,
        )
    ),
    path("subscribers/<int:subscriber_id>/data", may(SEE_ADDRESSES, rights.data), name="subscriber-data"),
    path(
        "subscribers/<int:subscriber_id>/digests/<int:digest_id>",
        may(MANAGE_AUDIENCE, person.choose),
        name="subscriber-choose",
    ),
    path("segments", may(SEE_DESK, segments.index), name="segments"),
    path("segments/new", may(MANAGE_AUDIENCE, segments.new), name="segment-new"),
    path("segments/count", may(MANAGE_AUDIENCE, segments.count), name="segment-count"),
    path("segments/<int:segment_id>", may(MANAGE_AUDIENCE, segments.edit), name="segment"),
    path("segments/<int:segment_id>/remove", may(MANAGE_AUDIENCE, segments.remove), name="segment-remove"),
    path("tags", may(SEE_DESK, labels.index), name="tags"),
    path("tags/new", may(MANAGE_AUDIENCE, labels.make_tag), name="tag-new"),
    path("tags/<int:tag_id>", may(MANAGE_AUDIENCE, labels.tag), name="tag"),
    path("attributes/new", may(MANAGE_AUDIENCE, labels.make_attribute), name="attribute-new"),
    path("attributes/<int:attribute_id>", may(MANAGE_AUDIENCE, labels.attribute), name="attribute"),
    path("bulk", may(MANAGE_AUDIENCE, bulk.index), name="bulks"),
    path("bulk/new", may(MANAGE_AUDIENCE, bulk.new), name="bulk-new"),
    path("bulk/<int:bulk_id>", may(MANAGE_AUDIENCE, bulk.detail), name="bulk"),
    path("bulk/<int:bulk_id>/stop", may(MANAGE_AUDIENCE, bulk.stop), name="bulk-stop"),
    path("bulk/<int:bulk_id>/undo", may(MANAGE_AUDIENCE, bulk.undo), name="bulk-undo"),
    path("imports", may(MANAGE_AUDIENCE, imports.index), name="imports"),
    path("imports/<int:upload_id>", may(MANAGE_AUDIENCE, imports.detail), name="import"),
    path("imports/<int:upload_id>/check", may(MANAGE_AUDIENCE, imports.check), name="import-check"),
    path("imports/<int:upload_id>/begin", may(MANAGE_AUDIENCE, imports.begin), name="import-begin"),
    path("imports/<int:upload_id>/withdraw", may(MANAGE_AUDIENCE, imports.withdraw), name="import-withdraw"),
    path("imports/<int:upload_id>/refused.csv", may(SEE_ADDRESSES, imports.refused), name="import-refused"),
]
