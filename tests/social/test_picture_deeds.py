"""What staff do with the pictures of a post."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.social import picture_deeds
from publisher.social.approval import Stale
from publisher.social.drafting import draft_item
from publisher.social.media import store
from publisher.social.media.fetching import fetch_due
from publisher.social.models import Channel, ItemPicture, Post
from publisher.social.slots import give_slots
from tests.builders import NOON, a_channel
from tests.desk.builders import a_post_delivery
from tests.drawn import PAGE, Site, drawn
from tests.social.steps import a_draft, a_sandbox_channel, an_editor, approved, fresh, revise

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(picture_site: Site) -> Post:
    """A draft whose picture is there."""
    post = a_draft(image_url=picture_site.put("/a.png", drawn("red")), image_alt="A field")
    fetch()
    return fresh(post)


def fetch() -> int:
    return fetch_due(now=NOON, seconds=5)


def describe(post: Post, alt: str, *, number: int = 0, focus: tuple[float, float] | None = None) -> Post:
    version = fresh(post).version
    return picture_deeds.describe(
        post.pk, user=an_editor(), version=version, number=number, alt=alt, focus=focus, now=NOON
    )


def leave_out(post: Post, number: int = 0) -> Post:
    version = fresh(post).version
    return picture_deeds.leave_out(post.pk, user=an_editor(), version=version, number=number, now=NOON)


def put_back(post: Post) -> Post:
    return picture_deeds.put_back(post.pk, user=an_editor(), version=fresh(post).version, now=NOON)


def upload(post: Post, data: bytes, alt: str = "A bridge") -> Post:
    version = fresh(post).version
    return picture_deeds.upload(post.pk, user=an_editor(), version=version, data=data, alt=alt, now=NOON)


def alts(post: Post) -> list[str]:
    return [picture["alt"] for picture in fresh(post).pictures]


def test_a_held_post_can_be_approved_once_its_picture_is_described(picture_site: Site) -> None:
    post = a_draft(image_url=picture_site.put("/a.png", drawn()), image_alt="")
    assert fresh(post).state == "held"
    describe(post, "  A green\nfield ", focus=(0.0, 0.7))
    assert (fresh(post).state, alts(post)) == ("draft", ["A green field"])
    assert fresh(post).pictures[0]["focus"] == [0.0, 0.7]
    assert approved(post).state == "approved"


def test_a_description_given_while_the_picture_is_on_its_way_stays_when_it_arrives(
    picture_site: Site,
) -> None:
    post = a_draft(image_url=picture_site.put("/a.png", drawn()), image_alt="")
    describe(post, "A green field")
    fetch()
    draft_item(post.item_id, now=NOON)
    assert alts(post) == ["A green field"]
    assert fresh(post).pictures[0]["digest"]


def test_a_picture_described_on_its_way_follows_the_item_to_its_next_picture(picture_site: Site) -> None:
    post = a_draft(image_url=picture_site.put("/a.png", drawn()), image_alt="")
    describe(post, "A green field")
    revise(post.item, image_url=picture_site.put("/b.png", drawn("blue")))
    draft_item(post.item_id, now=NOON)
    fetch()
    assert fresh(post).pictures[0]["digest"] == store.digest_of(drawn("blue"))


def test_what_a_person_chose_is_not_overwritten_by_a_revision(picture_site: Site, post: Post) -> None:
    describe(post, "Our own words")
    upload(post, drawn("blue"))
    revise(post.item, image_url=picture_site.put("/b.png", drawn("green")), image_alt="Their words")
    draft_item(post.item_id, now=NOON)
    assert alts(post) == ["Our own words", "A bridge"]


def test_a_picture_is_left_out_and_put_back(post: Post) -> None:
    assert leave_out(post).pictures == []
    draft_item(post.item_id, now=NOON)
    assert fresh(post).pictures == []
    assert put_back(post).pictures[0]["digest"] == store.digest_of(drawn("red"))
    with pytest.raises(UserError, match="already"):
        put_back(post)


def test_a_picture_put_back_that_was_never_fetched_is_fetched(picture_site: Site, post: Post) -> None:
    leave_out(post)
    revise(post.item, image_url=picture_site.put("/b.png", drawn("blue")))
    draft_item(post.item_id, now=NOON)
    assert fetch() == 0
    put_back(post)
    assert fetch() == 1
    assert fresh(post).pictures[0]["digest"] == store.digest_of(drawn("blue"))


@pytest.mark.parametrize(
    "deed",
    [
        lambda post: describe(post, "Another field"),
        leave_out,
        lambda post: upload(post, drawn("blue")),
    ],
    ids=["describe", "leave out", "upload"],
)
def test_a_changed_picture_takes_the_approval_and_the_slot_back(
    post: Post, deed: Callable[[Post], Post]
) -> None:
    approved(post)
    give_slots(post.channel_id, now=NOON)
    assert fresh(post).state == "scheduled"
    deed(post)
    changed = fresh(post)
    assert (changed.state, changed.approved_by, changed.slot_at) == ("draft", None, None)
    entry = AuditEntry.objects.latest("pk")
    assert entry.actor_name == "ilse"
    assert entry.before["pictures"] != entry.after["pictures"]


def test_a_stale_form_changes_nothing(post: Post) -> None:
    seen = post.version
    describe(post, "First")
    with pytest.raises(Stale):
        picture_deeds.leave_out(post.pk, user=an_editor(), version=seen, number=0, now=NOON)
    assert alts(post) == ["First"]


@pytest.mark.parametrize(
    ("data", "why"), [(PAGE, "web page"), (b"x" * 20_000_001, "20 MB"), (b"", "no picture")]
)
def test_a_file_that_is_no_picture_is_not_taken(post: Post, data: bytes, why: str) -> None:
    with pytest.raises(UserError, match=why):
        upload(post, data)
    assert len(fresh(post).pictures) == 1


def test_a_description_is_asked_for_with_the_file(post: Post) -> None:
    with pytest.raises(UserError, match="no description"):
        upload(post, drawn("blue"), alt=" ")
    Channel.objects.update(alt_required=False)
    assert len(upload(post, drawn("blue"), alt=" ").pictures) == 2


def test_a_channel_shows_as_many_pictures_as_its_network_takes(picture_site: Site) -> None:
    post = a_draft(a_channel("x"))
    for shade in ("red", "green", "blue", "gold"):
        upload(post, drawn(shade), alt=shade)
    with pytest.raises(UserError, match="4 pictures at most"):
        upload(post, drawn("black"))
    leave_out(post, 1)
    assert alts(post) == ["red", "blue", "gold"]


def test_another_problem_of_the_text_stays_to_be_mended(picture_site: Site) -> None:
    channel = a_sandbox_channel(template="{{ nothing.like.this }}")
    post = a_draft(channel, image_url=picture_site.put("/a.png", drawn()), image_alt="")
    problem = fresh(post).problem
    assert "template" in problem
    describe(post, "A field")
    assert (fresh(post).state, fresh(post).problem) == ("held", problem)


def test_the_pictures_of_a_message_that_has_left_do_not_change(post: Post) -> None:
    a_post_delivery(post, 0, state="sent")
    Post.objects.filter(pk=post.pk).update(state="failed")
    with pytest.raises(UserError, match="left already"):
        leave_out(post)


def test_a_refused_picture_is_fetched_again_when_a_person_asks(picture_site: Site) -> None:
    post = a_draft(image_url=picture_site.put("/a.png", 404), image_alt="A field")
    fetch()
    assert fresh(post).pictures == []
    picture_site.put("/a.png", drawn())
    picture_deeds.fetch_again(post.item_id, user=an_editor(), now=NOON)
    assert (fresh(post).pictures[0]["digest"], fetch()) == ("", 1)
    assert fresh(post).pictures[0]["digest"] == store.digest_of(drawn())
    assert ItemPicture.objects.get().state == "stored"
    with pytest.raises(UserError):
        picture_deeds.fetch_again(post.item_id, user=an_editor(), now=NOON)


@pytest.mark.parametrize("alt", ["x" * 5_001, "null\x00"])
def test_a_description_that_no_network_takes_is_refused(post: Post, alt: str) -> None:
    with pytest.raises(UserError):
        describe(post, alt)
    assert alts(post) == ["A field"]


@pytest.mark.parametrize("number", [-1, 1])
def test_a_picture_that_is_not_there_is_not_changed(post: Post, number: int) -> None:
    with pytest.raises(UserError, match="no such picture"):
        describe(post, "x", number=number)
