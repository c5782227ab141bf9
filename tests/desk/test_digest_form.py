"""The form of a digest in the desk: nothing typed is lost, nobody overwrites another, and what it promises is what comes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from publisher.core import clock
from publisher.core.models import AuditEntry
from publisher.desk.digests import typed
from publisher.digests import forming
from publisher.digests.forming import DigestIn
from publisher.digests.models import Digest
from publisher.digests.next_edition import next_edition
from publisher.people.permissions import AUTHOR
from tests.builders import a_digest, a_subscriber, a_topic, an_item
from tests.desk.conftest import a_person

pytestmark = pytest.mark.django_db


def fields(**given: Any) -> dict[str, Any]:
    """What a browser sends of a form that is filled in."""
    return {
        "slug": "monthly",
        "version": "0",
        "languages": ["en"],
        "title-en": "The month in Almaria",
        "from_name-en": "Country Office",
        "from_address": "news@office.example.org",
        "reply_to": "",
        "accent": "#0b6e99",
        "zone": "Europe/Berlin",
        "weekday": "friday",
        "at": "09:30",
        "layout": "digest",
        "priority": "0",
        "send_from": "",
        "send_until": "",
        "window_days": "30",
        "max_age_days": "60",
        "most_items": "8",
        "on_unknown": "hold",
        "enabled": "yes",
        "seeds": "",
        "do": "save",
    } | given


def test_a_digest_is_made_by_the_form(desk: Client) -> None:
    water = a_topic("water")
    given = fields(
        **{
            "languages": ["en", "zh-Hans"],
            "title-zh": "阿尔马里亚一月",
            "from_name-zh": "国别办公室",
            "subject-en": "{{ title }}, {{ date }}",
            "organisation-en": "Office",
            "organisation-zh": "Office",
            "kinds": ["story", "video"],
            "topics": ["water"],
            "seeds": "boss@example.org\nboss@example.org, Desk@example.org",
            "needs_approval": "yes",
        }
    )
    answer = desk.post("/desk/digests/new", given)
    digest = Digest.objects.get(slug="monthly")
    assert answer["Location"] == f"/desk/digests/{digest.pk}"
    assert digest.title == {"en": "The month in Almaria", "zh": "阿尔马里亚一月"}
    assert (digest.weekday, f"{digest.at:%H:%M}", digest.zone, digest.on_unknown) == (
        4,
        "09:30",
        "Europe/Berlin",
        "hold",
    )
    assert (digest.kinds, digest.topics, digest.organisation) == (["story", "video"], [water.pk], "Office")
    assert digest.seeds == ["boss@example.org", "Desk@example.org"]
    assert (digest.needs_approval, digest.local_time, digest.version) == (True, False, 1)
    entry = AuditEntry.objects.get(action="digest.created")
    assert (entry.actor_name, entry.after["at"]) == ("mira", "09:30")


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"slug": "Two Words"}, "slug", "Small letters, digits and hyphens"),
        ({"title-en": ""}, "title-en", "This must be given"),
        ({"from_address": "nobody"}, "from_address", "is not a mail address"),
        ({"zone": "Mars"}, "zone", "is no time zone"),
        ({"at": "noon"}, "at", "This is not a time"),
        ({"at": ""}, "at", "This is not a time"),
        ({"most_items": "many"}, "most_items", "whole number"),
        ({"most_items": "40"}, "most_items", "31 or less"),
        ({"send_from": "08:00"}, "send_until", "given together"),
        ({"accent": "red"}, "accent", "A colour such as"),
        ({"subject-en": "{{ nonsense }}"}, "subject-en", "nonsense"),
        ({"seeds": "x"}, "seeds", "is not a mail address"),
        ({"layout": "card"}, "layout", "Choose from the list"),
        ({"topics": ["nowhere"]}, "form", "There is no topic nowhere"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_is_kept(
    desk: Client, wrong: dict[str, Any], field: str, said: str
) -> None:
    answer = desk.post("/desk/digests/new", fields(**{"intro-en": "Typed with care"} | wrong))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert said in text
    assert field == "form" or f'id="error-{field}"' in text
    assert "Typed with care" in text
    assert not Digest.objects.exists()


def test_a_short_name_is_taken_once_only(desk: Client) -> None:
    a_digest(slug="monthly")
    answer = desk.post("/desk/digests/new", fields())
    assert answer.status_code == 422
    assert "There is a digest with this short name already" in answer.content.decode()


def form_of(digest: Digest) -> dict[str, Any]:
    """What the browser sends when nothing is changed in the form of a digest."""
    form = typed.from_digest(digest, {})
    texts = {f"{name}-{tag}": text for name, by in form.texts.items() for tag, text in by.items()}
    ticks = dict.fromkeys(form.ticks, "yes")
    return {
        **form.plain,
        **texts,
        **ticks,
        "languages": form.languages,
        "version": digest.version,
        "seeds": form.seeds,
    }


def test_a_form_that_is_saved_unchanged_changes_nothing(desk: Client) -> None:
    digest = a_digest(
        languages=["en", "zh-Hans"],
        local_time=True,
        subject={"zh": "本周"},
        seeds=["a@example.org"],
        kinds=[],
    )
    desk.post(f"/desk/digests/{digest.pk}", form_of(digest))
    digest.refresh_from_db()
    assert digest.version == 1
    assert not AuditEntry.objects.exists()


def test_a_change_says_in_the_trail_what_was_before_and_is_after(desk: Client) -> None:
    digest = a_digest()
    answer = desk.post(
        f"/desk/digests/{digest.pk}", form_of(digest) | {"weekday": "friday", "most_items": "5"}
    )
    assert answer.status_code == 302
    entry = AuditEntry.objects.get()
    assert entry.before == {"weekday": 0, "most_items": 12}
    assert entry.after == {"weekday": 4, "most_items": 5}
    digest.refresh_from_db()
    assert digest.version == 2


def test_the_second_of_two_people_is_told_and_nothing_is_overwritten(desk: Client) -> None:
    digest = a_digest()
    mine = form_of(digest) | {"title-en": "My title"}
    desk.post(f"/desk/digests/{digest.pk}", form_of(digest) | {"title-en": "Hers"})
    answer = desk.post(f"/desk/digests/{digest.pk}", mine)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert 'name="title-en" value="My title"' in text
    assert ">Hers</td>" in text
    digest.refresh_from_db()
    assert digest.title["en"] == "Hers"


def test_the_second_sees_every_field_that_differs_and_may_then_replace_it(desk: Client) -> None:
    digest = a_digest(seeds=["a@example.org"])
    mine = form_of(digest) | {
        "weekday": "friday",
        "seeds": "b@example.org",
        "kinds": ["story"],
        "languages": ["en", "fr"],
        "title-fr": "La semaine",
    }
    mine.pop("enabled")
    desk.post(f"/desk/digests/{digest.pk}", form_of(digest) | {"most_items": "3"})
    answer = desk.post(f"/desk/digests/{digest.pk}", mine)
    text = " ".join(answer.content.decode().split())
    for said in ('<td dir="auto">Monday</td><td dir="auto">Friday</td>', "b@example.org", "La semaine"):
        assert said in text
    assert '<th scope="row">Most items in each language</th><td dir="auto">3</td>' in text
    assert '<td dir="auto">yes</td><td dir="auto">no</td>' in text
    digest.refresh_from_db()
    assert (digest.weekday, digest.most_items) == (0, 3)
    assert f'name="version" value="{digest.version}"' in text
    desk.post(f"/desk/digests/{digest.pk}", mine | {"version": digest.version, "from_name-fr": "Bureau"})
    digest.refresh_from_db()
    assert (digest.weekday, digest.most_items, digest.enabled) == (4, 12, False)


@pytest.mark.parametrize(
    ("field", "most"), [("intro-en", typed.LONGEST), ("seeds", typed.LONGEST_SEEDS), ("zone", typed.LONGEST)]
)
def test_what_is_too_long_is_refused_and_never_cut(desk: Client, field: str, most: int) -> None:
    answer = desk.post("/desk/digests/new", fields(**{field: "x" * (most + 1)}))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="error-{field}"' in text
    assert "x" * (most + 1) in text
    assert not Digest.objects.exists()


def test_languages_are_added_and_removed_without_saving_and_without_losing_what_was_typed(
    desk: Client,
) -> None:
    digest = a_digest(languages=["en"])
    typed_in = form_of(digest) | {"title-en": "Half written"}
    more = desk.post(f"/desk/digests/{digest.pk}", typed_in | {"do": "add-language", "language": "fr"})
    text = more.content.decode()
    assert 'name="title-fr"' in text
    assert "Half written" in text
    less = desk.post(
        f"/desk/digests/{digest.pk}", typed_in | {"languages": ["en", "fr"], "do": "remove-language:fr"}
    )
    assert 'name="title-fr"' not in less.content.decode()
    none = desk.post(f"/desk/digests/{digest.pk}", typed_in | {"do": "add-language", "language": "!"})
    assert "This is no language" in none.content.decode()
    digest.refresh_from_db()
    assert (digest.languages, digest.version) == (["en"], 1)


def test_a_digest_is_switched_off_and_on(desk: Client) -> None:
    digest = a_digest()
    for on, action in (("no", "digest.off"), ("yes", "digest.on")):
        desk.post(f"/desk/digests/{digest.pk}/switch", {"on": on})
        digest.refresh_from_db()
        assert digest.enabled == (on == "yes")
        assert AuditEntry.objects.filter(action=action).exists()


def test_the_preview_holds_what_the_next_edition_would(desk: Client) -> None:
    now = clock.now()
    digest = a_digest(created_at=now - timedelta(days=9), most_items=1)
    an_item(at=now - timedelta(hours=3), title="Older story")
    an_item(at=now - timedelta(hours=1), title="Newer story")
    an_item(at=now - timedelta(hours=1), title="新的故事", language="zh-Hans")
    a_subscriber(digest)
    ahead = next_edition(digest, now=now)
    assert ahead.titles == (("en", ("Newer story",)), ("zh", ("新的故事",)))
    assert (ahead.readers, ahead.more_readers) == (1, False)
    assert ahead.due
    assert ahead.due.begins > now
    shown = desk.post("/desk/digests/preview", form_of(digest) | {"most_items": "2"}).content.decode()
    assert "Older story" in shown
    assert "Newer story" in shown
    digest.refresh_from_db()
    assert digest.most_items == 1


def test_the_preview_of_what_cannot_be_says_so(desk: Client) -> None:
    shown = desk.post("/desk/digests/preview", fields(zone="Mars")).content.decode()
    assert "Fill in the form" in shown


def test_a_new_digest_has_nobody_and_looks_back_as_far_as_its_days() -> None:
    now = clock.now()
    an_item(at=now - timedelta(days=5), title="Within")
    an_item(at=now - timedelta(days=9), title="Too old")
    wanted = {"slug": "new", "title": {"en": "x"}, "languages": ["en"], "from_name": {"en": "x"}}

    digest = forming.unsaved(DigestIn.model_validate(wanted | {"from_address": "a@example.org"}), now=now)
    ahead = next_edition(digest, now=now)
    assert (ahead.titles, ahead.readers) == ((("en", ("Within",)),), 0)


def test_whoever_may_not_design_sees_no_buttons(admin_desk: Client) -> None:

    a_digest()
    author = Client()
    author.force_login(a_person("lin", AUTHOR))
    assert "Make a digest" in admin_desk.get("/desk/digests").content.decode()
    assert "Make a digest" not in author.get("/desk/digests").content.decode()


def test_rhythm_day_of_the_month_and_family_are_saved_and_shown(desk: Client) -> None:
    answer = desk.post(
        "/desk/digests/new", fields(slug="monthly", rhythm="monthly", monthday="15", family="news")
    )
    assert answer.status_code == 302
    digest = Digest.objects.get(slug="monthly")
    assert (digest.rhythm, digest.monthday, digest.family) == ("monthly", 15, "news")
    text = desk.get(f"/desk/digests/{digest.pk}").content.decode()
    assert '<option value="monthly" selected>' in text
    assert "Every month on day 15" in desk.get("/desk/digests").content.decode()


def test_a_day_that_not_every_month_has_is_refused_beside_its_field(desk: Client) -> None:
    answer = desk.post("/desk/digests/new", fields(slug="monthly", rhythm="monthly", monthday="31"))
    assert (answer.status_code, 'id="error-monthday"' in answer.content.decode()) == (422, True)
