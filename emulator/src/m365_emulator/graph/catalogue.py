"""All operations of the emulated Graph in one table."""

from __future__ import annotations

from functools import cache

from m365_emulator.graph import (
    administrative_units,
    app_management_policies,
    app_role_assignments,
    applications,
    audit_log,
    call_records,
    deleted_items,
    delta,
    directory_objects,
    directory_roles,
    domain_records,
    domains,
    federated_credentials,
    group_members,
    groups,
    key_credentials,
    licences,
    me,
    membership_checks,
    memberships,
    organization,
    owner_casts,
    owners,
    passwords,
    permission_grants,
    policies,
    role_management,
    schedule_requests,
    scoped_members,
    service_principals,
    subscribed_skus,
    teams_numbers,
    teams_users,
    tenant_lookup,
    users,
)
from m365_emulator.graph.operations import Finder

resources = (
    applications,
    passwords,
    key_credentials,
    owners,
    owner_casts,
    federated_credentials,
    deleted_items,
    delta,
    directory_objects,
    service_principals,
    app_role_assignments,
    permission_grants,
    memberships,
    directory_roles,
    role_management,
    organization,
    domains,
    subscribed_skus,
    users,
    group_members,
    groups,
    me,
    policies,
    app_management_policies,
    tenant_lookup,
    administrative_units,
    audit_log,
    call_records,
    domain_records,
    licences,
    membership_checks,
    schedule_requests,
    scoped_members,
    teams_numbers,
    teams_users,
)


@cache
def finder() -> Finder:
    """Finds operations; built once."""
    return Finder(operation for resource in resources for operation in resource.operations.rows)
