"""The sign-up page and forms on other sites: no cookie, the same answer for everybody, nothing lost when it is refused."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from typing import Any

import pytest
import redis
from altcha import Challenge, Payload, solve_challenge
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.audience import hashes
from publisher.audience.models import (
    ConsentText,
    ReaderLetter,
    SignUp,
    SignUpCount,
    Subscriber,
    Subscription,
    Suppression,
)
from publisher.audience.signing_up import challenge, limits, stamps
from publisher.audience.signing_up.rates import parse_rates
from publisher.audience.signing_up.stamps import Age
from publisher.core import clock
from publisher.digests.models import Digest
from publisher.items.models import Topic
from tests.builders import NOON, a_digest, a_subscriber, a_topic
from tests.site.sign_up_steps import ADDRESS, an_open_digest, filled_in, hidden, send

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh(db: None, inbox: redis.Redis) -> None:
    """Counting begins at nothing."""
    Topic.objects.all().delete()


def counts() -> dict[str, int]:
    return dict(SignUpCount.objects.values_list("what", "n"))


def test_only_open_digests_are_offered_with_what_they_are() -> None:
    an_open_digest(title={"en": "Open weekly"})
    an_open_digest(title={"en": "Open alerts"})
    a_digest(title={"en": "Internal"})
    an_open_digest(title={"en": "Switched off"}, enabled=False)
    text = Client().get("/subscribe").content.decode()
    assert "Open weekly" in text
    assert "What farmers learned." in text
    assert "Internal" not in text
    assert "Switched off" not in text


def test_without_an_open_digest_the_page_says_so() -> None:
    assert "nothing to subscribe to" in Client().get("/subscribe").content.decode()
    assert "/subscribe" not in Client().get("/").content.decode()
    an_open_digest()
    assert "/subscribe" in Client().get("/").content.decode()
    for path in ("/subscribe/nothing", f"/subscribe/{a_digest().slug}"):
        assert Client().get(path).status_code == 404
        assert Client().post(path, {"email": ADDRESS}).status_code == 404


def test_a_form_is_written_down_with_its_proof_and_sets_no_cookie() -> None:
    first, _second = an_open_digest(slug="a"), an_open_digest(slug="b")
    answer = send(digest=["a"], name="Ilse Marrow", language="zh", zone="Asia/Shanghai")
    assert answer.status_code == 200
    assert "Look into your mailbox" in answer.content.decode()
    assert not answer.cookies
    row = SignUp.objects.select_related("text").get()
    assert (row.email, row.name, row.zone, row.language) == (ADDRESS, "Ilse Marrow", "Asia/Shanghai", "en")
    assert row.wanted == [{"digest": first.pk, "topics": [], "kinds": [], "language": "zh", "region": "CN"}]
    assert bytes(row.client or b"") == hashes.of_client("192.0.2.7")
    assert row.page.endswith("/subscribe")
    page = Client().get("/subscribe").content.decode()
    assert row.text.text in page
    assert "Country Office of Almaria" in row.text.text


def test_a_page_of_one_digest_needs_no_tick() -> None:
    digest = an_open_digest(slug="weekly", languages=["en"])
    an_open_digest()
    answer = send("/subscribe/weekly")
    assert answer.status_code == 200
    row = SignUp.objects.select_related("text").get()
    assert [each["digest"] for each in row.wanted] == [digest.pk]
    assert "“The week in Almaria”" in row.text.text


def test_topics_and_kinds_are_held_to_what_each_digest_has_and_all_ticked_is_everything() -> None:
    water, fields = a_topic("water"), a_topic("fields")
    an_open_digest(slug="a", kinds=["story", "video"], topics=[water.pk])
    an_open_digest(slug="b")
    send(
        digest=["a", "b"],
        kind=["story", "video", "nonsense"],
        topic=[str(water.pk), "999", "x"],
        language="fr",
    )
    one, two = SignUp.objects.get().wanted
    assert (one["kinds"], one["topics"], one["language"]) == ([], [], "en")
    assert (two["kinds"], two["topics"]) == (["story", "video"], [water.pk])
    assert fields.pk not in two["topics"]


@pytest.mark.parametrize(
    ("zone", "languages", "region"),
    [
        ("Africa/Nairobi", "en-GB", "KE"),
        ("Nowhere/Town", "en-GB,fr;q=0.5", "GB"),
        ("", "zh-Hans-CN", "CN"),
        ("", "en", ""),
    ],
)
def test_the_country_is_guessed_from_the_zone_else_from_the_language(
    zone: str, languages: str, region: str
) -> None:
    an_open_digest(slug="weekly")
    send("/subscribe/weekly", zone=zone, headers={"Accept-Language": languages})
    assert SignUp.objects.get().wanted[0]["region"] == region


def test_the_answer_is_the_same_for_known_and_unknown_addresses() -> None:
    digest = an_open_digest(slug="weekly")
    a_subscriber(digest, "known@example.net")
    a_subscriber(digest, "left@example.net")
    Subscription.objects.filter(subscriber__email="left@example.net").update(state="ended")
    Suppression.objects.create(email_key="no@example.net", reason="complained", at=NOON)
    answers = set()
    for name in ("known", "left", "no", "new"):
        answer = send("/subscribe/weekly", email=f"{name}@example.net")
        text = answer.content.decode().replace(f"{name}@", "x@")
        answers.add((answer.status_code, text, tuple(sorted(set(answer.headers) - {"X-Trace-Id"}))))
    assert len(answers) == 1
    assert ReaderLetter.objects.filter(kind="confirm").count() == 4


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"email": ""}, "Write your e-mail address."),
        ({"email": "ilse"}, "This is no e-mail address."),
        ({"email": "a b@example.net"}, "This is no e-mail address."),
        ({"name": "Click www.evil.example"}, "Write a name of at most 100 characters"),
        ({"name": "x" * 101}, "Write a name of at most 100 characters"),
        ({"digest": []}, "Choose at least one newsletter."),
        ({"digest": ["other"]}, "Choose at least one newsletter."),
        ({"email": "noreply@example.net"}, "mailbox of a machine"),
        ({"email": "x@mailinator.com"}, "Disposable addresses are not accepted"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_nothing_is_lost(
    fields: dict[str, Any], said: str
) -> None:
    an_open_digest(slug="a")
    an_open_digest(slug="b")
    given_ = {"name": "Ilse", "digest": ["a"], "kind": ["speech"], **fields}
    answer = send(**given_)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert said in text
    assert 'aria-invalid="true"' in text
    assert 'value="speech" checked' in text
    for field in ("email", "name"):
        assert f'value="{given_.get(field, ADDRESS)}"' in text
    assert not SignUp.objects.exists()


@pytest.mark.parametrize(
    ("email", "kept"),
    [
        ("ilse+news@example.net", "ilse+news@example.net"),
        (" Ilse@Example.NET ", "Ilse@Example.NET"),
        ("林@例子.网络", "林@例子.网络"),
        ("läufer@bücher.example", "läufer@bücher.example"),
    ],
)
def test_plus_addresses_and_other_scripts_sign_up(email: str, kept: str) -> None:
    an_open_digest(slug="weekly")
    assert send("/subscribe/weekly", email=email).status_code == 200
    assert SignUp.objects.get().email == kept


def test_who_fills_in_what_people_do_not_see_gets_the_same_answer_and_nothing_happens() -> None:
    an_open_digest(slug="weekly")
    good = send("/subscribe/weekly").content
    assert send("/subscribe/weekly", website="https://spam.example").content == good
    assert SignUp.objects.count() == 1
    assert counts()["trap"] == 1


@pytest.mark.parametrize(
    ("fields", "said", "counted"),
    [
        ({"seconds": 0}, "That was very fast", "too_quick"),
        ({"seconds": 90_000}, "look at the form once more", "stale_form"),
        ({"stamp": "x"}, "look at the form once more", "stale_form"),
        ({"shown": "00" * 32}, "look at the form once more", "stale_form"),
        ({"shown": "no hash"}, "look at the form once more", "stale_form"),
    ],
)
def test_a_form_that_looks_like_a_programs_is_shown_once_more(
    fields: dict[str, Any], said: str, counted: str
) -> None:
    an_open_digest(slug="weekly")
    answer = send("/subscribe/weekly", **fields)
    text = answer.content.decode()
    assert (answer.status_code, counts()) == (422, {counted: 1})
    assert said in text
    assert f'value="{ADDRESS}"' in text
    assert not SignUp.objects.exists()


def test_who_was_too_quick_may_press_again_at_once() -> None:
    an_open_digest(slug="weekly")
    again = hidden(send("/subscribe/weekly", seconds=2).content.decode())
    a_little_later = clock.now() + timedelta(seconds=2)
    assert stamps.age(again["stamp"], now=a_little_later) is Age.FINE


def test_the_text_that_is_kept_is_the_one_that_was_shown_also_when_it_changed_since() -> None:
    digest = an_open_digest(slug="weekly")
    send("/subscribe/weekly")
    first = ConsentText.objects.get()
    old_form = filled_in("/subscribe/weekly", email="lin@example.net")
    digest.organisation = "Regional Office"
    digest.save()
    assert Client().post("/subscribe/weekly", old_form).status_code == 200
    assert SignUp.objects.get(email="lin@example.net").text == first
    assert "Regional Office" in Client().get("/subscribe/weekly").content.decode()


def test_two_rhythms_of_one_newsletter_are_too_many() -> None:
    an_open_digest(slug="a", family="news")
    an_open_digest(slug="b", family="news", rhythm="daily")
    answer = send(digest=["a", "b"])
    assert answer.status_code == 422
    assert "same newsletter at different rhythms" in answer.content.decode()
    assert send(digest=["b"]).status_code == 200


@pytest.mark.parametrize(
    ("path", "asked", "way"),
    [
        ("/subscribe", "ar", 'lang="ar" dir="rtl"'),
        ("/subscribe", "zh-CN", 'lang="zh-Hans" dir="ltr"'),
        ("/subscribe?lang=zh", "ar", 'lang="zh-Hans" dir="ltr"'),
        ("/subscribe?lang=tlh", "ar", 'lang="ar" dir="rtl"'),
        ("/subscribe?lang=%00", "en", 'lang="en" dir="ltr"'),
    ],
)
def test_the_page_speaks_the_browsers_language_and_links_switch_it(path: str, asked: str, way: str) -> None:
    an_open_digest()
    text = Client().get(path, headers={"Accept-Language": asked}).content.decode()
    assert way in text
    assert text.count("hreflang=") == 2


@pytest.mark.parametrize(
    ("path", "browser", "ticked"),
    [
        ("/subscribe?lang=zh", "en", "zh-Hans"),
        ("/subscribe", "zh-CN,en;q=0.5", "zh-Hans"),
        ("/subscribe?lang=ar", "zh-CN", "zh-Hans"),
        ("/subscribe?lang=en", "zh-CN", "en"),
        ("/subscribe?lang=ar", "fr", "en"),
    ],
)
def test_the_language_of_the_page_is_ticked_if_a_digest_comes_in_it(
    path: str, browser: str, ticked: str
) -> None:
    an_open_digest(languages=["en", "zh-Hans"])
    text = Client().get(path, headers={"Accept-Language": browser}).content.decode()
    assert re.findall(r'name="language" value="([^"]+)" checked', text) == [ticked]


@pytest.mark.parametrize("slug", ["", "/weekly"])
def test_what_a_digest_says_of_itself_runs_the_way_of_its_own_language(slug: str) -> None:
    an_open_digest(slug="weekly", title={"en": "The week"}, about={"en": "What farmers learned."})
    if not slug:
        an_open_digest(slug="other", title={"en": "Another"})
    text = Client().get(f"/subscribe{slug}?lang=ar").content.decode()
    assert 'dir="auto">What farmers learned.<' in text


def test_the_open_pages_lead_to_each_other_in_one_language() -> None:
    an_open_digest(archived=True)
    links = {
        path: set(re.findall(r'<a[^>]* href="([^"]+)"', Client().get(path).content.decode()))
        for path in ("/?lang=zh", "/subscribe?lang=zh", "/archive?language=zh")
    }
    assert links["/?lang=zh"] > {"/subscribe?lang=zh", "/archive?language=zh"}
    assert links["/subscribe?lang=zh"] > {"/?lang=zh", "/archive?language=zh"}
    assert links["/archive?language=zh"] > {"/?lang=zh", "/subscribe?lang=zh"}


def test_where_nothing_is_open_no_page_leads_there() -> None:
    assert "/subscribe" not in Client().get("/archive").content.decode()
    assert "/archive" not in Client().get("/subscribe").content.decode()


def test_the_page_may_be_found_and_no_other_answer() -> None:
    an_open_digest(slug="weekly")
    assert "X-Robots-Tag" not in Client().get("/subscribe").headers
    assert send("/subscribe/weekly")["X-Robots-Tag"] == "noindex"


def solved(page: str) -> str:
    """What a browser makes of the task of a page."""
    task = re.search(r'data-task="([^"]+)"', page)
    assert task
    made = Challenge.from_dict(json.loads(html.unescape(task[1])))
    solution = solve_challenge(made)
    assert solution
    return Payload(made, solution).to_base64()


class TestWhenFormsComeFast:
    @pytest.fixture(autouse=True)
    def few(self, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.SIGN_UP_LIMITS = parse_rates("address=2/day, client=6/h, domain=50/h, all=8/h, proof=2/h")
        monkeypatch.setattr(challenge, "COST", 2)
        an_open_digest(slug="weekly", reply_to="comms@office.example.org")

    def many(self, n: int, **fields: Any) -> None:
        for each in range(n):
            send(
                "/subscribe/weekly", email=f"reader{each}@example.net", visitor=f"198.51.100.{each}", **fields
            )

    def test_a_browser_works_for_it_and_its_answer_counts_once(self) -> None:
        self.many(2)
        page = Client().get("/subscribe/weekly").content.decode()
        assert "data-task=" in page
        refused = send("/subscribe/weekly")
        text = refused.content.decode()
        assert (refused.status_code, counts()["no_proof"]) == (429, 1)
        assert "write to comms@office.example.org" in text, "what to do without scripts"
        answer = solved(text)
        assert send("/subscribe/weekly", altcha=answer).status_code == 200
        assert send("/subscribe/weekly", altcha=answer, email="lin@example.net").status_code == 429
        assert not SignUp.objects.filter(email="lin@example.net").exists()

    def test_programs_that_do_not_work_for_it_do_not_shut_the_door_for_people(self) -> None:
        self.many(30)
        assert counts() == {"asked": 2, "no_proof": 28}
        answer = solved(send("/subscribe/weekly").content.decode())
        assert send("/subscribe/weekly", altcha=answer).status_code == 200

    def test_above_the_limit_in_all_the_page_says_to_come_later_or_write(self, settings: Any) -> None:
        settings.SIGN_UP_LIMITS = parse_rates("all=8/h")
        self.many(8)
        answer = send("/subscribe/weekly")
        assert answer.status_code == 429
        assert "write to comms@office.example.org" in answer.content.decode()
        assert counts()["all_limit"] == 1

    def test_one_client_is_slowed_and_another_is_not(self, settings: Any) -> None:
        settings.SIGN_UP_LIMITS = parse_rates("client=4/h")
        statuses = [send("/subscribe/weekly", email=f"r{n}@example.net").status_code for n in range(5)]
        assert statuses == [200, 200, 429, 429, 429]
        assert counts() == {"asked": 2, "no_proof": 3}
        assert send("/subscribe/weekly", visitor="198.51.100.9").status_code == 200

    def test_of_one_office_a_form_counts_once_though_it_takes_two_presses_or_a_mended_mistake(
        self, settings: Any
    ) -> None:
        settings.SIGN_UP_LIMITS = parse_rates("client=4/h")
        for n in range(4):
            for mistake in ({"email": "nonsense"}, {"email": "noreply@example.net"}):
                assert send("/subscribe/weekly", **mistake).status_code == 422
            answer = send("/subscribe/weekly", email=f"r{n}@example.net")
            if answer.status_code == 429:
                again = {"email": f"r{n}@example.net", "altcha": solved(answer.content.decode())}
                assert send("/subscribe/weekly", **again).status_code == 200
        assert counts()["asked"] == 4
        full = send("/subscribe/weekly", email="r5@example.net")
        assert full.status_code == 429
        assert "Many forms have come from your network" in full.content.decode()

    def test_without_scripts_one_box_says_what_to_do(self) -> None:
        self.many(2)
        text = send("/subscribe/weekly").content.decode()
        assert text.count('class="notice') == 2
        hidden_one, other = re.findall(r'<p class="notice warn"([^>]*)>', text)
        assert hidden_one.endswith("hidden")
        assert "hidden" not in other

    def test_a_client_that_claims_to_come_through_a_proxy_has_to_work_for_it(self, settings: Any) -> None:
        """With no proxy of ours set, anybody may invent X-Forwarded-For, and a proxy that is not set would be one client."""
        settings.SIGN_UP_LIMITS = parse_rates("client=2/h")
        statuses = [
            send(
                "/subscribe/weekly", email=f"r{n}@example.net", headers={"X-Forwarded-For": f"203.0.113.{n}"}
            ).status_code
            for n in range(4)
        ]
        assert statuses == [200, 200, 429, 429]
        assert counts() == {"asked": 2, "no_proof": 2}

    def test_one_address_gets_the_same_answer_again_and_nothing_more_happens(self, settings: Any) -> None:
        settings.SIGN_UP_LIMITS = parse_rates("address=2/day")
        answers = [send("/subscribe/weekly", visitor=f"198.51.100.{n}") for n in range(4)]
        assert len({answer.content for answer in answers}) == 1
        assert counts() == {"asked": 2, "address_limit": 2}

    def test_one_mailbox_is_no_target_by_its_many_addresses(self, settings: Any) -> None:
        settings.SIGN_UP_LIMITS = parse_rates("address=2/day")
        for n, local in enumerate(("ilse", "ilse+1", "I.L.S.E+2", "il.se")):
            send("/subscribe/weekly", email=f"{local}@gmail.com", visitor=f"198.51.100.{n}")
        assert counts() == {"asked": 2, "address_limit": 2}

    def test_when_nobody_can_count_the_page_says_to_come_later(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "client", lambda: redis.Redis(port=1, socket_connect_timeout=1))
        answer = send("/subscribe/weekly")
        assert (answer.status_code, answer["Retry-After"]) == (503, "3600")
        assert "write to comms@office.example.org" in answer.content.decode()
        assert not SignUp.objects.exists()


fuzzy = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
texts = st.text(max_size=60) | st.sampled_from(["", "a@b.example", "ilse@example.net", "\0", "x" * 500])


@fuzzy
@given(
    fields=st.dictionaries(
        st.sampled_from(
            [
                "email",
                "name",
                "digest",
                "language",
                "kind",
                "topic",
                "zone",
                "text",
                "shown",
                "stamp",
                "altcha",
                "lang",
                "website",
            ]
        )
        | st.text(max_size=8),
        texts | st.lists(texts, max_size=4),
        max_size=9,
    ),
    header=texts,
)
def test_whatever_is_sent_is_answered_and_nobody_is_subscribed(
    fresh: None, fields: dict[str, Any], header: str
) -> None:
    if not Digest.objects.exists():
        an_open_digest()
    clean = {"Origin": header.encode("ascii", "ignore").decode().replace("\r", "").replace("\n", "")}
    answer = Client().post("/subscribe", fields, headers=clean)
    assert answer.status_code in (200, 422, 429)
    assert not Subscriber.objects.exists()
    assert not ReaderLetter.objects.exclude(kind="confirm").exists()


class TestAMistypedProvider:
    """It is asked about, by the text alone, and never refused."""

    @pytest.fixture(autouse=True)
    def _digest(self) -> None:
        an_open_digest(slug="weekly")

    def asked(self, **fields: Any) -> str:
        answer = send("/subscribe/weekly", email="mira@gmial.com", **fields)
        assert answer.status_code == 422
        assert not SignUp.objects.exists()
        return answer.content.decode()

    def test_the_form_comes_back_as_it_was_filled_in_with_the_question(self) -> None:
        page = self.asked(name="Mira", kind=["story"])
        assert "Did you mean mira@gmail.com?" in page
        assert re.findall(r'<input type="radio" name="meant" value="([^"]*)">', page) == [
            "mira@gmail.com",
            "mira@gmial.com",
        ]
        assert 'name="email" value="mira@gmial.com"' in page
        assert 'name="name" value="Mira"' in page
        assert 'value="story" checked' in page
        assert counts() == {}, "nothing was taken, and nothing of the limits is used up"

    @pytest.mark.parametrize("meant", ["mira@outlook.com", "mira@outlok.com"])
    def test_either_answer_is_taken(self, meant: str) -> None:
        answer = send("/subscribe/weekly", email="mira@outlok.com", meant=meant)
        assert answer.status_code == 200
        assert SignUp.objects.get().email == meant

    def test_who_writes_another_address_in_place_of_an_answer_is_taken_at_their_word(self) -> None:
        assert send("/subscribe/weekly", email="mira@gmx.net").status_code == 200
        assert SignUp.objects.get().email == "mira@gmx.net"

    def test_no_answer_is_asked_for_again_and_an_answer_is_kept_while_something_else_is_mended(self) -> None:
        assert "Did you mean" in self.asked()
        page = self.asked(meant="mira@gmial.com", name="www.evil.example")
        assert "Did you mean" not in page
        assert hidden(page)["meant"] == "mira@gmial.com"

    def test_it_says_the_same_of_an_address_that_is_known(self) -> None:
        before = self.asked()
        a_subscriber(Digest.objects.get(), "mira@gmial.com")
        a_subscriber(Digest.objects.get(), "mira@gmail.com")

        def without_marks(page: str) -> str:
            return re.sub(r'name="(stamp|shown)" value="[^"]*"', "", page)

        assert without_marks(self.asked()) == without_marks(before)

    def test_it_asks_in_the_language_of_the_page(self) -> None:
        page = self.asked(lang="zh")
        assert "mira@gmail.com 吗" in page
        assert "我写的没有错" in page
