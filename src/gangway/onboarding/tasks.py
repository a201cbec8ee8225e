"""What workers do for this room: jobs, and the loop that polls waiting sign-ins (registered in `polling`)."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings

from gangway.foundation import clock
from gangway.foundation.errors import GangwayError
from gangway.jobs.actions import defer
from gangway.jobs.registry import task
from gangway.jobs.retry import RetryDecision
from gangway.jobs.schedule import every
from gangway.jobs.threads import in_database
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.transport import shared
from gangway.onboarding import (
    before_sending,
    checking,
    deletion,
    disconnections,
    finishing,
    outside,
    platform_watch,
    polling,
    proof,
    provider_setup,
    reminding,
    retention,
    sharing,
    tenant_lookup,
    tenants_twice,
    tidying,
    unexpected,
)
from gangway.onboarding.existing_tasks import make_key, prove_existing
from gangway.onboarding.own_view import arriving, asking, exchange
from gangway.onboarding.stages import redirect, sign_in, verification
from gangway.provisioning.actions import CheckItem, check_registration

__all__ = ["make_key", "prove_existing"]

log = structlog.get_logger(__name__)

ABANDON: Final = "onboarding:abandon"
FORGET: Final = "onboarding:forget_people"
GO_ON_DELETING: Final = "onboarding:go_on_deleting"
REMIND: Final = "onboarding:remind"
SOON: Final = RetryDecision(waits=(2, 5, 15, 60))


@task(name=sign_in.START, deadline_seconds=60)
async def start_device_code(sign_in_id: str) -> None:
    """Ask Microsoft for a code at once. Lost, late or twice: row and lease decide, and the loop goes on with it."""
    await polling.visit_one(UUID(sign_in_id))


@task(name=redirect.TRADE, deadline_seconds=60)
async def trade_code(sign_in_id: str) -> None:
    """Trade the authorization code that a browser brought back, at once. Otherwise as with the device code."""
    await polling.visit_one(UUID(sign_in_id))


@task(name=arriving.ASK, retry=SOON, deadline_seconds=60)
async def ask_who_visits(visit_id: str) -> None:
    """Ask Microsoft who of a customer's tenant came to look."""
    await exchange.ask(UUID(visit_id))


@task(name=disconnections.TELL, retry=SOON, deadline_seconds=60)
def tell_of_disconnection(service_id: str) -> None:
    """Tell a provider's people that a customer disconnected a service, or took it back."""
    disconnections.tell(UUID(service_id), now=clock.now())


@task(name=unexpected.TELL, retry=SOON, deadline_seconds=60)
def tell_of_report(invitation_id: str) -> None:
    """Tell a provider's people that somebody didn't expect an invitation, or that it is unfrozen."""
    unexpected.tell(UUID(invitation_id), now=clock.now())


@task(name=unexpected.TELL_LATE, retry=SOON, deadline_seconds=60)
def tell_of_late_report(invitation_id: str) -> None:
    """Tell a provider's people that somebody didn't expect an invitation which is over."""
    unexpected.tell_late(UUID(invitation_id), now=clock.now())


@task(name=asking.TELL, retry=SOON, deadline_seconds=60)
def ask_customer_to_remove(service_id: str) -> None:
    """Ask a customer's contacts to have somebody sign in, so that what remains goes."""
    asking.tell(UUID(service_id), now=clock.now())


@task(name="onboarding:run_ended", retry=SOON, deadline_seconds=60)
def run_ended(run_id: str) -> None:
    """Take note of how a provisioning run ended or came to rest."""
    verification.run_ended(run_id=UUID(run_id), now=clock.now())
    finishing.begin_all(now=clock.now())


@task(name="onboarding:validate_onboarding", retry=RetryDecision(waits=(2, 10)), deadline_seconds=150)
async def validate_onboarding(onboarding_id: str) -> None:
    """Look at a fresh registration for the operator who adds it."""
    wanted = UUID(onboarding_id)
    begun = await in_database(checking.begin, onboarding_id=wanted)
    if begun is None:
        return

    async def tell(items: Sequence[CheckItem]) -> None:
        await in_database(checking.note, items, onboarding_id=wanted)

    try:
        result = await check_registration(
            registration_id=begun.registration_id,
            credential_id=begun.credential_id,
            users_wanted=begun.users,
            by=checking.WORKER,
            tell=tell,
        )
    except GangwayError as error:
        log.exception("validation_failed", onboarding=onboarding_id)
        await in_database(checking.fail, onboarding_id=wanted, error=error, now=clock.now())
        return
    await in_database(checking.end, onboarding_id=wanted, result=result, now=clock.now())


