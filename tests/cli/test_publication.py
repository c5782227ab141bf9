"""`publisher apply` and `add-subscriber`: a file says what should be there, and mistakes are named."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from publisher.audience.models import Consent, Subscription
from publisher.cli.add_subscriber import add_subscriber
from publisher.cli.publication import apply
from publisher.cli.publication_file import read
from publisher.core import clock
from publisher.core.crypto import opened
from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.delivery.models import Delivery
from publisher.digests.models import Digest
from publisher.items.topic_sync import sync
from publisher.review.models import ClearanceTag
from publisher.social import health
from publisher.social.models import Channel, ChannelHealth
from tests.desk.builders import a_post, a_post_delivery
from tests.processes import ROOT
from tests.sessions import kept_waiting

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def topics() -> None:
    sync()


def the_documented_file() -> str:
    page = (ROOT / "docs" / "publication.md").read_text(encoding="utf-8")
    found = re.search(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert found
    return found[1]


def applied(tmp_path: Path, text: str) -> str:
    file = tmp_path / "publication.yaml"
    file.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(apply, [str(file)], catch_exceptions=False)
    return result.output


def test_the_example_of_a_country_office_can_be_applied_and_its_secrets_stay_when_it_is_applied_again(
    tmp_path: Path,
) -> None:
    office, secrets = (
        (ROOT / "docs" / "examples" / name).read_text(encoding="utf-8")
        for name in ("country-office.yaml", "country-office.secrets.yaml")
    )
    said = applied(tmp_path, office)
    assert (said.count("created"), "Note:" in said) == (10, False)
    said = applied(tmp_path, secrets)
    assert (said.count("changed"), "created" in said) == (7, False)
    assert applied(tmp_path, office).count("unchanged") == 10
    assert opened(Channel.objects.get(name="Office on Bluesky").credentials)["app_password"] == "…"


def test_the_example_of_the_documentation_can_be_applied_twice(tmp_path: Path) -> None:
    assert applied(tmp_path, the_documented_file()).count("created") == 4
    assert applied(tmp_path, the_documented_file()).count("unchanged") == 4
    channel = Channel.objects.get()
    assert opened(channel.credentials) == {"token": "secret"}
    assert channel.schedule.rules().zone.key == "Asia/Shanghai"
    assert Digest.objects.get().needs_approval


def test_what_differs_is_changed_and_written_to_the_trail_without_secrets(tmp_path: Path) -> None:
    applied(tmp_path, the_documented_file())
    changed = (
        the_documented_file()
        .replace("token: secret", "token: other-secret")
        .replace("most_items: 12", "most_items: 9")
    )
    assert applied(tmp_path, changed).count("changed\n") == 4
    assert Digest.objects.get().most_items == 9
    assert "other-secret" not in str(list(AuditEntry.objects.values_list("after", "before")))


def test_what_the_file_leaves_out_of_what_exists_stays_as_it_is(tmp_path: Path) -> None:
    applied(tmp_path, the_documented_file())
    shorter = (
        the_documented_file()
        .replace("    needs_approval: true           # an edition waits in the desk for a person\n", "")
        .replace("    tolerance_minutes: 360 ", "    tolerance_minutes: 60 ")
    )
    Digest.objects.update(intro={"en": "By hand"}, window_days=14)
    applied(tmp_path, shorter.replace("    window_days: 7 ", "    window_days: 9 "))
    digest, channel = Digest.objects.get(), Channel.objects.get()
    assert (digest.needs_approval, digest.intro, digest.window_days) == (True, {"en": "By hand"}, 9)
    assert (channel.tolerance_minutes, channel.enabled, channel.revision) == (60, True, 2)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("{{ fit(item.title) }}", "{{ fit(item.tittle) }}", "did you mean “title”?"),
        ("{{ fit(item.title) }}", "{% if %}", "line 1"),
        ("    needs_approval: true", "    subject: {zh: '{{ oops }}'}\n    needs_approval: true", "subject (zh) of weekly"),
        ("    most_items: 12 ", "    most_items: 31\n    kinds: [] ", ""),
    ],
)  # fmt: skip
def test_a_template_that_fails_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, named: str
) -> None:
    text = the_documented_file().replace(old, new)
    if not named:
        applied(tmp_path, text)
        assert Digest.objects.get().most_items == 31
        return
    with pytest.raises(UserError) as refused:
        applied(tmp_path, text)
    assert named in refused.value.message
    assert not Digest.objects.exists()


A_CHANNEL = """
schedules: [{name: s, slots: [{weekday: 0, at: "09:30"}]}]
channels:
  - {name: c, network: NETWORK, schedule: s, SETTING}
