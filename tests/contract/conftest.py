"""The product's own client and engine against a running emulator: a real process, TLS, nothing in between."""

from collections.abc import Iterator
from functools import cache
from itertools import cycle

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from gangway.microsoft.signin import certificates
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


@cache
def keys() -> Iterator[rsa.RSAPrivateKey]:
    made = [rsa.generate_private_key(public_exponent=65537, key_size=certificates.BITS) for _ in range(4)]
    return cycle(made)


@pytest.fixture
def few_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Certificates have a few keys by turns: making each its own would take longer than all the rest."""
    made = keys()
    monkeypatch.setattr(rsa, "generate_private_key", lambda **_how: next(made))
