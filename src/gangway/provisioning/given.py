"""Registrations that the customer made: what somebody gave us of one, and its rows once it is proved. Sync.

Registration and credentials are marked as given, so that nothing of ours ever removes or rotates them.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.federation.actions import signer
from gangway.federation.queries import issuer
from gangway.foundation import clock
from gangway.foundation.clouds import cloud_name
from gangway.microsoft.cloud import CLOUDS
from gangway.microsoft.signin.certificates import make
from gangway.microsoft.signin.own_credentials import Certificate, Federated, OwnCredential, Secret
from gangway.provisioning import credential_rows
from gangway.provisioning.credential_rows import SECRET
from gangway.provisioning.engine.blueprint import UNIQUE_NAME_PREFIX
from gangway.provisioning.engine.credential_kinds import Kind
from gangway.provisioning.engine.steps.credentials import Trust
from gangway.provisioning.errors import NoSuchCredential
from gangway.provisioning.models import FEDERATED, GIVEN, NAME, Credential, Registration
from gangway.provisioning.proving import Sight
from gangway.provisioning.states import CredentialState, RegistrationState
from gangway.services.queries import service
from gangway.vault.actions import reveal, seal
from gangway.vault.places import Place

CERTIFICATE_DAYS: Final = 365


@dataclass(frozen=True)
class Given:
    """What somebody gave us of a registration, and the ids that its rows will have. Nothing in it is secret.

    `sealed_id`: the secret or the certificate's key. `about`: what is public of a certificate or a trust. `ends_on`:
    as it was typed.
    """

    registration_id: UUID
    credential_id: UUID
    organization_id: UUID
    provider_id: UUID
    service_id: UUID
    tenant_id: str
    cloud: str
    app_id: str
    kind: Kind
    plan: Mapping[str, Any]
    sealed_id: UUID | None = None
    about: Mapping[str, str] = field(default_factory=dict)
    ends_at: datetime | None = None
    ends_on: date | None = None


@dataclass(frozen=True)
class NewKey:
    """A certificate of ours: where its key is sealed, and what is public of it.

    `der`: in base64. `sha1`: the thumbprint that Microsoft's portal shows, hexadecimal.
    """

    sealed_id: UUID
    name: str
    thumbprint: str
    sha1: str
    der: str
    ends_at: datetime


def place_of(organization_id: UUID, credential_id: UUID) -> Place:
    """Where what a registration signs in with is sealed, before its row is there and after."""
    return Place(organization_id, SECRET, credential_id)


def make_certificate(*, organization_id: UUID, credential_id: UUID, name: str, now: datetime) -> NewKey:
    """Make a key and its certificate, and seal the key. Worker only: the key is never in a web process."""
    made = make(name=name, now=now, ends_at=now + timedelta(days=CERTIFICATE_DAYS))
    sealed_id = seal(place=place_of(organization_id, credential_id), text=made.private_key)
    sha1 = hashlib.sha1(made.der, usedforsecurity=False).hexdigest().upper()
    return NewKey(sealed_id, name, made.thumbprint, sha1, made.key, made.ends_at)


def trust_for(registration_id: UUID, *, cloud: str) -> Trust | None:
    """What a federated credential has to name; None where this platform is no issuer. Another one each time."""
    if not issuer():
        return None
    subject = f"{UNIQUE_NAME_PREFIX}{registration_id}:{secrets.token_hex(4)}"
    return Trust(issuer(), subject, CLOUDS[cloud_name(cloud)].exchange_audience)


def opened(given: Given, *, purpose: str, by: Actor) -> OwnCredential:
    """Open what was given. Worker only. Raises NoSuchCredential, NoIssuer, and the vault's errors."""
    if given.kind == FEDERATED:
        key = signer(purpose=purpose, now=clock.now())
        trust = {name: given.about[name] for name in ("issuer", "subject", "audience")}
        return Federated(key.private_key, key.key_id, **trust)
    if given.sealed_id is None:
        raise NoSuchCredential
    place = place_of(given.organization_id, given.credential_id)
    text = reveal(sealed_id=given.sealed_id, place=place, purpose=purpose, by=by)
    return Certificate(text, given.about["thumbprint"]) if given.kind == "certificate" else Secret(text)


