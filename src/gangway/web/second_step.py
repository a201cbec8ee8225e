"""Which organization somebody works in, and whether they still owe it a second factor.

The session keeps the chosen organization's id and, after a sign-in with Microsoft, the tenant, the organizations that
trust it to have asked for a second factor, whether ours was left out for it, and the organizations into which it
doesn't lead. All are looked at again with every request: who comes to another organization later, by an invitation
say, gives their second factor before that one opens, and where the trust ends, so does the sparing. A role that follows
a claim of Entra counts only in a session that began there: nothing else looks at the claim.
"""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from gangway.accounts import microsoft
from gangway.accounts.microsoft import Arrival
from gangway.accounts.queries import is_trusted, needs_second_factor
from gangway.organizations.queries import Seat, seat

CHOSEN: Final = "organization"
TENANT: Final = "tenant"
TRUSTED: Final = "second_factor_in"
SPARED: Final = "second_factor_spared"
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
GIVING: Final = frozenset({"account_logout", "mfa_reauthenticate", "mfa_reauthenticate_webauthn"})
"""Those by which one is given."""


def chosen_seat(request: HttpRequest) -> Seat:
    """Return where the person sits: the organization of their choice, if they still belong to it. Raises `NoSeat`."""
    chosen = request.session.get(CHOSEN, "")
    shut = [UUID(each) for each in request.session.get(SHUT, ())]
    return seat(
        UUID(str(request.user.pk)),
        organization_id=UUID(chosen) if chosen else None,
        shut=shut,
        by_entra=TENANT in request.session,
    )


def choose(request: HttpRequest, organization_id: UUID) -> None:
    """Keep the choice for this session."""
    request.session[CHOSEN] = str(organization_id)


def begin(request: HttpRequest, arrival: Arrival) -> None:
    """Keep by which tenant this session began, who trusts it, whether ours was left out for it, and where it leads."""
    request.session[TENANT] = str(arrival.tenant_id)
    request.session[TRUSTED] = [str(each) for each in arrival.second_factor_in]
    request.session[SPARED] = arrival.is_trusted
    request.session[SHUT] = [str(each) for each in arrival.shut_in]


def leads_into(request: HttpRequest, organization_id: UUID) -> bool:
    """Return whether this session leads into an organization that its person has only just joined."""
    began_by, person = request.session.get(TENANT), UUID(str(request.user.pk))
    if began_by is None:
        return True
    return microsoft.leads_into(organization_id, operator_id=person, tenant_id=UUID(began_by))


def is_missing(request: HttpRequest, where: Seat) -> bool:
    """Return whether this person must set up a second factor before they may do anything here."""
    if _is_trusted(request, where):
        return False
    if Authenticator.objects.filter(user_id=request.user.pk, type__in=FACTORS).exists():
        return False
    return needs_second_factor(where.path)


def is_owed(request: HttpRequest, where: Seat) -> bool:
    """Return whether this person has a second factor and hasn't given it, and this organization wants it."""
    if _is_trusted(request, where):
        return False
    return was_spared(request) and needs_second_factor(where.path)


def _is_trusted(request: HttpRequest, where: Seat) -> bool:
    """Return whether this organization trusted the session's tenant when it began, and still does."""
    began_by = request.session.get(TENANT)
    if began_by is None or str(where.organization_id) not in request.session.get(TRUSTED, ()):
        return False
    return is_trusted(UUID(began_by), where.organization_id)


def was_spared(request: HttpRequest) -> bool:
    """Return whether somebody has a second factor of ours and hasn't given it since this session began."""
    person = request.user if isinstance(request.user, AbstractBaseUser) else None
    if person is None or not request.session.get(SPARED, False):
        return False
    if any(each.get("method") == "mfa" for each in get_authentication_records(request, person)):
        return False
    return Authenticator.objects.filter(user_id=person.pk, type__in=FACTORS).exists()


def may_open(request: HttpRequest, view: Callable[..., HttpResponse]) -> bool:
    """Return whether this page is one of those that somebody reaches who owes their second factor."""
    match = request.resolver_match
    return bool(getattr(view, "before_second_factor", False)) or bool(match and match.url_name in GIVING)


def changes_factors(request: HttpRequest) -> bool:
    """Return whether this is a page of the library's that shows or changes second factors: none opens by sparing."""
    match = request.resolver_match
    name = (match.url_name or "") if match else ""
    return name.startswith("mfa_") and name not in GIVING


def page_to_give(request: HttpRequest) -> str:
    """Return the address of the page that asks for the second factor of whoever is here."""
    ways = get_adapter().get_reauthentication_methods(request.user)
    ours = (way["url"] for way in ways if str(way["id"]).startswith("mfa_"))
    return str(next(ours, reverse("mfa_reauthenticate")))


def leads_there(request: HttpRequest, view: Callable[..., HttpResponse]) -> bool:
    """Return whether this page is one of those by which a second factor is set up."""
    match = request.resolver_match
    return bool(getattr(view, "before_second_factor", False)) or bool(match and match.url_name in SETTING_UP)
