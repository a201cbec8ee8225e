"""A case for tests, as far along as a test needs it; and Microsoft as a script at the product's own transport seam."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from asgiref.sync import async_to_sync
from cryptography.hazmat.primitives.asymmetric import rsa

from gangway.audit.record import Actor
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.invitations import actions as invitations
from gangway.jobs.threads import callers_thread
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.errors import MicrosoftError, NotHeard
from gangway.microsoft.wire import Answer, Asked
from gangway.onboarding import actions, polling, queries
from gangway.onboarding.models import SignIn
from gangway.onboarding.shapes import CaseView, Step
from gangway.onboarding.visits import Visitor
from gangway.organizations.scope import within, within_everything
from gangway.provisioning import queries as provisioning
from gangway.provisioning.actions import SignerFacts
from gangway.services.queries import service
from tests.rooms import factories_invitations, factories_organizations, factories_services
from tests.rooms.factories_organizations import Place

CLOUD = Cloud("https://login.test", "https://graph.test")
HOME = "40000000-0000-4000-8000-000000000001"
TENANT = "c0475050-0000-4000-8000-000000000001"
OTHER_TENANT = "fab41ca0-0000-4000-8000-000000000001"
CLIENT = "5a4db0c1-0000-4000-8000-000000000001"
UPN = "grace.global@contoso.com"
ADMINISTRATOR = Actor(kind="administrator", id="", name=UPN)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ACCESS_TOKEN = "eyJ-the-delegated-access-token"
DEVICE_CODE = "DAQABAAEA-the-device-code"
USER_CODE = "FRWQDE7YL"


def facts(**changed: Any) -> SignerFacts:
    """What Graph tells of the signer: a Global Administrator of Contoso, unless changed."""
    told: dict[str, Any] = {
        "user_id": "0b1ec7ed-0000-4000-8000-000000000001",
        "upn": UPN,
        "name": "Grace Global",
        "user_type": "Member",
        "tenant_id": TENANT,
        "tenant_name": "Contoso",
        "domains": ("contoso.com", "contoso.onmicrosoft.com"),
        "active_roles": {"62e90394-69f5-4237-9190-012177145e10": "Global Administrator"},
        "can": {"application": "can", "grants": "can", "roles": "can"},
        "cannot_summary": "",
    }
    return SignerFacts(**(told | changed))


@dataclass
class Microsoft:
    """Entra as a script: what each poll answers, what the id_token says, what Graph tells of the signer.

    `polls` are used up one by one, the last one stays. `silent`: no answer to anything.
    """

    polls: list[Answer] = field(default_factory=list)
    claims: dict[str, Any] = field(default_factory=dict)
    signer: SignerFacts | MicrosoftError = field(default_factory=facts)
    silent: bool = False
    asked: list[str] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    """What the token endpoint was sent."""

    async def send(self, asked: Asked) -> Answer:
        """Answer one request."""
        self.asked.append(asked.url.removeprefix("https://login.test"))
        if self.silent:
            raise NotHeard
        if asked.url.endswith("/devicecode"):
            return Answer(200, _codes())
        if asked.url.endswith("/token"):
            self.forms.append(dict(asked.form or {}))
            return self.polls.pop(0) if len(self.polls) > 1 else self.polls[0]
        if asked.url.endswith("openid-configuration"):
            tenant = asked.url.split("/")[3]
            return Answer(200, {"issuer": f"https://login.test/{tenant}/v2.0", "jwks_uri": "https://login.test/keys"})
        public = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
        return Answer(200, {"keys": [{**public, "kid": "k1", "use": "sig"}]})

    async def observe(
        self, *, token: SealedText, tenant_id: str, cloud: Cloud, plan: Mapping[str, Any], **_more: Any
    ) -> SignerFacts:
        """Tell of the signer, for the right token only."""
        assert (token.reveal(), cloud) == (ACCESS_TOKEN, CLOUD)
        if isinstance(self.signer, MicrosoftError):
            raise self.signer
        assert tenant_id == self.signer.tenant_id
        return self.signer

    def granted(self) -> Answer:
        """The answer of a poll after the person has finished."""
        now = int(clock.now().timestamp())
        tenant = self.claims.get("tid", TENANT)
        claims = {
            "aud": CLIENT,
            "iss": f"https://login.test/{tenant}/v2.0",
            "tid": tenant,
            "oid": "0b1ec7ed-0000-4000-8000-000000000001",
            "nbf": now,
            "iat": now,
            "exp": now + 3600,
            "preferred_username": UPN,
            "name": "Grace Global",
        }
        token = jwt.encode({**claims, **self.claims}, KEY, algorithm="RS256", headers={"kid": "k1"})
        body = {"token_type": "Bearer", "scope": "openid User.Read", "expires_in": 3900}
        return Answer(200, {**body, "access_token": ACCESS_TOKEN, "id_token": token})

    def count(self, ending: str) -> int:
        """How often an address with this end was asked."""
        return sum(url.endswith(ending) for url in self.asked)


def _codes() -> dict[str, Any]:
    return {
        "device_code": DEVICE_CODE,
        "user_code": USER_CODE,
        "verification_uri": "https://login.test/device",
        "expires_in": 900,
        "interval": 5,
    }


def refused(error: str, number: int, status: int = 400) -> Answer:
    """An answer of the token endpoint that isn't a token."""
    told = {"error": error, "error_codes": [number], "error_description": f"AADSTS{number}: told.\r\nTrace ID: x"}
    return Answer(status, {**told, "trace_id": "trace-1", "correlation_id": "correlation-1"})


