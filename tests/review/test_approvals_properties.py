"""Whatever people and the clock do in whichever order: a post leaves only as so many others approved it."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from publisher.core.errors import UserError
from publisher.social import approval, saving
from publisher.social.drafting import draft_item
from publisher.social.models import Post
from publisher.social.slots import give_slots
from tests.builders import NOON
from tests.delivery.post_steps import enqueue_due
from tests.review.steps import approve, edit
from tests.social.steps import a_draft, a_sandbox_channel, an_editor, fresh, revise

pytestmark = pytest.mark.django_db

PEOPLE = ("ada", "ben", "cyn")
who = st.sampled_from(PEOPLE)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("approve"), who),
        st.tuples(st.just("approve"), who),
        st.tuples(st.sampled_from(["edit", "back", "ask", "redraft", "save_and_approve"]), who),
        st.tuples(st.sampled_from(["revise", "clock", "clock", "expire"]), st.just("")),
    ),
    max_size=14,
)


class Model:
    """What must be true, kept beside the service: who approved the very text that there is, and who wrote it."""

    def __init__(self) -> None:
        self.authors: set[str] = set()
        self.yes: set[str] = set()
        self.original = ""

    def changed(self, by: str) -> None:
        self.yes = set()
        self.authors.add(by)


class Sequences(TestCase):
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(needed=st.sampled_from([1, 2]), deeds=steps)
    def test_a_post_leaves_only_as_so_many_others_approved_it(
        self, needed: int, deeds: list[tuple[str, str]]
    ) -> None:
        post = a_draft(a_sandbox_channel(approvals=needed))
        model = Model()
        model.original = post.parts[0]["text"]
        now = NOON
        for number, (deed, name) in enumerate(deeds):
            now += timedelta(minutes=1)
            version = fresh(post).version
            with suppress(UserError):
                if deed == "approve":
                    again = fresh(post).state == "expired"  # approved before: this only lets it go once more
                    approve(post, name)
                    if not again:
                        model.yes.add(name)
                elif deed in ("edit", "back"):
                    edit(post, f"Text {number}" if deed == "edit" else model.original, name)
                    model.changed(name)
                elif deed == "save_and_approve":
                    saved = saving.save_and_approve(
                        post.pk,
                        user=an_editor(name),
                        version=version,
                        texts=[f"Both {number}"],
                        described={},
                        now=now,
                    )
                    model.changed(name)
                    assert saved.refused, "its author approved it"
                elif deed == "ask":
                    approval.ask_changes(
                        post.pk, user=an_editor(name), version=version, text="More.", now=now
                    )
                    model.yes = set()
                elif deed == "redraft":
                    approval.redraft(post.pk, user=an_editor(name), version=version, now=now)
                    model.yes, model.authors = set(), set()
                elif deed == "revise":
                    edited = fresh(post).edited
                    revise(fresh(post).item, title=f"Title {number}")
                    draft_item(post.item_id, now=now)
                    model.yes = set()
                    model.authors = model.authors if edited else set()
                elif deed == "expire":
                    Post.objects.filter(pk=post.pk, state="scheduled").update(state="expired")
                elif deed == "clock":
                    give_slots(post.channel_id, now=now)
                    enqueue_due(now=now + timedelta(minutes=3))
            if fresh(post).deliveries.exists():
                assert len(model.yes - model.authors) >= needed
                sent = fresh(post).deliveries.get().prepared
                assert fresh(post).parts[0]["text"] in (sent or {}).values()
                return
