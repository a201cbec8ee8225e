"""A connected service for tests, as onboarding leaves it, without anybody asking Microsoft."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from gangway.connections import actions, companions, verdict
from gangway.connections.models import Care
from gangway.foundation import clock
from gangway.organizations.scope import within_everything
from gangway.provisioning.actions import CheckItem
from gangway.provisioning.models import Credential, Registration
from gangway.provisioning.queries import pin
from gangway.services import actions as services
from tests.rooms import factories_services
from tests.rooms.factories_organizations import SETUP, Place

DAY = timedelta(days=1)
LIFE = 300 * DAY
GOOD = CheckItem("sign_in", "Sign-in", "ok", "A fresh token was given.")
OLD = ("Organization.Read.All", "User.Read.All")
TENANT = "c0475050-0000-4000-8000-000000000001"


def _life(now: datetime, credential: dict[str, Any]) -> dict[str, Any]:
    """A credential lives for 300 days, whenever it is said to end."""
    ends_at = credential.get("expires_at") or now + LIFE
    return {"made_at": ends_at - LIFE, "expires_at": ends_at} | credential


def connected(
    customer: Place, name: str = "voice-1", *, version: int = 2, granted: tuple[str, ...] = (), **credential: Any
) -> UUID:
    """A created service with a registration and a connection, as onboarding leaves them."""
    service_id, now = factories_services.plan(customer, short_name=name), clock.now()
    plan, _ = pin(version=version, features={"voice", "self-rotation"} if "Own" in str(granted) else {"voice"})
    with within_everything("a test"):
        services.create_service(service_id=service_id, by=SETUP)
        registration = Registration.objects.create(
            organization_id=customer.id,
            provider_id=UUID(hex=customer.path.split("/")[1]),
            tenant_id=credential.pop("tenant", TENANT),
            tenant_name="Contoso",
            display_name=name,
            name_key=name,
            plan=plan,
            state="proved",
            created_at=now,
            proved_at=now,
        )
        made = Credential.objects.create(
            organization_id=customer.id,
            registration=registration,
            service_id=service_id,
            display_name=f"{name}-ab12",
            key_id=str(uuid4()),
            sealed_id=uuid4(),
            state="proved",
            announced_at=now,
            **_life(now, credential),
        )
        actions.connect_service(
            service_id=service_id,
            organization_id=customer.id,
            registration_id=registration.pk,
            credential_id=made.pk,
            user_name="grace.global@contoso.com",
            m365_domain="contoso.com",
            items=verdict.kept([GOOD]),
            granted=list(granted or OLD),
            seen_at=now,
            by=SETUP,
            now=now,
        )
    return service_id


def beside(customer: Place, service_id: UUID, **credential: Any) -> UUID:
    """What the service uses beside its connection, with a credential of its own; gives its registration's id."""
    now, (plan, _) = clock.now(), pin(profile="qoe", version=1, features={"call-quality"})
    with within_everything("a test"):
        registration = Registration.objects.create(
            organization_id=customer.id,
            provider_id=UUID(hex=customer.path.split("/")[1]),
            tenant_id=TENANT,
            tenant_name="Contoso",
            display_name=f"{service_id}-QoE",
            name_key=f"{service_id}-QoE",
            plan=plan,
            state="proved",
            created_at=now,
            proved_at=now,
        )
        Credential.objects.create(
            organization_id=customer.id,
            registration=registration,
            service_id=service_id,
            display_name="beside-ab12",
            key_id=str(uuid4()),
            sealed_id=uuid4(),
            state="proved",
            announced_at=now,
            **_life(now, credential),
        )
        companions.take_over(
            service_id=service_id,
            organization_id=customer.id,
            registration_id=registration.pk,
            profile="qoe",
            by=SETUP,
            now=now,
        )
    return registration.pk


def care_of(service_id: UUID) -> Care:
    with within_everything("a test"):
        return Care.objects.get(connection__service_id=service_id)
