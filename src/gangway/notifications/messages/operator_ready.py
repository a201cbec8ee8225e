"""The mail that tells the operator that a customer is done and the service can be added."""

from typing import Final

from gangway.notifications.messages.mail import Message

MESSAGE: Final = Message(
    template="operator_ready",
    subject="Ready to add: {customer}, service {service}",
    subjects={"upgrade": "Ready to upgrade: {customer}, service {service}"},
    needs=frozenset({"customer", "service", "tenant", "registration_name", "signed_in_as", "page"}),
)
"""`page` is the address of the pending invitation in the Operation Center, behind sign-in. `purpose`: "upgrade" where
*Upgrade Customer* ends it, and not *Add*."""
