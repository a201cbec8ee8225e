"""A client assertion that the application signed with the key of one of its certificates."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from m365_emulator import credentials
from m365_emulator.errors import EntraError
from m365_emulator.login import clients, policies, tenants
from m365_emulator.login.proofs import assertions

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.login.clients import Client
    from m365_emulator.login.proofs.assertions import Assertion
    from m365_emulator.world import World

_algorithms = ("RS256", "PS256")
_endpoints = ("oauth2/v2.0/token", "oauth2/token", "v2.0", "")
_login_host = "login.microsoftonline.com"


def check(world: World, client: Client, tenant: Tenant | None, given: Assertion) -> None:
    """Raises EntraError 700021, 700023, 700024 for its claims, 700027 for certificate and signature."""
    row, key = _registered(world, client, tenant, given)
    if not assertions.is_signed_by(given, key, algorithms=_algorithms):
        raise EntraError(700027, "Client assertion failed signature validation.")
    if credentials.begins_later(world, row):
        raise _unknown_key(client, given, "The key used is not valid yet")
    if row.get("endDateTime") and credentials.moment(row["endDateTime"]) <= world.clock.now():
        raise _unknown_key(client, given, "The key used is expired")
    if {given.issuer, given.subject} != {client.app_id}:
        raise EntraError(700021, "Client assertion application identifier doesn't match 'client_id' parameter.")
    if not any(_is_this_endpoint(world, tenant, audience) for audience in given.audiences):
        raise EntraError(700023, "Client assertion audience claim does not match Realm issuer.")
    assertions.check_times(world, given)
    _check_first_use(world, client, given)


def _registered(
    world: World, client: Client, tenant: Tenant | None, given: Assertion
) -> tuple[dict[str, Any], rsa.RSAPublicKey]:
    """The client's certificate that the header's thumbprint names."""
    wanted = _thumbprint(given)
    rows = [(one, row) for one in clients.holders(client, tenant) for row in one.body.get("keyCredentials", [])]
    for holder, row in rows:
        certificate = _certificate(holder, row)
        if certificate is None or not world.replica.in_tokens("keyCredential", str(row.get("keyId"))):
            continue
        key = certificate.public_key()
        known = {certificate.fingerprint(hashes.SHA1()), certificate.fingerprint(hashes.SHA256())}  # noqa: S303
        if wanted in known and isinstance(key, rsa.RSAPublicKey):
            return row, key
    raise _unknown_key(client, given, "The key was not found")


def _thumbprint(given: Assertion) -> bytes:
    """``x5t#S256``, else ``x5t``, else ``kid`` in hexadecimal, as older clients send it."""
    try:
        named = given.header.get("x5t#S256") or given.header.get("x5t")
        return assertions.decode(str(named)) if named else bytes.fromhex(str(given.header.get("kid", "")))
    except (ValueError, binascii.Error):
        return b""


def _certificate(application: DirectoryObject, row: dict[str, Any]) -> x509.Certificate | None:
    """The certificate of a key credential: Graph may keep its bytes out of sight."""
    text = application.hidden.get("keys", {}).get(row.get("keyId")) or row.get("key")
    try:
        return x509.load_der_x509_certificate(base64.b64decode(text)) if text else None
    except ValueError:
        return None


def _is_this_endpoint(world: World, tenant: Tenant | None, audience: str) -> bool:
    """The token endpoint or the issuer, at our own address or at Microsoft's, by any name of the tenant."""
    parts = urlsplit(audience)
    ours = {urlsplit(world.settings.origin).netloc, urlsplit(world.settings.people_origin).netloc, _login_host}
    segment, _, rest = parts.path.strip("/").partition("/")
    if parts.netloc not in ours or rest not in _endpoints:
        return False
    try:
        named = tenants.resolve(world, segment)
    except EntraError:
        return False
    return named is tenant or named is None


def _check_first_use(world: World, client: Client, given: Assertion) -> None:
    """Entra has been seen to take an assertion again until it runs out; a policy makes it strict."""
    if not policies.value(client.home, "refuseUsedAssertions"):
        return
    used, now = world.login.assertions, world.clock.seconds()
    for old in [name for name, ends_at in used.items() if ends_at + assertions.skew < now]:
        del used[old]
    name = f"{client.app_id}/{given.claims.get('jti', '')}"
    if name in used:
        raise EntraError(700027, "Client assertion was already used: its 'jti' is known.")
    used[name] = float(given.claims["exp"])


def _unknown_key(client: Client, given: Assertion, reason: str) -> EntraError:
    thumbprint = _thumbprint(given).hex().upper()
    return EntraError(
        700027,
        "The certificate with identifier used to sign the client assertion is not registered on application. "
        f"[Reason - {reason}., Thumbprint of key used by client: '{thumbprint}', Configured keys: look at the "
        f"application with id '{client.app_id}'].",
    )
