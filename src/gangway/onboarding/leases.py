"""Who looks after which sign-in: rows leased in batches by polling loops, on any number of machines.

A lease is an owner and an end. Whoever takes a row that is due sets both; other loops skip it. A loop that dies leaves
its rows behind, and they are free again when the lease ends. Whoever writes down what came of a visit must still be the
owner: a late answer of a loop that was thought dead changes nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from gangway.onboarding.models import SignIn
from gangway.onboarding.states import ALIVE, SignInState
from gangway.organizations.scope import within_everything

LEASE_SECONDS: Final = 25
"""How long a visit may take before another loop may think its owner dead; visits are cut off well before."""

REASON: Final = "a polling loop looks after everybody's sign-ins"


@dataclass(frozen=True, slots=True)
class Due:
    """One leased sign-in, as much of it as a visit needs."""

    id: UUID
    organization_id: UUID
    state: SignInState
    client_id: str
    cloud: str
    scopes: tuple[str, ...]
    claims: str
    device_code_id: UUID | None
    verifier_id: UUID | None
    code_id: UUID | None
    return_address: str
    nonce_hash: str
    identity_id: UUID | None
    token_id: UUID | None
    interval_seconds: int
    code_expires_at: datetime | None
    failures: int


def take(*, owner: str, now: datetime, limit: int) -> list[Due]:
    """Lease up to `limit` sign-ins that are due and nobody's, the longest waiting first."""
    with within_everything(REASON), transaction.atomic():
        rows = list(
            SignIn.objects.select_for_update(skip_locked=True)
            .filter(_free(now), state__in=ALIVE, next_poll_at__lte=now)
            .order_by("next_poll_at")[:limit],
        )
        _lease([row.pk for row in rows], owner=owner, now=now)
    return [_due(row) for row in rows]


def take_one(*, sign_in_id: UUID, owner: str, now: datetime) -> Due | None:
    """Lease this sign-in whether it is due or not; None when it is over or somebody else's at the moment."""
    with within_everything(REASON), transaction.atomic():
        rows = list(
            SignIn.objects.select_for_update(skip_locked=True).filter(_free(now), pk=sign_in_id, state__in=ALIVE)
        )
        _lease([row.pk for row in rows], owner=owner, now=now)
    return _due(rows[0]) if rows else None


def extend(*, owner: str, but: Collection[UUID], now: datetime) -> set[UUID]:
    """Lengthen this owner's leases, `but` some; returns the sign-ins that are still its own and alive."""
    with within_everything(REASON):
        own = SignIn.objects.filter(lease_owner=owner, state__in=ALIVE).exclude(pk__in=but)
        own.update(lease_until=now + timedelta(seconds=LEASE_SECONDS))
        return set(own.values_list("pk", flat=True))


def put_back(*, sign_in_ids: Collection[UUID], owner: str, next_poll_at: datetime, interval_seconds: int) -> None:
    """Give back leased sign-ins that Microsoft answered with "pending", all due at the same time."""
    with within_everything(REASON):
        SignIn.objects.filter(pk__in=sign_in_ids, lease_owner=owner, state=SignInState.CODE_READY).update(
            next_poll_at=next_poll_at,
            interval_seconds=interval_seconds,
            lease_owner="",
            lease_until=None,
            failures=0,
            problem={},
        )


def release(*, owner: str) -> None:
    """Give back everything that this owner holds: it stops."""
    with within_everything(REASON):
        SignIn.objects.filter(lease_owner=owner).update(lease_owner="", lease_until=None)


def _free(now: datetime) -> Q:
    return Q(lease_until__isnull=True) | Q(lease_until__lt=now)


def _lease(sign_in_ids: list[UUID], *, owner: str, now: datetime) -> None:
    until = now + timedelta(seconds=LEASE_SECONDS)
    SignIn.objects.filter(pk__in=sign_in_ids).update(lease_owner=owner, lease_until=until)


def _due(row: SignIn) -> Due:
    return Due(
        id=row.pk,
        organization_id=row.organization_id,
        state=SignInState(row.state),
        client_id=row.client_id,
        cloud=row.cloud,
        scopes=tuple(row.scopes.split()),
        claims=row.claims,
        device_code_id=row.device_code_id,
        verifier_id=row.verifier_id,
        code_id=row.code_id,
        return_address=row.return_address,
        nonce_hash=row.nonce_hash,
        identity_id=row.identity_id,
        token_id=row.token_id,
        interval_seconds=row.interval_seconds,
        code_expires_at=row.code_expires_at,
        failures=row.failures,
    )
