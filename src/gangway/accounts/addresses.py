"""Another e-mail address for somebody who has an account: it counts once they open, signed in, the link mailed to it.

Asked for by the person, or by whoever gives every role of theirs; the address they have is told of both the wish and
the change. Whoever types a stranger's address learns nothing from the answer, and gives no account away. The account
library keeps the address that is waited for, and signs the key in the link.
"""

from typing import TYPE_CHECKING
from uuid import UUID

from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.db import transaction

from gangway.accounts import letters
from gangway.accounts.errors import AddressLinkOver, SameAddress
from gangway.audit.events import Event
from gangway.audit.record import record
from gangway.foundation.names import greeted
from gangway.foundation.sealed import SealedText
from gangway.organizations import people
from gangway.organizations.details import checked_address
from gangway.organizations.people_queries import person_by_address

if TYPE_CHECKING:
    from gangway.audit.record import Actor
    from gangway.organizations.queries import Seat


def waited_for(operator_id: UUID) -> str:
    """Return the address that a person wants and hasn't confirmed, "" for none."""
    rows = EmailAddress.objects.filter(user_id=operator_id, verified=False)
    return rows.values_list("email", flat=True).first() or ""


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


def confirm(key: SealedText, *, seat: "Seat", by: "Actor") -> str:
    """Let the signed-in person have the address that the link was mailed to, and return it.

    Raises `AddressLinkOver` for a link that is old, used or another person's, and `AddressTaken`.
    """
    held = EmailConfirmationHMAC.from_key(key.reveal())
    if held is None or held.email_address.user_id != seat.operator_id:
        raise AddressLinkOver
    with transaction.atomic():
        before, now_is = people.readdress(held.email_address.pk, by=by, seat=seat)
        letters.tell_of_address(seat.operator_id, to=before, new=now_is, is_asked=False, asked_from=by.address)
    return now_is


@transaction.atomic
def _ask(person: UUID, address: str, *, organization_id: UUID, by: "Actor") -> None:
    held, wanted = people.held_person(person), checked_address(address, field="email")
    if wanted == held.email:
        raise SameAddress(field="email")
    EmailAddress.objects.filter(user_id=person, verified=False).delete()
    row = EmailAddress.objects.create(user_id=person, email=wanted)
    facts = {"name": held.name, "email": held.email, "wanted": wanted}
    subject, event = f"operator:{person}", Event.OPERATOR_ADDRESS_ASKED
    record(event, by=by, organization_id=organization_id, subject=subject, data=facts)
    letters.tell_of_address(person, to=held.email, new=wanted, is_asked=True, asked_from=by.address)
    if person_by_address(wanted) is None:
        key = SealedText(EmailConfirmationHMAC.create(row).key)
        letters.ask_to_confirm(person, to=wanted, key=key, asked_by=greeted(by.name))
