"""What one may say about an organization beside its name: fields, contacts, and the bounds it was sold."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import regex
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from gangway.foundation.names import CURE, WHAT, can_be_seen, holds_address
from gangway.languages.choice import NAMES
from gangway.organizations.errors import InvalidAddress, InvalidField, InvalidOrganizationName

LONGEST_TEXT: Final = 500
LONGEST_NAME: Final = 200
LONGEST_PHONE: Final = 40
LONGEST_SHORT_NAME: Final = 45
MOST_CONTACTS: Final = 10
MOST_TENANTS: Final = 5
"""Microsoft 365 tenants of one customer beside its first."""
MOST_COUNTED: Final = 1_000_000
WHOLE: Final = 100
"""Percent."""
WARNING_PERCENT: Final = 90
GRACE_PERCENT: Final = 10

_GUID: Final = regex.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN: Final = regex.compile(rf"(?=.{{4,253}}\Z){_LABEL}(?:\.{_LABEL})+")


@dataclass(frozen=True, slots=True)
class Details:
    """The free fields. `tenant_id` is the customer's Microsoft tenant, `entra_group_id` limits who may sign in."""

    description: str = ""
    domain: str = ""
    tenant_id: str = ""
    entra_group_id: str = ""
    reply_to: str = ""
    support_phone: str = ""
    information: str = ""
    language: str = ""
    """That its people are spoken to in; empty: that of the level above."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What may be used at most; None means unlimited.

    `customers`: customers of a channel. `users`: licensed users of all services of a provider; `warning_percent` of
    them raise a warning, `grace_percent` more may be used for a while.
    """

    customers: int | None = None
    users: int | None = None
    warning_percent: int = WARNING_PERCENT
    grace_percent: int = GRACE_PERCENT


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to tell: at least an address."""

    name: str
    email: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Tenant:
    """A Microsoft 365 tenant of a customer, as far as it is known: its id, one of its domains, or both."""

    tenant_id: str
    domain: str

    def is_it(self, tenant_id: str, domains: Collection[str]) -> bool:
        """Whether a tenant with this id and all of these domains is the one, as far as that one is known."""
        return self.tenant_id in {"", tenant_id} and (not self.domain or self.domain in domains)


def known_of(first: Tenant, more: Iterable[Tenant]) -> tuple[Tenant, ...]:
    """Return the tenants of which something is known, the first one first."""
    return tuple(one for one in (first, *more) if one.tenant_id or one.domain)


def domains_of(first: str, more: Iterable[Tenant]) -> tuple[str, ...]:
    """Return the domains that a customer is known by, its first one first, be that known or not."""
    return tuple(filter(None, (first, *(each.domain for each in more))))


def checked_details(given: Details) -> Details:
    """Return the fields as they are kept. Raises InvalidField and InvalidAddress at the field that is wrong."""
    return Details(
        description=text(given.description, field="description"),
        domain=_domain(given.domain, field="domain"),
        tenant_id=_id(given.tenant_id, field="tenant_id"),
        entra_group_id=_id(given.entra_group_id, field="entra_group_id"),
        reply_to=checked_address(given.reply_to, field="reply_to") if given.reply_to.strip() else "",
        support_phone=text(given.support_phone, field="support_phone", longest=LONGEST_PHONE),
        information=text(given.information, field="information"),
        language=_language(given.language),
    )


def checked_name(name: str) -> str:
    """Return a name with single blanks. Raises InvalidOrganizationName at "name"."""
    cleaned = " ".join(name.split())
    if not cleaned or len(cleaned) > LONGEST_NAME or not can_be_seen(cleaned):
        raise InvalidOrganizationName(field="name")
    if holds_address(cleaned):
        raise InvalidOrganizationName(WHAT, cure=CURE, field="name")
    return cleaned


def checked_short_name(typed: str) -> str:
    """Return a provider's or channel's short name with single blanks, or none. Raises InvalidField at "short_name"."""
    cleaned = " ".join(typed.split())
    if len(cleaned) > LONGEST_SHORT_NAME or not can_be_seen(cleaned):
        what = f"A short name has at most {LONGEST_SHORT_NAME} visible characters."
        raise InvalidField(what, cure=InvalidOrganizationName.cure, field="short_name")
    if holds_address(cleaned):
        raise InvalidField(WHAT, cure=CURE, field="short_name")
    return cleaned


def checked_bounds(given: Bounds) -> Bounds:
    """Return the bounds. Raises InvalidField at "customers", "users", "warning_percent", "grace_percent"."""
    for field, count in (("customers", given.customers), ("users", given.users)):
        if count is not None and not 0 <= count <= MOST_COUNTED:
            raise InvalidField(field=field)
    if not 1 <= given.warning_percent <= WHOLE:
        raise InvalidField(field="warning_percent")
    if not 0 <= given.grace_percent <= WHOLE:
        raise InvalidField(field="grace_percent")
    return given


def checked_contacts(given: Sequence[Contact]) -> tuple[Contact, ...]:
    """Return the contacts, each address once. Raises InvalidField and InvalidAddress at "contacts"."""
    kept: dict[str, Contact] = {}
    for contact in given:
        email = checked_address(contact.email, field="contacts")
        name = text(contact.name, field="contacts", longest=LONGEST_NAME)
        kept.setdefault(email, Contact(name, email, text(contact.phone, field="contacts", longest=LONGEST_PHONE)))
    if len(kept) > MOST_CONTACTS:
        raise InvalidField(field="contacts")
    return tuple(kept.values())


def checked_tenants(given: Sequence[Tenant]) -> tuple[Tenant, ...]:
    """Return the tenants of whom something is known, each once. Raises InvalidField at "tenants"."""
    checked = (Tenant(_id(each.tenant_id, field="tenants"), _domain(each.domain, field="tenants")) for each in given)
    kept = tuple(dict.fromkeys(each for each in checked if each.tenant_id or each.domain))
    if len(kept) > MOST_TENANTS:
        raise InvalidField(field="tenants")
    return kept


def is_host_name(cleaned: str) -> bool:
    """Return whether it is a whole host name in lower case; an IP address is none."""
    return bool(_DOMAIN.fullmatch(cleaned)) and not cleaned.rpartition(".")[2].isdecimal()


def checked_address(typed: str, *, field: str) -> str:
    """Return an e-mail address in lower case; raises InvalidAddress at `field`."""
    cleaned = typed.strip().lower()
    try:
        validate_email(cleaned)
    except ValidationError as error:
        raise InvalidAddress(field=field) from error
    return cleaned


def text(typed: str, *, field: str, longest: int = LONGEST_TEXT) -> str:
    """Return one line of visible text without doubled blanks; raises InvalidField at `field`."""
    cleaned = " ".join(typed.split())
    if len(cleaned) > longest or not can_be_seen(cleaned):
        raise InvalidField(field=field)
    return cleaned


def _language(code: str) -> str:
    if code and code not in NAMES:
        raise InvalidField(field="language")
    return code


def _id(typed: str, *, field: str) -> str:
    what = "This isn't an ID of Microsoft's." if field == "entra_group_id" else "This isn't a tenant ID."
    cure = "It looks like 11111111-2222-4333-8444-555555555555, and stands on the Overview page of Entra."
    if field == "entra_group_id":
        cure = "A group's object ID looks like 11111111-2222-4333-8444-555555555555, and stands on its page in Entra."
    return _matching(_GUID, typed, InvalidField(what, cure=cure, field=field))


def _domain(typed: str, *, field: str) -> str:
    what, cure = "This isn't a domain.", "It looks like contoso.com, without https:// and without an @."
    return _matching(_DOMAIN, typed, InvalidField(what, cure=cure, field=field))


def _matching(pattern: "regex.Pattern[str]", typed: str, otherwise: InvalidField) -> str:
    cleaned = typed.strip().lower()
    if cleaned and not pattern.fullmatch(cleaned):
        raise otherwise
    return cleaned
