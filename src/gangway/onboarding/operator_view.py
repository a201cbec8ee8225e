"""From an operator's part to what the Onboarding wizard's pages show."""

from typing import TYPE_CHECKING, cast

from gangway.invitations.queries import invitation
from gangway.onboarding import operator, problems
from gangway.onboarding.models import OperatorOnboarding
from gangway.onboarding.shapes import CheckItemView, OperatorOnboardingView, ValidationState, ValidationView
from gangway.onboarding.states import OperatorStep
from gangway.organizations.taken_over import named
from gangway.provisioning import queries as provisioning
from gangway.provisioning.beside_view import beside_of
from gangway.services.queries import service

if TYPE_CHECKING:
    from gangway.connections.verdict import Status


def view_of(row: OperatorOnboarding) -> OperatorOnboardingView:
    """Gather an operator's part; within its scope."""
    about, planned = provisioning.registration(row.registration_id), service(row.service_id)
    domains, standing = operator.domains_of(about), operator.blockers(row)
    return OperatorOnboardingView(
        id=row.pk,
        step=OperatorStep(row.step),
        invitation_id=row.invitation_id,
        service_id=row.service_id,
        service_short_name=planned.short_name,
        service_full_name=planned.full_name,
        licence=planned.licence.label,
        licensed_users=planned.licensed_users,
        customer_name=planned.customer_name,
        added_by=named(row.added_by_name, at=row.added_at, moved_at=row.organization.moved_at),
        added_at=row.added_at,
        registration=about,
        signer_upn=str(row.case.signer.get("upn", "")),
        signer_name=str(row.case.signer.get("name", "")),
        signed_in_at=row.case.signed_in_at,
        tenant_id=about.tenant_id,
        tenant_name=about.tenant_name,
        domains=domains,
        m365_domain=row.m365_domain or next(iter(domains), ""),
        validation=validation_of(row),
        prerequisites=tuple(item for item in _items(row) if item.key in operator.PREREQUISITES),
        may_finish=not standing and row.finished_at is None,
        blockers=standing,
        asks_tenant=operator.asks_tenant(row),
        another_tenant=operator.another_tenant(row) if row.finished_at is None else "",
        connected=operator.connected_besides(row),
        beside=beside_of(row.registration_id, invitation(row.invitation_id).plan),
    )


def validation_of(row: OperatorOnboarding) -> ValidationView:
    """Show a validation, live."""
    return ValidationView(
        state=cast("ValidationState", row.check_state),
        status=cast("Status", row.check_status),
        items=_items(row),
        started_at=row.check_started_at,
        ended_at=row.check_ended_at,
        problem=problems.shown(row.check_problem, reference=str(row.pk)),
    )


def _items(row: OperatorOnboarding) -> tuple[CheckItemView, ...]:
    return tuple(CheckItemView(**item) for item in row.check_items)
