"""Messages for tests."""

from uuid import UUID

from django.core import mail as outgoing

from gangway.foundation.sealed import SealedText
from gangway.notifications import outbox, sending
from gangway.notifications.models import Message
from gangway.notifications.states import MessageKind
from gangway.organizations.scope import within, within_everything
from tests.rooms.factories_organizations import SETUP, Place

LINK = SealedText("http://localhost:8000/i/the-secret-token-of-this-link")
INVITATION = {
    "provider": "Sandbox Telecom",
    "operator": "Olga Operator",
    "customer": "Contoso",
    "service": "Contoso voice (contoso)",
    "licence": "Hosted Pro",
    "matching_phrase": "amber harbour",
    "minutes": "3",
    "start_role": "an Application Administrator",
    "finish_roles": "a Privileged Role Administrator or a Global Administrator",
    "expires": "Friday, 27 November 2026, 14:05 (UTC)",
    "reply_to": "help@sp2.example",
}
INVITATION_REMINDER = {
    "provider": "Sandbox Telecom",
    "operator": "Olga Operator",
    "customer": "Contoso",
    "service": "Contoso voice (contoso)",
    "day": "27 November 2026",
    "expires": "Friday, 27 November 2026, 14:05 (UTC)",
    "matching_phrase": "amber harbour",
    "minutes": "3",
    "reply_to": "help@sp2.example",
}
SERVICE_CREATED = {
    "provider": "Sandbox Telecom",
    "customer": "Contoso",
    "service": "Contoso voice (contoso)",
    "licence": "Hosted Pro",
    "users": "25 users",
    "tenant": "Contoso",
    "domain": "contoso.onmicrosoft.com",
    "registration_name": "gw-contoso",
    "created_at": "Friday, 20 November 2026, 14:05 (UTC)",
    "reply_to": "help@sp2.example",
}
OPERATOR_NOTICE = {
    "news": "Reported as unexpected",
    "customer": "Contoso",
    "service": "contoso",
    "what": "Somebody who holds a link says that they didn't expect it.",
    "next": "Call the customer by the number on the contract.",
    "page": "http://localhost:8000/invitations/1/",
}
ALARM = {
    "headline": "Contoso: the client secret ends in 14 days",
    "list": "Contoso, contoso: the client secret ends in 14 days. Renew it.",
    "page": "http://localhost:8000/alarms/",
    "server": "Sandbox1",
}
ALARM_CONTACT = {
    "headline": "Your client secret ends in 14 days",
    "list": "contoso: the client secret ends in 14 days.",
    "address": "http://localhost:8000/customer/at/1/",
    "customer": "Contoso",
    "provider": "Sandbox Telecom",
    "reply_to": "help@sp2.example",
    "phone": "+1 555 0100",
    "safe": "Nobody asks you for a password or a code.",
}
ROTATION_AHEAD = {
    "customer": "Contoso",
    "service": "contoso",
    "registration": "gw-contoso",
    "tenant": "Contoso",
    "when": "27 November 2026",
    "ends": "20 December 2026",
    "provider": "Sandbox Telecom",
    "reply_to": "help@sp2.example",
}
REMOVAL_ASKED = {
    "customer": "Contoso",
    "service": "contoso",
    "tenant": "Contoso",
    "list": "- App registration: “gw-contoso” (0b1ec7ed)\n  No service signs in with it.",
    "address": "https://sp2.example/customer/at/1/",
    "provider": "Sandbox Telecom",
    "reply_to": "help@sp2.example",
    "phone": "+1 555 0100",
    "safe": "Nobody asks you for a password or a code.",
}
SERVICE_GONE = {
    "customer": "Contoso",
    "service": "contoso",
    "list": "- Removed: App registration gw-contoso",
    "signed": "Service contoso is deleted.\n-----SIGNATURE-----\nKey: 1",
    "provider": "Sandbox Telecom",
    "reply_to": "help@sp2.example",
    "phone": "+1 555 0100",
    "safe": "Nobody asks you for a password or a code.",
}
REST = {
    "provider": "Sandbox Telecom",
    "asked_by": "avery@contoso.example",
    "operator": "Olga Operator",
    "customer": "Contoso",
    "service": "Contoso voice (contoso)",
    "done_by": "avery@contoso.example",
    "done": "- App registration created",
    "remaining": "- Permission User.Read.All\n- Directory role Teams Administrator",
    "roles": "Privileged Role Administrator or Global Administrator",
    "matching_phrase": "amber harbour",
    "minutes": "3",
    "expires": "Friday, 27 November 2026, 14:05 (UTC)",
    "deadline": "Tuesday, 19 January 2027, 14:05 (UTC)",
    "reply_to": "help@sp2.example",
}
OPERATOR_WAITING = {
    "customer": "Contoso",
    "service": "contoso",
    "done_by": "avery@contoso.example",
    "remaining": "- Permission User.Read.All",
    "roles": "Privileged Role Administrator or Global Administrator",
    "asked": "Nobody was asked to finish it yet.",
    "deadline": "Tuesday, 19 January 2027, 14:05 (UTC)",
    "page": "http://localhost:8000/invitations/1/",
}
COMPLETION = {
    "provider": "Sandbox Telecom",
    "customer": "Contoso",
    "service": "contoso",
    "tenant": "contoso.onmicrosoft.com",
    "registration_name": "gw-contoso",
    "application_id": "7f0f6a0e-0000-4000-8000-000000000001",
    "signed_in_as": "ada@contoso.example",
    "granted": "Organization.Read.All\nTeams Administrator",
    "made_at": "Friday, 20 November 2026, 14:05 (UTC)",
    "valid_until": "Saturday, 20 November 2027, 14:05 (UTC)",
    "own_view": "http://localhost:8000/customer/at/1/",
    "reply_to": "help@sp2.example",
}
OPERATOR_READY = {
    "customer": "Contoso",
    "service": "contoso",
    "tenant": "contoso.onmicrosoft.com",
    "registration_name": "gw-contoso",
    "signed_in_as": "ada@contoso.example",
    "page": "http://localhost:8000/invitations/1/",
}

