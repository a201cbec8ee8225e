"""The application that asks for a token: is it known, is it public, does its secret hold."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from m365_emulator import credentials, data
from m365_emulator.credentials import SecretVerdict
from m365_emulator.errors import EntraError
from m365_emulator.login import admission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from m365_emulator.directory import DirectoryObject, Tenant
    from m365_emulator.world import World


@dataclass(frozen=True, slots=True, eq=False)
class Client:
    """A registered application and the tenant where it is registered."""

    home: Tenant
    application: DirectoryObject

    @property
    def app_id(self) -> str:
        return str(self.application.body["appId"])

    @property
    def name(self) -> str:
        return str(self.application.body["displayName"])

    @property
    def is_public(self) -> bool:
        return self.application.body.get("isFallbackPublicClient") is True

    @property
    def is_multi_tenant(self) -> bool:
        return self.application.body.get("signInAudience") != "AzureADMyOrg"


def required(form: Mapping[str, str], name: str) -> str:
    """A form field. Raises EntraError 900144 when it is missing or empty."""
    if not form.get(name):
        raise EntraError(900144, f"The request body must contain the following parameter: '{name}'.")
    return form[name]


def required_proof(form: Mapping[str, str]) -> None:
    """Raises EntraError 7000218 when there is neither secret nor assertion."""
    if not form.get("client_secret") and not form.get("client_assertion"):
        raise EntraError(
            7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
        )


def find(world: World, client_id: str, tenant: Tenant | None) -> Client:
    """The application behind a client id, if this tenant (None: any) may use it. Raises EntraError 700016, 50194."""
    found = world.directory.home_of_application(client_id)
    if found is None or not world.replica.in_tokens("application", found[1].id):
        raise _unknown(client_id, tenant)
    client = Client(*found)
    if client.is_multi_tenant or tenant is client.home:
        return client
    if tenant is None:
        raise EntraError(
            50194,
            f"Application '{client_id}'({client.name}) is not configured as a multi-tenant "
            "application. Usage of the /common endpoint is not supported for such apps.",
        )
    raise _unknown(client_id, tenant)


def principal_for_secret(world: World, client: Client, tenant: Tenant) -> DirectoryObject:
    """The client's service principal in the tenant. Raises EntraError 7000229, 7000112."""
    principal = tenant.principal(client.app_id)
    if principal is None or not world.replica.in_tokens("servicePrincipal", principal.id):
        raise EntraError(
            7000229,
            f"The client application {client.app_id} is missing service principal in the tenant "
            f"{tenant.id}. See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119",
        )
    admission.check_enabled(principal, client)
    return principal


def family(world: World, app_id: str) -> str:
    """The family of Microsoft's clients that share their refresh tokens; empty for everybody else's."""
    return data.family(app_id) if world.directory.is_microsofts(app_id) else ""


def holders(client: Client, tenant: Tenant | None) -> list[DirectoryObject]:
    """Whose credentials prove the client: the application's, and those of its service principal where it signs in."""
    principal = (tenant or client.home).principal(client.app_id)
    return [client.application, *([principal] if principal is not None else [])]


def check_secret(world: World, client: Client, tenant: Tenant | None, secret: str) -> None:
    """Raises EntraError 7000215 for a wrong (or not yet known) secret, 7000222 for one that ran out."""
    verdicts = {credentials.judge_secret(world, holder, secret) for holder in holders(client, tenant)}
    if SecretVerdict.GOOD in verdicts:
        return
    if SecretVerdict.EXPIRED not in verdicts:
        raise EntraError(
            7000215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the "
            "client secret value, not the client secret ID, for a secret added to app "
            f"'{client.app_id}'.",
        )
    raise EntraError(
        7000222,
        f"The provided client secret keys for app '{client.app_id}' are expired. Visit the "
        "Azure portal to create new keys for your app, or consider using certificate "
        "credentials for added security.",
    )


def check_public(client: Client, form: Mapping[str, str]) -> None:
    """Raises EntraError 7000218 when the application doesn't allow public flows, 700025 when a secret came along."""
    if not client.is_public:
        raise EntraError(
            7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
        )
    check_no_proof(form)


def check_no_proof(form: Mapping[str, str]) -> None:
    """Raises EntraError 700025 when a secret or an assertion came along where none is due."""
    if form.get("client_secret") or form.get("client_assertion"):
        raise EntraError(
            700025, "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."
        )


def basic(request: Request) -> tuple[str, str] | None:
    """Client id and secret from a Basic header, percent-decoded as RFC 6749 2.3.1 wants."""
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise EntraError(9002313, "Invalid request. Request is malformed or invalid.") from error
    return unquote_plus(name), unquote_plus(secret)


def _unknown(client_id: str, tenant: Tenant | None) -> EntraError:
    where = tenant.display_name if tenant is not None else "Microsoft Services"
    return EntraError(
        700016,
        f"Application with identifier '{client_id}' was not found in the directory '{where}'. "
        "This can happen if the application has not been installed by the administrator of the "
        "tenant or consented to by any user in the tenant. You may have sent your authentication "
        "request to the wrong tenant.",
    )
