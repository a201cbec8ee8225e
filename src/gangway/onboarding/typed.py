"""What somebody types of a registration that is there already, looked at at once and without asking anybody."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from gangway.foundation.sealed import SealedText
from gangway.onboarding.errors import NotADomain
from gangway.onboarding.existing_errors import (
    AnotherTenant,
    DomainNotThere,
    EndHasPassed,
    ExistingError,
    NotAClientId,
    NotADay,
    NotATenant,
    NotTheTenantInUse,
    OwnApplicationTyped,
    OwnTenantTyped,
    SecretIsItsId,
    SecretMalformed,
    SecretMissing,
)
from gangway.onboarding.tenant_lookup import checked_domain
from gangway.organizations.details import Tenant

GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SHORTEST: Final = 16
LONGEST: Final = 500
"""Characters of a client secret; Microsoft's own have 40."""
HIDDEN: Final = re.compile(r"[*•·…]{3,}|\.{3,}")
"""How a value looks that is shown only in part."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form. An empty secret means: the one that is kept. `unread`: its end is no date."""

    tenant: str
    client_id: str
    kind: str = "secret"
    secret: SealedText = field(default_factory=lambda: SealedText(""))
    ends_on: date | None = None
    unread: bool = False


@dataclass(frozen=True, slots=True)
class Around:
    """What is known here. `has_secret`: one is kept.

    `theirs`: the tenants that are the customer's, of which any will do; none when nobody knows of one. `connected`: it
    is the one that the service is connected with.
    """

    theirs: tuple[Tenant, ...]
    own_tenants: frozenset[str]
    own_clients: frozenset[str]
    has_secret: bool
    today: date
    connected: bool = False


def looked_at(typed: Typed, around: Around) -> tuple[Typed, tuple[ExistingError, ...]]:
    """What was typed, without blanks around it and as Microsoft writes it; and what can't be right, field by field."""
    tidy = replace(
        typed,
        tenant=_tidy(typed.tenant).lower(),
        client_id=_tidy(typed.client_id).lower(),
        secret=SealedText(typed.secret.reveal().strip()),
    )
    found = (*_tenant(tidy, around), *_client(tidy, around), *_secret(tidy, around), *_end(tidy, around))
    return tidy, found


def is_guid(text: str) -> bool:
    """Whether this is an id as Microsoft gives them."""
    return bool(GUID.fullmatch(text.lower()))


def fault_of_tenant(tenant_id: str, around: Around) -> ExistingError | None:
    """What speaks against a tenant that is known by its id.

    A worker asks once more, when it has found by their domains the ids that nobody told: nothing of it is asked of
    Microsoft with what was typed before that.
    """
    if tenant_id in around.own_tenants:
        return OwnTenantTyped(field="tenant")
    known = {one.tenant_id.lower() for one in around.theirs}
    if not known or known & {"", tenant_id}:
        return None
    if around.connected:
        return NotTheTenantInUse(field="tenant")
    domains = dict.fromkeys(one.domain for one in around.theirs if one.domain)
    if domains:
        return DomainNotThere(f"This isn't the tenant with the domain {' or '.join(domains)}.", field="tenant")
    return AnotherTenant(field="tenant")


def _tidy(text: str) -> str:
    """Without blanks and the braces and quotes that some tools put around ids."""
    return text.strip().strip("{}\"'").strip()


def _tenant(typed: Typed, around: Around) -> Iterator[ExistingError]:
    if is_guid(typed.tenant):
        fault = fault_of_tenant(typed.tenant, around)
        if fault is not None:
            yield fault
        return
    try:
        checked_domain(typed.tenant)
    except NotADomain:
        yield NotATenant(field="tenant")


def _client(typed: Typed, around: Around) -> Iterator[ExistingError]:
    if not is_guid(typed.client_id):
        yield NotAClientId(field="client_id")
    elif typed.client_id in around.own_clients:
        yield OwnApplicationTyped(field="client_id")
    elif typed.client_id == typed.tenant:
        yield NotAClientId("This is the tenant ID once more.", field="client_id")


def _secret(typed: Typed, around: Around) -> Iterator[ExistingError]:
    if typed.kind != "secret":
        return
    text = typed.secret.reveal()
    if not text:
        if not around.has_secret:
            yield SecretMissing(field="secret")
    elif is_guid(text):
        yield SecretIsItsId(field="secret")
    elif any(sign.isspace() for sign in text):
        yield SecretMalformed("There is a blank or a line break inside; a client secret has none.", field="secret")
    elif HIDDEN.search(text):
        yield SecretMalformed(
            "This is the secret as Microsoft shows it later, with most of it hidden.",
            cure="Its whole Value is shown only once: make a new client secret and copy its Value.",
            field="secret",
        )
    elif not text.isascii() or not text.isprintable() or not SHORTEST <= len(text) <= LONGEST:
        yield SecretMalformed(field="secret")


def _end(typed: Typed, around: Around) -> Iterator[ExistingError]:
    if typed.kind != "secret":
        return
    if typed.unread:
        yield NotADay(field="ends_on")
    elif typed.ends_on is not None and typed.ends_on <= around.today:
        yield EndHasPassed(field="ends_on")
