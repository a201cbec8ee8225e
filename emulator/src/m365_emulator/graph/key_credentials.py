"""Certificates of applications and service principals: set as a list, or added with a proof that an older key is held.

Public parts stay out of sight as in Graph: they are in ``hidden["keys"]``, the body shows ``key`` as null.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from m365_emulator import credentials
from m365_emulator.clock import graph_time
from m365_emulator.errors import EntraError, GraphError
from m365_emulator.graph import app_restrictions, bodies, principal_lock, targets
from m365_emulator.graph.answer import Answer, no_content
from m365_emulator.graph.errors import bad_request, invalid_value, value_required
from m365_emulator.graph.operations import Operations
from m365_emulator.login.proofs import assertions

if TYPE_CHECKING:
    from m365_emulator.directory import DirectoryObject
    from m365_emulator.graph.call import Call

operations = Operations()
_holders = (
    "/applications/{application-id}",
    "/applications(appId='{appId}')",
    "/servicePrincipals/{servicePrincipal-id}",
    "/servicePrincipals(appId='{appId}')",
)
_audience = "00000002-0000-0000-c000-000000000000"
_algorithms = ("RS256", "PS256")
_times = ("startDateTime", "endDateTime")
_usages = {
    "AsymmetricX509Cert": ("Verify", "Encrypt"),
    "X509CertAndPassword": ("Sign",),
    "Symmetric": ("Sign", "Verify"),
}


@operations.on("POST", *(one + "/addKey" for one in _holders))
def add_key(call: Call) -> Answer:
    """200 with the certificate; 401 unless a key that the application has already signed the proof."""
    application = _holder(call)
    given = call.body.get("keyCredential")
    if not isinstance(given, dict):
        raise value_required("keyCredential", "Application")
    principal_lock.check(call, application, ("keyCredentials",))
    _check_proof(call, application)
    row = _made(call, application, bodies.checked("keyCredential", given))
    application.body.setdefault("keyCredentials", []).append(row)
    return Answer(200, {"@odata.context": f"{call.base}/$metadata#microsoft.graph.keyCredential", **row})


@operations.on("POST", *(one + "/removeKey" for one in _holders))
def remove_key(call: Call) -> Answer:
    """204; 400 when no certificate has that key id."""
    application, key_id = _holder(call), str(call.body.get("keyId") or "").lower()
    if not key_id:
        raise value_required("keyId", "KeyCredential")
    principal_lock.check(call, application, ("keyCredentials",))
    _check_proof(call, application)
    rows = application.body.get("keyCredentials", [])
    if key_id not in (row["keyId"] for row in rows):
        raise bad_request(f"No key credential found with keyId '{key_id}'.", target="keyId")
    application.body["keyCredentials"] = [row for row in rows if row["keyId"] != key_id]
    application.hidden.get("keys", {}).pop(key_id, None)
    return no_content()


def _holder(call: Call) -> DirectoryObject:
    return targets.get(call, targets.kind_of_path(call.operation.path) or "application")


def shown(call: Call, item: DirectoryObject) -> dict[str, Any]:
    """The object for an answer, without credentials that this read doesn't see yet.

    A certificate's public part is in it only where the list is selected by name.
    """
    body = dict(item.body)
    for kind in ("passwordCredential", "keyCredential"):
        rows = body.get(f"{kind}s", [])
        body[f"{kind}s"] = [row for row in rows if call.world.replica.sees(kind, row.get("keyId"))]
    if "keyCredentials" in call.options.select:
        keys = item.hidden.get("keys", {})
        body["keyCredentials"] = [{**row, "key": keys.get(row.get("keyId"))} for row in body["keyCredentials"]]
    return body


def replace_all(call: Call, item: DirectoryObject, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The list that a PATCH or POST sets: rows with a known key id and no key stay, all others are new."""
    known = {row["keyId"]: row for row in item.body.get("keyCredentials", [])}
    kept = [
        known[row["keyId"]] if row.get("keyId") in known and not row.get("key") else _made(call, item, row)
        for row in rows
    ]
    keys = item.hidden.get("keys", {})
    for gone in set(keys) - {row["keyId"] for row in kept}:
        del keys[gone]
    return kept


