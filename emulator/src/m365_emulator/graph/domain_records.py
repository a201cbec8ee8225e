"""What a domain name's DNS must say: the proof of ownership, and the records of its services.

What the world's DNS says is set through the control door; nothing here asks a real name server.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from m365_emulator.graph import domains
from m365_emulator.graph.odata import pages
from m365_emulator.graph.odata.shape import Shape
from m365_emulator.graph.operations import Operations

if TYPE_CHECKING:
    from m365_emulator.directory import Tenant
    from m365_emulator.graph.answer import Answer
    from m365_emulator.graph.call import Call

operations = Operations()
shape = Shape(type="domainDnsRecord", set="domainDnsRecords", directory=False, polymorphic=True, nested=True)
_an_hour = 3600


@operations.on("GET", "/domains/{domain-id}/verificationDnsRecords")
def list_verification_records(call: Call) -> Answer:
    """A TXT record and an MX record; one of them in the DNS is enough."""
    name = domains.named(call)["id"]
    text = domains.proof(call.tenant, name)
    return pages.collection(
        call,
        shape,
        [
            {**_record("Txt", name, "proof-txt", call.tenant), "text": text},
            {
                **_record("Mx", name, "proof-mx", call.tenant),
                "mailExchange": f"{text.partition('=')[2]}.msv1.invalid",
                "preference": 32767,
            },
        ],
    )


@operations.on("GET", "/domains/{domain-id}/serviceConfigurationRecords")
def list_service_records(call: Call) -> Answer:
    """Those of mail and of Teams, as far as the domain serves them."""
    domain = domains.named(call)
    rows = [row for row in _service_records(domain["id"], call.tenant) if _serves(domain, row["supportedService"])]
    return pages.collection(call, shape, rows)


def _service_records(name: str, tenant: Tenant) -> list[dict[str, Any]]:
    return [
        {
            **_record("Mx", name, "mail-mx", tenant, service="Email"),
            "mailExchange": f"{name.replace('.', '-')}.mail.protection.outlook.com",
            "preference": 0,
        },
        {
            **_record("CName", f"autodiscover.{name}", "mail-cname", tenant, service="Email"),
            "canonicalName": "autodiscover.outlook.com",
        },
        {
            **_record("Srv", f"_sipfederationtls._tcp.{name}", "sip-srv", tenant, service="OfficeCommunicationsOnline"),
            "nameTarget": "sipfed.online.lync.com",
            "port": 5061,
            "priority": 100,
            "protocol": "_tcp",
            "service": "_sipfederationtls",
            "weight": 1,
        },
    ]


def _serves(domain: dict[str, Any], service: str) -> bool:
    return service in domain["supportedServices"]


def _record(kind: str, label: str, what: str, tenant: Tenant, *, service: str = "") -> dict[str, Any]:
    digest = hashlib.shake_256(f"{tenant.id}/{label}/{what}".encode()).hexdigest(16)
    return {
        "@odata.type": f"#microsoft.graph.domainDns{'Cname' if kind == 'CName' else kind}Record",
        "id": f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}",
        "isOptional": False,
        "label": label,
        "recordType": kind,
        "supportedService": service,
        "ttl": _an_hour,
    }
