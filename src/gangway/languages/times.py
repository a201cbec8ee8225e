"""Times as a person reads them, so that nobody can read one in two ways."""

import re
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

MOMENTS: Final[dict[str, str]] = {"fr": "l j F Y à H:i", "he": "יום l, j בF Y, H:i"}
"""How a language writes a whole time that isn't weekday, day and hour with commas between them."""

MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_ENGLISH: Final = re.compile(
    rf"(?:[A-Z][a-z]+day, )?(\d{{1,2}}) ({'|'.join(MONTHS)}) (\d{{4}})(?:, (\d\d):(\d\d) \(UTC\))?"
)


def day_in_words(moment: datetime, language: str = ENGLISH) -> str:
    """Return the day of a time, as "27 November 2026"."""
    return _written(moment, DAYS[known(language)], language)


def time_in_words(moment: datetime, language: str = ENGLISH) -> str:
    """Return a time that nobody can read in two ways, as "Friday, 27 November 2026, 14:05 (UTC)"."""
    form = MOMENTS.get(language, f"l, {DAYS[known(language)]}, H:i")
    return _written(moment, form, language) + " (UTC)"


def _written(moment: datetime, form: str, language: str) -> str:
    with speaking(language):
        return written(moment.astimezone(UTC), form)


def retold(text: str, language: str) -> str:
    """Say a time that was written in English in another language; empty when the text is none."""
    found = _ENGLISH.fullmatch(text)
    if found is None:
        return ""
    day, month, year, hour, minute = found.groups()
    try:
        moment = datetime(int(year), MONTHS.index(month) + 1, int(day), int(hour or 0), int(minute or 0), tzinfo=UTC)
    except ValueError:  # a name that only looks like a day
        return ""
    return time_in_words(moment, language) if hour else day_in_words(moment, language)
