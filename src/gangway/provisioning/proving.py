"""Proving a registration that somebody made by hand: it signs in by itself, and what it may do is beside the plan.

Worker only. The tenant is only read, and nothing is kept here: whoever asks writes down what came of it.
"""

import asyncio
import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from gangway.foundation.ids import AppId, ObjectId, TenantId
from gangway.microsoft.errors import Forbidden, MicrosoftError, marks
from gangway.microsoft.graph import applications, grants, tenant
from gangway.microsoft.graph.grants import WHOLE_TENANT
from gangway.microsoft.graph.session import Outcome
from gangway.microsoft.graph.shapes import Application, Organization, RoleAssignment
from gangway.microsoft.signin.client_credentials import AppToken
from gangway.microsoft.signin.own_credentials import Certificate, OwnCredential, Secret
from gangway.provisioning import clouds
from gangway.provisioning.check_items import NO_ANSWER, Tell, signed_in, trouble
from gangway.provisioning.credential_ends import READS_ITSELF
from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.fitting import Fit, Lack, fit
from gangway.provisioning.engine.steps.roles import key_of
from gangway.provisioning.engine.wider import satisfying
from gangway.provisioning.shapes import CheckItem

if TYPE_CHECKING:
    from gangway.microsoft.graph.calls import Call

PERMISSION_CURE: Final = (
    "App registration > API permissions > Add a permission > Microsoft Graph > Application permissions; then "
    "Grant admin consent."
)
ROLE_CURE: Final = "Microsoft Entra > Roles and administrators > the role > Add assignments > the registration's name."


@dataclass(frozen=True)
class Sight:
    """What was seen. `refusal`: why it could not even sign in; then nothing else is known.

    `plan`: the one that it reaches. `declined`: titles of optional features that it can't do. `ends_at`, `key_id`,
    `display_name`, `object_id`: as it read them of itself, empty where it may not. `proofs`: by the keys of steps.
    """

    items: tuple[CheckItem, ...]
    refusal: MicrosoftError | None = None
    plan: Mapping[str, Any] = field(default_factory=dict)
    lacking: tuple[Lack, ...] = ()
    declined: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()
    tenant_name: str = ""
    domains: tuple[str, ...] = ()
    principal_id: str = ""
    object_id: str = ""
    display_name: str = ""
    key_id: str = ""
    ends_at: datetime | None = None
    proofs: Mapping[str, str] = field(default_factory=dict)

    @property
    def works(self) -> bool:
        """Whether a service can use it: nothing that was looked at is wrong, and nothing is left in doubt."""
        return self.refusal is None and all(item.state in {"ok", "warning"} for item in self.items)

    @property
    def is_silent(self) -> bool:
        """Whether Microsoft gave no answer to something: that says nothing about the registration."""
        return not self.works and all(item.state != "error" for item in self.items)


async def look(
    *,
    tenant_id: str,
    cloud: str,
    app_id: str,
    credential: OwnCredential,
    sha1: str,
    plan: Mapping[str, Any],
    tell: Tell,
) -> Sight:
    """Sign in as the registration and read what it may. What Microsoft refuses becomes part of what is seen.

    `sha1`: a certificate's thumbprint, as the portal shows it. `tell` is given what is known so far, for somebody who
    watches.
    """
    own = await clouds.RegistrationSignIn.at(clouds.cloud(cloud), TenantId(tenant_id))
    scopes = [own.cloud.graph_scope, *([own.cloud.teams_scope] if pinning.read(plan).services else [])]

    async def token(scope: str) -> AppToken | MicrosoftError:
        try:
            return await own.token(app_id=AppId(app_id), credential=credential, scope=scope)
        except MicrosoftError as error:
            return error

    graph, *teams = await asyncio.gather(*(token(scope) for scope in scopes))
    items = [signed_in(graph, "sign_in", "Sign-in as the registration")]
    if isinstance(graph, MicrosoftError):
        return Sight(tuple(items), refusal=graph)
    items += [signed_in(one, "teams", "Sign-in to the Teams service") for one in teams]
    await tell(items)
    about, roles, itself = await _read(own, AppId(app_id), graph)
    given = _given(plan, roles.value or ())
    found = fit(plan, permissions=graph.claims.roles, roles=graph.claims.wids | given)
    items += [*_rights(found), *_tenant(about, tenant_id), *_more(found)]
    organization = about.value
    return Sight(
        items=tuple(items),
        plan=found.plan,
        lacking=found.lacking,
        declined=found.declined,
        surplus=found.surplus,
        tenant_name=organization.name if organization else "",
        domains=tuple(domain.name for domain in organization.domains) if organization else (),
        principal_id=graph.claims.object_id,
        proofs=_proofs(found, graph, given),
        **_of_itself(itself.value, credential, sha1),
    )


