"""Finding items by their words, in any script."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.items.models import Item, ItemSearch
from publisher.items.search.finding import holding
from publisher.items.search.indexing import index_waiting
from tests.builders import an_item

pytestmark = pytest.mark.django_db

Find = Callable[[str], set[str]]


@pytest.fixture
def find() -> Find:
    an_item(
        summary="",
        title="Terraced fields carry water again",
        body_text="Two hundred families rebuilt the channels.",
    )
    an_item(summary="", title="山谷里的清洁饮水", language="zh-Hans", body_text="两百户家庭重修了水渠。")
    an_item(
        summary="",
        title="Les champs en terrasses",
        language="fr",
        body_text="Deux cents familles ont reconstruit.",
    )
    an_item(
        summary="", title="A speech about light", body_text="Nothing to do with it.", authors=["Ilse Marrow"]
    )
    assert index_waiting() == 4
    return lambda said: set(holding(Item.objects.all(), said).values_list("title", flat=True))


def test_a_word_is_found_in_title_body_and_names(find: Find) -> None:
    assert find("terraced") == {"Terraced fields carry water again"}
    assert find("families") == {"Terraced fields carry water again"}
    assert find("marrow") == {"A speech about light"}


def test_other_forms_of_a_word_are_found(find: Find) -> None:
    assert find("channel field") == {"Terraced fields carry water again"}
    assert find("carries watering") == {"Terraced fields carry water again"}


def test_every_word_must_be_there(find: Find) -> None:
    assert find("water families") == {"Terraced fields carry water again"}
    assert find("water speech") == set()


def test_chinese_is_found_by_any_part_of_a_sentence(find: Find) -> None:
    assert find("饮水") == {"山谷里的清洁饮水"}
    assert find("清洁饮水") == {"山谷里的清洁饮水"}
    assert find("水渠") == {"山谷里的清洁饮水"}
    assert find("渠") == {"山谷里的清洁饮水"}
    assert find("饮清") == set()


def test_a_word_in_quotes_is_meant_as_it_stands(find: Find) -> None:
    assert find('"carry water"') == {"Terraced fields carry water again"}
    assert find('"water carry"') == set()


def test_nothing_said_is_everything_and_signs_alone_are_nothing(find: Find) -> None:
    assert len(find("")) == 4
    assert find("!!!") == set()


def test_an_item_is_found_by_its_id_and_address(find: Find) -> None:
    item = Item.objects.get(title="A speech about light")
    assert find(item.producer_id) == {item.title}
    if item.url:
        assert find(item.url) == {item.title}


def test_a_revision_is_found_by_its_new_words_only(find: Find) -> None:
    Item.objects.filter(language="fr").update(body_text="Une autre histoire.", revision=2)
    assert index_waiting() == 1
    assert find("histoire") == {"Les champs en terrasses"}
    assert find("reconstruit") == set()
    assert index_waiting() == 0


def test_the_list_of_a_language_knows_its_forms(find: Find) -> None:
    assert set(holding(Item.objects.all(), "terrasse", language="fr").values_list("language", flat=True)) == {
        "fr"
    }


def test_words_are_found_by_the_index() -> None:
    query = holding(Item.objects.all(), "water")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        sql, values = query.query.sql_with_params()
        cursor.execute(f"EXPLAIN {sql}", values)
        assert "item_search" in " ".join(row[0] for row in cursor.fetchall())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(said=st.text(max_size=80))
def test_whatever_is_looked_for_is_no_error(said: str) -> None:
    if "\0" not in said:
        list(holding(Item.objects.all(), said)[:1])
    assert ItemSearch.objects.count() == 0
