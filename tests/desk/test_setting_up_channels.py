"""The pages that make and connect channels, paint schedules and edit templates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from publisher.core import clock
from publisher.core.crypto import opened
from publisher.core.models import AuditEntry
from publisher.delivery.models import SigningKey
from publisher.desk.mail import views as mail_views
from publisher.schedule.models import Schedule
from publisher.social import health
from publisher.social.models import Channel, Connecting, NetworkApp
from publisher.social.networks.sandbox.server import Server
from tests.builders import a_channel, a_schedule, a_topic, an_item
from tests.desk.builders import a_post
from tests.fakes.dns import DnsServer
from tests.fakes.mastodon import FakeMastodon
from tests.fakes.mastodon import serving as mastodon
from tests.fakes.sandbox import sandbox
from tests.fakes.smtp_sink import SmtpSink
from tests.social.networks.test_oauth import pressed

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with sandbox(tmp_path, tokens=frozenset({"good"})) as running:
        yield running


def fields(content: bytes) -> dict[str, Any]:
    """What a browser would send of the page's forms, untouched."""
    text, found = content.decode(), {}
    for tag in re.findall(r"<input [^>]*>", text):
        pair = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if pair.get("type") in ("checkbox", "radio"):
            if " checked" in tag:
                found.setdefault(pair["name"], []).append(pair["value"])
        elif "name" in pair:
            found.setdefault(pair["name"], []).append(pair.get("value", ""))
    for name, body in re.findall(r'<textarea [^>]*name="([^"]+)"[^>]*>([^<]*)</textarea>', text):
        found[name] = [body]
    for name, body in re.findall(r'<select [^>]*name="([^"]+)".*?>(.*?)</select>', text, re.DOTALL):
        chosen = re.findall(r'<option value="([^"]*)" selected', body)
        found[name] = [chosen[0] if chosen else re.findall(r'<option value="([^"]*)"', body)[0]]
    return found


# Channels.


def test_a_channel_is_made_by_its_form_and_goes_on_to_its_access(admin_desk: Client) -> None:
    schedule, topic = a_schedule(name="Office"), a_topic()
    sent = fields(admin_desk.get(reverse("desk:channel-new")).content) | {
        "name": "Almaria",
        "network": "sandbox",
        "kinds": ["speech"],
        "topics": [topic.slug],
        "utm_hosts": "office.example.org",
        "owner": "comms@office.example.org",
    }
    response = admin_desk.post(reverse("desk:channel-new"), sent)
    channel = Channel.objects.get()
    assert response["Location"] == reverse("desk:channel-access", args=[channel.pk])
    assert (channel.schedule, channel.kinds, channel.topics) == (schedule, ["speech"], [topic.pk])
    assert channel.utm["hosts"] == ["office.example.org"]
    assert channel.alt_required
    assert not channel.auto_approve


def test_a_form_that_was_opened_and_saved_changes_nothing(admin_desk: Client) -> None:
    channel = a_channel(
        kinds=["story"],
        topics=[a_topic().pk],
        hashtags=2,
        month_budget="19.90",
        utm={"hosts": ["x.org"], "source": "s", "medium": "m", "campaign": "", "content": ""},
    )
    address = reverse("desk:channel-edit", args=[channel.pk])
    response = admin_desk.post(address, fields(admin_desk.get(address).content))
    assert response.status_code == 302
    channel.refresh_from_db()
    assert channel.revision == 1
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"hashtags": "eleven"}, "Write a whole number."),
        ({"hashtags": "11"}, "It must be at most 10."),
        ({"language": "??"}, "is no language tag"),
        ({"utm_hosts": "https://x/y"}, "name of a host"),
        ({"schedule": "gone"}, "there is no schedule gone"),
        ({"kinds": ["gossip"]}, "Choose from the list"),
        ({"tolerance_minutes": "0"}, "It must be at least 1."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    admin_desk: Client, given: dict[str, Any], said: str
) -> None:
    channel = a_channel()
    address = reverse("desk:channel-edit", args=[channel.pk])
    sent = fields(admin_desk.get(address).content) | {"name": "A long <name>"} | given
    response = admin_desk.post(address, sent)
    page = response.content.decode()
    assert response.status_code == 422
    assert said in page
    assert "A long &lt;name&gt;" in page


