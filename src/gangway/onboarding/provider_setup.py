"""A provider's set-up, changed and looked at by its admin: the sign-in application and what new services begin with."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.foundation.errors import GangwayError
from gangway.foundation.sealed import SealedText
from gangway.jobs.actions import defer
from gangway.onboarding import applications
from gangway.onboarding.errors import NoSignInApplication
from gangway.onboarding.models import ApplicationCheck, SignInApplication
from gangway.onboarding.shapes import CheckView, Seen, SignInApplicationView
from gangway.onboarding.stages import redirect
from gangway.onboarding.states import CheckState, Verdict
from gangway.organizations import hosts
from gangway.organizations.errors import NoSuchOrganization
from gangway.organizations.place_queries import place
from gangway.organizations.roles import Kind
from gangway.organizations.scope import within_everything
from gangway.vault import actions as vault

CHECK: Final = "onboarding:check_application"
WORKER: Final = Actor.system("set-up")
LONGEST: Final = timedelta(minutes=5)
"""A look that takes longer lost its worker."""
REASON: Final = "a worker looks at every provider's sign-in application"
_WAITING: Final = (CheckState.QUEUED.value, CheckState.RUNNING.value)


@transaction.atomic
def save_application(
    provider_id: UUID,
    *,
    cloud: str,
    client_id: str,
    home_tenant_id: str,
    secret: SealedText,
    secret_ends_on: date | None,
    by: Actor,
    now: datetime,
) -> None:
    """Tell the application of a provider of the scope; with an empty secret the kept one stays, if it is the same one.

    Raises `NoSuchOrganization`, `CloudUnknown` at "cloud", `NotAGuid` and `NotASecretValue` at their fields.
    """
    _need(provider_id)
    before = applications.find(provider_id, cloud=cloud)
    found = applications.register(
        provider_id=provider_id, client_id=client_id, home_tenant_id=home_tenant_id, cloud=cloud, by=by, now=now
    )
    if secret:
        applications.keep_secret(found, secret=secret, ends_on=secret_ends_on, by=by)
    elif before and before.client_id != client_id.strip().lower():
        applications.forget_secret(found, by=by)
    elif before and before.secret_id and before.secret_ends_on != secret_ends_on:
        applications.say_end(found, ends_on=secret_ends_on, by=by)


def forget_secret(provider_id: UUID, *, cloud: str, by: Actor) -> None:
    """Destroy the kept credential. Raises `NoSuchOrganization`, `NoSignInApplication`."""
    _need(provider_id)
    applications.forget_secret(applications.for_provider(provider_id, cloud=cloud).id, by=by)


@transaction.atomic
def ask_check(provider_id: UUID, *, cloud: str, by: Actor, now: datetime) -> None:
    """*Check now*: a worker looks, unless one is about to. Raises `NoSuchOrganization`, `NoSignInApplication`."""
    _need(provider_id)
    about = applications.for_provider(provider_id, cloud=cloud)
    list(SignInApplication.objects.select_for_update(of=("self",)).filter(pk=about.id))
    if ApplicationCheck.objects.filter(application_id=about.id, state__in=_WAITING).exists():
        return
    row = ApplicationCheck(
        id=uuid4(), organization_id=provider_id, application_id=about.id, asked_by_name=by.name, asked_at=now
    )
    row.save(force_insert=True)
    facts = {"name": about.display_name, "cloud": about.cloud}
    _told(Event.SIGN_IN_APPLICATION_CHECK_ASKED, row, by, facts)
    defer(CHECK, check_id=str(row.pk))


def checks(provider_id: UUID, *, cloud: str, limit: int = 5) -> tuple[CheckView, ...]:
    """Return the latest looks at an application, the newest first."""
    rows = ApplicationCheck.objects.filter(
        organization_id=provider_id, application__cloud=cloud, application__server_name=settings.GANGWAY.server_name
    )
    return tuple(_view(row) for row in rows.order_by("-asked_at", "-id")[:limit])


def redirects(provider_id: UUID) -> tuple[str, ...]:
    """Return the addresses that the application lists: one for each host name that people of a provider meet.

    Microsoft lists encrypted ones only, and localhost; others are left out.
    """
    names = hosts.hosts_of(provider_id)
    origins = [hosts.public_url(provider_id), *(hosts.origin_of(name) for name in names), hosts.origin_of("")]
    listed = [origin for origin in dict.fromkeys(origins) if redirect.may_be_listed(origin)]
    return tuple(f"{origin}{redirect.RETURN}" for origin in listed)


def opened_secret(about: SignInApplicationView, *, by: Actor, purpose: str) -> SealedText | GangwayError | None:
    """Open the kept credential (workers only); an error that is returned says what kept it closed."""
    if about.secret_id is None:
        return None
    spot = applications.secret_place(about.provider_id, about.id)
    try:
        return vault.reveal(sealed_id=about.secret_id, place=spot, purpose=purpose, by=by)
    except GangwayError as error:
        return error


def begin(check_id: UUID) -> tuple[SignInApplicationView, tuple[str, ...], SealedText | GangwayError | None] | None:
    """Mark a look as running and return what it needs; None when it is over already (the job ran twice)."""
    with within_everything(REASON), transaction.atomic():
        row = _locked(check_id)
        if row is None:
            return None
        row.state = CheckState.RUNNING.value
        row.save(update_fields=["state"])
        about = applications.by_id(row.application_id)
        secret = opened_secret(about, by=WORKER, purpose="check the sign-in application")
        return about, redirects(row.organization_id), secret


def end(check_id: UUID, items: Sequence[Seen], *, now: datetime) -> None:
    """Keep what was seen; a return address that Microsoft doesn't know is no longer offered to anybody."""
    with within_everything(REASON):
        about = ApplicationCheck.objects.filter(pk=check_id).values_list("application_id", flat=True).first()
    if about is not None:
        missing = [item.about for item in items if item.key == "redirect" and item.state is Verdict.WARNING]
        applications.note_unlisted(about, missing)
    _close(check_id, CheckState.DONE, [asdict(item) for item in items], now)


