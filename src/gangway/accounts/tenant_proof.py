"""Proving that an Entra tenant is an organization's own: somebody who administers it signs in for it, once.

Anybody may list a tenant. Before the proof it gives nobody a role, ends nobody's, and its second factor doesn't count;
people whose accounts are tied, and those whom a person of ours invites, come in all the same.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.accounts.errors import NoSuchTenant, ProofByGuest, ProofElsewhere, ProofTooWeak, ProofUntold
from gangway.accounts.models import EntraTenant
from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.microsoft.directory_roles import APPLICATION, CLOUD_APPLICATION, GLOBAL, NAMES, PRIVILEGED_ROLE
from gangway.microsoft.signin.tokens import Identity

SPEAK_FOR_IT: Final = {each: NAMES[each] for each in (GLOBAL, PRIVILEGED_ROLE, APPLICATION, CLOUD_APPLICATION)}
"""Directory roles that prove a tenant, the mightiest first: whoever has one decides on applications there."""


@transaction.atomic
def prove(tenant_row_id: UUID, who: Identity, *, cloud: str, by: Actor, now: datetime) -> None:
    """Take a checked id_token as the proof for a tenant of the scope. `cloud`: where the account signed in just now.

    Raises `NoSuchTenant`, `ProofByGuest`, `ProofElsewhere`, `ProofUntold`, `ProofTooWeak`.
    """
    row = EntraTenant.objects.select_for_update(of=("self",)).filter(pk=tenant_row_id).first()
    if row is None:
        raise NoSuchTenant
    role = _role_of(who, row, cloud)
    row.proved_at, row.proved_by, row.proved_account = now, by.name[:200], who.username[:320]
    row.save(update_fields=["proved_at", "proved_by", "proved_account"])
    facts = {"tenant": str(row.tenant_id), "account": row.proved_account, "role": role}
    where = row.organization_id
    record(Event.ENTRA_TENANT_PROVED, by=by, organization_id=where, subject=f"organization:{where}", data=facts)


def _role_of(who: Identity, row: EntraTenant, cloud: str) -> str:
    """Return the role by which the account speaks for the tenant."""
    if (who.tenant_id, cloud) != (str(row.tenant_id), row.cloud):
        raise ProofElsewhere
    if who.is_guest:
        raise ProofByGuest
    if not who.wids:
        raise ProofUntold
    role = next((name for each, name in SPEAK_FOR_IT.items() if each in who.wids), "")
    if not role:
        raise ProofTooWeak
    return role
