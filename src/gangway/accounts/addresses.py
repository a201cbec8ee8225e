"""Another e-mail address for somebody who has an account: it counts once they open, signed in, the link mailed to it.

Asked for by the person, or by whoever gives every role of theirs; the address they have is told of both the wish and
the change. Whoever types a stranger's address learns nothing from the answer or the log, and gives no account away.
Nobody signs in with an address that is only wanted: it is kept apart, for a day, and the latest one alone counts.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.core import signing
from django.db import transaction

from gangway.accounts import letters
from gangway.accounts.errors import AddressLinkOver, SameAddress
from gangway.accounts.models import WantedAddress
from gangway.audit.events import Event
from gangway.audit.record import record
from gangway.foundation import clock
from gangway.foundation.names import greeted
from gangway.foundation.sealed import SealedText
from gangway.organizations import people
from gangway.organizations.details import checked_address
from gangway.organizations.people_queries import person_by_address

if TYPE_CHECKING:
    from gangway.audit.record import Actor
    from gangway.organizations.queries import Seat

GOOD_FOR: Final = timedelta(days=1)
SALT: Final = "gangway.accounts.addresses"
SOMEBODY: Final = "Somebody"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An address that somebody shall have; `asked_by` is empty where they asked for it themselves."""

    email: str
    asked_by: str
    asked_at: datetime


def waited_for(operator_id: UUID) -> Wanted | None:
    """Return what a person may confirm now; nothing older than a link is good for."""
    row = WantedAddress.objects.filter(operator_id=operator_id, asked_at__gt=clock.now() - GOOD_FOR).first()
    return _wanted(row) if row else None


def behind(key: SealedText, *, operator_id: UUID) -> Wanted:
    """Return what the link with this key confirms.

    Raises `AddressLinkOver` for one that is old, used or another person's.
    """
    return _wanted(_row(key, operator_id))


def ask_for_own(address: str, *, seat: "Seat", by: "Actor") -> None:
    """Mail a link to the address that a person wants for themselves. Raises `InvalidAddress`, `SameAddress`."""
    _ask(seat.operator_id, address, organization_id=seat.organization_id, by=by)


def ask_for(membership_id: int, address: str, *, seat: "Seat", by: "Actor") -> None:
    """Do so for somebody else, who confirms it themselves.

    Raises `InvalidAddress`, `SameAddress`, `NoSuchOperator`, `NotYoursToGive`, `BelongsElsewhere`.
    """
    with transaction.atomic():
        person, where = people.wholly_given(membership_id, seat=seat)
        _ask(person, address, organization_id=where, by=by)


@transaction.atomic
def confirm(key: SealedText, *, seat: "Seat", by: "Actor") -> str:
    """Let the signed-in person have the address that the link was mailed to, and return it.

    Raises `AddressLinkOver` for a link that is old, used or another person's, and `AddressTaken`.
    """
    people.held_person(seat.operator_id)
    row = _row(key, seat.operator_id)
    before, now_is = people.readdress(row.email, by=by, seat=seat)
    row.delete()
    letters.tell_of_address(seat.operator_id, to=before, new=now_is, is_asked=False, asked_from=by.address)
    return now_is


@transaction.atomic
def cancel(*, seat: "Seat", by: "Actor") -> None:
    """Let the signed-in person keep the address they have: the link is good no longer. Nothing to cancel: fine."""
    person = people.held_person(seat.operator_id)
    row = WantedAddress.objects.filter(operator=person).first()
    if row is None:
        return
    row.delete()
    facts = {"name": person.name, "email": person.email, "wanted": row.email}
    subject, event = f"operator:{person.pk}", Event.OPERATOR_ADDRESS_CANCELLED
    record(event, by=by, organization_id=seat.organization_id, subject=subject, data=facts)


@transaction.atomic
def _ask(person: UUID, address: str, *, organization_id: UUID, by: "Actor") -> None:
    held, wanted = people.held_person(person), checked_address(address, field="email")
    if wanted == held.email:
        raise SameAddress(field="email")
    asked_by = "" if by.id == str(person) else by.name or SOMEBODY
    WantedAddress.objects.filter(operator_id=person).delete()
    row = WantedAddress(operator_id=person, email=wanted, asked_by_name=asked_by, asked_at=clock.now())
    row.save(force_insert=True)
    facts = {"name": held.name, "email": held.email, "wanted": wanted}
    subject, event = f"operator:{person}", Event.OPERATOR_ADDRESS_ASKED
    record(event, by=by, organization_id=organization_id, subject=subject, data=facts)
    letters.tell_of_address(person, to=held.email, new=wanted, is_asked=True, asked_from=by.address)
    told_by = greeted(by.name) or SOMEBODY
    if person_by_address(wanted) is None:
        letters.ask_to_confirm(person, to=wanted, key=SealedText(_key(row)), asked_by=told_by)
    else:
        letters.tell_that_it_was_typed(person, to=wanted, asked_by=told_by)


def _key(row: WantedAddress) -> str:
    return signing.dumps(str(row.pk), salt=SALT)


def _row(key: SealedText, operator_id: UUID) -> WantedAddress:
    try:
        wanted = UUID(signing.loads(key.reveal(), salt=SALT))
    except signing.BadSignature as error:
        raise AddressLinkOver from error
    sought = WantedAddress.objects.filter(pk=wanted, operator_id=operator_id, asked_at__gt=clock.now() - GOOD_FOR)
    row = sought.first()
    if row is None:
        raise AddressLinkOver
    return row


def _wanted(row: WantedAddress) -> Wanted:
    return Wanted(row.email, row.asked_by_name, row.asked_at)
