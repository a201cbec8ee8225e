"""A planned service, a signed-in administrator and a run, against the emulator; and the judgement of what it left."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from gangway.audit.record import Actor
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.jobs.testing import run_until_idle
from gangway.organizations.scope import within
from gangway.provisioning import actions, queries
from gangway.provisioning.models import Credential, Registration, Run
from gangway.provisioning.shapes import RegistrationView, RunView, SignerFacts
from gangway.services.queries import service
from gangway.vault.actions import reveal, seal
from gangway.vault.places import Place
from tests.contract.tenant import Tenant
from tests.rooms import factories_organizations, factories_services
from tests.rooms.factories_organizations import Place as Customer

BY = Actor(kind="administrator", id="", name="grace.global@contoso.com")
CLIENT = "5a4db0c1-0000-4000-8000-000000000001"
TOKEN = "onboarding.sign_in.token"


def facts(**changed: Any) -> SignerFacts:
    """A Global Administrator of Contoso, unless changed."""
    told: dict[str, Any] = {
        "user_id": "0b1ec7ed-0000-4000-8000-000000000001",
        "upn": "grace.global@contoso.com",
        "name": "Grace Global",
        "user_type": "Member",
        "tenant_id": "c0475050-0000-4000-8000-000000000001",
        "tenant_name": "Contoso",
        "domains": ("contoso.com",),
        "active_roles": {},
        "can": {},
        "cannot_summary": "",
    }
    return SignerFacts(**(told | changed))


@dataclass
class Work:
    """One service of one customer and what is done for it."""

    customer: Customer
    service_id: UUID
    registration_id: UUID = field(default_factory=uuid4)
    run_id: UUID | None = None
    version: int = 2
    token_id: UUID | None = None
    choices: dict[str, Any] = field(default_factory=dict)

    def token(self, text: SealedText | str) -> dict[str, Any]:
        """A delegated token, sealed as onboarding seals it."""
        place = Place(self.customer.id, TOKEN, uuid4())
        sealed = text if isinstance(text, SealedText) else SealedText(text)
        with within(self.customer.path):
            sealed_id = seal(place=place, text=sealed)
        return {
            "delegated_token_sealed_id": sealed_id,
            "delegated_token_place": place,
            "sign_in_client_id": CLIENT,
        }

    def start(self, token: SealedText | str, *, name: str = "voice1", **changed: Any) -> UUID:
        """Start Provisioning."""
        signer: SignerFacts = changed.pop("signer", facts())
        plan, _ = queries.pin(version=self.version, **self.choices)
        with within(self.customer.path):
            self.run_id = actions.start_run(
                registration_id=self.registration_id,
                organization_id=self.customer.id,
                provider_id=service(self.service_id).provider_id,
                service_id=self.service_id,
                tenant_id=signer.tenant_id,
                tenant_name=signer.tenant_name,
                domains=signer.domains,
                display_name=name,
                plan=plan,
                credential_name=service(self.service_id).short_name,
                signer=signer,
                by=BY,
                now=clock.now(),
                **self.token(token),
                **changed,
            )
            return self.run_id

    def resume(self, token: SealedText | str, *, name: str = "", plan: Mapping[str, Any] | None = None) -> None:
        """Somebody signed in again."""
        with within(self.customer.path):
            assert self.run_id
            actions.resume_run(
                run_id=self.run_id,
                signer=facts(),
                display_name=name,
                plan=plan,
                by=BY,
                now=clock.now(),
                **self.token(token),
            )

    def done(self, token: SealedText | str, **changed: Any) -> RunView:
        """Start, let the jobs run, and look."""
        self.start(token, **changed)
        run_until_idle()
        return self.run()

    def run(self) -> RunView:
        with within(self.customer.path):
            assert self.run_id
            return queries.run(self.run_id)

    def row(self) -> Run:
        with within(self.customer.path):
            return Run.objects.get(pk=self.run_id)

    def registration(self) -> RegistrationView:
        with within(self.customer.path):
            return queries.registration(self.registration_id)

    def registration_row(self) -> Registration:
        with within(self.customer.path):
            return Registration.objects.get(pk=self.registration_id)

    def secrets(self) -> dict[str, str]:
        """Texts of the secrets that we know, by key id."""
        with within(self.customer.path):
            rows = Credential.objects.filter(registration_id=self.registration_id).exclude(state="removed")
            return {row.key_id: _text(row) for row in rows if row.sealed_id}

    def orphans(self, tenant: Tenant) -> list[str]:
        """What is wrong in the tenant, by the emulator's own state; empty when everything is exact and known to us."""
        found = tenant.judge(f"gangway-{self.registration_id}", list(self.secrets()), version=self.version)
        principal = self.registration().service_principal_id
        return found if principal in tenant.state()["objects"] else [*found, "the principal's id isn't known to us"]


def make_work(**fields: Any) -> Work:
    """A planned service of a new customer."""
    customer = factories_organizations.make_customer()
    return Work(customer, factories_services.plan(customer), **fields)


def _text(row: Credential) -> str:
    assert row.sealed_id
    place = Place(row.organization_id, "provisioning.credential.secret", row.pk)
    return reveal(sealed_id=row.sealed_id, place=place, purpose="a test", by=BY).reveal()
