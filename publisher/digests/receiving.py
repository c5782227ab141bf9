"""The condition on subscribers that only digests can tell: who receives a topic. Who chose all topics of a digest receives those
that the digest holds.
"""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from publisher.audience.segments import fields
from publisher.audience.segments.conditions import Condition
from publisher.audience.segments.fields import Field, Query
from publisher.digests.models import Digest


def add() -> None:
    """Make it known, once, when the room is loaded."""
    fields.add(Field("topic", _("Receives the topic"), "choice", _topic))


def _topic(condition: Condition, query: Query) -> Q:
    topic = fields.id_in(condition)
    holding = Digest.objects.filter(Q(topics=[]) | Q(topics__contains=[topic]))
    chosen = Q(selection__topics__contains=[topic]) | Q(
        selection__topics=[], digest_id__in=list(holding.values_list("pk", flat=True))
    )
    return query.of_some(fields.receiving().filter(chosen))
