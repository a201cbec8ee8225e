"""What is expected of addresses and names that people type: domains by which the customer is known, or by nobody.

A link in somebody else's mailbox opens the wizard there, and an account of another Microsoft 365 is refused only after
its sign-in. So a domain that nobody knows here is asked about at once, wherever it is typed. It is no refusal: a tenant
has more domains than we know of.
"""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from gangway.onboarding.errors import AddressUnexpected
from gangway.onboarding.models import Case
from gangway.onboarding.stages.registration import tenant_in_use, tenant_of_registration
from gangway.onboarding.stages.sign_in import UPN
from gangway.onboarding.states import SignInState
from gangway.organizations.people_queries import works_above
from gangway.organizations.place_queries import place, tenants_of
from gangway.provisioning.tenants import domains_of

OF_EVERY_TENANT: Final = (".onmicrosoft.com", ".onmicrosoft.us", ".partner.onmschina.cn")
"""How domains end that tenants are born with. Nobody's mails go there, and whose it is isn't seen by its name."""

MOST_NAMED: Final = 3


def domain_of(address: str) -> str:
    """Return the domain of an e-mail address or a user principal name; empty for what is neither."""
    return address.strip().rpartition("@")[2].casefold() if "@" in address else ""


def is_among(domain: str, known: Collection[str]) -> bool:
    """Whether a domain is one of these, or stands below one."""
    return any(domain == one or domain.endswith(f".{one}") for one in (each.casefold() for each in known))


def _telling(domains: Collection[str]) -> tuple[str, ...]:
    """Those of these domains by which others can be told to be somebody else's."""
    return tuple(one for one in dict.fromkeys(domains) if not one.casefold().endswith(OF_EVERY_TENANT))


def outside(address: str, *, known: Collection[str], customer_id: UUID | None) -> tuple[str, ...]:
    """Return the domains that an address was compared with, where it is at none of them; empty for what is expected.

    `known`: what is typed of the customer's domains just now. The customer (None: there is none yet) is within the
    scope: its domains, its contacts and the tenants that it is connected with count, and whoever looks after it. Where
    nothing is known, everything is expected.
    """
    domain = domain_of(address)
    if not domain or is_among(domain, known):
        return ()
    if customer_id is None:
        return _telling(known)
    about = place(customer_id)
    theirs = (*known, *about.domains, *domains_of(customer_id))
    people = {one.email.casefold() for one in about.contacts}
    if is_among(domain, theirs) or address.strip().casefold() in people or works_above(address.strip(), customer_id):
        return ()
    return _telling(theirs)


def need_expected(address: str, *, customer_id: UUID, known: Collection[str] = (), knowingly: str = "") -> None:
    """Raise `AddressUnexpected` at "recipient" where a link would go to a domain that nobody knows of the customer.

    `knowingly`: the address that somebody answered for; it is good for that one only, since others at the same domain
    may be strangers. `known` and the customer are as in `outside`.
    """
    meant = address.strip().casefold()
    compared = outside(address, known=known, customer_id=customer_id)
    if compared and knowingly.strip().casefold() != meant:
        raise AddressUnexpected(
            f"{domain_of(address)} is none of the domains that we know of this customer ({named(compared)}). "
            "Whoever reads mails at that address could go on with the link.",
            field="recipient",
            address=meant,
        )


def named(domains: Collection[str]) -> str:
    """Name domains in a sentence: some of them, where there are many."""
    some = tuple(domains)
    return ", ".join(some[:MOST_NAMED]) + (" …" if len(some) > MOST_NAMED else "")


def domains_for(case: Case) -> tuple[str, ...]:
    """Return the domains of the tenants in which somebody behind a link may sign in; empty where one isn't known.

    The one that was answered for before counts, unless it was the wrong one. Within the case's scope.
    """
    pinned = tenant_of_registration(case) or tenant_in_use(case.service_id)
    if pinned is not None:
        known = domains_of(case.organization_id, tenant_id=pinned.tenant_id)
    else:
        theirs = tenants_of(case.organization_id)
        known = tuple(one.domain for one in theirs) if all(one.domain for one in theirs) else ()
    is_answered = case.sign_in is not None and case.sign_in.state != SignInState.WRONG_TENANT
    return (*known, domain_of(case.administrator_upn)) if known and is_answered else known


def is_compared(case: Case) -> bool:
    """Whether anything is known that the tenant of whoever signed in was compared with. Within the case's scope."""
    known = tenants_of(case.organization_id) or tenant_of_registration(case) or tenant_in_use(case.service_id)
    return bool(known)


def is_odd_name(upn: str, *, known: Collection[str]) -> bool:
    """Whether a user principal name is at a domain that nobody knows here, where domains are known.

    What can't be one is refused for that, and nothing is asked of it.
    """
    domain = domain_of(upn) if UPN.fullmatch(upn.strip()) else ""
    return bool(domain and _telling(known)) and not domain.endswith(OF_EVERY_TENANT) and not is_among(domain, known)
