"""The composer: all channels of an item in one form; saving, conflicts, copying, threads, times, pictures."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from publisher.backup.aftermath import first_number
from publisher.core import clock
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.people.permissions import AUTHOR, VIEWER
from publisher.social import approval, link_checks
from publisher.social.models import Post
from tests.builders import a_channel, a_schedule, an_item
from tests.desk.builders import a_post, a_post_delivery, pictures_in
from tests.desk.conftest import a_person
from tests.drawn import a_stored_picture, drawn

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _links(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every link answers, and nothing is kept: the far side of the internet."""

    def nothing(_urls: object, **_given: object) -> dict[str, link_checks.LinkCheck]:
        return {}

    monkeypatch.setattr(link_checks, "check", nothing)
    monkeypatch.setattr(link_checks, "kept", nothing)


def text_of(response: HttpResponse) -> str:
    return response.content.decode()


def fields(*posts: Post, **given: Any) -> dict[str, Any]:
    """What the form sends of these posts when nobody typed anything."""
    sent: dict[str, Any] = {}
    for post in posts:
        sent[f"version-{post.pk}"] = post.version
        sent[f"text-{post.pk}"] = [part["text"] for part in post.parts]
        for number, picture in enumerate(post.pictures):
            sent[f"alt-{post.pk}-{number}"] = picture["alt"]
    return sent | given


def press(client: Client, post: Post, do: str, sent: dict[str, Any]) -> HttpResponse:
    address = f"/desk/items/{post.item_id}/compose/act"
    return client.post(address, {**sent, "do": do}, follow=True)


@pytest.fixture
def three() -> tuple[Post, Post, Post]:
    """Drafts of one item on a channel without threads, and on two with."""
    item = an_item()
    channels = [a_channel("linkedin"), a_channel("sandbox"), a_channel("mastodon")]
    first, second, third = (a_post(item, channel, f"On {channel.name} {item.url}") for channel in channels)
    return first, second, third


def test_all_channels_of_an_item_stand_side_by_side(desk: Client, three: tuple[Post, ...]) -> None:
    text = text_of(desk.get(f"/desk/items/{three[0].item_id}/compose"))
    assert [f'id="post-{post.pk}"' in text for post in three] == [True] * 3
    assert "of 3,000" in text  # LinkedIn's own limit
    assert text.count("of 500") == 2


def test_one_press_saves_every_post_that_was_changed(desk: Client, three: tuple[Post, ...]) -> None:
    first, second, third = three
    sent = fields(*three) | {f"text-{first.pk}": ["One"], f"text-{second.pk}": ["Two", "", "Three"]}
    answer = press(desk, first, "save-all", sent)
    for post in three:
        post.refresh_from_db()
    assert [post.parts for post in three] == [
        [{"text": "One"}],
        [{"text": "Two"}, {"text": "Three"}],
        third.parts,
    ]
    assert [post.version for post in three] == [2, 2, 1]
    assert answer.redirect_chain
    assert "2 posts are saved" in text_of(answer)


def test_every_button_works_with_the_ids_of_a_database_that_was_restored(desk: Client) -> None:
    """They go on from a number that grows with the time (`backup.aftermath`)."""
    first = first_number(datetime(2060, 1, 1, tzinfo=UTC))
    post = a_post(channel=a_channel("sandbox"), pk=first, state="approved")
    answer = press(desk, post, f"save:{first}", fields(post) | {f"text-{first}": ["Mine"]})
    assert "Saved" in text_of(answer)
    post.refresh_from_db()
    assert post.parts == [{"text": "Mine"}]
    at = (clock.now() + timedelta(days=3)).replace(hour=10, minute=0, second=0, microsecond=0)
    Post.objects.filter(pk=first).update(state="approved")
    when = {f"when-{first}": at.isoformat(), f"override-{first}": "The minister speaks then"}
    assert "The time is changed" in text_of(press(desk, post, f"move:{first}", fields(post) | when))


