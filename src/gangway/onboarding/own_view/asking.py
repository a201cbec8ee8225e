"""Asking a customer to sign in, so that what nobody here may remove goes with their right.

Their contacts get a mail that says what remains, why, and where: the address is fixed, and a link would be one more
thing to lose. The alarm for operators stands until nothing remains.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gangway.alarms.actions import clear_alarm, raise_alarm
from gangway.alarms.queries import open_subjects
from gangway.alarms.states import Kind, Severity
from gangway.alarms.wording import NOTHING_ASKED
from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.jobs.actions import defer
from gangway.languages.choice import speaking
from gangway.languages.said import said
from gangway.notifications import outbox
from gangway.notifications.messages import MESSAGES, Mail
from gangway.notifications.messages.dress import dress_of
from gangway.notifications.queries import Sent, sent_last
from gangway.notifications.states import MessageKind
from gangway.onboarding.disconnections import fixed_address
from gangway.onboarding.errors import AskedJustNow, NobodyToAsk
from gangway.onboarding.own_view.errors import NothingRemains
from gangway.organizations.languages import language_of
from gangway.organizations.queries import provider_of
from gangway.organizations.scope import within_everything
from gangway.organizations.told import contacts_of
from gangway.provisioning.remains import Remaining, remains_of
from gangway.provisioning.states import LeftoverKind
from gangway.services.actions import hold
from gangway.services.queries import ServiceView, service

TELL: Final = "onboarding:ask_customer_to_remove"
WORKER: Final = Actor.system("leftovers")
SUBJECT: Final = "removal:"
PAUSE: Final = timedelta(minutes=10)
"""So long nobody asks the same customer about the same service again."""
KINDS: Final[Mapping[LeftoverKind, str | Promise]] = {
    LeftoverKind.APPLICATION: _("App registration"),
    LeftoverKind.PRINCIPAL: _("Enterprise application"),
    LeftoverKind.CREDENTIAL: _("Credential"),
    LeftoverKind.PERMISSION: _("Permission"),
    LeftoverKind.ROLE: _("Directory role"),
}


@dataclass(frozen=True, slots=True)
class Letter:
    """The mail as it would go out now, and to whom. `address` is in it, too."""

    to: tuple[str, ...]
    mail: Mail
    address: str


def letter(service_id: UUID) -> Letter | None:
    """Return what *Ask the customer to sign in* would send; None when nothing remains. In a scope."""
    about = service(service_id)
    try:
        told = _told(about)
    except NothingRemains:
        return None
    mail = MESSAGES[MessageKind.REMOVAL_ASKED].compose(
        told, dress=dress_of(about.customer_id), language=language_of(about.customer_id)
    )
    to = tuple(one.email for one in contacts_of(about.customer_id))
    return Letter(to, mail, told["address"])


def asked_before(service_id: UUID) -> tuple[Sent, ...]:
    """Return whom we asked about a service, each address once, with the latest mail to it."""
    return sent_last([_subject(service_id)]).get(_subject(service_id), ())


def asked_before_of(service_ids: set[UUID]) -> dict[UUID, tuple[Sent, ...]]:
    """Return the same for many services, in one query."""
    found = sent_last(_subject(one) for one in service_ids)
    return {one: found.get(_subject(one), ()) for one in service_ids}


@transaction.atomic
def ask_customer(service_id: UUID, *, by: Actor, now: datetime) -> None:
    """*Ask the customer to sign in*: a mail to each of their contacts. In a scope.

    Of two who ask at once the second one is told. Raises `NothingRemains`, `NobodyToAsk`, `AskedJustNow`.
    """
    hold(service_id)
    about = service(service_id)
    told, language = _told(about), language_of(about.customer_id)
    to = [one.email for one in contacts_of(about.customer_id)]
    if not to:
        raise NobodyToAsk(f"{about.customer_name} has named no contact that a mail could go to.")
    if any(one.at > now - PAUSE for one in asked_before(service_id)):
        raise AskedJustNow
    for address in to:
        outbox.put(
            organization_id=about.customer_id,
            kind=MessageKind.REMOVAL_ASKED,
            to=address,
            language=language,
            context=told,
            link=None,
            subject_ref=_subject(service_id),
            by=by,
        )
    facts = {"short_name": about.short_name, "to": ", ".join(to)}
    subject = f"service:{service_id}"
    record(Event.REMOVAL_ASKED, by=by, organization_id=about.customer_id, subject=subject, data=facts)
    defer(TELL, service_id=str(service_id))


def tell(service_id: UUID, *, now: datetime) -> None:
    """Raise the operators' alarm that a customer was asked, once more for every time. For workers."""
    with within_everything("who is told stands above the customer"), transaction.atomic():
        about, key = service(service_id), _key(service_id, now=now)
        if not remains_of(service_id):
            return
        raise_alarm(
            **key,
            service_id=service_id,
            about=about.short_name,
            severity=Severity.WARNING,
            words="Something of it remains in the customer's tenant; they were asked to sign in and remove it.",
            cure=f"Their contacts know the address. Who has none reads it from you: {fixed_address(about.customer_id)}",
            again=True,
        )


def clear_answered(*, now: datetime) -> None:
    """End the alarms of which nothing remains any more. For workers."""
    with within_everything("alarms of all organizations"), transaction.atomic():
        for subject in open_subjects(Kind.NEEDS_CUSTOMER, begins=SUBJECT):
            service_id = UUID(subject.removeprefix(SUBJECT))
            if not remains_of(service_id):
                clear_alarm(**_key(service_id, now=now), why="Nothing remains.")


def _told(about: ServiceView) -> dict[str, str]:
    """What the mail says. Raises `NothingRemains`."""
    remaining, provider = remains_of(about.id), provider_of(about.customer_id)
    if not remaining:
        raise NothingRemains
    with speaking(language_of(about.customer_id)):
        listed = "\n\n".join(line for one in remaining for line in _lines(one))
    return {
        "customer": about.customer_name,
        "service": about.short_name,
        "tenant": ", ".join(dict.fromkeys(one.tenant_name or one.tenant_id for one in remaining)),
        "list": listed,
        "address": fixed_address(about.customer_id),
        "provider": provider.name,
        "reply_to": provider.reply_to,
        "phone": provider.support_phone,
        "safe": NOTHING_ASKED,
    }


def _lines(remaining: Remaining) -> Iterator[str]:
    for thing in remaining.things:
        yield f"- {KINDS[thing.kind]}: “{thing.name}” ({thing.object_id})\n  {said(thing.why)}"


def _subject(service_id: UUID) -> str:
    return f"{SUBJECT}{service_id}"


def _key(service_id: UUID, *, now: datetime) -> dict[str, Any]:
    return {
        "organization_id": service(service_id).customer_id,
        "kind": Kind.NEEDS_CUSTOMER,
        "subject": _subject(service_id),
        "by": WORKER,
        "now": now,
    }