"""


def a_channel_with(setting: str, network: str = "x") -> str:
    return A_CHANNEL.replace("SETTING", setting).replace("NETWORK", network)


def test_what_a_channel_adds_and_may_spend_is_kept_and_compared(tmp_path: Path) -> None:
    text = a_channel_with(
        "hashtags: 0, thread_messages: 4, settings: {threads: true}, month_budget: 50.5,"
        " utm: {hosts: [Example.ORG, 例子.cn], campaign: '{kind}'}"
    )
    applied(tmp_path, text)
    channel = Channel.objects.get()
    assert (channel.hashtags, channel.thread_messages, channel.thread_numbers) == (0, 4, True)
    assert channel.month_budget == Decimal("50.5")
    assert channel.utm == {
        "hosts": ["example.org", "xn--fsqu00a.cn"],
        "source": "{network}",
        "medium": "social",
        "campaign": "{kind}",
        "content": "",
    }
    assert "channel c: unchanged" in applied(tmp_path, text)
    output = applied(tmp_path, "channels: [{name: c, utm: null, month_budget: null, hashtags: null}]")
    assert "channel c: changed" in output
    channel.refresh_from_db()
    assert (channel.utm, channel.month_budget, channel.hashtags) == ({}, None, None)


def test_a_setting_without_effect_is_noted(tmp_path: Path) -> None:
    output = applied(tmp_path, a_channel_with("thread_messages: 4, month_budget: 50", network="linkedin"))
    assert "Note: channel c: Long texts stay one message: LinkedIn takes no threads" in output
    assert "Note: channel c: Its budget counts nothing" in output


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("utm: {source: a}", "channel c, utm, hosts: must be given"),
        ("utm: {hosts: []}", "channel c, utm, hosts: must have 1 or more entries"),
        ("utm: {hosts: ['https://example.org']}", "such as example.org"),
        ("utm: {hosts: [example.org], campaign: '{item}'}", "may name {channel}, {network}"),
        ("utm: {hosts: [example.org], terms: a}", "there is no such key"),
        ("month_budget: much", "must be an amount such as 50"),
        ("month_budget: 0.123", "must have 2 decimals at most"),
        ("month_budget: -1", "must be 0 or more"),
        ("thread_messages: 0", "must be 1 or more"),
        ("thread_messages: 26", "must be 25 or less"),
        ("hashtags: 11", "must be 10 or less"),
    ],
)
def test_a_wrong_setting_is_named_with_what_it_must_be(tmp_path: Path, setting: str, named: str) -> None:
    with pytest.raises(UserError) as refused:
        applied(tmp_path, a_channel_with(setting))
    assert named in refused.value.message
    assert not Channel.objects.exists()


def test_hours_of_a_digest_have_two_ends_or_none(tmp_path: Path) -> None:
    applied(tmp_path, the_documented_file())
    assert str(Digest.objects.get().sending_hours) == "07:00–21:00 Asia/Shanghai"
    one_end = the_documented_file().replace("    send_until", "    # send_until")
    with pytest.raises(UserError, match="send_from and send_until are given together"):
        applied(tmp_path, one_end.replace("slug: weekly", "slug: other"))
    shorter = "digests: [{slug: weekly, send_from: null, send_until: null}]"
    assert "changed" in applied(tmp_path, shorter)
    assert str(Digest.objects.get().sending_hours) == "at any time"


def test_more_items_than_an_edition_has_places_for_are_refused(tmp_path: Path) -> None:
    three = the_documented_file().replace("languages: [en, zh]", "languages: [en, zh, fr]")
    with pytest.raises(UserError, match="31 items in each of 3 languages"):
        applied(tmp_path, three.replace("most_items: 12", "most_items: 31"))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("digests: [{title: {en: Weekly}}]", "digest number 1, slug: must be given."),
        ("digest: []", "digest: there is no such key; did you mean digests?"),
        (
            "digests: [{slug: weekly, titel: {en: x}}]",
            "digest weekly, titel: there is no such key; did you mean title?",
        ),
        (
            "digests: [{slug: weekly, most_items: many}]",
            "digest weekly, most_items: must be a whole number, not many.",
        ),
        (
            "digests: [{slug: weekly, layout: card}]",
            "digest weekly, layout: must be digest or alert, not card.",
        ),
        (
            "digests: [{slug: weekly, zone: Mars}]",
            "digest weekly, zone: Mars is no time zone such as Asia/Shanghai.",
        ),
        (
            "digests: [{slug: weekly, at: noon}]",
            'digest weekly, at: must be a time such as "08:00", not noon.',
        ),
        ("digests: [{slug: weekly, accent: red}]", "accent: must look like #0b6e99, a colour, not red."),
        ("digests: [{slug: weekly, title: {en: 3}}]", "digest weekly, title, en: must be text, not 3."),
        (
            "channels: [{name: X, kinds: [story, stories]}]",
            "channel X, kinds, entry 2: must be story, press_release",
        ),
        (
            "channels: [{name: X, tolerance_minutes: }]",
            "channel X, tolerance_minutes: must be a whole number, not empty.",
        ),
        ("digests: weekly", "digests: must be a list, not weekly."),
        ("digests: [5]", "digest number 1: must be keys with their values, not 5."),
        ("digests: [{4: 5, slug: weekly}]", "must have a name for a key."),
        ("- a list", "the file: must be keys with their values."),
        ("schedules: [", "is not YAML. line 1, column 13: the file ends in the middle of a list or a text."),
        ("schedules:\n  a: b: c", "line 2, column 7: a colon stands where none can be"),
        ("schedules:\n\t- a", "line 2, column 1: a tab"),
    ],
)
def test_a_file_that_cannot_be_applied_names_what_is_wrong(text: str, named: str) -> None:
    with pytest.raises(UserError) as refused:
        read(text, name="office.yaml")
    assert named in refused.value.message
    assert "office.yaml" in refused.value.message


def test_a_time_without_quotation_marks_is_the_time_that_is_written() -> None:
    """YAML reads 9:30 as a number that counts in sixties."""
    digest = read(
        "digests: [{slug: weekly, at: 9:30, send_from: 07:00, send_until: 21:00}]", name="x"
    ).digests[0]
    assert [f"{each:%H:%M}" for each in (digest.at, digest.send_from, digest.send_until) if each] == [
        "09:30",
        "07:00",
        "21:00",
    ]


@pytest.mark.parametrize("key", ["at", "send_from", "send_until"])
@pytest.mark.parametrize("value", ["8", "0", "59", "1440", "8.5", "true"])
def test_a_number_is_no_time_of_day(key: str, value: str) -> None:
    with pytest.raises(UserError, match=f'digest weekly, {key}: must be a time such as "08:00"'):
        read(f"digests: [{{slug: weekly, {key}: {value}}}]", name="x")


def test_a_file_that_is_no_text_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "publication.yaml"
    file.write_bytes("digests: [{slug: été}]".encode("latin-1"))
    with pytest.raises(UserError, match=r"publication.yaml is not text in UTF-8\."):
        CliRunner().invoke(apply, [str(file)], catch_exceptions=False)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("network: sandbox", "network: gopher", "gopher"),
        ("schedule: Office hours\n", "schedule: Nowhere\n", "Nowhere"),
        ("zone: Asia/Shanghai            #", "zone: Asia/Nowhere            #", "Asia/Nowhere"),
        ("topics: [sdg-13]", "topics: [sdg-99]", "sdg-99"),
        ("news@office.example.org", "news@@office", "from_address"),
        ('at: "09:30"', 'at: "25:30"', "25:30"),
    ],
)
def test_one_mistake_leaves_everything_as_it_was(tmp_path: Path, old: str, new: str, named: str) -> None:
    assert old in the_documented_file()
    with pytest.raises(UserError) as refused:
        applied(tmp_path, the_documented_file().replace(old, new))
    assert named in refused.value.message
    assert "publication.yaml cannot be applied" in refused.value.message
    assert not Channel.objects.exists()
    assert not Digest.objects.exists()


def test_the_ways_of_a_digest_are_taken_and_its_seeds_checked(tmp_path: Path) -> None:
    text = the_documented_file()
    applied(tmp_path, text)
    ways = "local_time: true, layout: alert, priority: 5, seeds: [boss@example.org, BOSS@example.org]"
    with pytest.raises(UserError, match="local_time and send_from exclude each other"):
        applied(tmp_path, f"digests: [{{slug: weekly, {ways}}}]")
    applied(tmp_path, f"digests: [{{slug: weekly, send_from: null, send_until: null, {ways}}}]")
    digest = Digest.objects.get()
    assert (digest.local_time, digest.layout, digest.priority) == (True, "alert", 5)
    assert digest.seeds == ["BOSS@example.org"]
    for wrong, named in (
        ("seeds: [nobody]", "not a mail address"),
        ("priority: 1000", "digest weekly, priority: must be 100 or less, not 1000"),
    ):
        with pytest.raises(UserError) as refused:
            applied(tmp_path, f"digests: [{{slug: weekly, {wrong}}}]")
        assert named in refused.value.message


def run_add(*arguments: str) -> Any:
    return CliRunner().invoke(add_subscriber, arguments, catch_exceptions=False)


def test_a_subscriber_is_added_with_proof_of_consent(tmp_path: Path) -> None:
    applied(tmp_path, the_documented_file())
    run_add(
        "lin@example.org",
        "--digest",
        "weekly",
        "--language",
        "zh",
        "--topic",
        "sdg-13",
        "--consent",
        "open day",
    )
    subscription = Subscription.objects.get()
    assert (subscription.selection.language, len(subscription.selection.topics)) == ("zh", 1)
    assert Consent.objects.get().how == "open day"


def test_a_mailbox_of_a_machine_is_refused_and_a_shared_one_is_named(tmp_path: Path) -> None:
    """As in an import."""
    applied(tmp_path, the_documented_file())
    with pytest.raises(UserError, match="mailbox of a machine or of mail administration"):
        run_add("Postmaster@example.org", "--digest", "weekly", "--consent", "x")
    assert not Subscription.objects.exists()
    assert "people share" in run_add("info@example.org", "--digest", "weekly", "--consent", "x").output
    assert "people share" not in run_add("lin@example.org", "--digest", "weekly", "--consent", "x").output


def test_an_unknown_digest_is_refused_and_the_known_are_named(tmp_path: Path) -> None:
    applied(tmp_path, the_documented_file())
    with pytest.raises(UserError) as refused:
        run_add("lin@example.org", "--digest", "daily", "--consent", "x")
    assert "weekly" in refused.value.hint


def test_what_exists_may_be_changed_by_a_few_lines(tmp_path: Path) -> None:
    applied(tmp_path, the_documented_file())
    few = "channels: [{name: Almaria Office, topics: [sdg-2]}]\ndigests: [{slug: weekly, most_items: 9}]"
    assert applied(tmp_path, few).count("changed\n") == 2
    assert Digest.objects.get().most_items == 9


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (
            "digests: [{slug: new}]",
            "Digest new is new: title, languages, from_name, from_address must be given.",
        ),
        ("channels: [{name: New}]", "Channel New is new: network, schedule must be given."),
        ("digests: [{slug: weekly, languages: []}]", "Digest weekly: languages must be given."),
    ],
)
def test_what_a_new_one_cannot_be_without_is_named(tmp_path: Path, text: str, named: str) -> None:
    applied(tmp_path, the_documented_file())
    with pytest.raises(UserError) as refused:
        applied(tmp_path, text)
    assert refused.value.message.endswith(f"publication.yaml cannot be applied. {named}")


def test_what_is_missing_of_a_digest_is_noted(tmp_path: Path) -> None:
    text = the_documented_file().replace("    postal_address: 1 Harbour Road, Port Almaria\n", "")
    shown = applied(tmp_path, text.replace("languages: [en, zh]", "languages: [en, fr]"))
    for note in ("has no postal_address", "has no title in fr", "has a title in zh and does not come in it"):
        assert note in shown


def joined(*options: str) -> Result:
    given = ["lin@example.org", "--digest", "weekly", *options]
    return CliRunner().invoke(add_subscriber, given)


def test_what_is_not_given_again_of_a_reader_stays(tmp_path: Path) -> None:
    applied(tmp_path, the_documented_file())
    joined("--language", "zh", "--topic", "sdg-13", "--consent", "open day")
    assert "in zh: topics sdg-13, kinds all" in joined("--consent", "phone").output
    assert "in zh: topics sdg-2, kinds all" in joined("--topic", "sdg-2", "--consent", "phone").output


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--consent", " "), "no word on how"),
        (("--language", "fr", "--consent", "phone"), "does not come in fr"),
    ],
)
def test_a_reader_without_consent_or_in_a_language_that_is_not_there_is_refused(
    tmp_path: Path, options: tuple[str, ...], named: str
) -> None:
    applied(tmp_path, the_documented_file())
    answer = joined(*options)
    assert isinstance(answer.exception, UserError)
    assert named in answer.exception.message
    assert not Subscription.objects.exists()


def test_an_owner_is_a_login_or_an_address_and_anything_else_is_named(
    tmp_path: Path, django_user_model: Any
) -> None:
    applied(tmp_path, the_documented_file())
    django_user_model.objects.create_user("mira", "mira@office.example.org")
    for owner in ("mira", "comms@office.example.org"):
        applied(tmp_path, f"channels:\n  - {{name: Almaria Office, owner: {owner}}}\n")
        assert Channel.objects.get().owner == owner
    with pytest.raises(UserError, match=r"Almaria Office: There is no login nobody"):
        applied(tmp_path, "channels:\n  - {name: Almaria Office, owner: nobody}\n")
    applied(tmp_path, "channels:\n  - {name: Almaria Office, tolerance_minutes: 90}\n")
    assert Channel.objects.get().owner == "comms@office.example.org"


def test_an_access_set_anew_is_checked_again_and_nothing_else_makes_a_check_due(tmp_path: Path) -> None:
    applied(tmp_path, the_documented_file())
    channel, later = Channel.objects.get(), clock.now() + timedelta(hours=9)
    ChannelHealth.objects.create(
        channel=channel, state="good", check_at=later, told_limits={"max_characters": 900}
    )
    applied(tmp_path, "channels:\n  - {name: Almaria Office, tolerance_minutes: 90}\n")
    assert health.due(now=clock.now()) == []
    applied(tmp_path, "channels:\n  - {name: Almaria Office, credentials: {token: another}}\n")
    assert health.due(now=clock.now()) == [channel.pk]
    assert health.health_of(channel).told_limits == {"max_characters": 900}
    applied(tmp_path, "channels:\n  - {name: Almaria Office, settings: {url: 'http://127.0.0.1:9001'}}\n")
    assert health.health_of(channel).told_limits == {}


@pytest.mark.django_db(transaction=True)
def test_a_channel_that_its_network_stops_meanwhile_stays_stopped(tmp_path: Path) -> None:
    applied(tmp_path, the_documented_file())
    channel = Channel.objects.get()
    changed = the_documented_file().replace("token: secret", "token: other-secret")

    def stop() -> None:
        health.went_down(channel.pk, reason="The token was revoked.", now=clock.now())

    with kept_waiting(lambda: applied(tmp_path, changed), by=stop):
        pass
    channel.refresh_from_db()
    assert opened(channel.credentials) == {"token": "other-secret"}
    assert channel.paused_reason == "The token was revoked."


@pytest.mark.parametrize("state", ["queued", "unknown", "handed"])
def test_a_channel_keeps_its_network_while_messages_made_for_it_wait(tmp_path: Path, state: str) -> None:
    applied(tmp_path, the_documented_file())
    channel = Channel.objects.get()
    a_post_delivery(a_post(channel=channel), state=state)
    changed = the_documented_file().replace(f"network: {channel.network}", "network: telegram")
    assert changed != the_documented_file()
    with pytest.raises(UserError, match="1 of its messages wait"):
        applied(tmp_path, changed)
    assert Channel.objects.get().network == channel.network
    Delivery.objects.update(state="sent")
    applied(tmp_path, changed)
    assert Channel.objects.get().network == "telegram"


def test_a_channel_that_approves_by_itself_asks_for_no_persons(tmp_path: Path) -> None:
    changed = the_documented_file().replace("auto_approve: false", "auto_approve: true")
    with pytest.raises(UserError, match="auto_approve and approvals exclude each other"):
        applied(tmp_path, changed.replace("approvals: 0", "approvals: 2", 1))
    assert not Channel.objects.exists()
    applied(tmp_path, the_documented_file().replace("approvals: 0", "approvals: 2"))
    assert (Channel.objects.get().approvals, Digest.objects.get().approvals) == (2, 2)


def test_a_clearance_tag_is_made_with_its_role_and_changed_by_what_the_file_names_only(
    tmp_path: Path,
) -> None:
    applied(tmp_path, the_documented_file())
    said = applied(tmp_path, "clearance_tags:\n  - name: Map\n    active: false\n")
    assert "clearance tag Map: changed" in said
    tag = ClearanceTag.objects.get()
    assert (tag.group.name, tag.active, tag.words) == (
        "Cartography",
        False,
        ["map", "maps", "cartograph*", "地图"],
    )
    with pytest.raises(UserError, match="role must be given"):
        applied(tmp_path, "clearance_tags:\n  - name: Flag\n")
