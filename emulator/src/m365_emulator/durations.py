"""Spans of time as Graph writes them (ISO 8601: ``P90D``, ``PT8H``, ``P1Y2M``)."""

from __future__ import annotations

import re
from datetime import timedelta

_span = re.compile(
    r"P(?!$)(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?!$)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)
_days_of_year, _days_of_month = 365, 30


def read(text: str) -> timedelta:
    """The span; a year has 365 days and a month 30. Raises ValueError for anything else."""
    match = _span.fullmatch(text)
    if match is None:
        message = f"{text!r} is not a duration such as P90D or PT8H"
        raise ValueError(message)
    part = {name: float(value or 0) for name, value in match.groupdict().items()}
    days = part["years"] * _days_of_year + part["months"] * _days_of_month + part["weeks"] * 7 + part["days"]
    return timedelta(days=days, hours=part["hours"], minutes=part["minutes"], seconds=part["seconds"])