@task(name=provider_setup.CHECK, retry=RetryDecision(waits=(2, 10)), deadline_seconds=120)
async def check_application(check_id: str) -> None:
    """Look at a provider's sign-in application from outside."""
    wanted = UUID(check_id)
    begun = await in_database(provider_setup.begin, wanted)
    if begun is None:
        return
    about, redirects, secret = begun
    try:
        cloud = Cloud.of(settings.GANGWAY, about.cloud)
        wire = await shared(cloud.extra_ca_file)
        items = await outside.look(
            about, transport=wire, cloud=cloud, redirects=redirects, secret=secret, now=clock.now()
        )
    except GangwayError:
        log.exception("application_check_failed", check=check_id)
        await in_database(provider_setup.fail, wanted, now=clock.now())
        return
    await in_database(provider_setup.end, wanted, items, now=clock.now())


@task(name=tenant_lookup.LOOK_UP, retry=RetryDecision(waits=(2, 10)), deadline_seconds=60)
async def look_up_tenant(lookup_id: str) -> None:
    """Ask which tenant a domain belongs to."""
    wanted = UUID(lookup_id)
    begun = await in_database(tenant_lookup.begin, wanted)
    if begun is None:
        return
    cloud = tenant_lookup.cloud_of(begun[1])
    state, tenant_id = await tenant_lookup.look(begun[0], cloud, await shared(cloud.extra_ca_file))
    await in_database(tenant_lookup.end, wanted, state, tenant_id)
    await in_database(before_sending.answered, wanted, now=clock.now())


@task(name=ABANDON, deadline_seconds=120)
def abandon() -> None:
    """Let go of what nobody comes back for: sealed tokens, codes, validations without a worker.

    One chore that breaks holds up no other; the job fails after all of them.
    """
    chores = (
        tidying.abandon_idle_cases,
        tidying.close_withdrawn_cases,
        checking.give_up,
        proof.give_up,
        provider_setup.give_up,
        finishing.begin_all,
        before_sending.go_on,
        tenant_lookup.forget,
        exchange.forget,
        asking.clear_answered,
        unexpected.clear_answered,
    )
    now, broken = clock.now(), []
    for chore in chores:
        try:
            chore(now=now)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are done first
            broken.append(error)
    if broken:
        raise ExceptionGroup("chores broke", broken)


@task(name=REMIND, deadline_seconds=120)
def remind() -> None:
    """Remind of what waits for another administrator, where that is due, each in a transaction of its own."""
    reminding.remind_all(now=clock.now())


@task(name=deletion.TAKE, retry=SOON, deadline_seconds=60)
def take_service_away(service_id: str) -> None:
    """Start, or start again, to take away what goes with a service."""
    deletion.take_away(UUID(service_id), again=True, now=clock.now())


@task(name=deletion.ENDED, retry=SOON, deadline_seconds=60)
def service_left(run_id: str) -> None:
    """Take note of how taking a service away ended or came to rest."""
    deletion.run_ended(UUID(run_id), now=clock.now())


@task(name=sharing.MINTED, retry=SOON, deadline_seconds=60)
def credential_made(run_id: str) -> None:
    """Go on with a further service of a registration when its credential is proved, or could not be made."""
    sharing.minted(UUID(run_id), now=clock.now())


@task(name=GO_ON_DELETING, deadline_seconds=120)
def go_on_deleting() -> None:
    """Take the next step of every deletion, whatever was lost on the way."""
    deletion.go_on(now=clock.now())


@task(name=FORGET, deadline_seconds=600)
def forget_people() -> None:
    """Forget the people of services that are gone for long; where there are many, the next job goes on."""
    if retention.forget_people(now=clock.now()) >= retention.MOST:
        defer(FORGET, queueing_lock=FORGET)


@task(name=platform_watch.WATCH, deadline_seconds=120)
def watch_platform(attempt: int = 0) -> None:
    """Look at what this platform itself lives by; trouble is an alarm."""
    platform_watch.watch(attempt=attempt, now=clock.now())


@task(name=platform_watch.WATCH_HOSTS, deadline_seconds=180)
def watch_hosts(turn: int) -> None:
    """Look at one turn of the certificates of providers' own host names."""
    platform_watch.watch_hosts(turn=turn, now=clock.now())


@task(name=tenants_twice.WATCH, deadline_seconds=300)
def watch_tenants() -> None:
    """Tell a provider of a tenant that several of its resellers claim."""
    tenants_twice.watch(now=clock.now())


every(6 * 3600, platform_watch.WATCH)
every(6 * 3600, tenants_twice.WATCH)
every(60, ABANDON)
every(24 * 3600, FORGET)
every(60, GO_ON_DELETING)
every(300, REMIND)
