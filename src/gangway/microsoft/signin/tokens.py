"""Tokens: the id_token that says who signed in, checked; and our own app-only token, read as a diagnosis."""

import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import jwt
from jwt.types import Options
from pydantic_core import from_json

from gangway.foundation import clock
from gangway.foundation.ids import AppId, ObjectId, TenantId
from gangway.foundation.sealed import SealedText
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.errors import IdentityRefused, PersonalAccount, Unreadable
from gangway.microsoft.reading import entra_error
from gangway.microsoft.transport import Transport
from gangway.microsoft.wire import Answer, Asked

PERSONAL_TENANT = TenantId("9188040d-6c67-4c5b-b112-36a304b66dad")
"""The tenant of all personal Microsoft accounts."""

SKEW = timedelta(minutes=5)
"""How far Microsoft's clock and ours may differ."""

_GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


_OPTIONS: Options = {
    "require": ["aud", "iss", "exp", "nbf", "tid", "oid"],
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
}
"""PyJWT checks signature, audience and issuer; times are ours, since its own clock can't be moved."""


@dataclass(frozen=True)
class Identity:
    """Who signed in. The key is tenant and object id; name and address may change and are only shown."""

    tenant_id: TenantId
    object_id: ObjectId
    username: str
    name: str
    home_issuer: str
    issuer: str = ""
    nonce: str = field(default="", repr=False)
    roles: frozenset[str] = frozenset()
    """Values of the app roles that the tenant gave this person for the application that asked."""
    groups: frozenset[str] = frozenset()
    """Ids of the person's groups, where the application's registration asks for that claim."""
    wids: frozenset[str] = frozenset()
    """Template ids of the person's directory roles for the whole tenant, where the registration asks for that claim."""
    groups_untold: bool = False
    """Whether Microsoft left the groups out because they are too many for a token (the "overage")."""
    issued_at: datetime | None = None
    """When the token was made; Entra dates it back by up to five minutes."""
    signed_in_at: datetime | None = None
    """When the person last proved who they are (`auth_time`), where the registration asks for that claim."""

    @property
    def is_guest(self) -> bool:
        """Whether the account lives in another directory than the one it signed in to."""
        return bool(self.home_issuer) or "#ext#" in self.username.lower()


NOT_TOLD: Final = ObjectId("")


@dataclass(frozen=True)
class AppClaims:
    """What our own app-only token says: permissions by value, directory roles by template id."""

    tenant_id: TenantId
    app_id: AppId
    roles: frozenset[str]
    wids: frozenset[str]
    expires_at: datetime
    object_id: ObjectId = NOT_TOLD
    """Of the application's own service principal in the tenant."""


async def check_id_token(transport: Transport, cloud: Cloud, token: SealedText, *, client_id: AppId) -> Identity:
    """The identity in an id_token whose signature, audience, issuer and times hold (5 minutes of skew).

    The keys and the issuer come from the tenant's own discovery document. Raises IdentityRefused, PersonalAccount, or
    the errors of reading that document.
    """
    tenant = _claimed_tenant(token)
    discovery = await _document(transport, cloud.discovery_url(tenant))
    keys = await _document(transport, _same_origin(str(discovery.get("jwks_uri")), cloud))
    claims = _verified(token, keys=keys, audience=client_id, issuer=str(discovery.get("issuer")))
    if str(claims.get("tid", "")).lower() != tenant:
        raise IdentityRefused
    return _identity(claims, tenant)


def read_app_claims(token: SealedText) -> AppClaims:
    """The claims of a token that Entra just gave us over TLS for our own application. Raises Unreadable."""
    claims = _unverified(token)
    return AppClaims(
        tenant_id=TenantId(str(claims.get("tid", "")).lower()),
        app_id=AppId(str(claims.get("appid") or claims.get("azp") or "")),
        roles=frozenset(claims.get("roles") or ()),
        wids=frozenset(claims.get("wids") or ()),
        expires_at=datetime.fromtimestamp(int(claims.get("exp", 0)), UTC),
        object_id=ObjectId(str(claims.get("oid", ""))),
    )


def _claimed_tenant(token: SealedText) -> TenantId:
    tenant = str(_unverified(token).get("tid", "")).lower()
    if tenant == PERSONAL_TENANT:
        raise PersonalAccount
    if not _GUID.fullmatch(tenant):
        raise IdentityRefused
    return TenantId(tenant)


def _unverified(token: SealedText) -> dict[str, Any]:
    """The claims as they stand there. PyJWT looks at each character of a token by itself: ten times as long."""
    part = token.reveal().partition(".")[2].partition(".")[0]
    try:
        claims = from_json(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError as error:
        raise Unreadable from error
    if not isinstance(claims, dict):
        raise Unreadable
    return claims


def _verified(token: SealedText, *, keys: Mapping[str, Any], audience: str, issuer: str) -> Mapping[str, Any]:
    """The claims, once everything holds. Times are compared with the product's own clock."""
    try:
        kid = jwt.get_unverified_header(token.reveal()).get("kid")
        key = next(key for key in jwt.PyJWKSet.from_dict(dict(keys)).keys if key.key_id == kid)
        claims: dict[str, Any] = jwt.decode(
            token.reveal(),
            key.key,
            algorithms=["RS256"],
            audience=audience,
            issuer=issuer,
            options=_OPTIONS,
        )
    except (jwt.PyJWTError, StopIteration, TypeError) as error:
        raise IdentityRefused from error
    now = clock.now()
    if not claims["nbf"] - SKEW.total_seconds() <= now.timestamp() <= claims["exp"] + SKEW.total_seconds():
        raise IdentityRefused("The sign-in is too old, or the clock of this server is wrong.")
    return claims


def _identity(claims: Mapping[str, Any], tenant: TenantId) -> Identity:
    home = str(claims.get("idp") or "")
    return Identity(
        tenant_id=tenant,
        object_id=ObjectId(str(claims["oid"])),
        username=str(claims.get("preferred_username") or ""),
        name=str(claims.get("name") or ""),
        home_issuer="" if home == claims["iss"] else home,
        issuer=str(claims["iss"]),
        nonce=str(claims.get("nonce") or ""),
        roles=_texts(claims.get("roles")),
        groups=_texts(claims.get("groups")),
        wids=_texts(claims.get("wids")),
        issued_at=_moment(claims.get("iat")),
        signed_in_at=_moment(claims.get("auth_time")),
        groups_untold="groups" in (claims.get("_claim_names") or ()) or bool(claims.get("hasgroups")),
    )


def _texts(claim: object) -> frozenset[str]:
    return frozenset(str(each) for each in claim) if isinstance(claim, list) else frozenset()


def _moment(claim: object) -> datetime | None:
    return datetime.fromtimestamp(claim, UTC) if isinstance(claim, int) else None


async def _document(transport: Transport, url: str) -> Mapping[str, Any]:
    answer: Answer = await transport.send(Asked("GET", url))
    if not answer.good:
        raise entra_error(answer)
    if not isinstance(answer.body, dict):
        raise Unreadable
    return answer.body


def _same_origin(url: str, cloud: Cloud) -> str:
    """A keys address is followed only on the cloud's own sign-in host."""
    wanted, given = urlsplit(cloud.login), urlsplit(url)
    if (given.scheme, given.netloc) != (wanted.scheme, wanted.netloc):
        raise IdentityRefused
    return url
