"""The project starts: Django's own checks, and migrations that say what the models say."""

import pytest
from django.core.management import call_command


def test_djangos_checks_find_nothing() -> None:
    call_command("check", fail_level="WARNING")


@pytest.mark.django_db
def test_migrations_say_what_the_models_say() -> None:
    call_command("makemigrations", check=True, dry_run=True)
