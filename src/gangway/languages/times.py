"""Times as a person reads them, so that nobody can read one in two ways."""

from datetime import UTC, datetime
from typing import Final

from django.utils.dateformat import format as written

from gangway.languages.choice import ENGLISH, known, speaking

DAYS: Final[dict[str, str]] = {
    ENGLISH: "j F Y",
    "de": "j. F Y",
    "fr": "j F Y",
    "es": r"j \d\e F \d\e Y",
    "he": "j בF Y",
}
"""How each language writes a day, with the month as a word; Django knows the names of months and weekdays."""


def day_in_words(moment: datetime, language: str = ENGLISH) -> str:
    """Return the day of a time, as "27 November 2026"."""
    return _written(moment, DAYS[known(language)], language)


def time_in_words(moment: datetime, language: str = ENGLISH) -> str:
    """Return a time that nobody can read in two ways, as "Friday, 27 November 2026, 14:05 (UTC)"."""
    return _written(moment, f"l, {DAYS[known(language)]}, H:i", language) + " (UTC)"


def _written(moment: datetime, form: str, language: str) -> str:
    with speaking(language):
        return written(moment.astimezone(UTC), form)