PENDING = refused("authorization_pending", 70016)


@dataclass
class Walk:
    """One administrator's walk, and the world around it."""

    customer: Place
    provider: Place
    operator_id: UUID
    invitation_id: UUID
    case_id: UUID

    def view(self, *, now: datetime | None = None) -> CaseView:
        """What the wizard's pages get."""
        return queries.case(self.case_id, now=now)

    def start(self, upn: str = UPN, *, colleague: str | None = None, now: datetime | None = None) -> UUID:
        """*Start Authentication*."""
        more: dict[str, Any] = {"by": ADMINISTRATOR, "now": now or clock.now()}
        return actions.start_authentication(case_id=self.case_id, upn=upn, colleague=colleague, **more)


def walk(*, domain: str = "", choose: bool = True, cloud: str = "public", **wanted: Any) -> Walk:
    """A customer with an invitation whose link was opened; *Create New App Registration* is pressed unless not.

    `wanted`: what the plan is to be, as `pin` takes it.
    """
    provider = factories_organizations.make_provider()
    customer = factories_organizations.make_customer(provider, domain=domain, cloud=cloud)
    operator_id = factories_organizations.make_operator(provider)
    register(provider, cloud=cloud)
    invitation_id = issue(customer, operator_id, **wanted)
    token = factories_invitations.link(customer, invitation_id)
    case_id = actions.begin_case(token=token, by=ADMINISTRATOR, now=clock.now()).case_id
    if choose:
        actions.choose_new(case_id=case_id, by=ADMINISTRATOR, now=clock.now())
    return Walk(customer, provider, operator_id, invitation_id, case_id)


def register(provider: Place, *, home: str = HOME, cloud: str = "public") -> UUID:
    """Tell Gangway a provider's sign-in application in a cloud."""
    return actions.register_sign_in_application(
        provider_id=provider.id,
        client_id=CLIENT,
        home_tenant_id=home,
        cloud=cloud,
        by=factories_organizations.SETUP,
        now=clock.now(),
    )


def issue(customer: Place, operator_id: UUID, **wanted: Any) -> UUID:
    """Invite an administrator for a newly planned service, with the real plan pinned."""
    service_id = factories_services.plan(customer)
    plan, fingerprint = provisioning.pin(**wanted)
    with within(customer.path):
        assert service(service_id).customer_id == customer.id
        return invitations.issue_invitation(
            service_id=service_id,
            recipient=UPN,
            plan=plan,
            plan_fingerprint=fingerprint,
            by=Actor(kind="person", id=str(operator_id), name="Olga Operator"),
            now=clock.now(),
        ).invitation_id


def loop(microsoft: Microsoft, *, owner: str = "loop-1") -> polling.Rounds:
    """A polling loop that talks to the script."""
    return polling.Rounds(Visitor(microsoft, lambda _name: CLOUD, owner, observe=microsoft.observe))


def round_trip(rounds: polling.Rounds) -> None:
    """Make one round and let its visits end, in the caller's own transaction."""

    async def once() -> None:
        await rounds.once()
        await rounds.finish()

    with callers_thread():
        async_to_sync(once)()


@contextmanager
def later(monkeypatch: Any, seconds: float) -> Iterator[None]:
    """Move the product's clock forward for a while."""
    monkeypatch.setenv("GANGWAY_CLOCK_OFFSET_SECONDS", str(seconds))
    yield
    monkeypatch.delenv("GANGWAY_CLOCK_OFFSET_SECONDS")


def signed_in(walked: Walk, microsoft: Microsoft | None = None) -> None:
    """Walk from *who you are* to *signed in*: code, poll, check."""
    script = microsoft or Microsoft()
    script.polls = script.polls or [script.granted()]
    sign_in_id = walked.start()
    rounds = loop(script)
    for _ in range(3):
        make_due(sign_in_id)
        round_trip(rounds)
    if microsoft is None:
        assert walked.view().step is Step.SIGNED_IN


def make_due(sign_in_id: UUID) -> None:
    """Let a sign-in's time come, as if its interval had passed."""
    with within_everything("test"):
        SignIn.objects.filter(pk=sign_in_id, next_poll_at__isnull=False).update(
            next_poll_at=clock.now() - timedelta(seconds=1)
        )
