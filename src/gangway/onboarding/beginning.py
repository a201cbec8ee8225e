"""The beginning of a new service: it is planned, and its administrator invited, or what an operator typed is proved.

One way for the form of *Add New Tenant* and for a file of many.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from gangway.audit.record import Actor
from gangway.invitations.actions import issue_invitation
from gangway.onboarding import before_sending, existing
from gangway.onboarding.errors import AnotherDomain
from gangway.onboarding.existing import Aside
from gangway.onboarding.expected import need_expected
from gangway.onboarding.typed import Typed
from gangway.organizations.changing import change_details
from gangway.organizations.place_queries import place
from gangway.services.actions import plan_service


@dataclass(frozen=True, slots=True)
class Wanted:
    """The service that is to be, and what its registration shall have. An empty `domain` is not known."""

    customer_id: UUID
    full_name: str
    short_name: str
    licence_type: str
    licensed_users: int
    domain: str
    plan: dict[str, Any]
    plan_fingerprint: str
    finish_by_itself: bool = False
    language: str = ""
    """Of the invitation; empty: that of the customer."""


@transaction.atomic
def invite(
    wanted: Wanted,
    *,
    recipient: str,
    phone: str = "",
    days: int | None = None,
    draft: bool = False,
    knowingly: str = "",
    by: Actor,
    now: datetime,
) -> UUID:
    """Plan the service and invite its administrator; both or neither. Gives the invitation's id.

    As long as nobody has said whose the customer's domain is, it stays a draft that then goes out by itself. What is
    asked for as a draft is kept whatever is said of the domain: that is looked at when it is sent.

    `days`: how long the link is good for, if not as long as the provider's usually are. `knowingly`: the address that
    was answered for, where it is at a domain that nobody knows of the customer.

    Call it inside a scope. Raises `AnotherDomain`, `DomainUnknown`, `AddressUnexpected`, and what `plan_service` and
    `issue_invitation` raise.
    """
    refuse_another(wanted.domain, known=place(wanted.customer_id).domains)
    found = before_sending.look(wanted.customer_id, domain=wanted.domain, refuse=not draft, now=now)
    service_id = _planned(wanted, by=by)
    need_expected(recipient, customer_id=wanted.customer_id, knowingly=knowingly)
    issued = issue_invitation(
        service_id=service_id,
        recipient=recipient,
        phone=phone,
        days=days,
        language=wanted.language,
        finish_by_itself=wanted.finish_by_itself,
        draft=draft or not before_sending.is_known(found),
        plan=wanted.plan,
        plan_fingerprint=wanted.plan_fingerprint,
        by=by,
        now=now,
    )
    if found is not None and (before_sending.is_known(found) or not draft):
        before_sending.hold_or_expect(issued.invitation_id, found, by=by, now=now)
    return issued.invitation_id


@transaction.atomic
def use_known(wanted: Wanted, *, typed: Typed, aside: Aside | None = None, by: Actor, now: datetime) -> UUID:
    """Plan the service, keep what was typed and have a worker validate it; gives the invitation's id.

    `aside`: the secret, when it was typed before.

    No link goes out, so that nothing waits for whose the domain is: the proof compares it. A certificate or trust has
    to be told to Microsoft first. Call it inside a scope. Raises `AnotherDomain`, `NotAsTyped`, as `plan_service`.
    """
    invitation_id = existing.begin_known(
        service_id=_planned(wanted, by=by),
        plan=wanted.plan,
        plan_fingerprint=wanted.plan_fingerprint,
        finish_by_itself=wanted.finish_by_itself,
        aside=aside if typed.kind == "secret" and not typed.secret else None,
        by=by,
        now=now,
    )
    if typed.kind == "secret":
        existing.start_known(invitation_id=invitation_id, typed=typed, by=by, now=now)
    else:
        existing.choose_kind_known(invitation_id=invitation_id, kind=typed.kind, draft=typed, by=by, now=now)
    return invitation_id


def _planned(wanted: Wanted, *, by: Actor) -> UUID:
    """Plan the service, and keep the customer's domain; gives the service's id."""
    _keep_domain(wanted, by=by)
    return plan_service(
        customer_id=wanted.customer_id,
        full_name=wanted.full_name,
        short_name=wanted.short_name,
        licence_type=wanted.licence_type,
        licensed_users=wanted.licensed_users,
        by=by,
    )


def refuse_another(domain: str, *, known: Sequence[str]) -> None:
    """Raise `AnotherDomain` at "domain" for one that isn't among those that a customer is known by, if there are any.

    Else who is invited would have to sign in to the tenant of the known one, and be refused in the other.
    """
    if domain and known and domain not in known:
        raise AnotherDomain(f"This customer's Microsoft 365 domain is {' or '.join(known)}.", field="domain")


def _keep_domain(wanted: Wanted, *, by: Actor) -> None:
    """Write the domain down where the customer has none yet. Raises `AnotherDomain` where it has another one."""
    about = place(wanted.customer_id)
    refuse_another(wanted.domain, known=about.domains)
    if wanted.domain and not about.domains:
        details = replace(about.details, domain=wanted.domain)
        change_details(organization_id=wanted.customer_id, name=about.name, details=details, cloud="", by=by)
