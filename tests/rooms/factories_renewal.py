"""A service that is connected and invited once more, and what there is of it at Microsoft and here."""

from typing import Any
from uuid import UUID

from gangway.foundation import clock
from gangway.invitations import queries as invited
from gangway.onboarding import actions, renewal
from gangway.organizations.roles import Kind
from gangway.organizations.scope import within
from gangway.provisioning.models import Credential
from tests.emulator.conftest import Emulator
from tests.rooms import factories_invitations
from tests.rooms.factories_onboarding import ADMINISTRATOR, Walk
from tests.rooms.test_onboarding_aboard import OLGA, aboard, finished


def served(emulator: Emulator, **more: Any) -> tuple[Walk, UUID]:
    walked = aboard(emulator, **more)
    return walked, finished(walked)


def again(walked: Walk, service_id: UUID, **more: object) -> Walk:
    """Re-initiate Authentication Flow, and its link opened."""
    with within(walked.customer.path):
        invitation_id = renewal.reinitiate(
            service_id=service_id,
            recipient="someone@contoso.com",
            level=Kind.PROVIDER,
            by=OLGA,
            now=clock.now(),
            **more,
        )
    return opened_by(walked, invitation_id)


def opened_by(walked: Walk, invitation_id: UUID) -> Walk:
    """The administrator follows the link of this invitation."""
    token = factories_invitations.link(walked.customer, invitation_id)
    case_id = actions.begin_case(token=token, by=ADMINISTRATOR, now=clock.now()).case_id
    actions.choose_new(case_id=case_id, by=ADMINISTRATOR, now=clock.now())
    return Walk(walked.customer, walked.provider, walked.operator_id, invitation_id, case_id)


def changes(walked: Walk) -> tuple[str, ...]:
    """What the invitation says that will be otherwise."""
    with within(walked.customer.path):
        return invited.invitation(walked.invitation_id).changes


def secrets(walked: Walk) -> list[Credential]:
    with within(walked.customer.path):
        return list(Credential.objects.order_by("announced_at"))


def registrations(emulator: Emulator) -> list[dict[str, object]]:
    tenants = emulator.control("GET", "state")["tenants"]
    rows = [row for tenant in tenants for row in tenant["objects"].values()]
    return [row["body"] for row in rows if str(row["body"].get("uniqueName") or "").startswith("gangway-")]
