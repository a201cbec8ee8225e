"""A provider's webhook, and its outbox: a call is put in with the caller's transaction and leaves by a worker's hand.

The key for signatures is sealed as soon as it is typed, and opened by the worker that signs. Each call has one id over
all attempts, so a receiver can tell the repeat; the time in its signature is that of the attempt.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, Plain, differing, record
from gangway.foundation.sealed import SealedText
from gangway.jobs.actions import defer
from gangway.notifications.channels.webhook import check_secret, check_url
from gangway.notifications.errors import NoWebhook
from gangway.notifications.models import Call, Webhook
from gangway.notifications.states import DeliveryState
from gangway.vault import actions as vault
from gangway.vault.places import Place

CALL: Final = "notifications:call_webhook"
PATIENCE: Final = timedelta(days=1)
SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class WebhookView:
    """Where a provider is told by machine. The key is never shown."""

    url: str
    is_on: bool
    set_at: datetime


@dataclass(frozen=True, slots=True)
class CallRow:
    """How one call is doing."""

    event: str
    state: DeliveryState
    attempts: int
    last_error: str
    created_at: datetime
    ended_at: datetime | None


def inside_hosts() -> frozenset[str]:
    """Return the hosts of one's own network that may be called."""
    return frozenset(host.lower() for host in settings.GANGWAY.webhook_inside_hosts)


def find(provider_id: UUID) -> WebhookView | None:
    """Return a provider's webhook, None when it has none."""
    row = Webhook.objects.filter(organization_id=provider_id).first()
    return None if row is None else WebhookView(row.url, row.is_on, row.set_at)


@transaction.atomic
def set_webhook(provider_id: UUID, *, url: str, secret: SealedText, is_on: bool, by: Actor, now: datetime) -> None:
    """Keep where to call; without a new `secret` the kept one stays. Raises `WebhookUnfit` at "url" and "secret"."""
    checked, row = check_url(url, inside=inside_hosts()), Webhook.objects.filter(organization_id=provider_id).first()
    if secret or row is None:
        check_secret(secret)
    if row is None:
        row = Webhook(organization_id=provider_id)
    if secret:
        vault.destroy(sealed_id=row.sealed_id, by=by)
        row.sealed_id = vault.seal(place=key_place(row), text=secret)
    was: dict[str, Plain] = {"address": row.url.partition("?")[0], "is_on": row.is_on} if row.url else {}
    row.url, row.is_on, row.set_at = checked, is_on, now
    row.save()
    before, after = differing(was, {"address": checked.partition("?")[0], "is_on": is_on})
    subject, new_key = f"organization:{provider_id}", {"new_key": bool(secret)}
    record(
        Event.WEBHOOK_SET,
        by=by,
        organization_id=provider_id,
        subject=subject,
        data=new_key,
        before=before,
        after=after,
    )


@transaction.atomic
def remove_webhook(provider_id: UUID, *, by: Actor) -> None:
    """Call nobody any more and destroy the key; there is none: fine."""
    for row in Webhook.objects.select_for_update(of=("self",)).filter(organization_id=provider_id):
        vault.destroy(sealed_id=row.sealed_id, by=by)
        row.delete()
        subject = f"organization:{provider_id}"
        record(Event.WEBHOOK_REMOVED, by=by, organization_id=provider_id, subject=subject, data={})


@transaction.atomic
def try_webhook(provider_id: UUID, *, by: Actor, now: datetime) -> None:
    """*Send a test*: a call that tells of nothing. Raises `NoWebhook`."""
    if find(provider_id) is None:
        raise NoWebhook
    subject = f"organization:{provider_id}"
    record(Event.WEBHOOK_TRIED, by=by, organization_id=provider_id, subject=subject, data={})
    post(provider_id=provider_id, event="test", data={"asked_by": by.name}, subject_ref=f"try:{provider_id}", now=now)


def post(
    *, provider_id: UUID, event: str, data: Mapping[str, Any], subject_ref: str, now: datetime, on_change: str = ""
) -> UUID:
    """Put a call into the outbox within the caller's transaction; its end defers `on_change` with `subject_ref`.

    `data` is what the receiver reads: never a secret. Raises `NoWebhook`.
    """
    webhook = Webhook.objects.filter(organization_id=provider_id).first()
    if webhook is None:
        raise NoWebhook
    call = Call.objects.create(
        organization_id=provider_id,
        event=event,
        body={"type": event, "timestamp": now.isoformat(), "data": dict(data)},
        subject_ref=subject_ref,
        on_change=on_change,
        state=DeliveryState.QUEUED.value,
        created_at=now,
        give_up_at=now + PATIENCE,
    )
    defer_call(call.pk)
    return call.pk


def defer_call(call_id: UUID, *, run_at: datetime | None = None) -> None:
    """Have a worker try, one at a time."""
    defer(CALL, lock=f"call:{call_id}", run_at=run_at, call_id=str(call_id))


def outcome(subject_ref: str) -> CallRow | None:
    """Return how the latest call about a subject is doing."""
    row = Call.objects.filter(subject_ref=subject_ref).order_by("-created_at").first()
    return None if row is None else _row(row)


def latest_calls(provider_id: UUID) -> tuple[CallRow, ...]:
    """Return a provider's latest calls, the newest first."""
    return tuple(map(_row, Call.objects.filter(organization_id=provider_id).order_by("-created_at")[:SHOWN]))


def key_place(row: Webhook) -> Place:
    """Where a webhook's key is sealed."""
    return Place(row.organization_id, "notifications.webhook.key", row.pk)


def _row(row: Call) -> CallRow:
    state = DeliveryState(row.state)
    return CallRow(row.event, state, row.attempts, row.last_error, row.created_at, row.ended_at)
