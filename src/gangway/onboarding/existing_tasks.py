"""What workers do for a registration that is there already: make a key for it, and prove it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

import structlog

from gangway.foundation import clock
from gangway.foundation.errors import GangwayError
from gangway.jobs.registry import task
from gangway.jobs.retry import RetryDecision
from gangway.jobs.threads import in_database
from gangway.microsoft.transport import shared
from gangway.onboarding import proof, tenant_lookup, typed
from gangway.onboarding.errors import NotADomain
from gangway.onboarding.existing_errors import TenantNotFound
from gangway.onboarding.existing_words import MicrosoftSilent
from gangway.onboarding.proof import Begun
from gangway.onboarding.stages.existing import MAKE_KEY, PROVE
from gangway.onboarding.states import LookupState
from gangway.onboarding.typed import Around
from gangway.provisioning import given, proving
from gangway.provisioning.shapes import CheckItem

NOBODYS: Final = "nobody's"
"""In the place of the id of a tenant that isn't there: no id that is typed is this one."""

log = structlog.get_logger(__name__)


@task(name=MAKE_KEY, retry=RetryDecision(waits=(2, 10)), deadline_seconds=60)
async def make_key(existing_id: str) -> None:
    """Make and seal a certificate's key; the page shows the certificate then."""
    await in_database(proof.make_key, UUID(existing_id), now=clock.now())


@task(name=PROVE, retry=RetryDecision(waits=(2, 10)), deadline_seconds=150)
async def prove_existing(existing_id: str) -> None:
    """Sign in as the registration, look what it may do, and take it over when it works."""
    wanted = UUID(existing_id)
    begun = await in_database(proof.begin, wanted, now=clock.now())
    if begun is None:
        return
    try:
        found = replace(begun, given=replace(begun.given, tenant_id=await _tenant_of(begun)))
        await in_database(proof.refuse_other_use, found)
        sight = await _look(found, wanted)
    except GangwayError as error:
        log.warning("existing_not_proved", existing=existing_id, error=error.code)
        await in_database(proof.refuse, wanted, error, now=clock.now())
        return
    await in_database(proof.end, wanted, found, sight, now=clock.now())


async def _look(begun: Begun, existing_id: UUID) -> proving.Sight:
    about = begun.given
    credential = await in_database(given.opened, about, purpose="prove an existing registration", by=proof.WORKER)

    async def tell(items: Sequence[CheckItem]) -> None:
        await in_database(proof.note, items, existing_id=existing_id)

    return await proving.look(
        tenant_id=about.tenant_id,
        cloud=about.cloud,
        app_id=about.app_id,
        credential=credential,
        sha1=about.about.get("sha1", ""),
        plan=about.plan,
        tell=tell,
    )


async def _tenant_of(begun: Begun) -> str:
    """The id of the tenant that was typed, when it is one of the customer's, as far as anybody knows those.

    Before anything secret is tried there. Raises the errors of the field "tenant", and MicrosoftSilent.
    """
    tenant_id = begun.given.tenant_id or await _id_of(begun.tenant, begun)
    if not tenant_id:
        raise TenantNotFound(field="tenant")
    fault = typed.fault_of_tenant(tenant_id, await _with_ids(begun, but=tenant_id))
    if fault is not None:
        raise fault
    return tenant_id


async def _with_ids(begun: Begun, *, but: str) -> Around:
    """What is known, with the ids of those tenants of which only a domain is; that tenant's own need not be sought."""
    theirs = begun.around.theirs
    if all(one.tenant_id for one in theirs) or but in {one.tenant_id for one in theirs}:
        return begun.around
    ids = [one.tenant_id or await _id_of(one.domain, begun) or NOBODYS for one in theirs]
    told = (replace(one, tenant_id=found) for one, found in zip(theirs, ids, strict=True))
    return replace(begun.around, theirs=tuple(told))


async def _id_of(domain: str, begun: Begun) -> str:
    """The id of a domain's tenant, as Microsoft tells everybody; empty where there is none. Raises MicrosoftSilent."""
    cloud = tenant_lookup.cloud_of(begun.given.cloud)
    try:
        name = tenant_lookup.checked_domain(domain)
    except NotADomain:
        return ""
    state, tenant_id = await tenant_lookup.look(name, cloud, await shared(cloud.extra_ca_file))
    if state not in {LookupState.FOUND, LookupState.NOT_FOUND}:
        raise MicrosoftSilent
    return tenant_id