def fail(check_id: UUID, *, now: datetime) -> None:
    """Keep that we could not look, which says nothing about the application."""
    _close(check_id, CheckState.FAILED, [], now)


def give_up(*, now: datetime) -> None:
    """End looks that lost their worker, so that another can be asked for."""
    with within_everything(REASON):
        old = ApplicationCheck.objects.filter(state__in=_WAITING, asked_at__lt=now - LONGEST)
        for check_id in list(old.values_list("pk", flat=True)):
            fail(check_id, now=now)


def _close(check_id: UUID, state: CheckState, items: list[dict[str, str]], now: datetime) -> None:
    with within_everything(REASON), transaction.atomic():
        row = _locked(check_id)
        if row is None:
            return
        row.state, row.items, row.ended_at = state.value, items, now
        row.save(update_fields=["state", "items", "ended_at"])
        counts = {verdict.value: sum(item["state"] == verdict for item in items) for verdict in Verdict}
        _told(Event.SIGN_IN_APPLICATION_CHECK_ENDED, row, WORKER, {"ended": state.value, **counts})


def _locked(check_id: UUID) -> ApplicationCheck | None:
    rows = ApplicationCheck.objects.select_for_update(of=("self",))
    return rows.filter(pk=check_id, state__in=_WAITING).first()


def _told(event: Event, row: ApplicationCheck, by: Actor, facts: Mapping[str, str | int]) -> None:
    subject = f"sign_in_application:{row.application_id}"
    record(event, by=by, organization_id=row.organization_id, subject=subject, data=facts)


def _view(row: ApplicationCheck) -> CheckView:
    items = tuple(Seen(**{**item, "state": Verdict(item["state"])}) for item in row.items)
    return CheckView(CheckState(row.state), items, row.asked_by_name, row.asked_at, row.ended_at)


def _need(provider_id: UUID) -> None:
    if place(provider_id).kind is not Kind.PROVIDER:
        raise NoSuchOrganization


__all__ = ["NoSignInApplication", "ask_check", "checks", "forget_secret", "redirects", "save_application"]
