"""Lists from files: given, looked at, tried, imported; and what was imported before."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from publisher.audience.importing import running, uploads
from publisher.audience.importing.columns import ATTRIBUTE, FIELDS, IGNORE
from publisher.audience.importing.uploads import Column, Reading
from publisher.audience.models import Attribute, Tag, Upload
from publisher.audience.stale import Stale
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.numbers import number_in
from publisher.desk.access import user_of
from publisher.desk.audience.showing import by_title, named, titles
from publisher.desk.badges import Badge
from publisher.desk.conflicts import conflict
from publisher.desk.language_names import language_name
from publisher.desk.page import show
from publisher.desk.paging import newest
from publisher.digests.models import Digest

SHAPES = {
    "new": ("wait", "ring"),
    "checking": ("go", "half"),
    "checked": ("wait", "ring"),
    "waiting": ("go", "half"),
    "done": ("good", "check"),
    "failed": ("bad", "cross"),
    "withdrawn": ("quiet", "dash"),
}
FIELD_NAMES = {
    "email": gettext_lazy("Address"),
    "name": gettext_lazy("Name"),
    "first": gettext_lazy("First name"),
    "last": gettext_lazy("Last name"),
    "language": gettext_lazy("Language"),
    "topics": gettext_lazy("Topics"),
    "kinds": gettext_lazy("Kinds"),
    "region": gettext_lazy("Region"),
    "tags": gettext_lazy("Tags"),
    "zone": gettext_lazy("Time zone"),
    "consent": gettext_lazy("How they agreed"),
    "since": gettext_lazy("Subscribed since"),
}
COUNTS = (
    ("read", gettext_lazy("rows read")),
    ("added", gettext_lazy("new people")),
    ("subscribed", gettext_lazy("new subscriptions, theirs among them")),
    ("updated", gettext_lazy("had it already, and are changed")),
    ("unchanged", gettext_lazy("had it already")),
    ("refused", gettext_lazy("are refused")),
    ("left", gettext_lazy("have unsubscribed: not subscribed again")),
    ("suppressed", gettext_lazy("are on the suppression list: not subscribed")),
    ("erased", gettext_lazy("were erased at their wish: not subscribed")),
    ("duplicates", gettext_lazy("the same address once more: its first row counts")),
)
STEPS = {
    "reading": gettext_lazy("Reading the file"),
    "sorting": gettext_lazy("Sorting"),
    "writing": gettext_lazy("Writing"),
}


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """What was imported, newest first; and giving a file."""
    error = None
    if request.method == "POST":
        try:
            upload = _given(request)
            return redirect("desk:import", upload.pk)
        except UserError as refused:
            error = refused
    digests = titles()
    context = {
        "listing": newest(request, Upload.objects.select_related("asked_by")),
        "badge_for": badge_for,
        "digest_of": lambda row: digests.get(row.digest_id, ""),
        "most_mb": uploads.MOST_BYTES >> 20,
        "error": error,
    }
    return show(request, "desk/audience/imports.html", context, status=422 if error else 200)


def _given(request: HttpRequest) -> Upload:
    file = request.FILES.get("file")
    if file is None or isinstance(file, list):
        raise UserError(_("Choose a file."), _("A table saved as CSV, with a row for each person."))
    return uploads.take(
        file.name or "", file.chunks(), file.size or 0, user=user_of(request), now=clock.now()
    )


@require_GET
def detail(request: HttpRequest, upload_id: int) -> HttpResponse:
    """One import: its columns while they may be chosen, then what came of it."""
    return _page(request, get_object_or_404(Upload.objects.select_related("asked_by"), pk=upload_id))


@require_POST
def check(request: HttpRequest, upload_id: int) -> HttpResponse:
    """Have it tried as the form says."""
    upload = get_object_or_404(Upload, pk=upload_id)
    reading = _reading(request)
    return _does(request, upload, lambda version: uploads.check(upload.pk, reading, version=version), reading)


@require_POST
def begin(request: HttpRequest, upload_id: int) -> HttpResponse:
    """Have it imported."""
    upload = get_object_or_404(Upload, pk=upload_id)
    return _does(
        request,
        upload,
        lambda version: uploads.begin(upload.pk, version=version, user=user_of(request), now=clock.now()),
    )


@require_POST
def withdraw(request: HttpRequest, upload_id: int) -> HttpResponse:
    """Forget the file."""
    upload = get_object_or_404(Upload, pk=upload_id)
    return _does(
        request,
        upload,
        lambda version: uploads.withdraw(upload.pk, version=version, user=user_of(request), now=clock.now()),
    )


@require_GET
def refused(request: HttpRequest, upload_id: int) -> HttpResponseBase:
    """The rows that were refused, to be mended and given again."""
    upload = get_object_or_404(Upload, pk=upload_id)
    pieces = uploads.refused_file(upload, user=user_of(request))
    response = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="refused-{upload.pk}.csv"'
    return response


def _does(
    request: HttpRequest, upload: Upload, deed: Callable[[int], Upload], reading: Reading | None = None
) -> HttpResponse:
    try:
        deed(number_in(request.POST.get("version", "")) or 0)
    except Stale as stale:
        url = reverse("desk:import", args=[upload.pk])
        return conflict(request, upload, url=url, message=stale.message, hint=stale.hint)
    except UserError as error:
        return _page(request, upload, reading=reading, error=error, status=422)
    return redirect("desk:import", upload.pk)


def _reading(request: HttpRequest) -> Reading:
    post = request.POST
    columns = {
        name.removeprefix("column-"): post[name][:80]
        for name in post
        if name.startswith("column-") and number_in(name.removeprefix("column-"))
    }
    digest = Digest.objects.filter(pk=number_in(post.get("digest", "")) or 0).first()
    language = post.get("language", "")
    return Reading(
        digest_id=digest.pk if digest else None,
        columns=columns,
        consent=post.get("consent", "")[:1000],
        language=language if digest and language in digest.languages else "",
        encoding=post.get("encoding", "").strip()[:40],
        update=post.get("existing") == "update",
        refuse_roles=post.get("roles") == "refuse",
        tag=post.get("tag", "")[:200],
    )


def _page(
    request: HttpRequest,
    upload: Upload,
    *,
    reading: Reading | None = None,
    error: UserError | None = None,
    status: int = 200,
) -> HttpResponse:
    reading = reading or Reading.of(upload)
    choosing = upload.held and upload.state in ("new", "checked", "failed")
    columns: list[Column] = []
    if choosing:
        try:
            columns = uploads.columns_of(upload, reading.encoding)
        except UserError as unreadable:
            error = error or unreadable

    def meant(column: Column) -> str:
        return reading.columns.get(str(column.number), column.meant)

    digests = by_title()
    progress = running.progress_of(upload) if upload.state in Upload.OPEN else None
    context = {
        "upload": upload,
        "badge": badge_for(upload),
        "live": upload.state in Upload.OPEN,
        "progress": (STEPS.get(progress[0], progress[0]), *progress[1:]) if progress else None,
        "choosing": choosing,
        "columns": columns,
        "meant": meant,
        "unread": [each.name or str(each.number) for each in columns if meant(each) == IGNORE],
        "fields": _fields(),
        "reading": reading,
        "digests": digests,
        "named": named,
        "digest_name": next((named(each) for each in digests if each.pk == upload.digest_id), ""),
        "languages": sorted({tag for each in digests for tag in each.languages}),
        "language_name": language_name,
        "tags": list(Tag.objects.order_by("key").values_list("name", flat=True)),
        "counts": [(upload.outcome.get(name, 0), name, label) for name, label in COUNTS],
        "error": error,
    }
    return show(request, "desk/audience/import.html", context, status=status)


def _fields() -> list[tuple[str, object]]:
    own = [(name, FIELD_NAMES[name]) for name in FIELDS]
    known = [(f"{ATTRIBUTE}{each.key}", each.label) for each in Attribute.objects.all()]
    return [(IGNORE, _("(not read)")), *own, *known]


def badge_for(upload: Upload) -> Badge:
    """Its state."""
    tone, shape = SHAPES[upload.state]
    return Badge(upload.get_state_display(), tone, shape)
