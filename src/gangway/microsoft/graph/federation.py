"""Federated identity credentials: issuers whose tokens an application trusts instead of a secret; at most 20."""

from typing import Final

from gangway.foundation.ids import KeyId, ObjectId
from gangway.microsoft.graph.calls import Call, nothing, rows, text
from gangway.microsoft.graph.shapes import FederatedKey
from gangway.microsoft.wire import Answer

MOST: Final = 20
"""How many one application can have."""


def federated_of(application: ObjectId) -> Call[tuple[FederatedKey, ...]]:
    """All that an application trusts."""
    return Call("GET", f"/applications/{application}/federatedIdentityCredentials", _all)


def add_federated(application: ObjectId, *, name: str, issuer: str, subject: str, audience: str) -> Call[FederatedKey]:
    """Let the application trust one subject of one issuer. Name, and issuer with subject, are unique in it."""
    body = {
        "name": name,
        "issuer": issuer,
        "subject": subject,
        "audiences": [audience],
        "description": "Lets your provider's platform sign in as this registration, without any secret.",
    }
    path = f"/applications/{application}/federatedIdentityCredentials"
    return Call("POST", path, lambda answer: read(answer.body), body=body)


def remove_federated(application: ObjectId, key_id: KeyId) -> Call[None]:
    """Take one away by its id; Missing when it is gone already."""
    return Call("DELETE", f"/applications/{application}/federatedIdentityCredentials/{key_id}", nothing)


def _all(answer: Answer) -> tuple[FederatedKey, ...]:
    return tuple(read(row) for row in rows(answer))


def read(row: object) -> FederatedKey:
    """One of them as Graph shows it, in its own list or expanded in the application's."""
    return FederatedKey(
        key_id=KeyId(text(row, "id")),
        display_name=text(row, "name"),
        issuer=text(row, "issuer"),
        subject=text(row, "subject"),
    )
