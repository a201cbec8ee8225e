"""Who signed in and what they may do, read before any write: one round trip."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar
from uuid import UUID

from gangway.foundation.ids import ObjectId, TenantId
from gangway.foundation.sealed import SealedText
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.errors import Forbidden, Missing
from gangway.microsoft.graph import applications, policies, service_principals, tenant
from gangway.microsoft.graph.session import GraphSession, Outcome
from gangway.microsoft.graph.shapes import (
    CredentialPolicy,
    DirectoryRole,
    Licence,
    Namesake,
    Organization,
    Person,
    SecretRule,
)
from gangway.microsoft.transport import shared
from gangway.provisioning import licences
from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.blueprint import TAG, UNIQUE_NAME_PREFIX
from gangway.provisioning.engine.preflight import LEFT, Preflight, Seen, Wanted, preflight
from gangway.provisioning.engine.rights import Part, summary, verdict
from gangway.provisioning.engine.sight import Source, TenantSight
from gangway.provisioning.fresh import terms_of
from gangway.provisioning.shapes import PARTNER, SignerFacts

T = TypeVar("T")
NO_LICENCE: Final = "AadPremiumLicenseRequired"
"""Graph's code for a tenant without the licence that PIM takes."""


async def observe_signer(
    *,
    token: SealedText,
    tenant_id: str,
    cloud: Cloud,
    plan: Mapping[str, Any],
    registration_id: UUID,
    left: frozenset[Part] = frozenset(),
    spared: frozenset[str] = frozenset(),
    client_id: str = "",
) -> SignerFacts:
    """The facts about the person behind a delegated token, and what they can do of a pinned plan.

    `left`: what they leave to somebody else, whatever their roles are: their token wasn't asked for it. `spared`: steps
    of which there is nothing to do. `client_id`: of the application they signed in to, whose publisher is read as well.

    Worker only. Raises the MicrosoftError of what must be readable: person, tenant and roles.
    """
    graph = GraphSession(await shared(cloud.extra_ca_file), cloud, token, TenantId(tenant_id))
    who, where, which, eligible, policy, skus, ours, deleted, principals, *publisher = await graph.batch(
        [
            tenant.me(),
            tenant.organization(),
            tenant.my_roles(),
            tenant.my_eligible_roles(),
            policies.credential_policy(),
            tenant.licences(),
            applications.with_prefix(UNIQUE_NAME_PREFIX),
            applications.deleted_with_prefix(UNIQUE_NAME_PREFIX),
            service_principals.with_tag(TAG),
            *([service_principals.publisher_of(client_id)] if client_id else []),
        ]
    )
    around = TenantSight(
        tenant_id=tenant_id,
        cloud=cloud.name,
        source=Source.SIGNED_IN,
        applications=_if_read(ours),
        principals=_if_read(principals),
        deleted=_if_read(deleted),
    )
    roles = _roles(which)
    seen = Seen(
        active=None if roles is None else {role.template_id: role.name for role in roles},
        eligible=_if_read(eligible),
        secrets=_rule(_if_read(policy), around, registration_id),
        ours=_namesakes(around),
        deleted=around.deleted.rows if around.deleted else None,
        phone_licences_left=_left(_if_read(skus)),
        pim=_pim(eligible),
        premium=licences.has_premium(_if_read(skus) or ()),
    )
    checked = _checked(seen, plan, registration_id).leaving(left).sparing(spared)
    facts = _facts(_person(who), where.get(), roles, checked, left=left, spared=spared)
    return replace(facts, around=around, publisher=_if_read(publisher[0]) if publisher else None)


def _rule(policy: CredentialPolicy | None, around: TenantSight, registration_id: UUID) -> SecretRule | None:
    """What binds the registration that is there already, else a new one: a policy may spare those made before a day."""
    listed = around.applications.rows if around.applications else ()
    mine = next((row for row in listed if row.unique_name == f"{UNIQUE_NAME_PREFIX}{registration_id}"), None)
    return None if policy is None else policy.rule(mine.made_at if mine else None)


def _namesakes(around: TenantSight) -> tuple[Namesake, ...] | None:
    listed = around.applications
    return None if listed is None else tuple(Namesake(row.unique_name, row.display_name) for row in listed.rows)


def _checked(seen: Seen, plan: Mapping[str, Any], registration_id: UUID) -> Preflight:
    """Empty for a plan that this release doesn't know: who tries to start it is told why."""
    try:
        pinned = pinning.read(plan)
    except pinning.PlanUnknown:
        return Preflight()
    unique_name = f"{UNIQUE_NAME_PREFIX}{registration_id}"
    terms, others = terms_of(pinned)
    return preflight(seen, Wanted(unique_name, terms.days, pinned.role_days, terms.kind, others, pinned.unit))


def _pim(outcome: Outcome[frozenset[str]]) -> bool | None:
    """Whether the tenant has PIM: who may read eligible roles, or is told that the licence is missing, knows."""
    if outcome.error is None:
        return True
    return False if outcome.error.fault.code == NO_LICENCE else None


def _person(outcome: Outcome[Person]) -> Person:
    """A partner's person (GDAP) may work in the tenant without being there."""
    if isinstance(outcome.error, Missing):
        return Person(object_id=ObjectId(""), upn="", name="", user_type=PARTNER)
    return outcome.get()


def _if_read(outcome: Outcome[T]) -> T | None:
    """Nothing of this must be readable: a refusal, a missing licence for PIM, a busy moment all mean unknown."""
    return None if outcome.error is not None else outcome.get()


def _left(found: tuple[Licence, ...] | None) -> int | None:
    return None if found is None else licences.count(found).left


def _roles(outcome: Outcome[tuple[DirectoryRole, ...]]) -> tuple[DirectoryRole, ...] | None:
    return None if isinstance(outcome.error, Forbidden) else outcome.get()


def _facts(
    person: Person,
    organization: Organization,
    roles: tuple[DirectoryRole, ...] | None,
    checked: Preflight,
    *,
    left: frozenset[Part],
    spared: frozenset[str],
) -> SignerFacts:
    ids = None if roles is None else {role.template_id for role in roles}
    idle = {part for part in Part if part.value in spared}
    wanted = [part for part in Part if part not in idle]
    return SignerFacts(
        user_id=person.object_id,
        upn=person.upn,
        name=person.name,
        user_type=person.user_type,
        tenant_id=organization.tenant_id,
        tenant_name=organization.name,
        domains=tuple(domain.name for domain in organization.domains),
        active_roles={role.template_id: role.name for role in roles or ()},
        can={part.value: "needs_other" if part in left else verdict(part, ids) for part in wanted},
        cannot_summary=summary(ids, spared=idle) or (LEFT if left - idle else ""),
        preflight=checked,
        left=tuple(sorted(part.value for part in left)),
    )