def test_the_second_of_two_people_is_told_and_keeps_what_they_typed(admin_desk: Client) -> None:
    channel = a_channel(name="Almaria")
    address = reverse("desk:channel-edit", args=[channel.pk])
    sent = fields(admin_desk.get(address).content)
    admin_desk.post(address, sent | {"hashtags": "1"})
    response = admin_desk.post(address, sent | {"hashtags": "5", "owner": "me@office.example.org"})
    assert response.status_code == 409
    assert "me@office.example.org" in response.content.decode()
    channel.refresh_from_db()
    assert channel.hashtags == 1
    again = fields(response.content)
    assert admin_desk.post(address, again).status_code == 302
    channel.refresh_from_db()
    assert channel.hashtags == 5


def test_an_access_is_tried_kept_and_never_shown(admin_desk: Client, server: Server) -> None:
    channel = a_channel()
    address = reverse("desk:channel-access", args=[channel.pk])
    sent = fields(admin_desk.get(address).content)
    empty = admin_desk.post(address, sent | {"setting-url": server.url}, follow=True)
    assert "not connected: its credentials are still missing" in empty.content.decode()
    sent = fields(admin_desk.get(address).content)
    wrong = admin_desk.post(address, sent | {"credential-token": "secret-wrong", "setting-url": server.url})
    assert wrong.status_code == 422
    assert "does not take" in wrong.content.decode()
    assert "secret-wrong" not in wrong.content.decode()
    response = admin_desk.post(
        address, sent | {"credential-token": "good", "setting-url": server.url}, follow=True
    )
    page = response.content.decode()
    assert "this is" in page
    assert "Set. Leave it empty to keep it." in page
    assert 'value="good"' not in page
    channel.refresh_from_db()
    assert opened(channel.credentials) == {"token": "good"}
    admin_desk.post(reverse("desk:channel-disconnect", args=[channel.pk]), {"version": channel.revision})
    channel.refresh_from_db()
    assert channel.credentials is None


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"credential-token": "x" * 9, "setting-chat": "@almaria"}, "This does not look right"),
        ({"credential-token": "12345:" + "a" * 30, "setting-chat": ""}, "Enter this, too."),
    ],
)
def test_a_field_of_the_network_says_what_it_takes(
    admin_desk: Client, sent: dict[str, str], said: str
) -> None:
    channel = a_channel("telegram")
    response = admin_desk.post(reverse("desk:channel-access", args=[channel.pk]), sent | {"version": 1})
    assert response.status_code == 422
    assert said in response.content.decode()


def test_an_account_is_connected_by_its_networks_page_after_a_confirmation(
    admin_desk: Client, settings: Any
) -> None:
    fake = FakeMastodon()
    with mastodon(fake) as url:
        settings.FETCH_ALLOW = [*settings.FETCH_ALLOW, url.removeprefix("http://")]
        channel = a_channel("mastodon", settings={"url": url})
        begun = admin_desk.post(reverse("desk:channel-connect", args=[channel.pk]))
        page = admin_desk.get(begun["Location"]).content.decode()
        way = re.findall(r'href="(http[^"]+/oauth/authorize[^"]+)"', page)[0].replace("&amp;", "&")
        answer = pressed(way, "Authorize", f"{settings.BASE_URL}{reverse('desk:channel-came-back')}")
        back = admin_desk.get(reverse("desk:channel-came-back"), answer)
        asked = admin_desk.get(back["Location"])
        assert "@office@" in asked.content.decode()
        assert fake.oauth.tokens[-1] not in asked.content.decode()
        admin_desk.post(back["Location"], {"account": "0", "version": "1"})
    channel.refresh_from_db()
    assert opened(channel.credentials) == {"access_token": fake.oauth.tokens[-1]}
    assert health.health_of(channel).account_name.startswith("@office@")
    assert not Connecting.objects.exists()


def test_an_answer_that_nobody_asked_for_is_refused_in_words(admin_desk: Client) -> None:
    response = admin_desk.get(reverse("desk:channel-came-back"), {"state": "made up", "code": "x"})
    assert response.status_code == 400
    assert "press Connect again" in response.content.decode()


def test_keys_of_an_application_are_stored_once_and_not_shown(admin_desk: Client) -> None:
    channel = a_channel("linkedin")
    address = reverse("desk:channel-app", args=[channel.pk])
    assert admin_desk.post(address, {"app-client_id": "abc"}).status_code == 422
    admin_desk.post(address, {"app-client_id": "abc", "app-client_secret": "hush-hush"})
    assert opened(NetworkApp.objects.get().keys)["client_secret"] == "hush-hush"
    page = admin_desk.get(reverse("desk:channel-access", args=[channel.pk])).content.decode()
    assert "hush-hush" not in page
    assert "Connect with LinkedIn" in page


def test_switching_off_asks_for_the_version_that_was_seen(admin_desk: Client) -> None:
    channel = a_channel()
    address = reverse("desk:channel-switch", args=[channel.pk])
    assert admin_desk.post(address, {"on": "no", "version": "7"}).status_code == 409
    admin_desk.post(address, {"on": "no", "version": "1"})
    channel.refresh_from_db()
    assert not channel.enabled


