"""Correct everywhere in the desk: what the page shows, what its form does, and what happens to it when it is stale."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from publisher.core import clock, standstill
from publisher.core.models import AuditEntry, Standstill
from publisher.delivery.models import Amendment
from publisher.items.models import Item
from publisher.people.permissions import EDITOR
from publisher.social.models import Channel, Post
from tests.builders import a_channel, an_item
from tests.desk.builders import a_handed_post, a_pause, a_post, a_post_delivery, an_amendment, an_edition
from tests.desk.conftest import a_person
from tests.fakes.measured_only import cannot_send

pytestmark = pytest.mark.django_db

THERE = "https://village.example/@office/7"


def a_sent(item: Item, channel: Channel | None = None, *, texts: tuple[str, ...] = (), **given: Any) -> Post:
    """A post that was sent, with what the network answered."""
    now = clock.now()
    fields: dict[str, Any] = {"state": "sent", "slot_at": now, "sent_at": now, **given}
    if texts:
        fields["parts"] = [{"text": text} for text in texts]
    post = a_post(item, channel or a_channel("sandbox"), **fields)
    for part in range(len(post.parts)):
        a_post_delivery(
            post, part, at=now, state="sent", sent_at=now, remote_id=f"{post.pk}-{part}", remote_url=THERE
        )
    return post


@pytest.fixture
def post() -> Post:
    """Sent from revision 1 of an item that is in its revision 2."""
    sent = a_sent(an_item(title="Terraces carry water"))
    Item.objects.filter(pk=sent.item_id).update(title="Terraces carry water again", revision=2)
    sent.item.refresh_from_db()
    return sent


def page(client: Client, item: Item) -> str:
    return client.get(f"/desk/items/{item.pk}/correct").content.decode()


def go(client: Client, item: Item, **values: Any) -> HttpResponse:
    given = {"revision": item.revision, "retracted": "yes" if item.retracted_at else "no"} | {
        name.replace("_", "-"): value for name, value in values.items()
    }
    return client.post(f"/desk/items/{item.pk}/correct/go", given, follow=True)


def form_of(post: Post, deed: str, **texts: Any) -> dict[str, Any]:
    named = {f"{name}_{post.pk}": text for name, text in texts.items()}
    return {f"deed_{post.pk}": deed, f"version_{post.pk}": Post.objects.get(pk=post.pk).version} | named


def checked(text: str, post: Post) -> str:
    """The deed that the page has chosen for a post."""
    found = [
        line.split('value="')[1].split('"')[0]
        for line in text.splitlines()
        if f'name="deed-{post.pk}"' in line and " checked" in line
    ]
    return " ".join(found)


def test_the_items_page_says_that_a_post_is_outdated_and_leads_to_the_correction(
    desk: Client, post: Post
) -> None:
    text = desk.get(f"/desk/items/{post.item_id}").content.decode()
    assert "1 post that was sent says what the item does not say any more" in text
    assert f'href="/desk/items/{post.item_id}/correct"' in text
    assert f'href="/desk/items/{post.item_id}/correct"' in desk.get(f"/desk/posts/{post.pk}").content.decode()


def test_an_item_whose_posts_are_right_is_not_marked(desk: Client) -> None:
    sent = a_sent(an_item())
    text = desk.get(f"/desk/items/{sent.item_id}").content.decode()
    assert "does not say any more" not in text
    assert "Correct what was sent" in text


def test_the_page_shows_what_stands_there_what_is_proposed_and_the_new_text(desk: Client, post: Post) -> None:
    text = page(desk, post.item)
    assert THERE in text
    assert "Terraces carry water again" in text
    assert checked(text, post) == "edit"


def test_one_press_writes_a_correction_for_every_channel(desk: Client, post: Post) -> None:
    second = a_sent(post.item, item_revision=1)
    answer = go(
        desk,
        post.item,
        **form_of(post, "edit", edit="Terraces carry water again."),
        **form_of(second, "reply", reply="Correction: again."),
    )
    assert "Decided about 2 posts" in answer.content.decode()
    rows = Amendment.objects.order_by("pk").values_list("deed", "text", "asked_by__username")
    assert list(rows) == [
        ("edit", "Terraces carry water again.", "mira"),
        ("reply", "Correction: again.", "mira"),
    ]
    assert "A correction is under way" in page(desk, post.item)


def test_a_press_that_comes_twice_is_told_so_and_makes_one_correction(desk: Client, post: Post) -> None:
    form = form_of(post, "edit", edit="Terraces carry water again.")
    assert go(desk, post.item, **form).status_code == 200
    second = go(desk, post.item, **form)
    assert second.status_code == 409
    assert Amendment.objects.count() == 1


def test_a_form_that_is_stale_does_nothing_and_keeps_what_was_typed(desk: Client, post: Post) -> None:
    stale = form_of(post, "edit", edit="What I typed for a long while.")
    Post.objects.filter(pk=post.pk).update(version=7)
    answer = go(desk, post.item, **stale)
    assert (answer.status_code, Amendment.objects.count()) == (409, 0)
    assert "What I typed for a long while." in answer.content.decode()
    Item.objects.filter(pk=post.item_id).update(revision=3)
    assert go(desk, post.item, **form_of(post, "delete")).status_code == 409


def test_a_text_that_does_not_fit_is_said_beside_its_post_and_is_kept(desk: Client, post: Post) -> None:
    answer = go(desk, post.item, **form_of(post, "edit", edit="y" * 501))
    text = answer.content.decode()
    assert (answer.status_code, Amendment.objects.count()) == (422, 0)
    assert "The text does not fit Sandbox" in text
    assert "y" * 501 in text
    assert checked(text, post) == "edit"


def test_the_counter_measures_what_is_typed_by_the_network_of_the_post(desk: Client) -> None:
    thread = a_sent(an_item(), texts=("One.", "Two."))
    url = f"/desk/items/{thread.item_id}/correct/measure/{thread.pk}"
    typed = {f"edit-{thread.pk}": ["One.", "Two, and more."], f"reply-{thread.pk}": "z" * 502}
    assert "14 of 500" in desk.post(f"{url}/edit-1", typed).content.decode()
    over = desk.post(f"{url}/reply", typed).content.decode()
    assert "2 characters too long" in over
    assert f'id="counter-{thread.pk}-reply"' in over
    assert desk.post(f"{url}/edit-7", typed).status_code == 400
    assert (
        desk.post(f"/desk/items/{an_item().pk}/correct/measure/{thread.pk}/edit-0", typed).status_code == 404
    )


def test_a_retracted_item_proposes_to_delete(desk: Client, post: Post) -> None:
    Item.objects.filter(pk=post.item_id).update(retracted_at=clock.now(), retraction_reason="Wrong figures.")
    post.item.refresh_from_db()
    text = page(desk, post.item)
    assert (checked(text, post), "Wrong figures." in text) == ("delete", True)
    go(desk, post.item, **form_of(post, "delete"))
    assert Amendment.objects.get().deed == "delete"


def test_where_nothing_is_possible_the_page_says_why_with_the_address_and_takes_a_persons_word(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    cannot_send(monkeypatch, "bluesky")
    measured_only = a_sent(an_item(), a_channel("bluesky"))
    confirmed = a_sent(measured_only.item, item_revision=1)
    confirmed.deliveries.update(remote_id="")
    Item.objects.filter(pk=measured_only.item_id).update(revision=2, title="Changed")
    measured_only.item.refresh_from_db()
    text = page(desk, measured_only.item)
    assert "Publisher does not send to Bluesky. Correct it there by hand." in text
    assert "a person said that it was published" in text
    assert text.count(THERE) >= 2
    assert 'value="edit"' not in text
    go(desk, measured_only.item, **form_of(measured_only, "hand"), **form_of(confirmed, "later"))
    entry = AuditEntry.objects.get(action="post.corrected_by_hand")
    assert (entry.object_id, entry.actor_name, entry.after["url"]) == (str(measured_only.pk), "mira", THERE)
    assert "1 post that was sent says" in desk.get(f"/desk/items/{confirmed.item_id}").content.decode()


def test_posts_that_are_unclear_or_going_out_are_listed_with_why(desk: Client, post: Post) -> None:
    row = post.deliveries.get()
    post.deliveries.update(state="unknown")
    Post.objects.filter(pk=post.pk).update(state="unknown")
    text = page(desk, post.item)
    assert "Nobody knows yet whether all of it was published" in text
    assert f'href="/desk/deliveries/{row.pk}"' in text
    assert f'name="deed-{post.pk}"' not in text
    post.deliveries.update(state="sending")
    Post.objects.filter(pk=post.pk).update(state="sending")
    assert "It is going out" in page(desk, post.item)


def test_nothing_chosen_does_nothing(desk: Client, post: Post) -> None:
    answer = go(desk, post.item, **form_of(post, "later"))
    assert "nothing was done" in answer.content.decode()
    assert not AuditEntry.objects.exists()


def test_a_failed_correction_is_shown_with_its_reason_and_tried_again(desk: Client, post: Post) -> None:
    failed = an_amendment(post, state="failed", reason="The network says no.", settled_at=clock.now())
    text = page(desk, post.item)
    assert "The network says no." in text
    assert f"/desk/corrections/{failed.pk}/again" in text
    answer = desk.post(f"/desk/corrections/{failed.pk}/again", follow=True)
    assert "It is tried again" in answer.content.decode()
    failed.refresh_from_db()
    assert (failed.state, failed.attempts) == ("queued", 0)
    refused = desk.post(f"/desk/corrections/{failed.pk}/again", follow=True)
    assert (refused.status_code, "Waiting for its turn" in refused.content.decode()) == (422, True)


def test_a_waiting_correction_is_called_off(desk: Client, post: Post) -> None:
    waiting = an_amendment(post)
    desk.post(f"/desk/corrections/{waiting.pk}/call-off", follow=True)
    waiting.refresh_from_db()
    assert waiting.state == "cancelled"
    assert AuditEntry.objects.filter(action="post.correction_called_off", actor_name="mira").exists()


def test_a_person_says_whether_an_unclear_answer_is_there(desk: Client, post: Post) -> None:
    unclear = an_amendment(post, state="unknown", held=True, reason="Telegram cannot tell.")
    assert "Telegram cannot tell." in page(desk, post.item)
    url = f"/desk/corrections/{unclear.pk}/confirm"
    wrong = desk.post(url, {"was_done": "yes", "url": "javascript:alert(1)"}, follow=True)
    assert (wrong.status_code, "must begin with https" in wrong.content.decode()) == (422, True)
    assert desk.post(url, {}).status_code == 400
    desk.post(url, {"was_done": "yes", "url": THERE}, follow=True)
    unclear.refresh_from_db()
    assert (unclear.state, unclear.remote_url) == ("done", THERE)


def test_a_post_that_was_deleted_is_withdrawn_on_every_page(desk: Client, post: Post) -> None:
    now = clock.now()
    an_amendment(post, deed="delete", state="done", settled_at=now)
    Post.objects.filter(pk=post.pk).update(withdrawn_at=now)
    post.deliveries.update(withdrawn_at=now)
    row = post.deliveries.get()
    for url in (
        "/desk/posts",
        f"/desk/posts/{post.pk}",
        f"/desk/items/{post.item_id}",
        f"/desk/items/{post.item_id}/correct",
        "/desk/deliveries",
        f"/desk/deliveries/{row.pk}",
    ):
        assert "Withdrawn" in desk.get(url).content.decode(), url
    assert f"Delete ({post.channel}): done" in desk.get(f"/desk/items/{post.item_id}").content.decode()


def test_editions_that_held_the_item_are_listed_and_not_corrected(desk: Client, post: Post) -> None:
    edition = an_edition(items=[post.item], state="sent")
    an_edition(items=[post.item], state="waiting")
    text = page(desk, post.item)
    assert "A mail that has left is not corrected" in text
    assert text.count("/desk/editions/") == 1
    assert f"/desk/editions/{edition.pk}" in text


def test_an_item_of_which_nothing_was_sent_says_so(desk: Client) -> None:
    text = page(desk, an_item())
    assert "No post about this item has been sent" in text


def test_a_network_whose_posts_a_person_publishes_is_listed_with_the_address_and_done_by_hand(
    desk: Client,
) -> None:
    posted = a_sent(an_item(), a_channel("weibo"))
    posted.deliveries.update(remote_id="")
    laid = a_sent(posted.item, a_channel("wechat", credentials={"app_id": "wx", "app_secret": "s"}))
    Item.objects.filter(pk=posted.item_id).update(revision=2, title="Changed")
    posted.item.refresh_from_db()
    text = page(desk, posted.item)
    for label in ("Weibo", "WeChat"):
        assert f"A person publishes on {label}. Correct it there by hand." in text
    assert text.count(THERE) >= 2
    assert (checked(text, posted), checked(text, laid), 'value="edit"' in text) == ("later", "later", False)
    go(desk, posted.item, **form_of(posted, "hand"), **form_of(laid, "hand"))
    assert AuditEntry.objects.filter(action="post.corrected_by_hand", after__url=THERE).count() == 2
    assert "does not say any more" not in desk.get(f"/desk/items/{posted.item_id}").content.decode()


def test_a_post_that_is_with_a_person_is_listed_and_leads_there(desk: Client) -> None:
    handed = a_handed_post()
    text = page(desk, handed.item)
    assert "It is with a person now" in text
    assert f'href="/desk/posts/{handed.pk}/hand"' in text
    assert f'name="deed-{handed.pk}"' not in text


def test_what_a_pause_and_a_standstill_keep_waiting_says_so(desk: Client, post: Post) -> None:
    an_amendment(post)
    second = a_sent(post.item, item_revision=1)
    an_amendment(second, deed="delete", text="")
    a_pause(scope="channel", channel_id=post.channel_id, name="Village board")
    text = page(desk, post.item)
    assert "Deletions are done even so. Edits and answers wait until it goes on." in text
    assert text.count("so this waits") == 1
    assert "Paused, so this waits: Channel Village board: A flood in the valley" in text
    standstill.begin(Standstill.Kind.RESTORED, reason="Restored.", by="ada", now=clock.now())
    text = page(desk, post.item)
    assert "Nothing is done, also no deletion, before it goes on." in text
    assert text.count("All sending stands still, so this waits") == 2


def test_what_an_answer_costs_stands_beside_its_text_and_too_much_is_refused_with_the_sums(
    desk: Client,
) -> None:
    sent = a_sent(an_item(), a_channel("x", settings={"threads": True}, month_budget="0.10"))
    Item.objects.filter(pk=sent.item_id).update(revision=2, title="Changed")
    sent.item.refresh_from_db()
    text = page(desk, sent.item)
    assert "it costs $0.20" in text
    assert "and this answer costs $0.20" in text
    answer = go(desk, sent.item, **form_of(sent, "reply", reply="See https://e.example.org/1"))
    assert (answer.status_code, Amendment.objects.count()) == (422, 0)
    assert (
        "budget of $0.10 is used up: $0.00 is spent, and this answer costs $0.20." in answer.content.decode()
    )
    assert "https://e.example.org/1" in answer.content.decode()
    go(desk, sent.item, **form_of(sent, "reply", reply="Words without an address."))
    assert str(Amendment.objects.get().price) == "0.0150"


def test_why_a_changed_post_is_left_is_said_and_deleting_it_can_be_chosen(desk: Client) -> None:
    sent = a_sent(an_item(), a_channel("x"))
    Item.objects.filter(pk=sent.item_id).update(revision=2, title="Changed")
    sent.item.refresh_from_db()
    text = page(desk, sent.item)
    assert checked(text, sent) == "leave"
    assert "X does not let Publisher edit a post." in text
    assert "Delete it if what it says is wrong." in text
    go(desk, sent.item, **form_of(sent, "delete"))
    assert Amendment.objects.get().deed == "delete"


def test_an_answer_of_ours_is_deleted_by_its_button(desk: Client, post: Post) -> None:
    answer = an_amendment(post, state="done", remote_id="99", settled_at=clock.now())
    confirmed = an_amendment(post, state="done", settled_at=clock.now())
    text = page(desk, post.item)
    assert f"/desk/corrections/{answer.pk}/delete-answer" in text
    assert f"/desk/corrections/{confirmed.pk}/delete-answer" not in text
    done = desk.post(f"/desk/corrections/{answer.pk}/delete-answer", follow=True)
    assert "The answer is being deleted" in done.content.decode()
    asked = Amendment.objects.get(deed="delete")
    assert (asked.answer_id, asked.asked_by and asked.asked_by.username) == (answer.pk, "mira")
    again = desk.post(f"/desk/corrections/{answer.pk}/delete-answer", follow=True)
    assert (again.status_code, Amendment.objects.filter(deed="delete").count()) == (422, 1)


def test_what_a_room_of_slack_cannot_do_is_not_offered(desk: Client) -> None:
    sent = a_sent(an_item(), a_channel("webhook", settings={"format": "slack"}))
    Item.objects.filter(pk=sent.item_id).update(revision=2, title="Changed")
    sent.item.refresh_from_db()
    text = page(desk, sent.item)
    assert checked(text, sent) == "reply"
    assert "Webhook does not let Publisher edit a post." in text
    assert "Webhook does not let Publisher delete a post." in text


# Approval by others, where the channel asks for it.


@pytest.fixture
def asked(desk: Client, post: Post) -> Amendment:
    """Mira asked for an edit, on a channel that asks for one person who approves."""
    Channel.objects.update(approvals=1)
    go(desk, post.item, **form_of(post, "edit", edit="Terraces carry water again."))
    return Amendment.objects.get()


@pytest.fixture
def ben(db: None) -> Client:
    client = Client()
    client.force_login(a_person("ben", EDITOR))
    return client


def test_the_page_says_that_an_edit_waits_for_another_person_and_a_deletion_does_not(
    desk: Client, post: Post
) -> None:
    Channel.objects.update(approvals=2)
    assert "waits until 2 other persons approve it. Deleting does not wait." in page(desk, post.item)


def test_who_asked_for_it_finds_no_button_to_approve_it_and_is_refused_without_one(
    desk: Client, post: Post, asked: Amendment
) -> None:
    text = page(desk, post.item)
    assert "Waiting for approval" in text
    assert "You asked for it, so somebody else must approve it." in text
    assert f"/desk/corrections/{asked.pk}/approve" not in text
    answer = desk.post(f"/desk/corrections/{asked.pk}/approve")
    asked.refresh_from_db()
    assert (answer.status_code, asked.state) == (422, "waiting")


def test_another_person_finds_it_on_the_first_page_and_approves_it(
    ben: Client, post: Post, asked: Amendment
) -> None:
    first = ben.get("/desk/").content.decode()
    assert "Corrections that wait for your approval" in first
    assert f"/desk/items/{post.item_id}/correct#done" in first
    text = page(ben, post.item)
    assert "Terraces carry water again." in text
    assert f"/desk/corrections/{asked.pk}/approve" in text
    said = ben.post(f"/desk/corrections/{asked.pk}/approve", follow=True).content.decode()
    asked.refresh_from_db()
    assert asked.state == "queued"
    assert "Approved. It is done next." in said
    assert "Corrections that wait" not in ben.get("/desk/").content.decode()


def test_the_first_page_of_who_asked_does_not_ask_them(desk: Client, asked: Amendment) -> None:
    assert asked.state == "waiting"
    assert "Corrections that wait" not in desk.get("/desk/").content.decode()
