"""The page “Clearance”: what waits, the organisation's own tags, and the roles whose members clear them."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.models import Group, User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.core.numbers import number_in
from publisher.delivery import clearing
from publisher.desk.access import user_of
from publisher.desk.clearance.waiting import waiting_items, waiting_texts
from publisher.desk.page import show
from publisher.people.permissions import SEE_DESK
from publisher.review import tags
from publisher.review.models import ClearanceTag
from publisher.review.suggesting import LONGEST_WORD, MOST_WORDS
from publisher.review.uncleared import open_rows

HISTORY = 20


@dataclass(frozen=True)
class TagForm:
    """What the form of a tag shows: as it is stored, or as the person typed it."""

    name: str = ""
    meaning: str = ""
    group: str = ""
    words: str = ""
    active: bool = True
    version: int = 1

    @classmethod
    def of(cls, row: ClearanceTag) -> TagForm:
        """As it is stored."""
        return cls(row.name, row.meaning, str(row.group_id), "\n".join(row.words), row.active, row.version)

    @classmethod
    def sent(cls, request: HttpRequest, version: int) -> TagForm:
        """As the person sent it."""
        post = request.POST
        return cls(
            post.get("name", "")[:200],
            post.get("meaning", "")[:4000],
            post.get("group", "")[:20],
            post.get("words", "")[: MOST_WORDS * LONGEST_WORD * 2],
            post.get("active") == "yes",
            version,
        )


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """What waits for a clearance, and by whom; the tags; the roles with their members."""
    rows = ClearanceTag.objects.select_related("group")
    context = {
        "waiting": waiting_items(user_of(request)),
        "waiting_texts": waiting_texts(user_of(request)),
        "tags": rows,
        "roles": [(role, _names(role)) for role in tags.roles()],
        "holding": open_rows().values("item_id").distinct().count(),
    }
    return show(request, "desk/clearance/clearance.html", context)


@require_http_methods(["GET", "POST"])
def new_tag(request: HttpRequest) -> HttpResponse:
    """The form for another tag."""
    return _tag(request, None)


@require_http_methods(["GET", "POST"])
def tag(request: HttpRequest, tag_id: int) -> HttpResponse:
    """The form of a tag that is there."""
    return _tag(request, get_object_or_404(ClearanceTag, pk=tag_id))


@require_http_methods(["GET", "POST"])
def new_role(request: HttpRequest) -> HttpResponse:
    """The form for another role."""
    return _role(request, None)


@require_http_methods(["GET", "POST"])
def role(request: HttpRequest, group_id: int) -> HttpResponse:
    """The form of a role that is there: its name and members."""
    return _role(request, get_object_or_404(tags.roles(), pk=group_id))


def _tag(request: HttpRequest, row: ClearanceTag | None) -> HttpResponse:
    form, error, status = TagForm.of(row) if row else TagForm(), None, 200
    if request.method == "POST":
        form = TagForm.sent(request, number_in(request.POST.get("version", "")) or 0)
        try:
            saved = clearing.save_tag(
                row.pk if row else None,
                user=user_of(request),
                version=form.version,
                name=form.name,
                meaning=form.meaning,
                group_id=number_in(form.group) or 0,
                words=form.words.splitlines(),
                active=form.active,
                now=clock.now(),
            )
        except UserError as refusal:
            error, status = refusal, 409 if isinstance(refusal, tags.Stale) else 422
        else:
            messages.success(request, _("Saved: %(tag)s.") % {"tag": saved})
            return redirect("desk:clearance")
    stored = (
        ClearanceTag.objects.select_related("group").filter(pk=row.pk).first()
        if row and status == 409
        else None
    )
    context = {
        "tag": row,
        "form": form,
        "stored": stored,
        "error": error,
        "groups": Group.objects.order_by("name"),
        "holds": open_rows().filter(tag=row).count() if row else 0,
        "history_entries": _history("clearancetag", row.pk) if row else [],
    }
    return show(request, "desk/clearance/tag.html", context, status=status)


def _role(request: HttpRequest, row: Group | None) -> HttpResponse:
    name, members, error, status = row.name if row else "", _members(row), None, 200
    if request.method == "POST":
        name = request.POST.get("name", "")[:200]
        members = {number_in(each) or 0 for each in request.POST.getlist("member")}
        try:
            saved = tags.save_role(
                row.pk if row else None, user=user_of(request), name=name, member_ids=members
            )
        except UserError as refusal:
            error, status = refusal, 422
        else:
            messages.success(request, _("Saved: %(role)s.") % {"role": saved.name})
            return redirect("desk:clearance")
    people = User.objects.filter(is_active=True).order_by("username")
    context = {
        "role": row,
        "name": name,
        "members": members,
        "people": [person for person in people if person.has_perm(SEE_DESK)],
        "error": error,
        "clears": ClearanceTag.objects.filter(group=row) if row else [],
        "history_entries": _history("group", row.pk) if row else [],
    }
    return show(request, "desk/clearance/role.html", context, status=status)


def _history(kind: str, pk: int) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(object_type=kind, object_id=str(pk)).order_by("-pk")[:HISTORY])


def _members(row: Group | None) -> set[int]:
    return set(row.user_set.values_list("pk", flat=True)) if row else set()


def _names(row: Group) -> list[str]:
    return list(row.user_set.order_by("username").values_list("username", flat=True))
