"""What workers do for a registration that is there already: make a key for it, and prove it."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import structlog

from gangway.foundation import clock
from gangway.foundation.errors import GangwayError
from gangway.jobs.registry import task
from gangway.jobs.retry import RetryDecision
from gangway.jobs.threads import in_database
from gangway.microsoft.transport import shared
from gangway.onboarding import proof, tenant_lookup, typed
from gangway.onboarding.existing_errors import TenantNotFound
from gangway.onboarding.existing_words import MicrosoftSilent
from gangway.onboarding.proof import Begun
from gangway.onboarding.stages.existing import MAKE_KEY, PROVE
from gangway.onboarding.states import LookupState
from gangway.provisioning import given, proving
from gangway.provisioning.shapes import CheckItem

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
    """The id of a tenant that was typed as a domain. Raises the errors of the field "tenant", and MicrosoftSilent."""
    if begun.given.tenant_id:
        return begun.given.tenant_id
    cloud = tenant_lookup.cloud_of(begun.given.cloud)
    domain = tenant_lookup.checked_domain(begun.tenant)
    state, tenant_id = await tenant_lookup.look(domain, cloud, await shared(cloud.extra_ca_file))
    if state is LookupState.NOT_FOUND:
        raise TenantNotFound(field="tenant")
    if state is not LookupState.FOUND:
        raise MicrosoftSilent
    fault = typed.fault_of_tenant(tenant_id, begun.around)
    if fault is not None:
        raise fault
    return tenant_id
