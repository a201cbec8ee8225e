"""What alarms say of a connection, to those who look after it and to the customer's own people. Pure words."""

from datetime import datetime
from typing import Final

from gangway.alarms.states import Severity
from gangway.provisioning.renewable import Renewable

URGENT, SOON = 3, 14
"""Days left from which on it is critical, and a warning."""

RENEW: Final = (
    "Press Re-initiate Authentication Flow on its M365 Configuration: an administrator of the customer signs in by a "
    "link, and a new one is made."
)
EXTEND: Final = (
    "Press Re-initiate Authentication Flow on its M365 Configuration: an administrator of the customer who may assign "
    "roles signs in by a link, and the roles are extended. Whoever extends them in PIM is seen by the next validation."
)
ROTATE: Final = "Rotate now on its M365 Configuration"
ROTATE_BESIDE: Final = "Rotate now on its M365 Configuration, under QOE Integration with Microsoft Teams"
REPLACE: Final = (
    "The customer makes a new one at Microsoft and types it in behind a link: press Re-initiate Authentication Flow."
)
NEVER_MAILED: Final = "Never send a secret by mail."
LINK_COMES: Final = "Your provider sends one of your administrators a link for it; nobody asks for a code or password."
TOLD: Final = "Your provider has been told. If you changed the app registration lately, tell them."
NAMES: Final = {"secret": "client secret", "certificate": "certificate", "federated": "federated credential"}


def severity_of(days: int) -> Severity:
    """Return how urgent so many days left are."""
    return Severity.CRITICAL if days <= URGENT else Severity.WARNING if days <= SOON else Severity.NOTICE


def ending(about: Renewable, days: int, ends_at: datetime) -> str:
    """Say when it ends; at 0 that it has ended."""
    name, day = NAMES[about.kind], f"{ends_at.day} {ends_at:%B %Y}"
    if days <= 0 and about.end_typed:
        return f"By what somebody typed in, its {name} ended on {day}; a validation says whether it works."
    if days <= 0:
        return f"Its {name} ended on {day}: nothing can be managed until it is renewed."
    if days == 1:
        return f"Its {name} ends in 1 day at the latest, on {day}."
    return f"Its {name} ends in {days} days at the latest, on {day}."


def roles_ending(days: int, ends_at: datetime) -> str:
    """Say when the roles end that PIM gave; at 0 that they have ended."""
    day = f"{ends_at.day} {ends_at:%B %Y}"
    if days <= 0:
        return f"Its directory roles ended on {day}: nothing can be managed until they are given again."
    if days == 1:
        return f"Its directory roles end in 1 day at the latest, on {day}."
    return f"Its directory roles end in {days} days at the latest, on {day}."


def cure(about: Renewable, *, renews_itself: bool, beside: bool) -> str:
    """Say what operators do; what is `beside` the connection has a button of its own."""
    if renews_itself:
        return f"Press {_button(beside=beside)}."
    return RENEW if about.is_ours else REPLACE


def frozen(*, beside: bool) -> str:
    """Say what operators do when a freeze lasts until the end."""
    return f"End the freeze, or agree with the customer on a moment and press {_button(beside=beside)}."


def failed(*, beside: bool, cure: str = "") -> str:
    """Say what operators do when it couldn't renew itself. `cure`: what an administrator of the customer does first."""
    if cure:
        return f"{cure} Then we go on by ourselves; to try at once, press {_button(beside=beside)}."
    again = "The credential in use works on. We try again by ourselves; to try at once, press"
    return f"{again} {_button(beside=beside)}."


def _button(*, beside: bool) -> str:
    return ROTATE_BESIDE if beside else ROTATE


def for_contacts(about: Renewable, *, renews_itself: bool) -> str:
    """Say what the customer's own people can do."""
    if renews_itself:
        return TOLD
    if about.is_ours:
        return LINK_COMES
    where = f"App registrations › {about.registration_name} › Certificates & secrets"
    return f"Make a new one at Microsoft, under {where}, and type it in behind your provider's link. {NEVER_MAILED}"
