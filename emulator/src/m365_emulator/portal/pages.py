"""The portal's pages and forms by address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m365_emulator.portal import (
    assignments,
    consent,
    enterprise,
    federated,
    home,
    new_registration,
    owners,
    people,
    permissions,
    registrations,
    role_members,
    roles,
    secrets,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from m365_emulator.portal.desk import Desk, Shown, Went

    Page = Callable[[Desk], Shown | Went]

_app = "/registrations/{id}"
_enterprise = "/enterprise/{id}"
pages: tuple[tuple[str, str, Page], ...] = (
    ("GET", "", home.show),
    ("GET", "/", home.show),
    ("GET", "/search", home.search),
    ("GET", "/registrations", registrations.show_list),
    ("GET", "/registrations/new", new_registration.show),
    ("POST", "/registrations/new", new_registration.create),
    ("GET", _app, registrations.show),
    ("GET", _app + "/authentication", registrations.show_authentication),
    ("GET", _app + "/manifest", registrations.show_manifest),
    ("GET", _app + "/delete", registrations.ask_delete),
    ("POST", _app + "/delete", registrations.delete),
    ("POST", _app + "/restore", registrations.restore),
    ("GET", _app + "/secrets", secrets.show),
    ("GET", _app + "/secrets/new", secrets.show_new),
    ("POST", _app + "/secrets/new", secrets.create),
    ("POST", _app + "/secrets/delete", secrets.delete),
    ("GET", _app + "/federated/new", federated.show_new),
    ("POST", _app + "/federated/new", federated.create),
    ("POST", _app + "/federated/delete", federated.delete),
    ("GET", _app + "/permissions", permissions.show),
    ("GET", _app + "/permissions/add", permissions.show_add),
    ("POST", _app + "/permissions/add", permissions.add),
    ("POST", _app + "/permissions/remove", permissions.remove),
    ("POST", _app + "/permissions/consent", consent.grant),
    ("GET", _app + "/owners", owners.show),
    ("POST", _app + "/owners/add", owners.add),
    ("POST", _app + "/owners/remove", owners.remove),
    ("GET", "/enterprise", enterprise.show_list),
    ("GET", _enterprise, enterprise.show),
    ("GET", _enterprise + "/permissions", enterprise.show_permissions),
    ("GET", _enterprise + "/roles", enterprise.show_roles),
    ("GET", _enterprise + "/users", assignments.show),
    ("POST", _enterprise + "/users/add", assignments.add),
    ("POST", _enterprise + "/users/remove", assignments.remove),
    ("GET", _enterprise + "/delete", enterprise.ask_delete),
    ("POST", _enterprise + "/delete", enterprise.delete),
    ("GET", "/roles", roles.show_list),
    ("GET", "/roles/{id}", roles.show),
    ("GET", "/roles/{id}/add", role_members.show_add),
    ("POST", "/roles/{id}/add", role_members.add),
    ("POST", "/roles/{id}/remove", role_members.remove),
    ("GET", "/users", people.show_list),
    ("GET", "/users/{id}", people.show),
    ("GET", "/{rest:path}", home.show_nothing),
)
