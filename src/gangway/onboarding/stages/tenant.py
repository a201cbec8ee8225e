"""Is it the right tenant and the right person? Asked after sign-in and before anything is written there. Pure logic.

The order is from the surest to the softest: a personal account and the platform's own tenant are refused by the checked
id_token alone; then what Graph says about the account and its tenant; last, whether it is the person who was named.
"""

from dataclasses import dataclass

from gangway.microsoft.signin.tokens import Identity
from gangway.onboarding.refusals import (
    GuestSignedIn,
    OwnTenant,
    PartnerSignedIn,
    Refusal,
    RoleMissing,
    WrongPerson,
    WrongTenant,
)
from gangway.organizations.details import Tenant, known_of
from gangway.provisioning.actions import PARTNER, SignerFacts


@dataclass(frozen=True, slots=True)
class Expected:
    """Who and what was expected. `domain`: the customer's when the provider knows it; `tenant_id` likewise.

    `others`: more tenants of the same customer, any of which will do. The one that a service is connected with stands
    there alone, by its id: it will do, whatever its domains are.
    """

    upn: str
    domain: str
    tenant_id: str
    own_tenants: frozenset[str]
    parts: frozenset[str] = frozenset()
    """What this person is asked to do, when somebody else did the rest: they need the rights for some of it."""
    others: tuple[Tenant, ...] = ()

    @property
    def domain_wanted(self) -> str:
        """The domain that the tenant must have verified: the customer's, else that of the name that was typed."""
        return (self.domain or self.upn.rpartition("@")[2]).casefold()

    @property
    def named(self) -> str:
        """How the tenants that will do are named to whoever signed in elsewhere."""
        theirs = dict.fromkeys(one for one in (self.domain, *(each.domain for each in self.others)) if one)
        return " or ".join(theirs) or self.domain_wanted

    @property
    def tenants(self) -> frozenset[str]:
        """The tenants that alone will do; none where one of them isn't known by its id."""
        ids = [self.tenant_id, *(each.tenant_id for each in self.others)]
        return frozenset(each.lower() for each in ids) if all(ids) else frozenset()

    def is_in(self, tenant_id: str, domains: frozenset[str]) -> bool:
        """Whether a tenant is the one that was expected, or another one of the customer's."""
        if not self.others:
            return self.domain_wanted in domains
        known = known_of(Tenant(self.tenant_id, self.domain), self.others)
        return any(each.is_it(tenant_id, domains) for each in known)


def refusal_of_identity(identity: Identity, expected: Expected) -> Refusal | None:
    """Say what speaks against this account by its id_token alone; None when nothing does."""
    if identity.tenant_id in expected.own_tenants:
        return OwnTenant()
    if identity.is_guest:
        return GuestSignedIn().seen_in(identity.tenant_id)
    if expected.tenants and identity.tenant_id not in expected.tenants:
        return WrongTenant(_another_tenant("", (), expected.named)).seen_in(identity.tenant_id)
    return None


def refusal_of_signer(facts: SignerFacts, expected: Expected) -> Refusal | None:
    """Say what speaks against this account by what Graph told; None when it is the expected one."""
    if facts.user_type == PARTNER:
        return PartnerSignedIn()
    if facts.user_type.casefold() == "guest" or "#ext#" in facts.upn.casefold():
        return GuestSignedIn()
    if not expected.is_in(facts.tenant_id, frozenset(domain.casefold() for domain in facts.domains)):
        return WrongTenant(_another_tenant(facts.tenant_name, tuple(facts.domains), expected.named))
    if expected.parts and all(facts.can.get(part) == "needs_other" for part in expected.parts):
        return RoleMissing(f"{facts.upn} has no active role that may do what remains.")
    if facts.upn.casefold() != expected.upn.casefold():
        return WrongPerson(f"You named {expected.upn}, but {facts.upn} signed in.")
    return None


def _another_tenant(name: str, domains: tuple[str, ...], wanted: str) -> str:
    where = f"{name} ({', '.join(domains)})" if name else "another organization's Microsoft 365"
    return f"You signed in to {where}. The Microsoft 365 to be connected is the one with the domain {wanted}."