@transaction.atomic
def keep(given: Given, sight: Sight, *, by: Actor, now: datetime) -> UUID:
    """Write a proved registration and its credential down; gives the registration's id.

    One that this organization has already, in the same tenant under the same client id, gets one more credential.
    """
    row = _registration(given, sight, now=now)
    about = service(given.service_id)
    read = sight.ends_at
    Credential.objects.create(
        pk=given.credential_id,
        organization_id=given.organization_id,
        registration=row,
        service_id=given.service_id,
        kind=given.kind,
        origin=GIVEN,
        about=dict(given.about),
        display_name=f"{about.short_name}-{given.credential_id.hex[:8]}",
        key_id=sight.key_id,
        sealed_id=given.sealed_id,
        state=CredentialState.PROVED.value,
        announced_at=now,
        expires_at=read or given.ends_at,
        end_read_at=now if read else None,
    )
    facts = {"registration": str(row.pk), "application": given.app_id, "tenant": given.tenant_id, "kind": given.kind}
    record(
        Event.REGISTRATION_GIVEN,
        by=by,
        organization_id=given.organization_id,
        subject=f"service:{given.service_id}",
        data=facts,
    )
    return row.pk


@transaction.atomic
def forget(credential_id: UUID, *, by: Actor) -> None:
    """Destroy our copy of a credential that was given and that no service uses; in the tenant it stays."""
    rows = Credential.objects.select_for_update(of=("self",)).filter(pk=credential_id, origin=GIVEN)
    row = rows.exclude(state=CredentialState.REMOVED.value).first()
    if row is not None:
        credential_rows.remove(row, by=by)


def known_as(given: Given) -> tuple[UUID, str] | None:
    """Return the registration that we know by this tenant and client id, and its profile; None for a new one."""
    rows = Registration.objects.filter(
        organization_id=given.organization_id, tenant_id=given.tenant_id, app_id=given.app_id
    )
    row = rows.exclude(state=RegistrationState.REMOVED.value).first()
    return None if row is None else (row.pk, str(row.plan.get("profile", "")))


def _registration(given: Given, sight: Sight, *, now: datetime) -> Registration:
    rows = Registration.objects.select_for_update(of=("self",)).filter(
        organization_id=given.organization_id, tenant_id=given.tenant_id, app_id=given.app_id
    )
    known = rows.exclude(state=RegistrationState.REMOVED.value).first()
    if known is not None and known.origin != GIVEN:
        return known
    row = known or Registration(
        pk=given.registration_id,
        organization_id=given.organization_id,
        provider_id=given.provider_id,
        tenant_id=given.tenant_id,
        cloud=given.cloud,
        app_id=given.app_id,
        origin=GIVEN,
        display_name=_name(given, sight),
        name_key=f"given:{given.registration_id}",
        created_at=now,
    )
    row.plan = dict(sight.plan)
    row.tenant_name, row.domains = sight.tenant_name, list(sight.domains)
    row.service_principal_id, row.object_id = sight.principal_id, sight.object_id or row.object_id
    row.proofs = dict(sight.proofs)
    row.state, row.proved_at = RegistrationState.PROVED.value, now
    row.save()
    return row


def _name(given: Given, sight: Sight) -> str:
    """As the tenant calls it, where that could be read. It isn't ours to choose, and needs not be the only one."""
    return sight.display_name[:NAME] or f"App registration {given.app_id[:8]}"


def trust_facts(trust: Trust) -> dict[str, str]:
    """A trust as it is kept beside a credential."""
    return {name: str(value) for name, value in asdict(trust).items()}