OPERATOR_INVITATION = {
    "name": "Nils New",
    "inviter": "Olga Operator",
    "organization": "Harbour Telecom",
    "provider": "Sandbox Telecom",
    "role": "operator",
    "expires": "Friday, 27 November 2026, 14:05 (UTC)",
}
PASSWORD_RESET = {"name": "Olga Operator", "asked_from": "192.0.2.7"}
ADDRESS_LINK = {"name": "Olga Operator", "asked_by": "Ada Admin"}
SIGN_IN_CHANGED = {
    "name": "Olga Operator",
    "what": "a passkey was added",
    "asked_from": "192.0.2.7",
    "when": "Friday, 27 November 2026, 14:05 (UTC)",
}
IMPORT_ENDED = {
    "file": "many.csv",
    "outcome": "all rows have had their turn",
    "why": "",
    "counts": "Invited: 12\nFailed: 1",
    "page": "http://localhost:8000/imports/1/",
}
WRONG_CODES = {name: SIGN_IN_CHANGED[name] for name in ("name", "asked_from", "when")}


def put_invitation(customer: Place, *, to: str = "ada@contoso.example", subject_ref: str = "test:1", **more) -> UUID:
    """Put an invitation's mail into the outbox, within the customer's scope."""
    with within(customer.path):
        return outbox.put(
            organization_id=customer.id,
            kind=MessageKind.INVITATION,
            to=to,
            language="en",
            context={**INVITATION, **more.pop("context", {})},
            link=LINK,
            subject_ref=subject_ref,
            by=SETUP,
            **more,
        )


def mailed() -> list[tuple[str, str, str]]:
    """Let what waits go out, as a worker sends it: to whom, subject and body of each."""
    outgoing.outbox.clear()
    with within_everything("test"):
        ids = list(Message.objects.filter(state="queued").values_list("pk", flat=True))
    for message_id in ids:
        sending.deliver(message_id)
    return [(sent.to[0], sent.subject, sent.body) for sent in outgoing.outbox]
