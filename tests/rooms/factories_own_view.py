"""Somebody of a customer's tenant who signs in to look; Microsoft is a script that says who they are."""

from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from asgiref.sync import async_to_sync
from django.test import Client

from gangway.audit.events import Event
from gangway.audit.models import Entry
from gangway.foundation import clock
from gangway.jobs.threads import callers_thread
from gangway.microsoft.directory_roles import GLOBAL
from gangway.microsoft.wire import Answer
from gangway.onboarding.models import Visit
from gangway.onboarding.own_view import exchange
from gangway.onboarding.own_view.roles import EVERY_MEMBER
from gangway.organizations.scope import within, within_everything
from gangway.services.queries import service
from gangway.services.states import Lifecycle
from tests.rooms.factories_onboarding import CLOUD, Microsoft
from tests.rooms.factories_organizations import Place

MEMBER: dict[str, Any] = {"wids": [GLOBAL, EVERY_MEMBER]}
"""The claims of a Global Administrator of Contoso."""


def asked_of(answer: Any) -> dict[str, str]:
    """What Microsoft is asked for where a browser is sent."""
    assert answer.status_code == 302, answer.content.decode()
    address = answer.headers["Location"]
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()} | {
        "page": address.partition("?")[0]
    }


def latest() -> Visit:
    """The visit that was begun last."""
    with within_everything("a test"):
        return Visit.objects.order_by("-created_at")[0]


def tell(visit_id: UUID, microsoft: Microsoft) -> None:
    """Let a worker ask Microsoft who came."""

    async def asked() -> None:
        await exchange.ask(visit_id, wire=microsoft, cloud_of=lambda _name: CLOUD)

    with callers_thread():
        async_to_sync(asked)()


def back(client: Client, asked: dict[str, str], *, token: str = "", **claims: Any) -> Client:
    """Come back from Microsoft with a code; a worker is told these claims, and the browser follows."""
    client.get("/wizard/returned/", {"code": "the-code", "state": asked["state"]})
    told = {"nonce": asked["nonce"], "auth_time": int(clock.now().timestamp()), **MEMBER, **claims}
    microsoft = Microsoft(claims={name: value for name, value in told.items() if value is not None})
    granted = microsoft.granted()
    assert isinstance(granted.body, dict)
    microsoft.polls = [Answer(200, {**granted.body, **({"access_token": token} if token else {})})]
    tell(latest().pk, microsoft)
    return client


def come(provider: Place, **claims: Any) -> Client:
    """The browser of somebody who signed in at a provider's fixed address, as far as the page that waits."""
    client = Client()
    return back(client, asked_of(client.post(f"/customer/at/{provider.id}/")), **claims)


def inside(provider: Place, **claims: Any) -> Client:
    """The browser of somebody who was let in."""
    client = come(provider, **claims)
    answer = client.get("/customer/waiting/")
    assert (answer.status_code, answer.headers.get("Location")) == (302, "/customer/"), answer.content.decode()
    return client


def life(customer: Place, service_id: UUID) -> Lifecycle:
    with within(customer.path):
        return service(service_id).lifecycle


def disconnected(client: Client, service_id: UUID, typed: str = "voice-1") -> Any:
    return client.post(f"/customer/services/{service_id}/disconnect/", {"typed": typed})


def entries(event: Event) -> list[Entry]:
    with within_everything("a test"):
        return list(Entry.objects.filter(event=event.value).order_by("id"))
