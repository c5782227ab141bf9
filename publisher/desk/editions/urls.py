"""The addresses of: editions."""

from __future__ import annotations

from django.urls import path

from publisher.desk.access import may
from publisher.desk.editions import arranging, copies, pictures, preflights, previews, readers, views
from publisher.desk.log import asking
from publisher.people.permissions import PUBLISH, SEE_ADDRESSES, SEE_DESK, WRITE

urlpatterns = [
    path("editions", may(SEE_DESK, views.index), name="editions"),
    path("editions/<int:edition_id>", may(SEE_DESK, views.detail), name="edition"),
    path("editions/<int:edition_id>/progress", may(SEE_DESK, views.progress), name="edition-progress"),
    path("editions/<int:edition_id>/waves", may(SEE_DESK, views.waves), name="edition-waves"),
    path("editions/<int:edition_id>/test", may(WRITE, copies.send_test), name="edition-test"),
    path("editions/<int:edition_id>/arrange", may(WRITE, arranging.arrange), name="edition-arrange"),
    path("editions/<int:edition_id>/offered", may(WRITE, arranging.offered), name="edition-offered"),
    path("editions/<int:edition_id>/texts", may(WRITE, views.save_texts), name="edition-texts"),
    path(
        "editions/<int:edition_id>/measure/<slug:language>",
        may(WRITE, arranging.measure),
        name="edition-measure",
    ),
    path("editions/<int:edition_id>/check", may(WRITE, preflights.check), name="edition-check"),
    path("editions/<int:edition_id>/as-reader", may(SEE_ADDRESSES, previews.look_up), name="edition-reader"),
    path("editions/<int:edition_id>/preview", may(SEE_DESK, previews.preview), name="edition-preview"),
    path(
        "editions/<int:edition_id>/pictures/<slug:name>",
        may(SEE_DESK, pictures.show),
        name="edition-picture",
    ),
    path(
        "editions/<int:edition_id>/variants/<int:variant_id>", may(SEE_DESK, previews.variant), name="variant"
    ),
    path("editions/<int:edition_id>/readers", may(PUBLISH, readers.choose), name="edition-readers"),
    path("editions/<int:edition_id>/readers/now", may(SEE_DESK, readers.count), name="edition-readers-now"),
    path("editions/<int:edition_id>/confirm", may(PUBLISH, asking.confirm_edition), name="edition-confirm"),
    path("editions/<int:edition_id>/<slug:action>", may(PUBLISH, views.act), name="edition-act"),
]
