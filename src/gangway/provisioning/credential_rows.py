"""Rows of credentials: announced with the intent, kept with the answer, opened to sign in, put away. Sync, for workers.

Only a secret is learned from Microsoft's answer. A certificate's key is made and sealed with the intent, so no crash
can lose it; a federated credential has nothing to seal at all, and all services of a registration share one.
"""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.federation.actions import signer
from gangway.foundation import clock
from gangway.foundation.ids import KeyId
from gangway.microsoft.signin.own_credentials import Certificate, Federated, OwnCredential, Secret
from gangway.provisioning.engine.credential_kinds import KINDS
from gangway.provisioning.engine.observation import Held
from gangway.provisioning.engine.ports import Noted
from gangway.provisioning.engine.steps.credentials import Fresh, NewCredential
from gangway.provisioning.errors import NoSuchCredential
from gangway.provisioning.models import FEDERATED, Credential
from gangway.provisioning.states import CredentialState
from gangway.vault.actions import destroy, reveal, seal
from gangway.vault.places import Place

SECRET: Final = "provisioning.credential.secret"  # noqa: S105 - the name of a place


def secret_place(credential: Credential) -> Place:
    """Where a credential's secret or private key is sealed."""
    return Place(credential.organization_id, SECRET, credential.pk)


def announce(fresh: Fresh, *, organization_id: UUID, registration_id: UUID, service_id: UUID, now: datetime) -> None:
    """Write down the name that no other attempt has; a certificate's key is made and sealed here."""
    row = Credential(
        pk=UUID(fresh.credential_id),
        organization_id=organization_id,
        registration_id=registration_id,
        service_id=service_id,
        kind=fresh.kind,
        display_name=fresh.display_name,
        why=fresh.why[:300],
        state=CredentialState.ANNOUNCED.value,
        announced_at=now,
    )
    if fresh.kind == "certificate":
        row.about = {"thumbprint": fresh.certificate.thumbprint}
        row.sealed_id = seal(place=secret_place(row), text=fresh.certificate.private_key)
    if fresh.trust is not None:
        row.about = asdict(fresh.trust)
    row.save(force_insert=True)


def keep(step: NewCredential, result: Noted, *, now: datetime) -> Credential:
    """Write down that it was made. A secret's text is sealed in the same transaction."""
    fresh = step.fresh
    row = Credential.objects.select_for_update(of=("self",)).get(pk=UUID(fresh.credential_id))
    row.key_id, row.expires_at, row.made_at = fresh.credential_id, fresh.ends_at, now
    if result.new is not None:
        row.key_id, row.expires_at = result.new.key_id, result.new.ends_at
        row.sealed_id = seal(place=secret_place(row), text=result.new.text)
    elif fresh.kind == "certificate":
        row.expires_at = fresh.certificate.ends_at
    elif fresh.kind == "federated":
        row.key_id, row.expires_at = result.value.key_id, None
    row.state = CredentialState.MADE.value
    row.save()
    return row


def prove(credential_id: UUID) -> None:
    """Say that a fresh token was got with it."""
    Credential.objects.filter(pk=credential_id).update(state=CredentialState.PROVED.value)


def remove(row: Credential, *, by: Actor) -> None:
    """Say of a locked row that it is gone from the tenant; nobody needs its secret or key any more."""
    row.state = CredentialState.REMOVED.value
    row.save(update_fields=["state"])
    destroy(sealed_id=row.sealed_id, by=by)


def gone(row: Credential, *, by: Actor, why: str = "gone from the tenant") -> None:
    """The same, and the log says that it isn't in the tenant any more."""
    remove(row, by=by)
    facts = {"name": row.display_name, "why": why}
    subject = f"credential:{row.pk}"
    record(Event.CREDENTIAL_REMOVED, by=by, organization_id=row.organization_id, subject=subject, data=facts)


def disown(row: Credential, *, by: Actor) -> None:
    """Treat a locked row as one whose result was lost: its announced name is what the next attempt removes it by."""
    row.state, row.key_id = CredentialState.ANNOUNCED.value, ""
    row.save(update_fields=["state", "key_id"])
    destroy(sealed_id=row.sealed_id, by=by)


def opened(row: Credential, *, purpose: str, by: Actor) -> OwnCredential:
    """Open what a registration signs in with. Raises NoSuchCredential, NoIssuer, and the vault's errors."""
    if row.kind == FEDERATED:
        key = signer(purpose=purpose, now=clock.now())
        return Federated(key.private_key, key.key_id, **_trust(row))
    if row.sealed_id is None:
        raise NoSuchCredential
    text = reveal(sealed_id=row.sealed_id, place=secret_place(row), purpose=purpose, by=by)
    return Certificate(text, row.about["thumbprint"]) if row.kind == "certificate" else Secret(text)


def of_service(registration_id: UUID, service_id: UUID, *, besides: str | None = None) -> Any:
    """Those that count for a service; a federated one serves all services of the registration.

    Those that rest have their successor: they count no more, until they are taken away. `besides`: one that is renewed.
    """
    away = [CredentialState.REMOVED.value, CredentialState.RESTING.value]
    rows = Credential.objects.filter(Q(service_id=service_id) | Q(kind=FEDERATED), registration_id=registration_id)
    return rows.exclude(state__in=away).exclude(pk=UUID(besides)) if besides else rows.exclude(state__in=away)


def held_of(row: Credential, *, youngest: datetime) -> Held:
    """The row as the engine sees it; what was made after `youngest` may not be listed by Microsoft yet."""
    return Held(
        credential_id=str(row.pk),
        display_name=row.about.get("name", row.display_name),
        key_id=KeyId(row.key_id) if row.key_id else None,
        fresh=row.made_at is not None and row.made_at > youngest,
        kind=KINDS[row.kind],
    )


def shared(row: Credential, *, service_id: UUID, now: datetime) -> Credential:
    """A row of its own for another service of the registration; in the tenant it is the same federated credential."""
    others = Credential.objects.filter(registration_id=row.registration_id).count()
    return Credential.objects.create(
        organization_id=row.organization_id,
        registration_id=row.registration_id,
        service_id=service_id,
        kind=row.kind,
        about={**row.about, "name": row.display_name},
        display_name=f"{row.display_name[:70]} #{others + 1}",
        key_id=row.key_id,
        state=CredentialState.MADE.value,
        announced_at=now,
        made_at=now,
    )


def without_shared(rows: Iterable[Credential]) -> frozenset[UUID]:
    """Those of the rows that must leave the tenant: no other service signs in with the same."""
    rows = list(rows)
    ids = {row.pk for row in rows}
    return frozenset(row.pk for row in rows if not _same_as(row).exclude(pk__in=ids).exists())


def is_needed_by_others(row: Credential) -> bool:
    """Whether another service signs in with the same credential: then it must stay in the tenant."""
    return bool(_same_as(row).exclude(pk=row.pk).exists())


def _same_as(row: Credential) -> Any:
    """All living rows of one federated credential; none for the other kinds, which nobody shares."""
    if row.kind != FEDERATED or not row.key_id:
        return Credential.objects.none()
    same = Credential.objects.filter(registration_id=row.registration_id, kind=FEDERATED, key_id=row.key_id)
    return same.exclude(state=CredentialState.REMOVED.value)


def _trust(row: Credential) -> dict[str, Any]:
    return {name: row.about[name] for name in ("issuer", "subject", "audience")}
