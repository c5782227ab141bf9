"""docs/privacy.md names every table and field that can hold something of a person: a new one must be thought about."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models

from config.environment import SETTINGS
from publisher.core.crypto import EncryptedJSONField
from publisher.retention import known
from publisher.retention.kinds import KINDS

DOC = Path(__file__).resolve().parents[2] / "docs/privacy.md"
SPEAKS = (
    models.CharField,
    models.TextField,
    models.JSONField,
    models.BinaryField,
    models.GenericIPAddressField,
    ArrayField,
    EncryptedJSONField,
)
PEOPLE = {"auth.User", "audience.Subscriber"}
MODELS = {
    model._meta.label: model
    for model in apps.get_models()
    if not model.__module__.startswith(("tests.", "django.contrib.contenttypes"))
}


def fields_of(model: type[models.Model]) -> set[str]:
    """All but a number that the database gives."""
    own = (*model._meta.fields, *model._meta.many_to_many)
    return {field.name for field in own if not isinstance(field, models.AutoField)}


def telling(model: type[models.Model]) -> set[str]:
    """Those that could say something of a person: free texts and bytes, a link to one, a number of one."""
    return {
        field.name
        for field in (*model._meta.fields, *model._meta.many_to_many)
        if (isinstance(field, SPEAKS) and not field.choices)
        or (field.related_model is not None and field.related_model._meta.label in PEOPLE)
        or field.name in ("subscriber_id", "user_id")
    }


def test_every_table_is_named_once() -> None:
    assert known.KNOWN.keys() & known.WITHOUT.keys() == set()
    assert known.KNOWN.keys() | known.WITHOUT.keys() == MODELS.keys()


@pytest.mark.parametrize("label", known.KNOWN)
def test_every_field_of_a_table_about_people_is_named(label: str) -> None:
    assert set(known.KNOWN[label].fields.split()) == fields_of(MODELS[label])


@pytest.mark.parametrize("label", known.WITHOUT)
def test_a_field_that_could_say_something_of_a_person_is_named_in_the_other_tables(label: str) -> None:
    assert set(known.WITHOUT[label].split()) == telling(MODELS[label])


def test_each_setting_that_the_list_names_is_one_and_each_time_is_named() -> None:
    text = DOC.read_text(encoding="utf-8")
    named = {word for word in text.split("`") if word.startswith("PUBLISHER_")}
    assert named <= {setting.name for setting in SETTINGS}
    assert {kind.setting for kind in KINDS} <= named
