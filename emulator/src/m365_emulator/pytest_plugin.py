"""Fixtures for other people's tests; pytest finds them by itself once the package is installed.

``m365_app``       a fresh emulator as an ASGI application, without any network: ``m365_app.world`` is what it holds
``m365_emulator``  an emulator on loopback ports with TLS, from its seed at the start of each test
``m365_seed``      what both start from; define a fixture of this name to use a seed of your own
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from m365_emulator import seed, world
from m365_emulator.app import App
from m365_emulator.loopback import Loopback
from m365_emulator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def m365_seed() -> dict[str, Any]:
    """The default seed: seeds/default.json of this package."""
    return seed.read(None)


@pytest.fixture
def m365_app(m365_seed: dict[str, Any]) -> App:
    """For ``httpx.ASGITransport(app=m365_app)`` and the like; at ``https://localhost:8443`` in its own eyes."""
    return App(world.build(Settings(control_token="in-process"), m365_seed))  # noqa: S106 nobody else is there


@pytest.fixture(scope="session")
def m365_loopback(m365_seed: dict[str, Any]) -> Iterator[Loopback]:
    """The session's one server; tests take ``m365_emulator``, which starts each of them afresh."""
    with Loopback(m365_seed) as running:
        yield running


@pytest.fixture
def m365_emulator(m365_loopback: Loopback) -> Loopback:
    """``url``, ``http_url`` for browsers, ``ca_file``, ``control_headers``, ``do(lambda world: …)``."""
    m365_loopback.reset()
    return m365_loopback