# Schedules.


def week(**given: Any) -> dict[str, Any]:
    return {
        "name": "Office",
        "zone": "Europe/Berlin",
        "least_gap_minutes": "30",
        "day-0": "9:00, 14:30",
        **given,
    }


def test_a_schedule_is_made_of_lines_of_times_without_any_script(desk: Client) -> None:
    sent = week(
        blackouts="2026-12-25 Christmas",
        holiday_countries="cn",
        **{"quiet-0-start": "21:00", "quiet-0-end": "08:00", "quiet-0-days": ["5", "6"]},
    )
    assert desk.post(reverse("desk:schedule-new"), sent).status_code == 302
    schedule = Schedule.objects.get()
    assert schedule.slots == [{"weekday": 0, "at": "09:00"}, {"weekday": 0, "at": "14:30"}]
    assert schedule.quiet == [{"start": "21:00", "end": "08:00", "weekdays": [5, 6]}]
    assert (schedule.blackout_names, schedule.holiday_countries) == ({"2026-12-25": "Christmas"}, ["CN"])


def test_what_is_wrong_in_a_schedule_is_marked_and_nothing_typed_is_lost(desk: Client) -> None:
    response = desk.post(reverse("desk:schedule-new"), week(**{"day-1": "noon", "zone": "Berlin"}))
    page = response.content.decode()
    assert response.status_code == 422
    assert "“noon” is no time of day" in page
    assert 'value="9:00, 14:30"' in page


def test_a_preview_shows_the_next_slots_in_both_zones_and_saves_nothing(desk: Client) -> None:
    page = desk.post(reverse("desk:schedule-preview"), week(holiday_countries="DE")).content.decode()
    assert page.count("<td>") == 20
    assert "Christmas" in page or "New Year" in page or "Good Friday" in page
    assert "Clocks go" in page
    assert not Schedule.objects.exists()
    assert desk.post(reverse("desk:schedule-new"), week(then="preview")).status_code == 200
    assert not Schedule.objects.exists()


def test_planned_posts_that_would_lose_their_slot_are_shown_before_it_is_saved(desk: Client) -> None:
    schedule = a_schedule(name="Office", zone="UTC")
    at = (clock.now() + timedelta(days=2)).replace(hour=15, minute=0, second=0, microsecond=0)
    post = a_post(channel=a_channel(schedule=schedule), state="scheduled", slot_at=at, approved_at=at)
    address = reverse("desk:schedule", args=[schedule.pk])
    sent = fields(desk.get(address).content) | {f"day-{day}": "09:00" for day in range(7)}
    asked = desk.post(address, sent)
    assert post.item.title in asked.content.decode()
    schedule.refresh_from_db()
    assert schedule.version == 1
    desk.post(address, sent | {"moves": "reslot"})
    post.refresh_from_db()
    schedule.refresh_from_db()
    assert (post.state, schedule.version) == ("approved", 2)


def test_the_second_of_two_people_does_not_save_a_schedule_over_the_first(desk: Client) -> None:
    schedule = a_schedule(name="Office")
    address = reverse("desk:schedule", args=[schedule.pk])
    sent = fields(desk.get(address).content)
    assert desk.post(address, sent | {"day-0": "10:00"}).status_code == 302
    response = desk.post(address, sent | {"day-0": "11:00"})
    assert response.status_code == 409
    assert 'value="11:00"' in response.content.decode()
    assert "Monday: 10:00" in response.content.decode()


def test_a_schedule_in_use_is_kept_and_an_unused_one_goes(desk: Client) -> None:
    used, unused = a_channel().schedule, a_schedule()
    for schedule in (used, unused):
        desk.post(reverse("desk:schedule-delete", args=[schedule.pk]), {"version": 1})
    assert list(Schedule.objects.all()) == [used]


# Templates.


def test_a_template_is_previewed_on_the_item_that_was_chosen_also_with_an_id_of_a_restored_database(
    desk: Client,
) -> None:
    channel, chosen = a_channel(), an_item(pk=6_000_000_000_000, title="The restored one")
    an_item(title="Another one")
    shown = desk.post(
        reverse("desk:template-preview", args=[channel.pk]),
        {"text": "NEWS {{ fit(item.title) }}", "item": chosen.pk},
    ).content.decode()
    assert "NEWS The restored one" in shown
    assert "NEWS Another one" not in shown