def _made(call: Call, item: DirectoryObject, wanted: dict[str, Any]) -> dict[str, Any]:
    kind, usage = wanted.get("type"), wanted.get("usage")
    if kind not in _usages or usage not in _usages[kind]:
        raise invalid_value("keyCredentials", "Application")
    if not wanted.get("key"):
        raise value_required("key", "KeyCredential")
    raw = _bytes(str(wanted["key"]))
    certificate = None if kind == "Symmetric" else _certificate(raw)
    row = {**_facts(call, certificate), **{name: value for name, value in wanted.items() if value is not None}}
    row.update(keyId=wanted.get("keyId") or call.world.ids.uuid("key"), key=None)
    life = credentials.moment(row["endDateTime"]) - credentials.moment(row["startDateTime"])
    app_restrictions.check_key(call.tenant, item, kind, life)
    item.hidden.setdefault("keys", {})[row["keyId"]] = base64.b64encode(raw).decode()
    call.world.replica.wrote("keyCredential", row["keyId"])
    return row


def _facts(call: Call, certificate: x509.Certificate | None) -> dict[str, Any]:
    """What Graph reads from the certificate where the client says nothing."""
    now = call.world.clock.now()
    if certificate is None:
        return {"customKeyIdentifier": None, "displayName": None, **dict.fromkeys(_times, graph_time(now))}
    thumbprint = certificate.fingerprint(hashes.SHA1())  # noqa: S303 Graph's customKeyIdentifier is the SHA-1 thumbprint
    return {
        "customKeyIdentifier": base64.b64encode(thumbprint).decode(),
        "displayName": certificate.subject.rfc4514_string(),
        "startDateTime": graph_time(certificate.not_valid_before_utc),
        "endDateTime": graph_time(certificate.not_valid_after_utc),
    }


def _bytes(text: str) -> bytes:
    """Base64, also the URL-safe kind and with line breaks in it; clients send DER, PEM's body or the whole PEM."""
    try:
        plain = "".join(text.split()).replace("-", "+").replace("_", "/")
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (ValueError, binascii.Error) as error:
        raise bad_request("Key credential's value is not valid base64.", target="keyCredentials") from error


def _certificate(raw: bytes) -> x509.Certificate:
    try:
        read = x509.load_pem_x509_certificate if raw.startswith(b"-----BEGIN") else x509.load_der_x509_certificate
        return read(raw)
    except ValueError as error:
        raise bad_request("Key credential's value is not a valid certificate.", target="keyCredentials") from error


def _check_proof(call: Call, application: DirectoryObject) -> None:
    """A JWT for the directory, issued by the application's object, signed by one of its living certificates."""
    now = call.world.clock.seconds()
    try:
        form = {"client_assertion_type": assertions.kind, "client_assertion": str(call.body.get("proof") or "")}
        given = assertions.read(form)
    except EntraError as error:
        raise _unproved() from error
    claims = given.claims
    fits = claims.get("aud") == _audience and claims.get("iss") == application.id
    timely = assertions.lives(given, now)
    signed = any(assertions.is_signed_by(given, key, algorithms=_algorithms) for key in _keys(call, application))
    if not fits or not timely or not signed:
        raise _unproved()


def _keys(call: Call, application: DirectoryObject) -> list[rsa.RSAPublicKey]:
    found = []
    for row in application.body.get("keyCredentials", []):
        text = application.hidden.get("keys", {}).get(row["keyId"])
        if text and row.get("type") != "Symmetric" and credentials.moment(row["endDateTime"]) > call.world.clock.now():
            key = _certificate(base64.b64decode(text)).public_key()
            found += [key] if isinstance(key, rsa.RSAPublicKey) else []
    return found


def _unproved() -> GraphError:
    return GraphError(401, "Authentication_MissingOrMalformed", "Access Token missing or malformed.")
