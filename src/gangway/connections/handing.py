"""Tokens of a connection, handed out on a worker's host: who may have them, and what is written down of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.connections.errors import (
    ConnectionSuspended,
    DecidedAbove,
    MayNotUse,
    NoSuchConnection,
    NotMadeYet,
    PurposeMissing,
    TokensForbidden,
)
from gangway.connections.kept import credential_of
from gangway.connections.models import Companion, Connection, TokenBan
from gangway.jobs.threads import in_database
from gangway.organizations.queries import holds
from gangway.organizations.queries import operator as person
from gangway.organizations.roles import Capability, Kind, stands_over
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.tokens import TokenPair, token_pair
from gangway.services.errors import NoSuchService
from gangway.services.queries import service
from gangway.services.states import Lifecycle

LONGEST_PURPOSE: Final = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """Who may have tokens of what, and what was written down of it."""

    path: str
    organization_id: UUID
    credential_id: UUID
    by: Actor
    facts: dict[str, str]


async def hand_out(*, service_id: UUID, operator_id: UUID, profile: str = "", purpose: str, now: datetime) -> TokenPair:
    """Give a person the tokens of one service, for a purpose that is written down before Microsoft is asked.

    `profile`: of what the service uses beside its connection, which has nothing to do with calling: for Graph only.
    Worker only; opens its own scope. Raises `PurposeMissing`, `MayNotUse`, `TokensForbidden`, `NoSuchConnection`,
    `NotMadeYet`, `ConnectionSuspended`, and what provisioning says.
    """
    said = " ".join(purpose.split())[:LONGEST_PURPOSE]
    if not said:
        raise PurposeMissing
    asked = await in_database(_allowed, service_id, operator_id, profile, said, now)
    pair = await token_pair(
        credential_id=asked.credential_id, graph_only=bool(profile), purpose=f"hand out tokens: {said}", by=asked.by
    )
    await in_database(_given, asked, service_id)
    return pair


def _allowed(service_id: UUID, operator_id: UUID, profile: str, purpose: str, now: datetime) -> Asked:
    who = person(operator_id)
    try:
        with within_everything("a worker's host names a service by its id"):
            about = service(service_id)
    except NoSuchService as error:
        raise MayNotUse from error  # who may not use it isn't told whether it is there
    if who is None or not holds(operator_id, Capability.USE_CONNECTION, path=about.customer_path):
        raise MayNotUse
    by = Actor(kind="person", id=str(who.id), name=who.name)
    with within(about.customer_path), transaction.atomic():
        row = Connection.objects.filter(service_id=service_id).first()
        if row is None or about.lifecycle is Lifecycle.PLANNED:
            raise NoSuchConnection
        if row.suspended_at is not None or about.lifecycle is not Lifecycle.CREATED:
            raise ConnectionSuspended.at(row.suspended_level)
        if TokenBan.objects.filter(organization_id=row.organization_id).exists():
            raise TokensForbidden
        credential_id = _beside(service_id, profile) if profile else row.credential_id
        facts = {"purpose": purpose, "credential": str(credential_id), "at": now.isoformat(timespec="seconds")}
        facts |= {"profile": profile} if profile else {}
        _record(Event.CONNECTION_TOKENS_ASKED, row.organization_id, f"service:{service_id}", by, facts)
        return Asked(about.customer_path, row.organization_id, credential_id, by, facts)


def _beside(service_id: UUID, profile: str) -> UUID:
    row = Companion.objects.filter(service_id=service_id, profile=profile).first()
    if row is None:
        what = "This service has no registration of its own for that."
        raise NoSuchConnection(what, cure="Ask for tokens of its connection, or add what is missing in its portal.")
    about = credential_of(row)
    if about is None:
        raise NotMadeYet
    return about.credential_id


def _given(asked: Asked, service_id: UUID) -> None:
    with within(asked.path), transaction.atomic():
        subject = f"service:{service_id}"
        _record(Event.CONNECTION_TOKENS_GIVEN, asked.organization_id, subject, asked.by, asked.facts)


def tokens_forbidden(customer_id: UUID) -> Kind | None:
    """Return at which level it was forbidden that a customer's connections hand out tokens; None while they do.

    Call it inside a scope.
    """
    level = TokenBan.objects.filter(organization_id=customer_id).values_list("level", flat=True).first()
    return None if level is None else Kind(level)


@transaction.atomic
def forbid_tokens(*, customer_id: UUID, forbidden: bool, level: Kind = Kind.PROVIDER, by: Actor, now: datetime) -> None:
    """Forbid, or allow again, that a customer's connections hand out tokens. Doing it twice changes nothing.

    `level`: of whoever does it; what a lower level forbade becomes theirs. Raises `DecidedAbove` when somebody above
    it forbade what is to be allowed.
    """
    row = TokenBan.objects.select_for_update(of=("self",)).filter(organization_id=customer_id).first()
    if row is None:
        if not forbidden:
            return
        TokenBan.objects.create(organization_id=customer_id, since=now, by_name=by.name[:200], level=level.value)
    elif not forbidden:
        if not stands_over(level, Kind(row.level)):
            raise DecidedAbove
        row.delete()
    elif stands_over(Kind(row.level), level):
        return
    else:
        row.level, row.by_name, row.since = level.value, by.name[:200], now
        row.save(update_fields=["level", "by_name", "since"])
    event = Event.CONNECTION_TOKENS_FORBIDDEN if forbidden else Event.CONNECTION_TOKENS_ALLOWED
    _record(event, customer_id, f"organization:{customer_id}", by, {"level": level.value})


def _record(event: Event, organization_id: UUID, subject: str, by: Actor, data: dict[str, str]) -> None:
    record(event, by=by, organization_id=organization_id, subject=subject, data=data)
