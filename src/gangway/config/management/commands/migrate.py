"""Django's own `migrate`, with quicker models of how tables once were."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate

from gangway.config.database.states import quick_states


class Command(migrate.Command):
    """The same command, for `gangway migrate` and for the tests' databases."""

    def handle(self, *words: Any, **options: Any) -> None:
        """Migrate."""
        with quick_states():
            super().handle(*words, **options)
