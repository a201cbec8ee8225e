"""Files that pages hand out."""

import base64
import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.http import HttpResponse

_NOT_IN_A_FILE_NAME: Final = re.compile(r"[^A-Za-z0-9_-]+")

_STARTS_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
"""A spreadsheet takes a cell that begins so for something to calculate (source: OWASP, CSV injection).

One that has marks in front of it already gets one more, so that taking one away gives back what it was.
"""


def support_file(text: str, *, run_id: UUID) -> HttpResponse:
    """Return the support bundle of a run as a text file that no cache keeps."""
    answer = HttpResponse(text, content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="gangway-run-{run_id}.txt"'
    answer["Cache-Control"] = "no-store"
    return answer


def certificate_file(der: str, name: str) -> HttpResponse:
    """Return a certificate as Microsoft's portal takes it for upload; it is public."""
    answer = HttpResponse(base64.b64decode(der), content_type="application/pkix-cert")
    answer["Content-Disposition"] = f'attachment; filename="{_plain(name)}.cer"'
    return answer


def script_file(text: str, *, name: str) -> HttpResponse:
    """Return a PowerShell script; the mark in front lets Windows PowerShell read it as UTF-8."""
    answer = HttpResponse("\ufeff" + text.replace("\n", "\r\n"), content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="gangway-{_plain(name)}.ps1"'
    return answer


def text_file(name: str, text: str) -> HttpResponse:
    """Answer with a plain text as a file."""
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{_plain(name)}.txt"'
    return response


def _plain(name: str) -> str:
    """A name as part of a file's name."""
    return _NOT_IN_A_FILE_NAME.sub("-", name)


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
    return f"'{text}" if _STARTS_FORMULA.match(text) else text
