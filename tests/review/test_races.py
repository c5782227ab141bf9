"""Two who approve at once, an edit against an approval, a tag against a claim: with real sessions of the database."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection

from publisher.core.errors import UserError
from publisher.delivery.claim import claim_mail, claim_post, next_fence
from publisher.delivery.models import Delivery
from publisher.digests.models import EditionItem
from publisher.review import clearances
from publisher.social import approval, reviewing
from publisher.social.models import Post
from tests.builders import NOON, a_sending_edition, an_item
from tests.desk.builders import a_post, a_post_delivery
from tests.review.steps import a_tag
from tests.sessions import in_a_transaction_of_another, waits
from tests.social.steps import a_draft, a_sandbox_channel, an_editor, fresh, text_of

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = timedelta(minutes=5)


def at_once(*deeds: object) -> list[BaseException]:
    """Do these in sessions of their own that begin together; what they raised."""
    barrier, raised = threading.Barrier(len(deeds)), []

    def run(deed: object) -> None:
        try:
            barrier.wait(60)
            deed()  # type: ignore[operator]  # a call without arguments
        except UserError as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return raised


def approving(post: Post, name: str, version: int) -> object:
    user = an_editor(name)
    return lambda: approval.approve(post.pk, user=user, version=version, now=NOON)


def test_two_who_approve_at_once_are_two() -> None:
    for _ in range(5):
        post = a_draft(a_sandbox_channel(approvals=2))
        raised = at_once(approving(post, "ada", post.version), approving(post, "ben", post.version))
        assert raised == []
        assert fresh(post).state == "approved"
        assert len(reviewing.standing_of(fresh(post)).given) == 2


def test_one_who_presses_twice_at_once_is_one() -> None:
    for _ in range(5):
        post = a_draft(a_sandbox_channel(approvals=2))
        raised = at_once(approving(post, "ada", post.version), approving(post, "ada", post.version))
        assert len(raised) == 1
        assert (fresh(post).state, len(reviewing.standing_of(fresh(post)).given)) == ("draft", 1)


def test_an_edit_and_an_approval_at_once_never_approve_the_other_text() -> None:
    for _ in range(8):
        post = a_draft(a_sandbox_channel(approvals=1))
        version, author = post.version, an_editor("ada")

        def edit(post: Post = post, version: int = version, author: User = author) -> None:
            approval.edit(post.pk, user=author, version=version, texts=["Other words."], now=NOON)

        at_once(edit, approving(post, "ben", version))
        if text_of(post) == "Other words.":
            assert fresh(post).state == "draft"
        else:
            assert fresh(post).state == "approved"


def test_a_tag_waits_for_claims_that_have_begun_and_later_claims_wait_for_it() -> None:
    post = a_post(channel=a_sandbox_channel(), state="sending", slot_at=NOON)
    part = a_post_delivery(post, attempts=1).pk
    edition = a_sending_edition(mails=1)
    held, tag = an_item(), a_tag()
    EditionItem.objects.create(edition=edition, item=held, revision=1, position=0)

    def tagging() -> None:
        for item_id in (post.item_id, held.pk):
            clearances.set_tag(item_id, tag.pk, user=None, now=NOON)

    def claiming() -> int:
        return claim_post(part, now=NOON, lease=LEASE)

    def claiming_mail() -> int:
        return len(claim_mail(edition.pk, fence=next_fence(), now=NOON, limit=10, lease=LEASE).mails)

    for claim in (claiming, claiming_mail):
        with in_a_transaction_of_another(claim):
            assert waits(tagging)
        Delivery.objects.update(state="queued", fence=0)
    with in_a_transaction_of_another(tagging):
        assert waits(claiming)
        assert waits(claiming_mail)
    assert (claiming(), claiming_mail()) == (0, 0)
