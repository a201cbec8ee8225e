"""Which organization somebody works in, and whether they still owe it a second factor.

The session keeps the chosen organization's id and, after a sign-in with Microsoft, the organizations that trust that
tenant to have asked for a second factor and those that let only members of a group in by it. All are looked at again
with every request.
"""

from collections.abc import Callable, Iterable
from typing import Final
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse

from gangway.accounts.queries import needs_second_factor
from gangway.organizations.queries import Seat, seat

CHOSEN: Final = "organization"
TRUSTED: Final = "second_factor_in"
SHUT: Final = "shut_in"
FACTORS: Final = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)

SETTING_UP: Final = frozenset(
    {
        "account_logout",
        "account_reauthenticate",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
    }
)
"""Pages of the account library by which a second factor is set up."""


def chosen_seat(request: HttpRequest) -> Seat:
    """Return where the person sits: the organization of their choice, if they still belong to it. Raises `NoSeat`."""
    chosen = request.session.get(CHOSEN, "")
    shut = [UUID(each) for each in request.session.get(SHUT, ())]
    return seat(UUID(str(request.user.pk)), organization_id=UUID(chosen) if chosen else None, shut=shut)


def choose(request: HttpRequest, organization_id: UUID) -> None:
    """Keep the choice for this session."""
    request.session[CHOSEN] = str(organization_id)


def trust(request: HttpRequest, organizations: Iterable[UUID]) -> None:
    """Keep which organizations trust the tenant by which this session began."""
    request.session[TRUSTED] = [str(each) for each in organizations]


def shut(request: HttpRequest, organizations: Iterable[UUID]) -> None:
    """Keep into which organizations this session doesn't lead."""
    request.session[SHUT] = [str(each) for each in organizations]


def is_missing(request: HttpRequest, where: Seat) -> bool:
    """Return whether this person must set up a second factor before they may do anything here."""
    if str(where.organization_id) in request.session.get(TRUSTED, ()):
        return False
    if Authenticator.objects.filter(user_id=request.user.pk, type__in=FACTORS).exists():
        return False
    return needs_second_factor(where.path)


def leads_there(request: HttpRequest, view: Callable[..., HttpResponse]) -> bool:
    """Return whether this page is one of those by which a second factor is set up."""
    match = request.resolver_match
    return bool(getattr(view, "before_second_factor", False)) or bool(match and match.url_name in SETTING_UP)
