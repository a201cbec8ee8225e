"""A token of an issuer that the application trusts (workload identity federation) instead of a secret."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from m365_emulator.errors import EntraError
from m365_emulator.keys import BadToken
from m365_emulator.login.proofs import assertions, issuers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric import rsa

    from m365_emulator.directory import DirectoryObject
    from m365_emulator.login.clients import Client
    from m365_emulator.login.proofs.assertions import Assertion
    from m365_emulator.world import World

_algorithms = ("RS256",)


async def fetch(world: World, form: Mapping[str, str]) -> None:
    """Learn the keys of the issuer of this request's assertion, if they are not known yet.

    Only issuers that some federated credential of the application names are asked. Raises EntraError 50166.
    """
    if not form.get("client_assertion"):
        return
    given = assertions.read(form)
    found = world.directory.home_of_application(form.get("client_id", ""))
    trusted = {row["issuer"] for row in _credentials(world, found[1])} if found is not None else set()
    if given.issuer not in trusted or issuers.is_own(world, given.issuer) or _key(world, given) is not None:
        return
    keys = await asyncio.to_thread(issuers.ask, given.issuer, world.settings.trust_ca)
    world.login.issuers[given.issuer] = keys


def check(world: World, client: Client, given: Assertion) -> None:
    """Raises EntraError 70021x when no credential matches, 700027 for the signature, 700024, 700229."""
    _check_match(world, client, given)
    if issuers.is_own(world, given.issuer):
        _check_own(world, given)
    else:
        key = _key(world, given)
        if key is None or not assertions.is_signed_by(given, key, algorithms=_algorithms):
            raise EntraError(700027, "Client assertion failed signature validation.")
    assertions.check_times(world, given)


def _check_match(world: World, client: Client, given: Assertion) -> None:
    """Issuer, subject and audience must be one credential's, letter by letter."""
    rows = _credentials(world, client.application)
    same_issuer = [row for row in rows if issuers.same(world, row["issuer"], given.issuer)]
    same_subject = [row for row in same_issuer if row["subject"] == given.subject]
    if any(set(row["audiences"]) & set(given.audiences) for row in same_subject):
        return
    if not rows:
        raise _no_match(70021, f". Assertion Issuer: '{given.issuer}'. Assertion Subject: '{given.subject}'")
    if not same_issuer:
        raise _no_match(700211, f" issuer '{given.issuer}'")
    if not same_subject:
        raise _no_match(700213, f" subject '{given.subject}'")
    raise _no_match(700212, f" audience '{' '.join(given.audiences)}'")


def _credentials(world: World, application: DirectoryObject) -> list[dict[str, Any]]:
    """The application's federated credentials that sign-in knows already."""
    return [
        row
        for row in application.hidden.get("federated", [])
        if world.replica.in_tokens("federatedIdentityCredential", row["id"])
    ]


def _check_own(world: World, given: Assertion) -> None:
    """A token of this very cloud: signed by its keys, and an application's, not a person's."""
    try:
        claims = world.keys.verify(given.text)
    except BadToken as error:
        raise EntraError(700027, "Client assertion failed signature validation.") from error
    if claims.get("idtyp") != "app":
        raise EntraError(700229, "Only app-only tokens can be used as Federated Identity Credentials for AAD issuer.")


def _key(world: World, given: Assertion) -> rsa.RSAPublicKey | None:
    rows = world.login.issuers.get(given.issuer, [])
    row = next((row for row in rows if row.get("kid") == given.header.get("kid")), None)
    return issuers.public_key(row) if row is not None else None


def _no_match(number: int, what: str) -> EntraError:
    return EntraError(
        number,
        f"No matching federated identity record found for presented assertion{what}. Check your federated identity "
        "credential Subject, Audience and Issuer against the presented assertion. "
        "https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
    )
