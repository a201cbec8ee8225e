"""Files that pages hand out."""

import base64
import csv
import io
import re
from collections.abc import Iterable, Sequence, Sized
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from gangway.audit.events import Event
from gangway.audit.record import Plain, record
from gangway.foundation.sheets import marked
from gangway.web.desk import DeskRequest
from gangway.web.listing import Asked

_NOT_IN_A_FILE_NAME: Final = re.compile(r"[^A-Za-z0-9_-]+")


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


def list_file(
    request: DeskRequest,
    name: str,
    head: Sequence[str | Promise],
    rows: Iterable[Sequence[object]],
    *,
    sought: Asked,
    ticked: Sized | None = None,
) -> HttpResponse:
    """Hand a list out as a CSV file, and write down who took what of it: most lists name people."""
    taken = list(rows)
    told: dict[str, Plain] = {**sought.told, "list": name, "rows": len(taken)}
    if ticked is not None:
        told["ticked"] = len(ticked)
    where = request.seat.organization_id
    with transaction.atomic():
        record(
            Event.LIST_EXPORTED,
            by=request.actor,
            organization_id=where,
            subject=f"organization:{where}",
            data=told,
        )
    return csv_file(name, head, taken)


def csv_file(name: str, head: Sequence[str | Promise], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """Return rows as a CSV file that spreadsheets open as text: UTF-8 with its mark, no cell is a formula."""
    answer = HttpResponse("\ufeff" + csv_lines([head, *rows]), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="gangway-{name}.csv"'
    answer["Cache-Control"] = "no-store"
    return answer


def csv_lines(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as lines of CSV: texts are in quotation marks, and none is a formula."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_NONNUMERIC).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return marked(str(value))
