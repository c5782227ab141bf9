"""Digests that are one newsletter at different rhythms: a reader has one of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from publisher.digests.models import Digest


def kin_of(ids: Collection[int]) -> dict[int, set[int]]:
    """The others of its family for each of these digests that has one."""
    families = dict(Digest.objects.filter(pk__in=ids).exclude(family="").values_list("pk", "family"))
    members: dict[str, set[int]] = {}
    for pk, family in Digest.objects.filter(family__in=set(families.values())).values_list("pk", "family"):
        members.setdefault(family, set()).add(pk)
    return {pk: members[family] - {pk} for pk, family in families.items()}


def are_one_newsletter(digests: Sequence[Digest]) -> bool:
    """Whether two of these are of one family."""
    families = [each.family for each in digests if each.family]
    return len(families) > len(set(families))
