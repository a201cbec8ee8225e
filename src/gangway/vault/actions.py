"""Seal (web and worker), reveal (workers only, always recorded), destroy, seal anew to a newer key (workers only)."""

import base64
from collections.abc import Collection, Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.vault import keys
from gangway.vault.errors import SealBroken, SecretDestroyed, SecretMissing
from gangway.vault.models import Sealed
from gangway.vault.places import Place


def seal(*, place: Place, text: SealedText) -> UUID:
    """Seal `text` so that it opens in this place only; returns the id to keep there. Needs no private key.

    Raises `SealingKeyMissing` when no key was made yet.
    """
    return seal_many([(place, text)])[0]


def seal_many(texts: Sequence[tuple[Place, SealedText]]) -> list[UUID]:
    """Seal many texts at once, each in its place; returns their ids in order. Raises as `seal`."""
    number, key = keys.newest_public(settings.GANGWAY.sealing_public_keys_dir)
    rows = [
        Sealed(
            organization_id=place.organization_id,
            place=place.field,
            row_id=place.row_id,
            key_number=number,
            ciphertext=keys.SUITE.encrypt(text.reveal().encode(), key, place.info()),
            created_at=clock.now(),
        )
        for place, text in texts
    ]
    return [row.id for row in Sealed.objects.bulk_create(rows)]


def seal_apart(*, place: Place, text: SealedText) -> str:
    """Seal `text` for a place that may never be: nothing is written, and whoever lets go of the answer forgets it.

    Raises as `seal`.
    """
    number, key = keys.newest_public(settings.GANGWAY.sealing_public_keys_dir)
    ciphertext = keys.SUITE.encrypt(text.reveal().encode(), key, place.info())
    return f"{number}:{base64.b64encode(ciphertext).decode()}"


def put(*, place: Place, sealed: str) -> UUID:
    """Write down what `seal_apart` gave for this place; returns the id to keep there."""
    number, _colon, ciphertext = sealed.partition(":")
    row = Sealed.objects.create(
        organization_id=place.organization_id,
        place=place.field,
        row_id=place.row_id,
        key_number=int(number),
        ciphertext=base64.b64decode(ciphertext),
        created_at=clock.now(),
    )
    return row.id


def reveal(*, sealed_id: UUID, place: Place, purpose: str, by: Actor, told: bool = True) -> SealedText:
    """Open what was sealed for this place, and record who did so and what for ("mail the link").

    `told`: False where it may be a stranger's and nothing; the caller says `tell_opened` once it is known to be
    somebody's, or counts it.

    Raises `VaultClosed` (no private key in this process), `SealBroken` (another place, or changed), `SecretDestroyed`,
    `SecretMissing`.
    """
    row = Sealed.objects.filter(id=sealed_id).first()
    if row is None:
        raise SecretMissing(place=place.field)
    if row.ciphertext is None:
        raise SecretDestroyed(place=place.field)
    key = keys.private(settings.GANGWAY.sealing_private_keys_dir, row.key_number)
    try:
        text = SealedText(keys.SUITE.decrypt(bytes(row.ciphertext), key, place.info()).decode())
    except (InvalidTag, ValueError):
        raise SealBroken(place=place.field) from None
    if told:
        with transaction.atomic(savepoint=False):
            _record(Event.SECRET_REVEALED, row, by, purpose)
    return text


def tell_opened(*, sealed_ids: Collection[UUID], purpose: str, by: Actor) -> None:
    """Record what was opened without being told: all of it, or nothing."""
    with transaction.atomic(savepoint=False):
        for row in Sealed.objects.filter(id__in=sealed_ids):
            _record(Event.SECRET_REVEALED, row, by, purpose)


def destroy_untold(*, sealed_ids: Collection[UUID]) -> None:
    """Remove ciphertexts that nobody known left, all at once: the rows tell of it, the activity log doesn't."""
    rows = Sealed.objects.filter(id__in=sealed_ids, ciphertext__isnull=False)
    rows.update(ciphertext=None, destroyed_at=clock.now())


def destroy(*, sealed_id: UUID | None, by: Actor) -> None:
    """Remove the ciphertext for good; the row stays as proof. Nothing to destroy, or destroyed before: fine."""
    if sealed_id is None:
        return
    with transaction.atomic(savepoint=False):
        row = Sealed.objects.select_for_update().filter(id=sealed_id, ciphertext__isnull=False).first()
        if row is None:
            return
        row.ciphertext, row.destroyed_at = None, clock.now()
        row.save(update_fields=["ciphertext", "destroyed_at"])
        _record(Event.SECRET_DESTROYED, row, by, "")


def seal_anew(*, most: int, by: Actor) -> int:
    """Seal up to so many texts that an older key opens to the newest one, in their places; returns how many.

    What was sealed before the row knew its place, and what doesn't open any more, keeps its key. Raises `VaultClosed`.
    """
    newest, public = keys.newest_public(settings.GANGWAY.sealing_public_keys_dir)
    older = Sealed.objects.filter(key_number__lt=newest, ciphertext__isnull=False, row_id__isnull=False)
    done = 0
    for sealed_id in list(older.order_by("created_at").values_list("pk", flat=True)[:most]):
        with transaction.atomic():
            row = older.select_for_update().filter(pk=sealed_id).first()
            if row is None or row.ciphertext is None or row.row_id is None:
                continue
            info = Place(row.organization_id, row.place, row.row_id).info()
            private = keys.private(settings.GANGWAY.sealing_private_keys_dir, row.key_number)
            try:
                text = keys.SUITE.decrypt(bytes(row.ciphertext), private, info)
            except (InvalidTag, ValueError):
                continue  # whoever needs it is told; the others go on
            row.ciphertext, row.key_number = keys.SUITE.encrypt(text, public, info), newest
            row.save(update_fields=["ciphertext", "key_number"])
            _record(Event.SECRET_SEALED_ANEW, row, by, f"key {newest}")
            done += 1
    return done


def _record(event: Event, row: Sealed, by: Actor, purpose: str) -> None:
    data = {"place": row.place, "purpose": purpose} if purpose else {"place": row.place}
    record(event, by=by, organization_id=row.organization_id, subject=f"sealed:{row.id}", data=data)
