"""The look from outside over real HTTP, at an emulated Entra: what is set up there is what is told."""

from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync

from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.transport import shared
from gangway.onboarding import outside
from gangway.onboarding.shapes import Seen, SignInApplicationView
from tests.emulator.conftest import Emulator, emulator_process
from tests.rooms.factories_microsoft import PAT, PROVIDER, Entra, register

__all__ = ["emulator_process"]
pytestmark = pytest.mark.slow
BACK = "http://localhost:8000/consented/"


def look(entra: Entra, *, secret: str) -> dict[str, str]:
    """Look at the application as a worker does; each line's state."""
    about = SignInApplicationView(
        id=uuid4(),
        provider_id=uuid4(),
        provider_name="Sandbox Telecom",
        cloud="public",
        server_name="Sandbox1",
        display_name="Sandbox1-sp2-token",
        client_id=entra.client_id,
        home_tenant_id=PROVIDER,
    )
    emulator = entra.emulator
    cloud = Cloud(emulator.url, emulator.url, emulator.ca_file)

    async def looked() -> tuple[Seen, ...]:
        wire = await shared(emulator.ca_file)
        return await outside.look(
            about, transport=wire, cloud=cloud, redirects=[BACK], secret=SealedText(secret), now=clock.now()
        )

    lines = async_to_sync(looked)()
    return {line.key: line.state.value for line in lines}


def test_good_application_is_told_as_good_and_one_that_changes_as_wrong(emulator_process: Emulator):
    entra = register(emulator_process)
    path = f"/applications(appId='{entra.client_id}')"
    key = entra.graph(PAT, "POST", f"{path}/addPassword", {"passwordCredential": {"displayName": "own"}})
    entra.graph(PAT, "PATCH", path, {"isFallbackPublicClient": True, "web": {"redirectUris": [BACK]}})
    entra.graph(PAT, "POST", "/servicePrincipals", {"appId": entra.client_id})
    emulator_process.advance(60)
    unseen = {name: "unknown" for name, _label, _cure in outside.UNSEEN}
    good = dict.fromkeys(("cloud", "client", "home_tenant", "redirect", "secret"), "ok")
    unseen |= {"publisher": "unknown"}
    assert look(entra, secret=key["secretText"]) == good | unseen
    entra.graph(PAT, "PATCH", path, {"isFallbackPublicClient": False, "web": {"redirectUris": []}})
    worse = {"client": "wrong", "redirect": "warning", "secret": "wrong"}
    assert look(entra, secret="no-such-secret") == good | worse | unseen
