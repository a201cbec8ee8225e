"""Files that pages hand out."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.http import HttpResponse

_STARTS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins so for something to calculate. Source: OWASP, CSV injection."""


def support_file(text: str, *, run_id: UUID) -> HttpResponse:
    """Return the support bundle of a run as a text file that no cache keeps."""
    answer = HttpResponse(text, content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="gangway-run-{run_id}.txt"'
    answer["Cache-Control"] = "no-store"
    return answer


def csv_file(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """Return rows as a CSV file that spreadsheets open as text: UTF-8 with its mark, no cell is a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([cell(value) for value in row] for row in rows)
    answer = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="gangway-{name}.csv"'
    answer["Cache-Control"] = "no-store"
    return answer


def cell(value: object) -> object:
    """Return a value as a cell that no spreadsheet calculates."""
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    text = str(value)
    return f"'{text}" if text.startswith(_STARTS_FORMULA) else text
