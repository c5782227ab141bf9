"""Django's own checks. Workers skip them (`worker.py`), so they must pass here."""

from __future__ import annotations

import pytest
from django.core.management import call_command

pytestmark = pytest.mark.django_db


def test_django_finds_nothing_wrong_with_models_addresses_and_templates() -> None:
    call_command("check", fail_level="WARNING")


def test_every_change_of_a_model_has_its_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
