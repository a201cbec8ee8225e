"""What people of the Operation Center are mailed, and what it asks of whoever invites them."""

import re

from gangway.foundation.sealed import SealedText
from gangway.notifications.models import Message
from gangway.organizations.scope import within, within_everything
from gangway.vault import actions as vault
from tests.rooms.factories_organizations import SETUP

TOKEN = SealedText("t" * 43)


def invitation(where, **given) -> dict[str, str]:
    return {"name": "Nils New", "email": "nils@sp2.example", "organization": str(where.id), "role": "monitor", **given}


def mailed(where, kind: str) -> list[Message]:
    with within(where.path):
        return list(Message.objects.filter(kind=kind).order_by("created_at"))


def link_of(message: Message) -> str:
    """Open a sealed link as only a worker can, and return its path."""
    from gangway.notifications.outbox import link_place  # noqa: PLC0415  a worker's business

    with within_everything("a test plays the worker"):
        place = link_place(message.organization_id, message.id)
        link = vault.reveal(sealed_id=message.link_sealed_id, place=place, purpose="test", by=SETUP).reveal()
    return re.sub(r"^https?://[^/]+", "", link)