@pytest.mark.parametrize("number", ["-1", "1e3", "٣", "9" * 19, "9" * 400, ""])
def test_a_button_for_no_post_changes_nothing(desk: Client, three: tuple[Post, ...], number: str) -> None:
    answer = press(desk, three[0], f"save:{number}", fields(*three))
    assert "There is no such post here any more" in text_of(answer)


def test_a_conflict_on_one_channel_shows_both_texts_and_saves_the_others(
    desk: Client, three: tuple[Post, ...]
) -> None:
    first, second, _third = three
    sent = fields(*three) | {f"text-{first.pk}": ["Mine"], f"text-{second.pk}": ["Also mine"]}
    approval.edit(first.pk, user=None, version=1, texts=["Theirs"], now=clock.now())
    answer = press(desk, first, "save-all", sent)
    first.refresh_from_db()
    second.refresh_from_db()
    assert answer.status_code == 409
    assert (first.parts, second.parts) == ([{"text": "Theirs"}], [{"text": "Also mine"}])
    text = text_of(answer)
    assert "Somebody else changed this post meanwhile" in text
    assert ">Theirs</p>" in text
    assert ">Mine</textarea>" in text
    assert f'name="version-{first.pk}" value="2"' in text
    press(desk, first, f"save:{first.pk}", fields(first) | {f"text-{first.pk}": ["Mine"]})
    first.refresh_from_db()
    assert first.parts == [{"text": "Mine"}]


def test_a_post_with_the_long_id_of_a_restored_database_is_written_as_any_other(desk: Client) -> None:
    post = a_post(pk=4_462_572_000_043)
    press(desk, post, f"save:{post.pk}", fields(post) | {f"text-{post.pk}": ["Mine"]})
    post.refresh_from_db()
    assert post.parts == [{"text": "Mine"}]


def test_a_text_that_does_not_fit_is_refused_alone_and_kept(desk: Client, three: tuple[Post, ...]) -> None:
    first, second, _third = three
    sent = fields(*three) | {f"text-{first.pk}": ["Good"], f"text-{second.pk}": ["x" * 600]}
    answer = press(desk, first, "save-all", sent)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (answer.status_code, first.parts, second.version) == (422, [{"text": "Good"}], 1)
    assert "x" * 600 in text_of(answer)
    assert "100 characters too long" in text_of(answer)


def test_checking_measures_and_saves_nothing(desk: Client, three: tuple[Post, ...]) -> None:
    answer = press(desk, three[1], "check", fields(*three) | {f"text-{three[1].pk}": ["字" * 501]})
    three[1].refresh_from_db()
    assert "501 of 500" in text_of(answer)
    assert three[1].version == 1


def test_the_counter_of_the_composer_is_the_senders(desk: Client, three: tuple[Post, ...]) -> None:
    post = three[2]
    address = f"/desk/items/{post.item_id}/compose/measure/{post.pk}/0"
    answer = desk.post(address, {f"text-{post.pk}": ["https://office.example.org/" + "x" * 80]})
    assert "23 of 500" in text_of(answer)  # Mastodon counts any link as 23
    assert f'id="preview-{post.pk}-0"' in text_of(answer)
    assert desk.post(address.replace("/0", "/7"), {}).status_code in (400, 404)


def test_approving_takes_the_next_slot_or_the_chosen_one(desk: Client, three: tuple[Post, ...]) -> None:
    first, second, _third = three
    answer = press(desk, first, f"approve:{first.pk}", fields(first))
    assert "1 post is approved. It goes out in its channel’s next free slot." in text_of(answer)
    at = (clock.now() + timedelta(days=3)).replace(hour=9, minute=0, second=0, microsecond=0)
    chosen = {f"when-{second.pk}": "chosen", f"chosen-{second.pk}": f"{at:%Y-%m-%dT%H:%M}"}
    sent = fields(second) | chosen | {f"text-{second.pk}": ["Late"]}
    assert "It goes out on " in text_of(press(desk, second, f"approve:{second.pk}", sent))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.slot_at) == ("approved", None)
    assert (second.state, second.slot_at, second.parts) == ("scheduled", at, [{"text": "Late"}])


