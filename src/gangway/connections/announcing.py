"""The advance notice: a customer's contacts hear some days before when a credential is renewed by itself."""

from datetime import datetime

from gangway.audit.record import Actor
from gangway.connections.kept import Kept, name_of
from gangway.languages.times import time_in_words
from gangway.notifications import outbox
from gangway.notifications.states import MessageKind
from gangway.organizations.languages import language_of
from gangway.organizations.queries import provider_of
from gangway.organizations.told import contacts_of
from gangway.provisioning.renewable import Renewable
from gangway.services.queries import ServiceView

TENDER = Actor.system("connections")


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
            subject_ref=f"rotation:{kept.subject.removeprefix('service:')}",
            by=TENDER,
        )
