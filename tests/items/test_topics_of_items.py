"""Topics of items: the producer's are accepted, those of the rules suggested, and staff have the last word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import redis
from django.contrib.auth.models import User

from publisher.core.errors import UserError
from publisher.core.models import AuditEntry
from publisher.items import topic_choice, topic_sync
from publisher.items.models import ItemTopic, Topic
from tests.items.stream_steps import drained, published, the_item, updated

pytestmark = pytest.mark.django_db

WATER = "Drinking water and sanitation: clean water for two valleys"


def topics() -> dict[str, str]:
    return dict(the_item().item_topics.values_list("topic__slug", "state"))


def editor() -> User:
    return User.objects.create_user("editor")


def topic(slug: str) -> Topic:
    return Topic.objects.get(slug=slug)


def test_rules_suggest_topics_with_the_words_that_speak_for_them(inbox: redis.Redis) -> None:
    drained(published(title=WATER))
    row = ItemTopic.objects.get(topic__slug="sdg-6")
    assert row.state == "suggested"
    assert "Drinking water" in row.words
    assert row.score > 0


def test_topics_and_agencies_that_the_producer_names_are_accepted(inbox: redis.Redis) -> None:
    drained(published(topics=["SDG 4", "gardening"], agencies=["WHO"]))
    assert topics() == {"sdg-4": "accepted", "who": "accepted"}


def test_a_topic_both_named_and_suggested_is_accepted_and_keeps_its_words(inbox: redis.Redis) -> None:
    drained(published(title=WATER, topics=["sdg-6"]))
    row = ItemTopic.objects.get(topic__slug="sdg-6")
    assert (row.state, bool(row.words)) == ("accepted", True)


def test_a_revision_brings_its_own_topics(inbox: redis.Redis) -> None:
    drained(published(title=WATER, topics=["sdg-4"]))
    drained(updated(title="Nothing special", topics=["sdg-5"]))
    assert topics() == {"sdg-5": "accepted"}


def test_what_staff_decided_stays_through_revisions(inbox: redis.Redis) -> None:
    drained(published(title=WATER, topics=["sdg-4"]))
    who = editor()
    topic_choice.decide(the_item().pk, topic("sdg-6").pk, accept=False, user=who)
    topic_choice.decide(the_item().pk, topic("sdg-10").pk, accept=True, user=who)
    drained(updated(title=WATER + ", again", topics=["sdg-6"]))
    assert topics() == {"sdg-6": "declined", "sdg-10": "accepted"}


def test_a_decision_is_in_the_audit_trail_and_announced(
    inbox: redis.Redis, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    drained(published(title=WATER))
    heard: list[tuple[str, dict[str, int]]] = []
    monkeypatch.setattr("publisher.core.events._nudge", lambda: lambda name, ids: heard.append((name, ids)))
    with django_capture_on_commit_callbacks(execute=True):
        row = topic_choice.decide(the_item().pk, topic("sdg-6").pk, accept=True, user=editor())
        topic_choice.decide(the_item().pk, topic("sdg-6").pk, accept=True, user=row.decided_by)
    (entry,) = AuditEntry.objects.filter(action="topic.accepted")
    assert (entry.actor_name, entry.before["state"], entry.after) == (
        "editor",
        "suggested",
        {"topic": "sdg-6", "state": "accepted"},
    )
    assert heard == [("topics.decided", {"item_id": the_item().pk})]


def test_deciding_on_what_is_gone_is_said_plainly(inbox: redis.Redis) -> None:
    with pytest.raises(UserError, match="not there any more"):
        topic_choice.decide(404, topic("sdg-6").pk, accept=True, user=None)


def test_the_topics_of_the_file_are_in_the_database_after_migrating() -> None:
    assert topic("sdg-17").name_zh
    assert set(Topic.objects.values_list("kind", flat=True)) == {"sdg", "agency"}


def test_a_topic_is_named_in_the_language_of_its_reader_else_in_english() -> None:
    goal = topic("sdg-6")
    assert goal.named_in("ar-EG") == ("الهدف 6: المياه النظيفة والنظافة الصحية", "ar")
    assert goal.named_in("zh-Hans") == ("目标6：清洁饮水和卫生设施", "zh")
    assert goal.named_in("fr") == ("Goal 6: Clean water and sanitation", "en")


def test_syncing_again_changes_nothing() -> None:
    before = list(Topic.objects.order_by("id").values())
    topic_sync.sync()
    assert list(Topic.objects.order_by("id").values()) == before


def test_a_topic_that_left_the_file_is_retired_and_comes_back(tmp_path: Path, settings: Any) -> None:
    file = tmp_path / "topics.yaml"
    rules = "- {{slug: {0}, kind: sdg, name_en: {0}, name_zh: 水, color: '#26BDE2', words_en: [spring], words_zh: []}}\n"
    file.write_text(rules.format("sdg-6"), encoding="utf-8")
    whole, settings.TOPICS_FILE = settings.TOPICS_FILE, file
    assert topic_sync.sync() == 1
    assert (topic("sdg-6").retired, topic("sdg-6").name_en, topic("sdg-4").retired) == (False, "sdg-6", True)
    settings.TOPICS_FILE = whole
    topic_sync.sync()
    assert not Topic.objects.filter(retired=True).exists()


def test_a_retired_topic_is_suggested_no_more(inbox: redis.Redis) -> None:
    Topic.objects.filter(slug="sdg-6").update(retired=True)
    drained(published(title=WATER, topics=["sdg-6"]))
    assert "sdg-6" not in topics()