def test_a_written_time_beside_another_choice_is_asked_about_and_nothing_goes_out_at_the_wrong_time(
    desk: Client, three: tuple[Post, ...]
) -> None:
    """A browser without scripts does not tick the choice that belongs to the field."""
    post = three[0]
    at = clock.now() + timedelta(days=3)
    sent = fields(*three) | {f"when-{post.pk}": "", f"chosen-{post.pk}": f"{at:%Y-%m-%dT%H:%M}"}
    page = text_of(press(desk, post, f"approve:{post.pk}", sent))
    assert "another one is chosen" in page
    assert f"{at:%Y-%m-%dT%H:%M}" in page
    post.refresh_from_db()
    assert post.state == "draft"


@pytest.fixture
def quiet() -> Post:
    hours = [{"start": "20:00", "end": "23:00", "weekdays": [0, 1, 2, 3, 4, 5, 6]}]
    return a_post(channel=a_channel(schedule=a_schedule(quiet=hours)))


def test_a_time_against_the_rules_saves_the_text_and_approves_nothing(desk: Client, quiet: Post) -> None:
    at = (clock.now() + timedelta(days=2)).replace(hour=21, minute=0, second=0, microsecond=0)
    sent = fields(quiet) | {
        f"when-{quiet.pk}": "chosen",
        f"chosen-{quiet.pk}": f"{at:%Y-%m-%dT%H:%M}",
        f"text-{quiet.pk}": ["Written"],
    }
    answer = press(desk, quiet, f"approve:{quiet.pk}", sent)
    quiet.refresh_from_db()
    text = text_of(answer)
    assert (answer.status_code, quiet.state, quiet.parts) == (422, "draft", [{"text": "Written"}])
    assert "quiet hours" in text
    assert f'value="{at:%Y-%m-%dT%H:%M}"' in text
    assert f'name="override-{quiet.pk}"' in text
    sent |= {f"version-{quiet.pk}": quiet.version, f"override-{quiet.pk}": "The minister speaks then"}
    press(desk, quiet, f"approve:{quiet.pk}", sent)
    quiet.refresh_from_db()
    assert (quiet.state, quiet.slot_at, quiet.override_reason) == (
        "scheduled",
        at,
        "The minister speaks then",
    )
    assert "The minister speaks then" in str(
        AuditEntry.objects.filter(action="post.rescheduled").latest("pk").after
    )


def test_a_planned_post_gets_another_time_while_its_text_stays_typed(desk: Client) -> None:
    at = datetime(2099, 1, 5, 9, tzinfo=UTC)
    post = a_post(state="scheduled", slot_at=clock.now() + timedelta(days=1), approved_at=clock.now())
    sent = fields(post) | {
        f"when-{post.pk}": "chosen",
        f"chosen-{post.pk}": f"{at:%Y-%m-%dT%H:%M}",
        f"text-{post.pk}": ["Half written"],
    }
    text = text_of(press(desk, post, f"move:{post.pk}", sent))
    post.refresh_from_db()
    assert (post.state, post.slot_at) == ("scheduled", at)
    assert ">Half written</textarea>" in text


def test_all_that_are_ready_are_approved_and_the_others_named(desk: Client, three: tuple[Post, ...]) -> None:
    first, second, _third = three
    sent = fields(*three) | {f"text-{second.pk}": ["x" * 600]}
    answer = press(desk, first, "approve-all", sent)
    for post in three:
        post.refresh_from_db()
    assert [post.state for post in three] == ["approved", "draft", "approved"]
    assert f"stands against them: {second.channel.name}" in text_of(answer)
    assert "x" * 600 in text_of(answer)


