"""Reviewing in the desk: approvals, requests for changes, comments, clearances, and what the first page says of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from publisher.core.models import AuditEntry
from publisher.desk.today.reviews import reviews_of
from publisher.items.models import Item
from publisher.people.permissions import ADMIN, AUTHOR, EDITOR
from publisher.review.models import ClearanceTag, Comment, ItemTag, TextTag
from publisher.social.models import Post
from tests.builders import NOON, a_channel, a_digest, an_item
from tests.desk.builders import a_mail, a_post, an_edition
from tests.desk.conftest import a_person
from tests.review.steps import a_role, a_tag, tagged

pytestmark = pytest.mark.django_db


def seen_by(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def other(db: None) -> Client:
    return seen_by(a_person("ben", EDITOR))


def post_for(persons: int, **given: Any) -> Post:
    return a_post(channel=a_channel(approvals=persons), **given)


def save(client: Client, post: Post, text: str, then: str = "approve") -> HttpResponse:
    post.refresh_from_db()
    values = {"version": post.version, "text": text, "then": then}
    return client.post(f"/desk/posts/{post.pk}/edit", values, follow=True)


def act(client: Client, name: str, pk: int, **values: Any) -> HttpResponse:
    return client.post(reverse(f"desk:{name}", args=[pk]), values, follow=True)


def text_of(response: HttpResponse) -> str:
    return response.content.decode()


def test_an_author_who_approves_has_the_text_saved_and_is_told_that_somebody_else_approves(
    desk: Client, other: Client
) -> None:
    post = post_for(1)
    said = text_of(save(desk, post, "Written by Mira."))
    assert "The text is saved. You wrote or changed this, so somebody else must approve it." in said
    post.refresh_from_db()
    assert (post.state, post.parts[0]["text"]) == ("draft", "Written by Mira.")
    assert "Approved" in text_of(act(other, "post-approve", post.pk, version=post.version))
    post.refresh_from_db()
    assert post.state == "approved"


def test_the_pages_say_how_many_have_approved(desk: Client, other: Client) -> None:
    post = post_for(2)
    assert "1 of 2 approvals" in text_of(act(desk, "post-approve", post.pk, version=post.version))
    for client in (desk, other):
        assert "waits: 1 of 2 approvals" in text_of(client.get("/desk/posts"))
    assert "Approve what is saved" in text_of(other.get(f"/desk/posts/{post.pk}"))
    assert "Approve what is saved" not in text_of(desk.get(f"/desk/posts/{post.pk}"))
    assert post.item.title in text_of(other.get("/desk/"))
    mine = text_of(desk.get("/desk/"))
    assert "1 more waits for somebody else" in mine
    assert "Nothing waits for you." in mine


def test_what_changed_since_the_approval_is_shown(desk: Client, other: Client) -> None:
    post = post_for(1, text="Rain came to the valley.")
    act(other, "post-approve", post.pk, version=post.version)
    save(desk, post, "Snow came to the valley.", then="")
    page = text_of(other.get(f"/desk/posts/{post.pk}"))
    assert "What changed since ben approved it" in page
    assert "<del>Rain</del><ins>Snow</ins>" in page
    assert "approved an older version" in page


def test_a_request_for_changes_stands_on_the_first_page_of_the_author_only(
    desk: Client, other: Client
) -> None:
    post = post_for(1)
    save(desk, post, "Written by Mira.", then="")
    post.refresh_from_db()
    done = act(other, "post-ask-changes", post.pk, version=post.version, comment="Name the valley.")
    assert "It is a draft again" in text_of(done)
    assert "Name the valley." in text_of(desk.get("/desk/"))
    assert "Name the valley." not in text_of(other.get("/desk/"))
    save(desk, post, "In Sorrel Valley.", then="")
    assert "Changes asked for" not in text_of(desk.get("/desk/"))


def test_a_request_that_is_refused_gives_the_words_back(desk: Client) -> None:
    post = post_for(1)
    stale = act(desk, "post-ask-changes", post.pk, version=99, comment="Name the valley.")
    assert stale.status_code == 409
    assert "Name the valley." in text_of(stale)
    empty = act(desk, "post-ask-changes", post.pk, version=post.version, comment=" ")
    assert empty.status_code == 422


def test_an_author_comments_and_does_not_ask(db: None) -> None:
    post = post_for(1)
    author = seen_by(a_person("ada", AUTHOR))
    act(author, "post-comment", post.pk, comment="Is this the right valley?")
    assert Comment.objects.get().text == "Is this the right valley?"
    assert AuditEntry.objects.get(action="post.commented").actor_name == "ada"
    refused = act(author, "post-ask-changes", post.pk, version=post.version, comment="x")
    assert refused.status_code == 403


def test_an_edition_is_approved_by_two_without_being_asked_whether_it_shall_leave_at_the_first(
    desk: Client, other: Client
) -> None:
    edition = an_edition(a_digest(approvals=2))
    a_mail(edition)
    values = {"state": "waiting", "assembled": edition.version}
    address = reverse("desk:edition-act", args=[edition.pk, "approve"])
    assert "1 of 2 approvals" in text_of(desk.post(address, values, follow=True))
    assert "Approve and send" not in text_of(desk.get(f"/desk/editions/{edition.pk}"))
    assert "Approve and send" in text_of(other.get(f"/desk/editions/{edition.pk}"))
    assert "to 1 reader" in text_of(other.post(address, values, follow=True))
    other.post(address, values | {"sure": "yes"}, follow=True)
    edition.refresh_from_db()
    assert (edition.state, edition.approved_by) == ("sending", "mira, ben")


def test_an_edition_says_what_waits_for_whose_clearance(desk: Client) -> None:
    item = an_item(title="The well")
    edition = an_edition(items=[item])
    tagged(item)
    page = text_of(desk.get(f"/desk/editions/{edition.pk}"))
    assert "“The well” waits for the clearance “Map” by Cartography" in page
    act(desk, "edition-ask-changes", edition.pk, assembled=edition.version, comment="Leave the well out.")
    assert Comment.objects.get().kind == "edition"


# ---- Clearance ----


def tag_of(item: Item) -> ItemTag:
    return ItemTag.objects.get(item=item)


@pytest.mark.parametrize(
    ("state", "action", "heading"),
    [("waiting", "approve", "was not approved"), ("paused", "resume", "does not go on yet")],
)
def test_an_edition_that_waits_for_a_clearance_is_refused_with_that_and_not_as_a_conflict(
    desk: Client, state: str, action: str, heading: str
) -> None:
    item = an_item(title="The well")
    tagged(item)
    edition = an_edition(items=[item], state=state)
    values = {"state": state, "assembled": edition.version, "sure": "yes", "reason": "The minister waits."}
    answer = desk.post(f"/desk/editions/{edition.pk}/{action}", values)
    page = text_of(answer)
    edition.refresh_from_db()
    assert (answer.status_code, edition.state) == (422, state)
    assert f"<h1>{edition} {heading}</h1>" in page
    assert "“The well” waits for the clearance “Map” by Cartography" in page
    assert "It can be let go once that is cleared" in page
    assert "Somebody" not in page
    assert "The minister waits." in page


def test_an_edition_that_was_assembled_again_meanwhile_is_a_conflict(desk: Client) -> None:
    edition = an_edition()
    values = {"state": "waiting", "assembled": "something older", "sure": "yes"}
    answer = desk.post(f"/desk/editions/{edition.pk}/approve", values)
    assert answer.status_code == 409
    assert "Somebody changed this before you" in text_of(answer)


def test_a_tag_is_set_cleared_and_taken_back_on_the_items_page(desk: Client, editor: User) -> None:
    item, tag = an_item(), a_tag()
    assert "is set" in text_of(act(desk, "item-tag", item.pk, tag=tag.pk, reason="The third picture."))
    page = text_of(desk.get(f"/desk/items/{item.pk}"))
    assert "Cartography has no members: nobody can clear it." in page
    assert "Clear it" not in page
    a_role().user_set.add(editor)
    assert "Clear it" in text_of(desk.get(f"/desk/items/{item.pk}"))
    args = [item.pk, tag.pk]
    clear = desk.post(
        reverse("desk:item-tag-clear", args=args), {"revision": 1, "note": "Fine."}, follow=True
    )
    assert "Cleared: Map, in revision 1." in text_of(clear)
    back = desk.post(reverse("desk:item-tag-take-back", args=args), {"reason": "A border."}, follow=True)
    assert "taken back" in text_of(back)


def test_a_clearance_of_an_older_revision_is_a_conflict_that_keeps_the_note(
    desk: Client, editor: User
) -> None:
    item = an_item(revision=2)
    tag = tagged(item)
    a_role().user_set.add(editor)
    address = reverse("desk:item-tag-clear", args=[item.pk, tag.pk])
    answer = desk.post(address, {"revision": 1, "note": "Borders are right."})
    assert answer.status_code == 409
    assert "Borders are right." in text_of(answer)


def test_a_tag_is_not_removed_without_a_reason(desk: Client) -> None:
    item = an_item()
    tag = tagged(item)
    address = reverse("desk:item-tag-remove", args=[item.pk, tag.pk])
    assert desk.post(address, {"reason": ""}).status_code == 422
    assert tag_of(item).state == "set"
    assert "is removed" in text_of(desk.post(address, {"reason": "A drawing."}, follow=True))
    assert tag_of(item).reason == "A drawing."


def test_the_first_page_shows_what_waits_for_my_clearance(desk: Client, other: Client, editor: User) -> None:
    item = an_item(title="The well")
    tagged(item)
    a_role().user_set.add(editor)
    assert "Waits for your clearance" in text_of(desk.get("/desk/"))
    theirs = text_of(other.get("/desk/"))
    assert "Waits for your clearance" not in theirs
    assert "Items that wait for a clearance" in theirs
    assert "for you" in text_of(desk.get("/desk/clearance"))


@pytest.mark.parametrize("tag", ["", "x", "99999", "9" * 40, "-1", "²"])
def test_a_tag_that_is_none_is_refused(desk: Client, tag: str) -> None:
    assert act(desk, "item-tag", an_item().pk, tag=tag).status_code == 422


# ---- The list ----


def test_admins_make_roles_and_tags(admin_desk: Client, editor: User) -> None:
    admin_desk.post("/desk/clearance/roles/new", {"name": "Cartography", "member": [editor.pk]})
    group = a_role()
    assert list(group.user_set.all()) == [editor]
    values = {"name": "Map", "meaning": "Borders", "group": group.pk, "words": "map\n地图", "active": "yes"}
    admin_desk.post("/desk/clearance/tags/new", values)
    tag = ClearanceTag.objects.get()
    assert (tag.name, tag.words, tag.active, tag.group) == ("Map", ["map", "地图"], True, group)
    page = text_of(admin_desk.get("/desk/clearance"))
    assert "mira" in page
    assert "made a clearance tag" in text_of(admin_desk.get(f"/desk/clearance/tags/{tag.pk}"))


@pytest.mark.parametrize(
    "change", [{"name": ""}, {"group": ""}, {"group": "9" * 30}, {"words": "*"}, {"name": "Flag"}]
)
def test_a_form_that_is_refused_loses_nothing(admin_desk: Client, change: dict[str, str]) -> None:
    a_tag("Flag")
    values = {"name": "Map", "meaning": "Borders", "group": str(a_role().pk), "words": "map", "active": "yes"}
    answer = admin_desk.post("/desk/clearance/tags/new", values | change)
    assert answer.status_code == 422
    assert "Borders" in text_of(answer)
    assert ClearanceTag.objects.count() == 1


def test_a_tag_that_somebody_else_changed_is_not_overwritten(admin_desk: Client) -> None:
    tag = a_tag()
    values = {"name": "Maps", "group": str(tag.group_id), "words": "", "active": "yes", "version": "1"}
    admin_desk.post(f"/desk/clearance/tags/{tag.pk}", values)
    answer = admin_desk.post(f"/desk/clearance/tags/{tag.pk}", values | {"name": "Charts"})
    assert answer.status_code == 409
    page = text_of(answer)
    assert ("Maps" in page, "Charts" in page) == (True, True)


def test_an_editor_reads_the_list_and_does_not_change_it(desk: Client) -> None:
    tag = a_tag()
    assert desk.get("/desk/clearance").status_code == 200
    assert desk.get(f"/desk/clearance/tags/{tag.pk}").status_code == 403


def test_a_person_who_is_no_member_any_more_clears_nothing(desk: Client) -> None:
    item = an_item()
    tag = tagged(item)
    answer = desk.post(reverse("desk:item-tag-clear", args=[item.pk, tag.pk]), {"revision": 1})
    assert answer.status_code == 422
    assert a_person("ada2", ADMIN).has_perm("people.set_up")


def test_requests_for_changes_are_read_at_once_however_many_there_are(
    editor: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        post = a_post(channel=a_channel(approvals=1))
        Comment.objects.create(
            kind="post", object_id=post.pk, name="ben", at=NOON, text=f"Louder, {number}", asks=True
        )
    with django_assert_max_num_queries(14):
        found = reviews_of(editor)
    assert len(found.asked) == 8


def test_whoever_saves_is_told_what_the_text_waits_for(desk: Client) -> None:
    a_tag(words=("map",))
    post = a_post()
    answer = desk.post(f"/desk/posts/{post.pk}/edit", {"version": 1, "text": "A map."}, follow=True)
    assert "Nothing of it leaves yet: “" in answer.content.decode()
    assert "waits for the clearance “Map” by Cartography" in answer.content.decode()
    sent = {f"version-{post.pk}": 2, f"text-{post.pk}": "Another map.", "do": f"save:{post.pk}"}
    answer = desk.post(f"/desk/items/{post.item_id}/compose/act", sent, follow=True)
    assert "Nothing of it leaves yet: “" in answer.content.decode()
    assert Post.objects.get().parts == [{"text": "Another map."}]


def test_an_introduction_is_cleared_on_the_page_of_its_edition(
    desk: Client, other: Client, editor: User
) -> None:
    tag = a_tag(role=a_role("Cartography"))
    tag.group.user_set.add(editor)
    edition = an_edition()
    TextTag.objects.create(
        kind="edition", object_id=edition.pk, tag=tag, words=["map"], at=NOON, fingerprint="f" * 64
    )
    theirs = text_of(other.get(f"/desk/editions/{edition.pk}"))
    assert "Clearance of its subject and introduction" in theirs
    assert "Cleared by members of Cartography." in theirs
    assert f"/desk/editions/{edition.pk}#review" in text_of(desk.get("/desk/clearance"))
    assert "Waits for your clearance" in text_of(desk.get("/desk/"))
    assert "Waits for your clearance" not in text_of(other.get("/desk/"))
    address = reverse("desk:edition-tag-clear", args=[edition.pk, tag.pk])
    assert other.post(address, {"seen": "f" * 64, "note": "Fine"}).status_code == 422
    assert desk.post(address, {"seen": "older", "note": "Fine"}).status_code == 409
    assert "Cleared by mira" in text_of(desk.post(address, {"seen": "f" * 64, "note": "Fine"}, follow=True))


def test_a_tag_that_does_not_fit_an_introduction_is_removed_with_a_reason(desk: Client) -> None:
    tag, edition = a_tag(), an_edition()
    TextTag.objects.create(kind="edition", object_id=edition.pk, tag=tag, at=NOON)
    address = reverse("desk:edition-tag-remove", args=[edition.pk, tag.pk])
    assert "Say why the tag does not fit." in text_of(desk.post(address, {"reason": ""}))
    assert "No map." in text_of(desk.post(address, {"reason": "No map."}, follow=True))
