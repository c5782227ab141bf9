"""The page “Pause”: what is paused and what waits behind it, pausing after a question, and the two ways of releasing."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from publisher.core import clock
from publisher.core.models import AuditEntry, Pause, Standstill
from publisher.digests.models import EditionItem
from publisher.items.models import Source
from publisher.social import channels
from publisher.social.models import Channel, Post
from tests.builders import a_digest, a_schedule, a_sending_edition, a_topic, an_item
from tests.desk.builders import a_pause, a_post
from tests.social.steps import a_sandbox_channel, with_topic

pytestmark = pytest.mark.django_db

PAGE, BEGIN = reverse("desk:pauses"), reverse("desk:pause-begin")
EVERY_QUARTER = [
    {"weekday": day, "at": f"{h:02}:{m:02}"} for day in range(7) for h in range(24) for m in (0, 30)
]


def text(content: bytes) -> str:
    return " ".join(content.decode().split())


@pytest.fixture
def channel() -> Channel:
    return a_sandbox_channel(name="Mastodon", region="CN", schedule=a_schedule(slots=EVERY_QUARTER))


def a_late_post(channel: Channel, *, minutes: int = 30, **given: object) -> Post:
    """A scheduled post whose slot passed that long ago."""
    at = clock.now() - timedelta(minutes=minutes)
    return a_post(channel=channel, **{"state": "scheduled", "slot_at": at, "approved_at": at, **given})


def of(channel: Channel) -> Pause:
    return a_pause(scope="channel", channel_id=channel.pk, name=channel.name)


def offered(page: str) -> list[datetime]:
    """The slots that the page would give, in its order."""
    return [datetime.fromisoformat(at) for at in re.findall(r'name="at" value="([^"]+)"', page)]


def sure(desk: Client, *what: str, reason: str = "A <flood>") -> None:
    desk.post(BEGIN, {"what": " ".join(what), "reason": reason, "sure": "yes"})


@pytest.mark.parametrize(
    "page", ["home", "items", "posts", "asking", "editions", "digests", "channels", "sending", "deliveries"]
)
def test_every_page_says_what_is_paused_and_leads_there_by_one_click(desk: Client, page: str) -> None:
    address = reverse(f"desk:{page}")
    before = text(desk.get(address).content)
    assert "<strong>Paused:</strong>" not in before
    assert f'href="{PAGE}"' in before
    a_pause(reason="A <flood>")
    said = text(desk.get(address).content)
    assert "<strong>Paused:</strong> Country KE (A &lt;flood&gt;)" in said


def test_the_form_offers_channels_topics_and_the_countries_that_somebody_named(
    desk: Client, channel: Channel
) -> None:
    topic = a_topic()
    an_item(source="nairobi")
    Source.objects.filter(name="nairobi").update(country="KE")
    of(channel)
    said = text(desk.get(PAGE).content)
    for key in (f"topic:{topic.pk}", "country:CN", "country:KE"):
        assert f'value="{key}">' in said
    assert f'value="channel:{channel.pk}" disabled' in said


def test_nothing_is_paused_before_the_person_has_read_what_that_holds_back(
    desk: Client, channel: Channel
) -> None:
    post = a_late_post(channel)
    with_topic(post.item, a_topic())
    keys = [f"channel:{channel.pk}", f"topic:{a_topic().pk}"]
    response = desk.post(BEGIN, {"what": keys, "reason": "A flood"})
    said = text(response.content)
    assert not Pause.objects.exists()
    assert "Pause channel Mastodon, topic Water?" in said
    assert "Behind channel Mastodon: 1 post (1 scheduled)." in said
    assert f'name="what" value="{" ".join(keys)}"' in said
    response = desk.post(BEGIN, {"what": " ".join(keys), "reason": "A flood", "sure": "yes"}, follow=True)
    assert "Paused. What a server or network has already taken has left." in text(response.content)
    assert [str(row) for row in Pause.objects.all()] == ["Channel Mastodon", "Topic Water"]
    assert set(Pause.objects.values_list("reason", "by")) == {("A flood", "mira")}
    assert list(AuditEntry.objects.values_list("action", "actor_name")) == [("pause.begun", "mira")] * 2


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"what": [], "reason": "A flood"}, "Nothing was chosen"),
        ({"what": ["country:CN"], "reason": "  "}, "Say why it is paused."),
        ({"what": ["country:XX"], "reason": "A flood"}, "is nothing that can be paused"),
        ({"what": ["channel:1&amp;"], "reason": "A flood"}, "is nothing that can be paused"),
    ],
)
def test_a_form_that_is_refused_keeps_what_was_typed_and_ticked(
    desk: Client, channel: Channel, given: dict[str, object], why: str
) -> None:
    response = desk.post(BEGIN, given)
    said = text(response.content)
    assert (response.status_code, Pause.objects.exists()) == (422, False)
    assert why in said
    assert f'name="reason" value="{str(given["reason"]).strip()}"' in said.replace('value=" "', 'value=""')
    assert ('value="country:CN" checked' in said) == (given["what"] == ["country:CN"])


def test_everything_is_stopped_by_those_who_may(desk: Client, channel: Channel) -> None:
    sure(desk, "everything", "country:CN")
    assert (Standstill.objects.get().reason, Pause.objects.get().country) == ("A <flood>", "CN")
    assert "Everything: mails and posts" in text(desk.get(PAGE).content)


def test_a_pause_shows_each_post_with_its_text_and_new_slot_and_each_edition(
    desk: Client, channel: Channel
) -> None:
    post = a_late_post(channel, text="Water & light")
    topic = a_topic()
    with_topic(post.item, topic)
    edition = a_sending_edition(a_digest(enabled=False))
    EditionItem.objects.create(edition=edition, item=post.item, revision=1, position=0)
    row = a_pause(scope="topic", topic_id=topic.pk, name="Water")
    said = text(desk.get(reverse("desk:pause", args=[row.pk])).content)
    for part in ("Topic Water is paused", "Water &amp; light", "A new one would be", str(edition)):
        assert part in said
    assert "1 post (1 scheduled), 1 edition behind it" in said
    for page, pk in (("post", post.pk), ("edition", edition.pk)):
        assert "Topic Water" in text(desk.get(reverse(f"desk:{page}", args=[pk])).content)


def test_it_is_released_with_new_slots(desk: Client, channel: Channel) -> None:
    first, second = a_late_post(channel, minutes=50), a_late_post(channel, minutes=20)
    row = of(channel)
    response = desk.post(reverse("desk:pause-release", args=[row.pk]), {"how": "all"}, follow=True)
    assert "Channel Mastodon goes on. 2 posts got a new slot." in text(response.content)
    slots = list(Post.objects.filter(state="scheduled").order_by("slot_at").values_list("pk", "slot_at"))
    assert [pk for pk, _ in slots] == [first.pk, second.pk]
    assert all(at > clock.now() for _, at in slots)
    assert not Pause.objects.exists()


def test_it_is_released_post_by_post(desk: Client, channel: Channel) -> None:
    post, other = a_late_post(channel), a_late_post(channel, minutes=10, text="Another")
    row = of(channel)
    response = desk.post(reverse("desk:pause-release", args=[row.pk]), {"how": "each"}, follow=True)
    assert response.redirect_chain[-1][0] == reverse("desk:asking")
    said = text(response.content)
    assert "2 posts ask before they leave." in said
    assert said.count("Let this one go") == 2
    assert "It waited behind a pause (Channel Mastodon: A flood in the valley)." in said
    slot = offered(said)[0]
    form = {"post": post.pk, "version": post.version + 1, "do": "go", "at": slot.isoformat()}
    assert "it goes out on" in text(desk.post(reverse("desk:asking-decide"), form, follow=True).content)
    post.refresh_from_db()
    assert (post.state, post.slot_at) == ("scheduled", slot)
    form = {"post": other.pk, "version": other.version + 1, "do": "cancel"}
    desk.post(reverse("desk:asking-decide"), form)
    other.refresh_from_db()
    assert other.state == "cancelled"


@pytest.mark.parametrize("how", ["", "some", "ALL"])
def test_a_release_that_does_not_say_how_changes_nothing(desk: Client, channel: Channel, how: str) -> None:
    row = of(channel)
    response = desk.post(reverse("desk:pause-release", args=[row.pk]), {"how": how}, follow=True)
    assert "Choose whether the posts get new slots" in text(response.content)
    assert Pause.objects.exists()


def test_a_pause_that_somebody_else_released_is_no_error_page(desk: Client, channel: Channel) -> None:
    row = of(channel)
    Pause.objects.all().delete()
    response = desk.post(reverse("desk:pause-release", args=[row.pk]), {"how": "all"}, follow=True)
    assert "That pause has ended already." in text(response.content)
    assert desk.get(reverse("desk:pause", args=[row.pk])).status_code == 404


def test_a_stopped_channel_goes_on_post_by_post_too(desk: Client, channel: Channel) -> None:
    post = a_late_post(channel)
    channels.pause(channel.pk, user=None, reason="401")
    desk.post(reverse("desk:channel-resume", args=[channel.pk]), {"how": "each"})
    post.refresh_from_db()
    assert (post.state, Channel.objects.get().paused_reason) == ("expired", "")
    page = text(desk.get(reverse("desk:post", args=[post.pk])).content)
    assert "To decide" in page
    assert "Expired" not in page


def test_all_sending_goes_on_post_by_post_too(admin_desk: Client, channel: Channel) -> None:
    post = a_late_post(channel)
    since = clock.now()
    Standstill.objects.create(kind="stopped", reason="A flood", by="mira", since=since)
    admin_desk.post(reverse("desk:sending-go"), {"how": "each", "since": since.isoformat()})
    post.refresh_from_db()
    assert (post.state, Standstill.objects.exists()) == ("expired", False)


# Posts that ask.

ALL = reverse("desk:asking-all")


def asking(channel: Channel, *, minutes: int = 500) -> Post:
    return a_late_post(channel, minutes=minutes, state="expired", problem="Its slot was missed.")


def test_all_get_a_new_slot_at_once_after_a_question_in_numbers(desk: Client, channel: Channel) -> None:
    late = [asking(channel, minutes=minutes) for minutes in (900, 700, 800)]
    said = text(desk.post(ALL, {"do": "slots"}).content)
    assert "Give 3 posts a new slot?" in said
    assert Post.objects.filter(state="expired").count() == 3
    assert "Give 3 posts" in text(desk.post(ALL, {"do": "slots", "sure": "yes", "counted": 2}).content)
    response = desk.post(ALL, {"do": "slots", "sure": "yes", "counted": 3}, follow=True)
    assert "3 posts got a new slot." in text(response.content)
    order = Post.objects.filter(state="scheduled").order_by("slot_at").values_list("pk", flat=True)
    assert list(order) == [late[0].pk, late[2].pk, late[1].pk]
    assert AuditEntry.objects.filter(action="post.new_slot", actor_name="mira").count() == 3


def test_all_are_cancelled_at_once_of_one_channel_only(desk: Client, channel: Channel) -> None:
    mine, other = asking(channel), asking(a_sandbox_channel())
    given = {"do": "cancel", "channel": channel.pk}
    assert "Cancel 1 post for good?" in text(desk.post(ALL, given).content)
    desk.post(ALL, {**given, "sure": "yes", "counted": 1})
    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.state, other.state) == ("cancelled", "expired")


def test_what_a_pause_covers_is_offered_no_slot(desk: Client, channel: Channel) -> None:
    post = asking(channel)
    of(channel)
    said = text(desk.get(reverse("desk:asking")).content)
    assert "Channel Mastodon is paused." in said
    assert "Let this one go" not in said
    assert "Give all a new slot" not in said
    desk.post(ALL, {"do": "slots", "sure": "yes", "counted": 1})
    post.refresh_from_db()
    assert post.state == "expired"


def test_a_slot_that_was_taken_meanwhile_is_refused_and_nothing_is_lost(
    desk: Client, channel: Channel
) -> None:
    post = asking(channel)
    (slot,) = offered(text(desk.get(reverse("desk:asking")).content))
    a_post(channel=channel, state="scheduled", slot_at=slot)
    form = {"post": post.pk, "version": post.version, "do": "go", "at": slot.isoformat()}
    response = desk.post(reverse("desk:asking-decide"), form, follow=True)
    assert "Another post of this channel goes out at" in text(response.content)
    post.refresh_from_db()
    assert post.state == "expired"


@pytest.mark.parametrize(
    "form", [{}, {"do": "go"}, {"do": "go", "at": "soon"}, {"do": "burn"}, {"do": "cancel", "version": "9"}]
)
def test_a_form_that_is_not_whole_or_stale_changes_nothing(
    desk: Client, channel: Channel, form: dict[str, str]
) -> None:
    post = asking(channel)
    given = {"post": post.pk, "version": post.version, **form}
    response = desk.post(reverse("desk:asking-decide"), given, follow=True)
    assert 'class="flash error"' in text(response.content)
    post.refresh_from_db()
    assert post.state == "expired"


def test_the_first_page_leads_to_what_asks(desk: Client, channel: Channel) -> None:
    asking(channel)
    assert f'href="{reverse("desk:asking")}"' in text(desk.get(reverse("desk:home")).content)
