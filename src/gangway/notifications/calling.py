"""The worker's part of the webhooks' outbox: one attempt of one call, and what follows from it."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F

from gangway.audit.record import Actor
from gangway.foundation.sealed import SealedText
from gangway.jobs.actions import defer
from gangway.jobs.threads import in_database
from gangway.notifications import webhooks
from gangway.notifications.channels import webhook as channel
from gangway.notifications.errors import WebhookDelayed, WebhookRefused, WebhookUnfit
from gangway.notifications.models import Call, Webhook
from gangway.notifications.sending import wait_after
from gangway.notifications.states import UNSENT, DeliveryState
from gangway.organizations.scope import within_everything
from gangway.vault import actions as vault
from gangway.vault.errors import SealBroken, SecretDestroyed, SecretMissing, VaultClosed

CALLER: Final = Actor.system("webhooks")
GONE: Final = "The webhook was removed or switched off."


@dataclass(frozen=True, slots=True)
class Ready:
    """What one attempt needs."""

    url: str
    body: bytes
    secret: SealedText


async def deliver(call_id: UUID, *, now: datetime) -> None:
    """Try once; afterwards it is sent, to be tried again, or given up."""
    try:
        ready = await in_database(_begin, call_id)
        if ready is None:
            return
        headers = channel.signed(ready.body, message_id=str(call_id), at=now, secret=ready.secret)
        inside, ca_file = webhooks.inside_hosts(), settings.GANGWAY.extra_ca_file
        await channel.call(ready.url, ready.body, headers, inside=inside, extra_ca_file=ca_file)
    except WebhookDelayed as error:
        await in_database(_try_again, call_id, str(error), now=now)
    except (WebhookRefused, WebhookUnfit) as error:
        await in_database(_end, call_id, DeliveryState.FAILED, str(error), now=now)
    else:
        await in_database(_end, call_id, DeliveryState.SENT, "", now=now)


def _begin(call_id: UUID) -> Ready | None:
    """Count the attempt before it is made. Raises `WebhookRefused` and `WebhookDelayed`."""
    with within_everything("webhooks of every provider are called"):
        with transaction.atomic():
            rows = Call.objects.filter(pk=call_id, state__in=[state.value for state in UNSENT])
            if not rows.update(attempts=F("attempts") + 1, next_attempt_at=None):
                return None
            call = Call.objects.get(pk=call_id)
        webhook = Webhook.objects.filter(organization_id=call.organization_id).first()
        if webhook is None or webhook.sealed_id is None or not (webhook.is_on or call.event == "test"):
            raise WebhookRefused(GONE)
        body = json.dumps({**call.body, "id": str(call.pk)}, separators=(",", ":"), sort_keys=True).encode()
        return Ready(webhook.url, body, _opened(webhook))


def _opened(webhook: Webhook) -> SealedText:
    if webhook.sealed_id is None:
        raise WebhookRefused(GONE)
    place = webhooks.key_place(webhook)
    try:
        return vault.reveal(sealed_id=webhook.sealed_id, place=place, purpose="sign a call", by=CALLER)
    except VaultClosed as error:
        raise WebhookDelayed("This worker has no key to open the webhook's own with.") from error
    except (SealBroken, SecretDestroyed, SecretMissing) as error:
        raise WebhookRefused("The webhook's key can't be opened any more; set it anew.") from error


def _try_again(call_id: UUID, error: str, *, now: datetime) -> None:
    with within_everything("webhooks of every provider are called"), transaction.atomic():
        call = _locked(call_id)
        if call is None:
            return
        again_at = now + wait_after(call.attempts)
        if again_at > call.give_up_at:
            _close(call, DeliveryState.FAILED, error, now)
            return
        call.state, call.last_error, call.next_attempt_at = DeliveryState.RETRYING.value, error[:300], again_at
        call.save(update_fields=["state", "last_error", "next_attempt_at"])
        webhooks.defer_call(call_id, run_at=again_at)


def _end(call_id: UUID, state: DeliveryState, error: str, *, now: datetime) -> None:
    with within_everything("webhooks of every provider are called"), transaction.atomic():
        call = _locked(call_id)
        if call is not None:
            _close(call, state, error, now)


def _close(call: Call, state: DeliveryState, error: str, now: datetime) -> None:
    call.state, call.last_error, call.ended_at, call.next_attempt_at = state.value, error[:300], now, None
    call.save(update_fields=["state", "last_error", "ended_at", "next_attempt_at"])
    if call.on_change:
        defer(call.on_change, subject_ref=call.subject_ref)


def _locked(call_id: UUID) -> Call | None:
    rows = Call.objects.select_for_update(of=("self",)).filter(pk=call_id)
    return rows.filter(state__in=[state.value for state in UNSENT]).first()
