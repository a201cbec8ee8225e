"""The platform as an issuer: two documents that Microsoft reads to check our tokens. Public keys, nothing else."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from gangway.federation import queries
from gangway.federation.errors import NoIssuer
from gangway.foundation.clock import now
from gangway.web.desk import for_anyone

KEPT_FOR: Final = "public, max-age=300"
NOT_FOUND: Final = 404


@for_anyone
@require_safe
def configuration(_request: HttpRequest) -> HttpResponse:
    """Answer OpenID Connect's discovery document."""
    try:
        return _document(queries.configuration())
    except NoIssuer as error:
        return _none(error)


@for_anyone
@require_safe
def keys(_request: HttpRequest) -> HttpResponse:
    """Answer the set of public keys."""
    try:
        return _document(queries.published_keys(now=now()))
    except NoIssuer as error:
        return _none(error)


def _document(content: dict[str, Any]) -> HttpResponse:
    return JsonResponse(content, headers={"Cache-Control": KEPT_FOR})


def _none(error: NoIssuer) -> HttpResponse:
    return JsonResponse({"error": error.code, "error_description": error.what}, status=NOT_FOUND)
