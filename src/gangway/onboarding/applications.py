"""Sign-in applications: the one that Microsoft's pages name when an administrator of a provider's customer signs in."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, differing, record
from gangway.foundation.clouds import cloud_name
from gangway.foundation.sealed import SealedText
from gangway.microsoft.signin.own_credentials import Secret
from gangway.onboarding.errors import NoSignInApplication, NotAGuid, NotASecretValue
from gangway.onboarding.models import SignInApplication
from gangway.onboarding.shapes import SignInApplicationView
from gangway.organizations.queries import ProviderView, provider_of
from gangway.vault import actions as vault
from gangway.vault.places import Place

GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


SECRET: Final = "onboarding.sign_in_application.secret"  # noqa: S105  the name of a place
LONGEST_SECRET: Final = 500
LONGEST_PUBLISHER: Final = 256
TRADES: Final = "trade an authorization code"


@transaction.atomic
def register(*, provider_id: UUID, client_id: str, home_tenant_id: str, cloud: str, by: Actor, now: datetime) -> UUID:
    """Tell Gangway a provider's sign-in application in a cloud; a second time changes it.

    Raises `NotAGuid` at its field, `CloudUnknown` at "cloud".
    """
    provider = provider_of(provider_id)
    facts = {
        "client_id": _guid(client_id, field="client_id"),
        "home_tenant_id": _guid(home_tenant_id, field="home_tenant_id"),
        "display_name": name_of(provider),
    }
    whose: dict[str, Any] = {
        "provider_id": provider.id,
        "cloud": cloud_name(cloud).value,
        "server_name": provider.server_name,
    }
    known = SignInApplication.objects.select_for_update(of=("self",)).filter(**whose).first()
    before = {name: getattr(known, name) for name in facts} if known else {}
    defaults: dict[str, Any] = {**facts, "registered_at": now}
    if known and known.client_id != facts["client_id"]:
        defaults |= {"publisher": "", "publisher_seen_at": None}
    row, _ = SignInApplication.objects.update_or_create(**whose, defaults=defaults)
    was, now_is = differing(before, facts)
    if now_is:
        subject, told = f"sign_in_application:{row.pk}", {"cloud": row.cloud}
        event = Event.SIGN_IN_APPLICATION_REGISTERED
        record(event, by=by, organization_id=provider.id, subject=subject, data=told, before=was, after=now_is)
    return row.pk


@transaction.atomic
def keep_secret(application_id: UUID, *, secret: SealedText, ends_on: date | None, by: Actor) -> None:
    """Seal the application's credential in place of an earlier one. Raises `NotASecretValue` at "secret"."""
    row = _locked(application_id)
    text = secret.reveal().strip()
    if not text.isascii() or not text.isprintable() or " " in text or len(text) > LONGEST_SECRET:
        raise NotASecretValue(field="secret")
    if not text or GUID.fullmatch(text.lower()):
        raise NotASecretValue(field="secret")
    before, was = row.secret_id, {"ends_on": _day(row.secret_ends_on)}
    row.secret_id = vault.seal(place=secret_place(row.provider_id, row.pk), text=SealedText(text))
    row.secret_ends_on = ends_on
    row.save(update_fields=["secret_id", "secret_ends_on"])
    vault.destroy(sealed_id=before, by=by)
    _told(Event.SIGN_IN_APPLICATION_CREDENTIAL_KEPT, row, by, was, {"ends_on": _day(ends_on)})


@transaction.atomic
def say_end(application_id: UUID, *, ends_on: date | None, by: Actor) -> None:
    """Keep another day on which the kept credential ends: nobody can read it at Microsoft."""
    row = _locked(application_id)
    was, now_is = {"ends_on": _day(row.secret_ends_on)}, {"ends_on": _day(ends_on)}
    row.secret_ends_on = ends_on
    row.save(update_fields=["secret_ends_on"])
    _told(Event.SIGN_IN_APPLICATION_REGISTERED, row, by, was, now_is)


@transaction.atomic
def forget_secret(application_id: UUID, *, by: Actor) -> None:
    """Destroy the kept credential here; at Microsoft it stays until somebody deletes it there."""
    row = _locked(application_id)
    if row.secret_id is None:
        return
    was = {"ends_on": _day(row.secret_ends_on)}
    before, row.secret_id, row.secret_ends_on = row.secret_id, None, None
    row.save(update_fields=["secret_id", "secret_ends_on"])
    vault.destroy(sealed_id=before, by=by)
    _told(Event.SIGN_IN_APPLICATION_CREDENTIAL_FORGOTTEN, row, by, was, {"ends_on": None})


def note_publisher(client_id: str, *, cloud: str, publisher: str, now: datetime) -> None:
    """Keep whom Microsoft showed as an application's verified publisher where somebody signed in; empty: nobody."""
    rows = SignInApplication.objects.filter(client_id=client_id, cloud=cloud)
    rows.update(publisher=publisher[:LONGEST_PUBLISHER], publisher_seen_at=now)


def credential_of(client_id: str, *, provider_id: UUID, cloud: str, by: Actor, told: bool = True) -> Secret | None:
    """Open the credential that a provider kept for its application (workers only); None when none is.

    Another provider may name the same client id, which is no secret; it never signs in by this one's credential.
    Raises the vault's errors.
    """
    rows = SignInApplication.objects.filter(provider_id=provider_id, client_id=client_id, cloud=cloud)
    row = rows.filter(secret_id__isnull=False).first()
    if row is None or row.secret_id is None:
        return None
    place = secret_place(row.provider_id, row.pk)
    given: dict[str, Any] = {"sealed_id": row.secret_id, "place": place, "by": by, "told": told}
    return Secret(vault.reveal(**given, purpose=TRADES))


