"""What the pages behind a link wear: the nearest logo and colour above the customer.

Both have addresses that need no session, as the pages before *Continue* have none. A picture's is signed: it is given
out on a page and can't be guessed, so nobody learns by asking whose pages these are. A colour's says itself.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from gangway.organizations.colours import is_colour, text_on
from gangway.organizations.logos import Logo, logo_file
from gangway.organizations.looks import look_at
from gangway.web.desk import for_anyone

SIGNER: Final = Signer(salt="gangway.web.brand")
KEPT: Final = "private, max-age=86400"


@dataclass(frozen=True, slots=True)
class Brand:
    """Addresses of the picture and of the style sheet; empty where there is none."""

    logo_url: str = ""
    style_url: str = ""


def brand_of(path: str) -> Brand:
    """Return what pages for the organization at `path` wear."""
    if not path:
        return Brand()
    look = look_at(path)
    logo = look.logo and SIGNER.sign(f"{look.logo.organization_id.hex}.{look.logo.digest}")
    return Brand(
        reverse("web:brand_logo", args=[logo]) if logo else "",
        reverse("web:brand_colour", args=[look.colour.removeprefix("#")]) if look.colour else "",
    )


@for_anyone
@require_safe
def picture(_request: HttpRequest, signed: str) -> HttpResponse:
    """The logo that a page named."""
    try:
        organization_id, _dot, digest = SIGNER.unsign(signed).partition(".")
        file = logo_file(Logo(UUID(hex=organization_id), digest))
    except (BadSignature, ValueError) as error:
        raise Http404 from error
    if file is None:
        raise Http404
    answer = HttpResponse(file.data, content_type=file.media_type)
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Content-Disposition"] = "inline"
    answer["Cache-Control"] = KEPT
    return answer


@for_anyone
@require_safe
def colour(_request: HttpRequest, digits: str) -> HttpResponse:
    """A style sheet of one colour, and of what is written on it; made of its own address and nothing else."""
    chosen = f"#{digits}"
    if not is_colour(chosen):
        raise Http404
    answer = HttpResponse(
        f":root{{--gw-brand:{chosen};--gw-on-brand:{text_on(chosen)}}}\n", content_type="text/css; charset=utf-8"
    )
    answer["Cache-Control"] = KEPT
    return answer
