"""The advance notice: a customer's contacts hear some days before when a credential is renewed by itself."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.alarms import outcomes
from gangway.audit.record import Actor
from gangway.connections.kept import Kept, name_of
from gangway.languages.times import time_in_words
from gangway.notifications import outbox
from gangway.notifications.queries import sent_last
from gangway.notifications.states import DeliveryState, MessageKind
from gangway.organizations.languages import language_of
from gangway.organizations.queries import provider_of
from gangway.organizations.scope import within_everything
from gangway.organizations.told import contacts_of
from gangway.provisioning.renewable import Renewable
from gangway.services.queries import ServiceView, service

TENDER = Actor.system("connections")
ENDED: Final = "connections:advance_notice_ended"
ABOUT: Final = "rotation:"


def announce(kept: Kept, credential: Renewable, about: ServiceView, at: datetime) -> None:
    """Put a mail to each contact into the outbox; without contacts there is nobody to tell."""
    provider, language = provider_of(kept.organization_id), language_of(kept.organization_id)
    for contact in contacts_of(kept.organization_id):
        outbox.put(
            organization_id=kept.organization_id,
            kind=MessageKind.ROTATION_AHEAD,
            to=contact.email,
            language=language,
            context={
                "customer": about.customer_name,
                "service": name_of(kept, about),
                "registration": credential.registration_name,
                "tenant": credential.tenant_name or credential.tenant_id,
                "when": time_in_words(at),
                "ends": time_in_words(credential.ends_at) if credential.ends_at else "–",
                "provider": provider.name,
                "reply_to": provider.reply_to,
            },
            link=None,
            subject_ref=f"{ABOUT}{kept.subject.removeprefix('service:')}",
            by=TENDER,
            on_change=ENDED,
        )


def note_ended(subject_ref: str, *, now: datetime) -> None:
    """See whom an advance notice reached: a contact whose mail was refused raises an alarm, as a warning's does."""
    with within_everything("advance notices go to everybody's contacts"), transaction.atomic():
        about = service(UUID(subject_ref.removeprefix(ABOUT).partition(":")[0]))
        for one in sent_last([subject_ref]).get(subject_ref, ()):
            if one.state is DeliveryState.SENT:
                outcomes.reached(about.customer_id, one.to, now=now)
            elif one.refused and one.to in {each.email for each in contacts_of(about.customer_id)}:
                outcomes.not_reached(
                    about.customer_id,
                    one.to,
                    of=f"{about.short_name}: its renewal",
                    why=one.error,
                    then="tell them the day of the renewal yourself",
                    service_id=about.id,
                    now=now,
                )