def test_a_template_is_previewed_saved_and_gone_back_to(desk: Client) -> None:
    channel, item = a_channel(), an_item()
    address = reverse("desk:template", args=[channel.pk])
    shown = desk.post(
        reverse("desk:template-preview", args=[channel.pk]), {"text": "NEWS {{ fit(item.title) }}"}
    )
    assert f"NEWS {item.title}" in shown.content.decode()
    desk.post(address, {"text": "NEWS {{ link }}", "note": "Louder", "version": 1})
    desk.post(address, {"text": "Calm {{ link }}", "version": 2})
    page = desk.get(reverse("desk:template-version", args=[channel.pk, 1])).content.decode()
    assert "Louder" in page
    assert "<ins>" in page
    desk.post(reverse("desk:template-version", args=[channel.pk, 1]), {"version": 3})
    channel.refresh_from_db()
    assert channel.template == "NEWS {{ link }}\n"
    desk.post(address, {"text": "", "then": "default", "version": 4})
    channel.refresh_from_db()
    assert channel.template == ""


def test_a_template_that_fails_says_its_line_and_is_still_in_the_editor(desk: Client) -> None:
    channel = a_channel()
    response = desk.post(
        reverse("desk:template", args=[channel.pk]), {"text": "a\n{{ item.titel }}", "version": 1}
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert "did you mean “title”" in page
    assert 'data-line="2"' in page
    assert "{{ item.titel }}" in page


def test_drafts_of_before_are_offered_to_be_made_anew(desk: Client) -> None:
    channel = a_channel()
    post = a_post(channel=channel, text="old", channel_revision=1)
    desk.post(reverse("desk:template", args=[channel.pk]), {"text": "NEW {{ link }}", "version": 1})
    page = desk.get(reverse("desk:template", args=[channel.pk])).content.decode()
    assert "Draft them again" in page
    desk.post(reverse("desk:template-drafts", args=[channel.pk]))
    post.refresh_from_db()
    assert post.parts[0]["text"].startswith("NEW")


# Mail servers.


def test_the_mail_server_is_shown_without_its_password(admin_desk: Client, settings: Any) -> None:
    settings.MAIL = "smtp://office:hush-hush@mail.example.org:587"
    page = admin_desk.get(reverse("desk:mail")).content.decode()
    assert "mail.example.org:587" in page
    assert "hush-hush" not in page


def test_a_test_mail_reaches_the_person_who_asks_and_a_refusal_is_told(
    admin_desk: Client, settings: Any, django_user_model: Any
) -> None:
    django_user_model.objects.filter(username="ada").update(email="ada@office.example.org")
    settings.NOTICES_FROM = "news@office.example.org"
    assert "Set PUBLISHER_MAIL" in admin_desk.post(reverse("desk:mail-test"), follow=True).content.decode()
    with SmtpSink() as sink:
        settings.MAIL = sink.url
        page = admin_desk.post(reverse("desk:mail-test"), follow=True).content.decode()
        assert "The server took a mail to ada@office.example.org" in page
    settings.MAIL = "smtp://127.0.0.1:9"
    assert (
        "did not take the test mail"
        in admin_desk.post(reverse("desk:mail-test"), follow=True).content.decode()
    )


def test_a_dkim_key_is_made_off_and_switched_on_once_dns_shows_it(admin_desk: Client, settings: Any) -> None:
    admin_desk.post(reverse("desk:mail-key-new"), {"domain": "office.example.org", "selector": "june"})
    key = SigningKey.objects.get()
    assert not key.active
    record = mail_views.record_of(key)
    on = reverse("desk:mail-key", args=[key.pk, "on"])
    with DnsServer({}) as dns:
        settings.RESOLVER = dns.address
        assert admin_desk.post(on).status_code == 422
        key.refresh_from_db()
        assert not key.active
        dns.records = {(record.name, "TXT"): [record.value]}
        assert admin_desk.post(on).status_code == 302
    key.refresh_from_db()
    assert key.active
    assert admin_desk.post(reverse("desk:mail-key", args=[key.pk, "remove"])).status_code == 422
    admin_desk.post(reverse("desk:mail-key", args=[key.pk, "off"]))
    admin_desk.post(reverse("desk:mail-key", args=[key.pk, "remove"]))
    assert not SigningKey.objects.exists()


@pytest.mark.usefixtures("inbox")
def test_an_examination_is_kept_with_its_time(admin_desk: Client, settings: Any) -> None:
    with DnsServer({}) as dns:
        settings.RESOLVER, settings.MAIL = dns.address, ""
        admin_desk.post(reverse("desk:mail-examine"))
    page = admin_desk.get(reverse("desk:mail")).content.decode()
    assert "Found" in page
    assert "PUBLISHER_MAIL is empty" in page
