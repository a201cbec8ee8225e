"""Files that pages hand out."""

from uuid import UUID

from django.http import HttpResponse


def support_file(text: str, *, run_id: UUID) -> HttpResponse:
    """Return the support bundle of a run as a text file that no cache keeps."""
    answer = HttpResponse(text, content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="gangway-run-{run_id}.txt"'
    answer["Cache-Control"] = "no-store"
    return answer
