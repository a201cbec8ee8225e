"""Domain names of the tenant: added, proved by DNS, given services, made the default, removed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from m365_emulator.graph import bodies, domain_names
from m365_emulator.graph.answer import Answer, no_content
from m365_emulator.graph.errors import bad_request, not_found, same_key
from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations
from m365_emulator.graph.owners import objects, shown

if TYPE_CHECKING:
    from m365_emulator.directory import Tenant
    from m365_emulator.graph.call import Call

operations = Operations()
shape = Shape(type="domain", set="domains", directory=False)
_one = "/domains/{domain-id}"
_at_most = 5000


@operations.on("GET", "/domains")
def list_domains(call: Call) -> Answer:
    """All domain names, verified or not."""
    return pages.collection(call, shape, call.tenant.domains)


@operations.on("GET", _one)
def get_domain(call: Call) -> Answer:
    """One domain by its name."""
    return pages.single(call, shape, named(call))


@operations.on("POST", "/domains")
def add_domain(call: Call) -> Answer:
    """201, not verified yet, unless its root is verified in this tenant. Only the name may be given."""
    wanted = bodies.checked("domain", call.body, fixed=_fixed, needed=("id",))
    name = domain_names.read(wanted["id"])
    if any(one["id"].lower() == name for one in call.tenant.domains):
        raise same_key("id", f"A domain with the name '{name}' already exists in this organization.")
    if len(call.tenant.domains) >= _at_most:
        raise bad_request("The organization has as many domains as it can have.")
    root = domain_names.root_among(name, call.tenant.domain_names())
    row = _fresh(name, is_root=root is None, verified=root is not None)
    call.tenant.domains.append(row)
    return pages.single(call, shape, row, status=201)


@operations.on("PATCH", _one)
def update_domain(call: Call) -> Answer:
    """204; services and the default, only of a verified domain."""
    domain = named(call)
    wanted = bodies.checked("domain", call.body, fixed=_fixed - {"isDefault", "supportedServices"} | {"id"})
    if not domain["isVerified"]:
        raise bad_request(f"The domain '{domain['id']}' is not verified.", target="isVerified")
    unknown = set(wanted.get("supportedServices") or []) - _services
    if unknown:
        raise bad_request(f"Unknown service '{min(unknown)}'.", target="supportedServices")
    if wanted.pop("isDefault", None):
        _make_default(call.tenant, domain)
    domain.update(wanted)
    return no_content()


@operations.on("POST", _one + "/verify")
def verify(call: Call) -> Answer:
    """200 with the domain once the DNS shows the record; 400 before, and when it is verified already."""
    domain = named(call)
    name = domain["id"]
    if domain["isVerified"]:
        raise bad_request("Domain is already verified.", target="id")
    owner = call.world.directory.tenant(name)
    if owner is not None and owner is not call.tenant:
        raise bad_request(f"The domain '{name}' is verified in another organization.", target="id")
    if proof(call.tenant, name) not in dns_texts(call.tenant, name):
        raise bad_request(
            "Domain verification failed with the following error: 'DNS verification record was not found.'.",
            target="id",
        )
    domain.update(isVerified=True, supportedServices=["Email", "OfficeCommunicationsOnline"])
    return Answer(200, {"@odata.context": f"{call.base}/$metadata#domains/$entity", **domain})


@operations.on("POST", _one + "/promote")
def promote(call: Call) -> Answer:
    """200: a verified subdomain becomes a root of its own."""
    domain = named(call)
    if domain["isRoot"] or not domain["isVerified"]:
        raise bad_request(f"The domain '{domain['id']}' is not a verified subdomain.", target="id")
    domain["isRoot"] = True
    return Answer(200, {"@odata.context": f"{call.base}/$metadata#Edm.Boolean", "value": True})


@operations.on("DELETE", _one)
def delete_domain(call: Call) -> Answer:
    """204; 400 while people, groups or applications are named after it."""
    domain = named(call)
    _require_removable(domain)
    if references(call.tenant, domain["id"]):
        raise bad_request(
            f"The domain '{domain['id']}' is still referenced by objects; remove these references first.", target="id"
        )
    call.tenant.domains.remove(domain)
    return no_content()


@operations.on("POST", _one + "/forceDelete")
def force_delete(call: Call) -> Answer:
    """204; who was named after it is named after the initial domain from now on."""
    domain = named(call)
    _require_removable(domain)
    initial = next(one["id"] for one in call.tenant.domains if one["isInitial"])
    for oid in references(call.tenant, domain["id"]):
        domain_names.rename(call.tenant.objects[oid].body, domain["id"], initial)
        if call.body.get("disableUserAccounts") and call.tenant.objects[oid].kind == "user":
            call.tenant.objects[oid].body["accountEnabled"] = False
    call.tenant.domains.remove(domain)
    return no_content()


@operations.on("GET", _one + "/domainNameReferences")
def list_references(call: Call) -> Answer:
    """People, groups and applications that are named after the domain."""
    return pages.collection(call, objects, shown(call.tenant, references(call.tenant, named(call)["id"])))


def named(call: Call) -> dict[str, Any]:
    """The domain that the path names. Raises 404."""
    wanted = call.keys["domain-id"].lower()
    for domain in call.tenant.domains:
        if domain["id"].lower() == wanted:
            return domain
    raise not_found(call.keys["domain-id"])


def proof(tenant: Tenant, name: str) -> str:
    """The text that a tenant must put into the DNS of a name: ``MS=ms12345678``, the same every time."""
    number = int.from_bytes(hashlib.sha256(f"{tenant.id}/{name.lower()}".encode()).digest()[:8]) % 10**8
    return f"MS=ms{number:08d}"


def dns_texts(tenant: Tenant, name: str) -> list[str]:
    """The TXT records that the DNS shows for a name, as far as this tenant's proofs are concerned."""
    texts: list[str] = tenant.settings.get("dns", {}).get(name.lower(), [])
    return texts


def set_dns_texts(tenant: Tenant, name: str, texts: list[str]) -> None:
    """Let the DNS show other TXT records for a name."""
    tenant.settings.setdefault("dns", {})[name.lower()] = texts


def references(tenant: Tenant, name: str) -> list[str]:
    """Object ids of what is named after a domain."""
    return [item.id for item in tenant.objects.values() if domain_names.uses(item.body, name)]


_fixed = frozenset(shape.properties) - {"id"}
_services = frozenset(
    {"Email", "Sharepoint", "EmailInternalRelayOnly", "OfficeCommunicationsOnline", "SharePointDefaultDomain"}
    | {"FullRedelegation", "SharePointPublic", "OrgIdAuthentication", "Yammer", "Intune", "CustomUrlDomain"}
)


def _fresh(name: str, *, is_root: bool, verified: bool) -> dict[str, Any]:
    return {
        "id": name,
        "authenticationType": "Managed",
        "availabilityStatus": None,
        "isAdminManaged": True,
        "isDefault": False,
        "isInitial": False,
        "isRoot": is_root,
        "isVerified": verified,
        "supportedServices": ["Email", "OfficeCommunicationsOnline"] if verified else [],
        "passwordValidityPeriodInDays": 2147483647,
        "passwordNotificationWindowInDays": 14,
        "state": None,
    }


def _make_default(tenant: Tenant, domain: dict[str, Any]) -> None:
    for one in tenant.domains:
        one["isDefault"] = one is domain


def _require_removable(domain: dict[str, Any]) -> None:
    if domain["isInitial"] or domain["isDefault"]:
        which = "initial" if domain["isInitial"] else "default"
        raise bad_request(f"The {which} domain of an organization cannot be deleted.", target="id")