def test_a_refused_approval_keeps_the_saved_text(
    desk: Client, three: tuple[Post, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def somebody_else(*_args: object, **_given: object) -> None:
        raise UserError("Somebody else must approve it.", "Ask for it.")

    monkeypatch.setattr(approval, "approve", somebody_else)
    answer = press(
        desk, three[0], f"approve:{three[0].pk}", fields(three[0]) | {f"text-{three[0].pk}": ["Mine"]}
    )
    three[0].refresh_from_db()
    assert three[0].parts == [{"text": "Mine"}]
    assert "Somebody else must approve it." in text_of(answer)


def test_a_text_is_copied_to_the_ticked_channels_and_not_saved(desk: Client, three: tuple[Post, ...]) -> None:
    first, second, third = three
    sent = fields(*three) | {f"text-{first.pk}": ["For all"], f"to-{first.pk}": [second.pk]}
    text = text_of(press(desk, first, f"copy:{first.pk}", sent))
    second.refresh_from_db()
    assert second.version == 1
    assert text.count(">For all</textarea>") == 2
    assert text.count("data-unsaved>") == 2
    assert third.parts[0]["text"] in text


def test_a_thread_is_copied_as_one_text_where_there_are_no_threads(
    desk: Client, three: tuple[Post, ...]
) -> None:
    first, second, _third = three
    sent = fields(*three) | {f"text-{second.pk}": ["One.\n1/2", "Two.\n2/2"], f"to-{second.pk}": [first.pk]}
    assert ">One.\n\nTwo.</textarea>" in text_of(press(desk, second, f"copy:{second.pk}", sent))


def test_a_text_too_long_becomes_a_thread_and_one_text_again(desk: Client, three: tuple[Post, ...]) -> None:
    post = three[1]
    long = " ".join(f"Sentence number {n} says something of water." for n in range(30))
    text = text_of(press(desk, post, f"split:{post.pk}", fields(post) | {f"text-{post.pk}": [long]}))
    parts = re.findall(rf'name="text-{post.pk}".*?>(.*?)</textarea>', text, re.DOTALL)
    assert len(parts) > 2
    assert "characters too long" not in text
    joined = text_of(press(desk, post, f"join:{post.pk}", fields(post) | {f"text-{post.pk}": parts}))
    (whole,) = re.findall(rf'name="text-{post.pk}".*?>(.*?)</textarea>', joined, re.DOTALL)
    assert whole.split() == long.split()


@pytest.mark.parametrize(
    ("do", "after"),
    [
        ("part", ["a", "b", "c", ""]),
        ("remove:1", ["a", "c"]),
        ("earlier:1", ["b", "a", "c"]),
        ("later:1", ["a", "c", "b"]),
        ("later:2", ["a", "b", "c"]),
        ("earlier:9", ["a", "b", "c"]),
    ],
)
def test_parts_are_added_removed_and_put_in_order(
    desk: Client, three: tuple[Post, ...], do: str, after: list[str]
) -> None:
    post = three[1]
    verb, _, part = do.partition(":")
    button = f"{verb}:{post.pk}" + (f":{part}" if part else "")
    text = text_of(press(desk, post, button, fields(post) | {f"text-{post.pk}": ["a", "b", "c"]}))
    assert re.findall(rf'name="text-{post.pk}".*?>(.*?)</textarea>', text, re.DOTALL) == after


def test_a_channel_without_threads_offers_none(desk: Client, three: tuple[Post, ...]) -> None:
    answer = press(desk, three[0], f"split:{three[0].pk}", fields(three[0]))
    assert "takes no posts of several messages" in text_of(answer)
    assert "This channel takes no threads." in text_of(answer)


def test_a_channel_whose_rules_did_not_take_the_item_is_added(desk: Client) -> None:
    post, chinese = a_post(), a_channel(language="zh-Hans", auto_approve=True)
    page = text_of(desk.get(f"/desk/items/{post.item_id}/compose"))
    assert f'value="add:{chinese.pk}"' in page
    sent = fields(post) | {f"text-{post.pk}": ["Half written"]}
    text = text_of(press(desk, post, f"add:{chinese.pk}", sent))
    added = Post.objects.get(channel=chinese)
    assert (added.state, added.chosen, added.parts != []) == ("draft", True, True)
    assert f'id="post-{added.pk}"' in text
    assert ">Half written</textarea>" in text
    assert "readers expect zh-Hans" in text


def test_a_channel_is_left_out_and_comes_back(desk: Client, three: tuple[Post, ...]) -> None:
    post = three[0]
    press(desk, post, f"leave:{post.pk}", fields(*three) | {f"why-{post.pk}": "Not for them"})
    post.refresh_from_db()
    assert (post.state, post.problem) == ("cancelled", "Not for them")
    press(desk, post, f"add:{post.channel_id}", fields(*three[1:]))
    post.refresh_from_db()
    assert (post.state, post.chosen) == ("draft", True)


def test_what_was_published_is_not_drafted_anew(desk: Client) -> None:
    post = a_post(state="cancelled")
    a_post_delivery(post, state="sent")
    assert "is published" in text_of(press(desk, post, f"add:{post.channel_id}", {}))
    post.refresh_from_db()
    assert post.state == "cancelled"


def test_the_templates_text_is_shown_against_what_was_written_and_taken_again(desk: Client) -> None:
    post = a_post(text="Quite another text")
    page = text_of(desk.get(f"/desk/items/{post.item_id}/compose"))
    assert "Changed from the template" in page
    assert "<ins>" in page
    press(desk, post, f"template:{post.pk}", fields(post))
    post.refresh_from_db()
    assert post.item.title in post.parts[0]["text"]


def test_pictures_are_changed_and_the_typed_texts_stay(desk: Client, tmp_path: Path, settings: Any) -> None:
    pictures_in(tmp_path, settings)
    post = a_post()
    sent = fields(post) | {
        f"text-{post.pk}": ["Half written"],
        f"file-{post.pk}": SimpleUploadedFile("a.png", drawn()),
        f"newalt-{post.pk}": "A well in the valley",
    }
    text = text_of(press(desk, post, f"upload:{post.pk}", sent))
    post.refresh_from_db()
    assert [each["alt"] for each in post.pictures] == ["A well in the valley"]
    assert ">Half written</textarea>" in text
    assert f'name="version-{post.pk}" value="{post.version}"' in text
    text = text_of(
        press(desk, post, f"out:{post.pk}:0", fields(post) | {f"text-{post.pk}": ["Half written"]})
    )
    post.refresh_from_db()
    assert post.pictures == []
    assert ">Half written</textarea>" in text


def test_descriptions_are_saved_with_the_texts(desk: Client, tmp_path: Path, settings: Any) -> None:
    pictures_in(tmp_path, settings)
    shown = {"digest": a_stored_picture().pk, "alt": "", "focus": None, "url": ""}
    post = a_post(pictures=[shown], state="held")
    sent = fields(post) | {f"alt-{post.pk}-0": "A well", f"focus-{post.pk}-0": "top"}
    press(desk, post, "save-all", sent)
    post.refresh_from_db()
    assert (post.pictures[0]["alt"], post.pictures[0]["focus"]) == ("A well", [0.0, 0.7])


def test_what_has_left_is_shown_and_not_written(desk: Client) -> None:
    post = a_post(state="sent", sent_at=clock.now())
    text = text_of(desk.get(f"/desk/items/{post.item_id}/compose"))
    assert f'name="text-{post.pk}"' not in text
    answer = press(desk, post, f"save:{post.pk}", fields(post) | {f"text-{post.pk}": ["Another"]})
    post.refresh_from_db()
    assert (answer.status_code, post.version) == (422, 1)


def test_who_may_write_may_not_approve(three: tuple[Post, ...]) -> None:
    author, viewer = Client(), Client()
    author.force_login(a_person("noor", AUTHOR))
    viewer.force_login(a_person("kim", VIEWER))
    page = text_of(author.get(f"/desk/items/{three[0].item_id}/compose"))
    assert 'value="save-all"' in page
    assert not re.search(r'value="(approve|leave|move)', page)
    for do in ("approve-all", *(f"{verb}:{three[0].pk}" for verb in ("approve", "leave", "move"))):
        assert press(author, three[0], do, fields(*three)).status_code == 403
    assert "<textarea" not in text_of(viewer.get(f"/desk/items/{three[0].item_id}/compose"))
    assert press(viewer, three[0], "save-all", fields(*three)).status_code == 403


@pytest.mark.parametrize(
    "do", ["nonsense", "save", "save:x", "save:99999999", "remove:-1:x", "copy:", ":::", "add:0"]
)
def test_a_button_that_is_not_there_changes_nothing(desk: Client, three: tuple[Post, ...], do: str) -> None:
    answer = press(desk, three[0], do, fields(*three) | {f"text-{three[0].pk}": ["Kept"]})
    assert answer.status_code in (200, 422)
    assert ">Kept</textarea>" in text_of(answer)


def test_an_item_without_posts_says_how_to_begin(desk: Client) -> None:
    item, channel = an_item(), a_channel()
    text = text_of(desk.get(f"/desk/items/{item.pk}/compose"))
    assert "No channel has a post of this item" in text
    assert f'value="add:{channel.pk}"' in text


def test_the_preview_is_the_networks_own(desk: Client) -> None:
    item = an_item(title="Terraces carry water", summary="Two hundred families rebuilt them.")
    on_x = a_post(item, a_channel("x"), f"Read it\n{item.url}")
    linked = a_post(item, a_channel("linkedin"), "word " * 100)
    on_weibo = a_post(item, a_channel("weibo"), f"Read it {item.url}")
    page = text_of(desk.get(f"/desk/items/{item.pk}/compose"))

    def shown(post: Post) -> str:
        column = page.partition(f'id="post-{post.pk}"')[2].partition("</section>")[0]
        return column.partition('class="preview ')[2].partition("<fieldset")[0]

    assert ">Read it</div>" in shown(on_x)  # the card stands for the link
    assert "card-above" in shown(on_x)
    assert "…more</summary>" in shown(linked)
    assert "avatar-square" in page
    assert "preview-card" not in shown(on_weibo)
    Post.objects.filter(pk=on_x.pk).update(parts=[{"text": "No link"}])
    page = text_of(desk.get(f"/desk/items/{item.pk}/compose"))
    assert "preview-card" not in shown(on_x)  # X makes a card of a link in the text


def test_a_crop_in_the_preview_keeps_the_focus_where_the_network_does(
    desk: Client, tmp_path: Path, settings: Any
) -> None:
    pictures_in(tmp_path, settings)
    digest = a_stored_picture(drawn(size=(90, 160))).pk
    picture = {"digest": digest, "alt": "A well", "focus": [0.0, 0.7], "url": ""}
    item = an_item()
    a_post(item, a_channel("mastodon"), pictures=[picture])
    a_post(item, a_channel("x"), pictures=[picture])
    page = text_of(desk.get(f"/desk/items/{item.pk}/compose"))
    assert 'viewBox="0 0 90 51"' in page  # Mastodon: 24 - 25, held within the picture
    assert 'viewBox="0 54 90 51"' in page  # X: the middle


def test_a_text_for_a_channel_that_somebody_left_out_meanwhile_is_not_lost(
    desk: Client, three: tuple[Post, ...]
) -> None:
    first, second, _third = three
    sent = fields(*three) | {f"text-{first.pk}": ["Half written"], f"text-{second.pk}": ["Two"]}
    approval.cancel(first.pk, user=None, version=1, reason="No", now=clock.now())
    answer = press(desk, first, "save-all", sent)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (answer.status_code, first.state, second.parts) == (409, "cancelled", [{"text": "Two"}])
    assert "Half written" in text_of(answer)
