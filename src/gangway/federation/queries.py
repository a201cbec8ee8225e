"""Reads of this room; plain values. Nobody's data: no scope is needed."""

from datetime import datetime
from typing import Any

from django.conf import settings

from gangway.federation import turns
from gangway.federation.errors import NoIssuer
from gangway.federation.models import IssuerKey
from gangway.federation.turns import Key
from gangway.vault.queries import ever_sealed_to

CONFIGURATION = "/.well-known/openid-configuration"
KEYS = "/.well-known/jwks.json"


def issuer() -> str:
    """The address that our tokens name as their issuer; empty when the platform is none."""
    return str(settings.GANGWAY.issuer_url)


def configuration() -> dict[str, Any]:
    """The discovery document. Raises NoIssuer."""
    address = issuer()
    if not address:
        raise NoIssuer
    return {
        "issuer": address,
        "jwks_uri": f"{address}{KEYS}",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }


def published_keys(*, now: datetime) -> dict[str, Any]:
    """The set of public keys that tokens of ours may be signed with now or soon. Raises NoIssuer."""
    if not issuer():
        raise NoIssuer
    return {"keys": [key.jwk for key in turns.published(all_keys(), now)]}


def signs_with(key_number: int, *, now: datetime) -> bool:
    """Whether whoever has this sealing key may know a key that tokens are signed with, or were until just now."""
    needed = [key.id for key in turns.published(all_keys(), now)]
    sealed = IssuerKey.objects.filter(pk__in=needed).values_list("sealed_id", flat=True)
    return bool(ever_sealed_to(sealed, key_number))


def signing_since(*, now: datetime) -> datetime | None:
    """When the oldest key was made that tokens may still be signed with; None when there is none."""
    return min((key.made_at for key in turns.published(all_keys(), now)), default=None)


def all_keys() -> list[Key]:
    """Every key there is, the oldest turn first."""
    return [
        Key(row.pk, row.modulus, row.exponent, row.made_at, row.signs_from, row.withdrawn_at)
        for row in IssuerKey.objects.order_by("signs_from")
    ]