async def _read(
    own: clouds.RegistrationSignIn, app_id: AppId, token: AppToken
) -> tuple[Outcome[Organization], Outcome[tuple[RoleAssignment, ...]], Outcome[Application]]:
    """The organization, its own roles, and itself, as far as it may read them; one round trip."""
    calls: list[Call[Any]] = [tenant.organization(), grants.roles_of(ObjectId(token.claims.object_id))]
    calls += [applications.by_app_id(app_id)] if READS_ITSELF & token.claims.roles else []
    try:
        organization, roles, *itself = await own.graph(token.text).batch(calls)
    except MicrosoftError as error:
        nothing: Outcome[Any] = Outcome(answer=NO_ANSWER, error=error)
        return nothing, nothing, nothing
    return organization, roles, itself[0] if itself else Outcome(answer=NO_ANSWER)


def _rights(found: Fit) -> Iterator[CheckItem]:
    """Each missing one by its name and what doesn't work without it, and where to add it."""
    for lack in found.lacking:
        label = f"Permission {lack.name}" if lack.kind == "permission" else f"Role {lack.name}"
        cure = PERMISSION_CURE if lack.kind == "permission" else ROLE_CURE
        yield CheckItem(f"{lack.kind}:{lack.name}", label, "error", f"Missing. {lack.without}", cure)
    plan = pinning.read(found.plan)
    lacking = {lack.name for lack in found.lacking}
    there = [entry.value for entry in plan.permissions if entry.stage == "always" and entry.value not in lacking]
    if there:
        words = f"In the fresh token: {', '.join(there)}."
        yield CheckItem("permissions", "Permissions", "ok", words)
    there = [role.name for role in plan.roles if role.name not in lacking]
    if there:
        yield CheckItem("roles", "Directory roles", "ok", f"It has: {', '.join(there)}.")


def _more(found: Fit) -> Iterator[CheckItem]:
    """What isn't as planned and keeps nothing from working."""
    if found.surplus:
        words = f"More than needed: {', '.join(found.surplus)}."
        cure = "It works all the same. What nobody needs is better taken away, by whoever gave it."
        yield CheckItem("surplus", "More than needed", "warning", words, cure)
    for title in found.declined:
        words = "The registration has not all that this needs. It was asked for as an option: it is left out."
        yield CheckItem(f"declined:{title}", title, "warning", words)


def _tenant(outcome: Outcome[Organization], tenant_id: str) -> Iterator[CheckItem]:
    """Whom it reads; no account is asked, so of a refusal it is said what the registration lacks."""
    if outcome.value is not None:
        right = outcome.value.tenant_id == tenant_id
        words = f"The registration reads {outcome.value.name}." if right else "Another tenant than expected answered."
        yield CheckItem("tenant", "Tenant", "ok" if right else "error", words)
    elif isinstance(outcome.error, Forbidden):
        words, cure = "Microsoft doesn't let the registration read it.", PERMISSION_CURE
        yield CheckItem("tenant", "Tenant", "error", words, cure, marks(outcome.error.fault))
    elif outcome.error is not None:
        yield trouble(outcome.error, "tenant", "Tenant")


def _given(plan: Mapping[str, Any], rows: Sequence[RoleAssignment]) -> frozenset[str]:
    """The roles that were read, where the plan wants them: one for a part of the tenant is no role for all of it."""
    in_unit = pinning.read(plan).in_unit
    return frozenset(row.role_id for row in rows if in_unit or row.scope == WHOLE_TENANT)


def _proofs(found: Fit, token: AppToken, read: frozenset[str]) -> dict[str, str]:
    """How each right of the reached plan is known; `read`: its roles."""
    plan = pinning.read(found.plan)
    proofs = {
        f"grant:{entry.value}": "token_claim"
        for entry in plan.permissions
        if satisfying(entry.value, token.claims.roles)
    }
    for role in plan.roles:
        if role.template_id in read | token.claims.wids:
            key = key_of(role, limited=plan.in_unit and role.in_unit)
            proofs[key] = "read_back" if role.template_id in read else "token_claim"
    return proofs


def _of_itself(itself: Application | None, credential: OwnCredential, sha1: str) -> dict[str, Any]:
    """Its own name and ids, and which of its credentials is this one, where that can be told for sure.

    Graph shows the first characters of each secret, and the SHA-1 thumbprint of each certificate.
    """
    if itself is None:
        return {}
    facts: dict[str, Any] = {"object_id": itself.object_id, "display_name": itself.display_name}
    alike: list[tuple[str, datetime | None]] = []
    if isinstance(credential, Secret):
        text = credential.text.reveal()
        alike = [(one.key_id, one.ends_at) for one in itself.passwords if one.hint and text.startswith(one.hint)]
    elif isinstance(credential, Certificate) and sha1:
        shown = base64.b64encode(bytes.fromhex(sha1)).decode()
        alike = [
            (one.key_id, one.ends_at)
            for one in itself.certificates
            if one.row.get("customKeyIdentifier") in {shown, sha1}
        ]
    return facts | ({"key_id": alike[0][0], "ends_at": alike[0][1]} if len(alike) == 1 else {})
