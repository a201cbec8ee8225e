"""Who signed in and what they may do, read before any write: one round trip."""

from gangway.foundation.ids import TenantId
from gangway.foundation.sealed import SealedText
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.errors import Forbidden
from gangway.microsoft.graph import tenant
from gangway.microsoft.graph.session import GraphSession, Outcome
from gangway.microsoft.graph.shapes import DirectoryRole, Organization, Person
from gangway.microsoft.transport import shared
from gangway.provisioning.engine.rights import Part, summary, verdict
from gangway.provisioning.shapes import SignerFacts


async def observe_signer(*, token: SealedText, tenant_id: str, cloud: Cloud) -> SignerFacts:
    """The facts about the person behind a delegated token. Worker only. Raises MicrosoftError."""
    graph = GraphSession(await shared(cloud.extra_ca_file), cloud, token, TenantId(tenant_id))
    who, where, which = await graph.batch([tenant.me(), tenant.organization(), tenant.my_roles()])
    return _facts(who.get(), where.get(), _roles(which))


def _roles(outcome: Outcome[tuple[DirectoryRole, ...]]) -> tuple[DirectoryRole, ...] | None:
    return None if isinstance(outcome.error, Forbidden) else outcome.get()


def _facts(person: Person, organization: Organization, roles: tuple[DirectoryRole, ...] | None) -> SignerFacts:
    ids = None if roles is None else {role.template_id for role in roles}
    return SignerFacts(
        user_id=person.object_id,
        upn=person.upn,
        name=person.name,
        user_type=person.user_type,
        tenant_id=organization.tenant_id,
        tenant_name=organization.name,
        domains=tuple(domain.name for domain in organization.domains),
        active_roles={role.template_id: role.name for role in roles or ()},
        can={part.value: verdict(part, ids) for part in Part},
        cannot_summary=summary(ids),
    )
