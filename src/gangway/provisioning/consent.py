"""Microsoft's consent page for a registration itself: its address, and how we know that somebody comes back from it.

It gives the permissions on the registration's own list and no directory role. Whoever comes back proves nothing by it:
the registration's own fresh token does.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.conf import settings
from django.core import signing

from gangway.microsoft import dictionary
from gangway.provisioning import clouds

RETURN_PATH: Final = "/consented/"
NUMBER: Final = re.compile(r"AADSTS\d{4,8}")
SALT: Final = "gangway.provisioning.consent"


def return_address() -> str:
    """The one page that Microsoft may send people back to; empty where Microsoft would refuse to list it."""
    public = str(settings.GANGWAY.public_url).rstrip("/")
    parts = urlsplit(public)
    allowed = parts.scheme == "https" or parts.hostname == "localhost"
    return f"{public}{RETURN_PATH}" if allowed else ""


def link(*, cloud: str, tenant_id: str, app_id: str, run_id: UUID) -> str:
    """Microsoft's version 2.0 page; `.default` means all that the registration's own list names."""
    where = clouds.cloud(cloud)
    asked = {
        "client_id": app_id,
        "scope": where.graph_scope,
        "redirect_uri": return_address(),
        "state": signing.dumps(str(run_id), salt=SALT),
    }
    return f"{where.pages}/{tenant_id}/v2.0/adminconsent?{urlencode(asked)}"


@dataclass(frozen=True, slots=True)
class NotGiven:
    """Why Microsoft's page recorded no consent, as far as it says so; `number` is Entra's own."""

    what: str
    cure: str
    number: str


def not_given(description: str) -> NotGiven | None:
    """Microsoft's own reason in the address that somebody comes back with; None when it names none that we know."""
    written = NUMBER.match(description)
    entry = dictionary.of_signal(written.group()) if written else None
    if written is None or entry is None:
        return None
    words = entry.words.with_facts(dictionary.NO_FACTS)
    return NotGiven(words.what, words.cure, written.group())


def run_of(state: str) -> UUID | None:
    """The run whose link somebody followed; None for a state that isn't ours, or is over."""
    try:
        found = signing.loads(state, salt=SALT, max_age=settings.GANGWAY.waiting_days * 86_400)
    except signing.BadSignature:
        return None
    return UUID(found)
