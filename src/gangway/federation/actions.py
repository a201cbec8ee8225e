"""Writes of this room, for workers: keys are made, opened for signing, and put away when their time is over."""

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import connection, transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.federation import turns
from gangway.federation.errors import NoIssuer, NoSigningKey
from gangway.federation.models import IssuerKey
from gangway.federation.queries import all_keys, issuer
from gangway.foundation.sealed import SealedText
from gangway.organizations.actions import system
from gangway.organizations.scope import within_everything
from gangway.vault.actions import destroy, reveal, seal
from gangway.vault.places import Place

FIELD: Final = "federation.key"
ONE_AT_A_TIME: Final = 7_204_118
"""The number of the lock that is held while keys change hands, for the length of a transaction."""
OURS: Final = Actor.system("federation")


@dataclass(frozen=True, slots=True)
class Signer:
    """What a worker signs with: the issuer's name, the key's name, the opened key."""

    issuer: str
    key_id: str
    private_key: SealedText


def signer(*, purpose: str, now: datetime) -> Signer:
    """Open the key whose turn it is, making the first one when there is none. Raises NoIssuer, NoSigningKey."""
    if not issuer():
        raise NoIssuer
    ensure_key(now=now)
    with within_everything("the platform's own key, for signing"):
        found = turns.signing(all_keys(), now)
        if found is None:
            raise NoSigningKey
        row = IssuerKey.objects.get(pk=found.id)
        text = reveal(sealed_id=row.sealed_id, place=_place(row.pk), purpose=purpose, by=OURS)
    return Signer(issuer(), str(row.pk), text)


def ensure_key(*, now: datetime) -> None:
    """Make the first key of a platform that is an issuer; nothing happens when one signs already."""
    if not issuer() or turns.signing(all_keys(), now) is not None:
        return
    with within_everything("the platform's own keys"), transaction.atomic():
        _hold()
        if turns.signing(all_keys(), now) is None:
            _make(now=now, at_once=True, by=OURS)


def rotate_key(*, at_once: bool, by: Actor, now: datetime) -> datetime:
    """Make the next key; gives the time from which it signs: in a day, or now.

    `at_once` is for a key that somebody else may have: all others are withdrawn, also from what is published. Microsoft
    may know them for a while yet, and may not know the new one: sign-ins can fail for some hours.
    """
    with within_everything("the platform's own keys"), transaction.atomic():
        _hold()
        if at_once:
            for row in IssuerKey.objects.select_for_update().filter(withdrawn_at__isnull=True):
                row.withdrawn_at = now
                row.save(update_fields=["withdrawn_at"])
        return _make(now=now, at_once=at_once, by=by).signs_from


def put_away(*, now: datetime) -> None:
    """Destroy the private halves of keys that nothing can be signed with any more."""
    with within_everything("the platform's own keys"), transaction.atomic():
        _hold()
        needed = {key.id for key in turns.published(all_keys(), now)}
        for row in IssuerKey.objects.exclude(pk__in=needed):
            destroy(sealed_id=row.sealed_id, by=OURS)


def _make(*, now: datetime, at_once: bool, by: Actor) -> IssuerKey:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    numbers = private.public_key().public_numbers()
    key_id, begins = uuid4(), turns.begins(all_keys(), now, at_once=at_once)
    row = IssuerKey.objects.create(
        id=key_id,
        modulus=_encoded(numbers.n),
        exponent=_encoded(numbers.e),
        sealed_id=seal(place=_place(key_id), text=SealedText(_pem(private))),
        made_at=now,
        signs_from=begins,
    )
    facts = {"key": str(key_id), "signs_from": begins.isoformat()}
    record(Event.ISSUER_KEY_MADE, by=by, organization_id=system(), subject=f"issuer_key:{key_id}", data=facts)
    return row


def _place(key_id: UUID) -> Place:
    return Place(system(), FIELD, key_id)


def _hold() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])


def _encoded(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _pem(private: rsa.RSAPrivateKey) -> str:
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