def tell_credential_opened(client_id: str, *, provider_id: UUID, cloud: str, by: Actor) -> None:
    """Record that the credential was opened, where that was not told."""
    rows = SignInApplication.objects.filter(provider_id=provider_id, client_id=client_id, cloud=cloud)
    opened = rows.filter(secret_id__isnull=False).values_list("secret_id", flat=True)[:1]
    vault.tell_opened(sealed_ids=[one for one in opened if one], purpose=TRADES, by=by)


def note_unlisted(application_id: UUID, addresses: Sequence[str]) -> None:
    """Keep which return addresses Microsoft did not know at the latest look: nobody is sent there in vain."""
    SignInApplication.objects.filter(pk=application_id).update(unlisted=list(addresses))


def secret_place(provider_id: UUID, application_id: UUID) -> Place:
    """Name the place of the sealed credential; it opens nowhere else."""
    return Place(provider_id, SECRET, application_id)


def _locked(application_id: UUID) -> SignInApplication:
    return SignInApplication.objects.select_for_update(of=("self",)).get(pk=application_id)


def _day(on: date | None) -> str | None:
    return on.isoformat() if on else None


def _told(
    event: Event, row: SignInApplication, by: Actor, before: dict[str, str | None], after: dict[str, str | None]
) -> None:
    subject, facts = f"sign_in_application:{row.pk}", {"name": row.display_name, "cloud": row.cloud}
    record(event, by=by, organization_id=row.provider_id, subject=subject, data=facts, before=before, after=after)


def has_one(provider_id: UUID) -> bool:
    """Whether somebody can sign in for a provider on this server, in whichever cloud."""
    here = SignInApplication.objects.filter(server_name=settings.GANGWAY.server_name)
    return here.filter(provider_id=provider_id).exists()


def name_of(provider: ProviderView) -> str:
    """Return the name the application must have, `<server>-<provider>-token`, e.g. Sandbox1-sp2-token."""
    return f"{provider.server_name}-{provider.short_name or provider.name}-token"


def for_provider(provider_id: UUID, *, cloud: str) -> SignInApplicationView:
    """Return the application of this server for a provider in a cloud; raises `NoSignInApplication`."""
    found = _view_of_first(provider_id, cloud)
    if found is None:
        raise NoSignInApplication
    return found


def find(provider_id: UUID, *, cloud: str) -> SignInApplicationView | None:
    """Return the application of this server for a provider in a cloud; None before it is registered there."""
    return _view_of_first(provider_id, cloud)


def called(client_id: str, cloud: str) -> str:
    """Return how Microsoft's pages call the application with this client id; empty when no provider has it now."""
    rows = SignInApplication.objects.filter(client_id=client_id, cloud=cloud)
    return rows.order_by("display_name").values_list("display_name", flat=True).first() or ""


def by_id(application_id: UUID) -> SignInApplicationView:
    """Return one application that is there."""
    return _view(SignInApplication.objects.select_related("provider").get(pk=application_id))


def listed(provider_id: UUID | None) -> list[SignInApplicationView]:
    """Return all applications of this server, or those of one provider."""
    rows = SignInApplication.objects.filter(server_name=settings.GANGWAY.server_name).select_related("provider")
    if provider_id is not None:
        rows = rows.filter(provider_id=provider_id)
    return [_view(row) for row in rows.order_by("display_name")]


def own_tenants(provider_id: UUID) -> frozenset[str]:
    """Return the tenants that a provider named as its own: none of its customers may be connected with one of them.

    Not those of other providers: anybody could shut a rival's customer out by naming its tenant.
    """
    rows = SignInApplication.objects.filter(provider_id=provider_id)
    return frozenset(rows.values_list("home_tenant_id", flat=True))


def own_clients(provider_id: UUID) -> frozenset[str]:
    """Return the client ids of a provider's and the platform's applications: no customer's service signs in by them."""
    ids = SignInApplication.objects.filter(provider_id=provider_id).values_list("client_id", flat=True)
    return frozenset({*ids, settings.GANGWAY.people_client_id.lower()} - {""})


def _view_of_first(provider_id: UUID, cloud: str) -> SignInApplicationView | None:
    rows = SignInApplication.objects.filter(
        provider_id=provider_id, cloud=cloud, server_name=settings.GANGWAY.server_name
    )
    row = rows.select_related("provider").first()
    return None if row is None else _view(row)


def _view(row: SignInApplication) -> SignInApplicationView:
    return SignInApplicationView(
        id=row.pk,
        provider_id=row.provider_id,
        provider_name=row.provider.name,
        cloud=row.cloud,
        server_name=row.server_name,
        display_name=row.display_name,
        client_id=row.client_id,
        home_tenant_id=row.home_tenant_id,
        secret_id=row.secret_id,
        secret_ends_on=row.secret_ends_on,
        unlisted=tuple(row.unlisted),
        publisher=row.publisher,
        publisher_seen_at=row.publisher_seen_at,
    )


def _guid(text: str, *, field: str) -> str:
    cleaned = text.strip().lower()
    if not GUID.fullmatch(cleaned):
        raise NotAGuid(field=field)
    return cleaned
