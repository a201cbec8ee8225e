"""The product's own client and engine against a running emulator: a real process, TLS, nothing in between."""

from collections.abc import Iterator

import pytest

from tests.contract.tenant import Tenant
from tests.emulator.conftest import Emulator, emulator_process

__all__ = ["emulator_process"]


@pytest.fixture
def tenant(emulator_process: Emulator) -> Iterator[Tenant]:
    """The emulated Contoso, fresh from the default seed, its clock running."""
    tenant = Tenant(emulator_process)
    tenant.reset()
    yield tenant
    tenant.close()
