"""How a provider's latest test mail is doing, for each page that says so."""

from typing import Any
from uuid import UUID

from gangway.notifications.trying import last_test
from gangway.web.words import DELIVERY, said


def mail_values(provider_id: UUID) -> dict[str, Any]:
    """Return the latest test mail with its pill."""
    latest = last_test(provider_id)
    return {"test": latest, "test_pill": said(DELIVERY, latest.state) if latest else None}
