"""The clearance tags of the file that `publisher apply` takes."""

from __future__ import annotations

from django.contrib.auth.models import Group

from publisher.cli.publication_file import ClearanceTagIn
from publisher.core import audit, clock
from publisher.core.errors import UserError
from publisher.delivery import clearing
from publisher.review import tags
from publisher.review.models import ClearanceTag


def put(wanted: ClearanceTagIn) -> tuple[str, str]:
    """Make the tag, or change what the file names and differs; say which. A role that is not there yet is made, without
    members."""
    row = ClearanceTag.objects.select_related("group").filter(name=wanted.name).first()
    given = wanted.model_fields_set
    if row is None and not wanted.role:
        raise UserError(
            f"Clearance tag {wanted.name} is new: role must be given.",
            "docs/review.md explains what a role is.",
        )
    group = _role(wanted.role) if wanted.role else row.group if row else None
    assert group is not None  # noqa: S101 - for the type checker: a new tag has a role
    try:
        saved = clearing.save_tag(
            row.pk if row else None,
            user=audit.os_user(),
            version=row.version if row else 0,
            name=wanted.name,
            meaning=wanted.meaning if row is None or "meaning" in given else row.meaning,
            group_id=group.pk,
            words=wanted.words if row is None or "words" in given else row.words,
            active=wanted.active if row is None or "active" in given else row.active,
            now=clock.now(),
        )
    except UserError as error:
        raise UserError(f"Clearance tag {wanted.name}: {error.message}", error.hint) from error
    deed = "created" if row is None else "unchanged" if saved.version == row.version else "changed"
    return f"clearance tag {wanted.name}", deed


def _role(name: str) -> Group:
    found = Group.objects.filter(name__iexact=name).first()
    return found or tags.save_role(None, user=audit.os_user(), name=name, member_ids=())
