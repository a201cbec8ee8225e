"""Distinct types for Microsoft's identifiers, so that an application id never passes for an object id."""

from typing import NewType

TenantId = NewType("TenantId", str)
"""A Microsoft 365 tenant, a GUID in lower case."""

AppId = NewType("AppId", str)
"""An application's client id: the same in every tenant."""

ObjectId = NewType("ObjectId", str)
"""One directory object in one tenant: an application, a service principal or a person."""

KeyId = NewType("KeyId", str)
"""One credential on one application."""
