"""Looking after a connection, and what is used beside one: warn of its end, plan its rotation, announce it, start it.

For workers. Each row says when it is looked at next; a worker takes what is due, one transaction each, and moves it on.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import QuerySet

from gangway.alarms.actions import clear_alarm, clear_all_of, raise_alarm
from gangway.alarms.queries import raised_at
from gangway.alarms.states import Kind, Severity
from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.connections import announcing, following, rotation, saying, schedule, warned
from gangway.connections.errors import NotMadeYet
from gangway.connections.kept import Kept, connection_of, credential_of, facts_of, key_of, name_of
from gangway.connections.models import Care, Companion
from gangway.connections.policy import wishes_for
from gangway.connections.schedule import DAY, Wishes
from gangway.connections.states import Rotation
from gangway.organizations.scope import within_everything
from gangway.provisioning.actions import hold_registrations
from gangway.provisioning.renewable import Renewable
from gangway.services.queries import ServiceView, service
from gangway.services.states import Lifecycle

TENDER: Final = Actor.system("connections")
MOST: Final = 200
"""Rows taken at once."""
REASON: Final = "workers look after everybody's connections"
PAUSED: Final = "The connection is suspended or its service goes."
GONE: Final = "It has nothing to sign in with any more."
NO_END: Final = "Nobody knows when it ends, or it doesn't."
BY_HAND: Final = "It isn't renewed by itself any more."
CORRECTED: Final = "It ends later than was known."

log = structlog.get_logger(__name__)


def tend_due(*, now: datetime) -> int:
    """Look after all whose time has come, connections first; gives how many."""
    with within_everything(REASON):
        return _tend_all(Care, now=now) + _tend_all(Companion, now=now)


def _tend_all(kind: type[Care] | type[Companion], *, now: datetime) -> int:
    tended = 0
    due = kind.objects.filter(tend_at__lte=now).order_by("tend_at").values_list("pk", "rotation", "rotate_at")
    while rows := list(due[:MOST]):
        done = sum(_try(kind, pk, Rotation(stands), at, now=now) for pk, stands, at in rows)
        tended += done
        if not done:
            break  # others have them in hand
    return tended


def _try(
    kind: type[Care] | type[Companion], pk: UUID, stands: Rotation, rotate_at: datetime | None, *, now: datetime
) -> bool:
    """Look after one; a row that can't be looked after holds up no other, and is tried again in an hour."""
    rotates = stands is Rotation.UNDER_WAY
    may_start = not rotates and rotate_at is not None and rotate_at <= now
    try:
        stopped = rotates and _stop(kind, pk, now=now)
        return _tend(kind, pk, stopped=stopped, may_start=may_start, now=now)
    except Exception:
        log.exception("connection_not_tended", row=str(pk))
        return bool(kind.objects.filter(pk=pk).update(tend_at=now + schedule.SOONEST))


def _stop(kind: type[Care] | type[Companion], pk: UUID, *, now: datetime) -> bool:
    """Break off what is rotated of a service that isn't used; says whether.

    A rotation may have begun in the moment of a suspension. Nothing is locked here yet: a suspension locks the run, and
    its registration, before the row that says how the rotation stands.
    """
    kept: Kept | None = _rows(kind).filter(pk=pk).first()
    if kept is None or _is_used(kept, service(kept.service_id)):
        return False
    rotation.break_off(kept.service_id, by=TENDER, now=now)
    return True


def _rows(kind: type[Care] | type[Companion]) -> QuerySet[Care] | QuerySet[Companion]:
    return kind.objects.select_related("organization", *(("connection",) if kind is Care else ()))


def _is_used(kept: Kept, about: ServiceView) -> bool:
    return connection_of(kept).suspended_at is None and about.lifecycle is Lifecycle.CREATED


def _hold(kind: type[Care] | type[Companion], pk: UUID) -> UUID | None:
    """Lock the registration of what may be rotated now before the row of its care, as everybody does; gives its id."""
    kept: Kept | None = _rows(kind).filter(pk=pk).first()
    if kept is None:
        return None
    hold_registrations([kept.registration_id])
    return kept.registration_id


@transaction.atomic
def _tend(kind: type[Care] | type[Companion], pk: UUID, *, stopped: bool, may_start: bool, now: datetime) -> bool:
    held = _hold(kind, pk) if may_start else None
    rows = _rows(kind).select_for_update(of=("self",), skip_locked=True)
    kept: Kept | None = rows.filter(pk=pk, tend_at__lte=now).first()
    if kept is None:
        return False
    if kept.rotation == Rotation.UNDER_WAY and following.is_over(kept):
        following.take_note(kept, now=now)  # nobody did, for the job that should have was lost
    kept.tend_at, about = now + DAY, service(kept.service_id)
    is_used = _is_used(kept, about)
    if kept.rotation == Rotation.UNDER_WAY and not is_used and not stopped:
        return True  # it was suspended just now: the next round breaks it off first
    credential = credential_of(kept)
    if credential is not None:
        kept.tenant_id = credential.tenant_id
    if not is_used:
        _rest(kept, why=PAUSED, now=now)
    elif credential is None and isinstance(kept, Companion):
        _bare(kept, now=now)
    elif credential is None or credential.ends_at is None or not credential.ends:
        kept.rotation, kept.rotate_at = Rotation.NONE.value, None
        clear_alarm(**key_of(kept, Kind.CREDENTIAL_ENDS), why=NO_END, by=TENDER, now=now, all_clear=False)
    else:
        wishes = wishes_for(kept.organization.path, now=now)
        if _plan(kept, credential, credential.ends_at, about, wishes, now=now):
            _start(kept, credential, held=held, now=now)
        _warn(kept, credential, credential.ends_at, about, wishes, now=now)
    kept.save()
    return True


def _rest(kept: Kept, *, why: str, now: datetime) -> None:
    """Neither rotation nor alarms while it isn't used."""
    kept.rotation, kept.rotate_at, kept.announced_at = Rotation.NONE.value, None, None
    clear_all_of(organization_id=kept.organization_id, subject=kept.subject, why=why, by=TENDER, now=now)


def _bare(kept: Companion, *, now: datetime) -> None:
    """What was said of it was said of a credential that is gone, and no look comes that would say anything else.

    Its service is in use, and what is rotated of that goes on.
    """
    _rest(kept, why=GONE, now=now)
    if kept.status != "unknown":
        kept.status, kept.status_words, kept.status_since = "unknown", NotMadeYet.what, now


def _plan(
    kept: Kept, credential: Renewable, ends_at: datetime, about: ServiceView, wishes: Wishes, *, now: datetime
) -> bool:
    """Plan and announce the rotation, as far as the registration may do that and the customer wants it.

    Says whether its time has come.
    """
    if kept.rotation == Rotation.UNDER_WAY:
        kept.tend_at = now + schedule.SOONEST
        return False
    failed = kept.rotation in {Rotation.FAILED, Rotation.NEEDS_CUSTOMER}
    itself = credential.renews_itself(has_right=kept.renews_itself)
    called = kept.rotation == Rotation.NEEDS_CUSTOMER and kept.rotate_at is None
    if not itself or called or not wishes.rotates:
        if not itself or kept.rotation != Rotation.NEEDS_CUSTOMER:  # else it is tried again once they want it
            kept.rotate_at = None
        if kept.rotation in {Rotation.PLANNED, Rotation.FROZEN, Rotation.FAILED}:
            kept.rotation = Rotation.NONE.value
            clear_alarm(**key_of(kept, Kind.ROTATION), why=BY_HAND, by=TENDER, now=now, all_clear=False)
        return False
    if failed and kept.rotate_at is not None:
        return _is_tried_again(kept, ends_at, about, wishes, wanted=max(kept.rotate_at, now), now=now)
    planned = schedule.rotation(
        ends_at=ends_at,
        made_at=credential.made_at,
        wishes=wishes,
        connection_id=kept.pk,
        now=now,
        promised=_promised(kept, wishes, now=now),
    )
    if planned.at is None:
        _frozen(kept, about, ends_at, now=now)
        return False
    clear_alarm(**key_of(kept, Kind.ROTATION), why="A day is found.", by=TENDER, now=now)
    if kept.rotation != Rotation.PLANNED or kept.rotate_at != planned.at:
        _note_plan(kept, planned.at)
        kept.announced_at = None
    kept.rotation, kept.rotate_at = Rotation.PLANNED.value, planned.at
    if planned.at <= now:
        return True
    notice_at = planned.at - timedelta(days=wishes.notice_days)
    if kept.announced_at is None and wishes.notice_days and notice_at <= now:
        announcing.announce(kept, credential, about, planned.at)
        kept.announced_at = now
    ahead = planned.at if kept.announced_at is not None or not wishes.notice_days else max(notice_at, now)
    kept.tend_at = min(kept.tend_at, ahead)
    return False


def _start(kept: Kept, credential: Renewable, *, held: UUID | None, now: datetime) -> None:
    """Start it, with its registration held since before the row; else at once in the next round, which holds it."""
    if kept.registration_id == held:
        rotation.start(kept, credential_id=credential.credential_id, by=rotation.SCHEDULE, now=now)
    else:
        kept.tend_at = now


def _promised(kept: Kept, wishes: Wishes, *, now: datetime) -> datetime | None:
    """The day that contacts were told, or are to be told now."""
    planned = kept.rotate_at
    if planned is None or kept.announced_at is not None:
        return planned
    return planned if kept.rotation == Rotation.PLANNED and schedule.is_announced_now(planned, wishes, now) else None


def _is_tried_again(
    kept: Kept, ends_at: datetime, about: ServiceView, wishes: Wishes, *, wanted: datetime, now: datetime
) -> bool:
    """What failed is tried once more on its day, unless a freeze has begun: then after that. Says whether it is now."""
    again = schedule.outside_freezes(wanted, ends_at=ends_at, wishes=wishes)
    if again.at is None:
        _frozen(kept, about, ends_at, now=now)
        return False
    kept.rotate_at = again.at
    kept.tend_at = min(kept.tend_at, again.at)
    return again.at <= now


def _note_plan(kept: Kept, at: datetime) -> None:
    subject, facts = f"service:{kept.service_id}", {"at": at.isoformat(), **facts_of(kept)}
    record(Event.ROTATION_PLANNED, by=TENDER, organization_id=kept.organization_id, subject=subject, data=facts)


def _frozen(kept: Kept, about: ServiceView, ends_at: datetime, *, now: datetime) -> None:
    kept.rotation, kept.rotate_at = Rotation.FROZEN.value, None
    raise_alarm(
        **key_of(kept, Kind.ROTATION),
        service_id=about.id,
        about=name_of(kept, about),
        severity=Severity.CRITICAL,
        words=f"A freeze lasts until its credential ends ({ends_at.day} {ends_at:%B %Y}): it isn't rotated by itself.",
        cure=saying.frozen(beside=isinstance(kept, Companion)),
        for_contacts="Your change freeze lasts until the credential ends. Agree with your provider on a moment before.",
        by=TENDER,
        now=now,
    )


def _warn(
    kept: Kept, credential: Renewable, ends_at: datetime, about: ServiceView, wishes: Wishes, *, now: datetime
) -> None:
    """Warn once at each threshold, and anew when the alarm was ended by anything but a renewal.

    While a rotation of its own comes in good time, nobody has anything to do. When its end is moved back, those
    thresholds that lie ahead again are warned at again.
    """
    made_at, key = credential.made_at if credential.is_ours else None, key_of(kept, Kind.CREDENTIAL_ENDS)
    ahead = schedule.next_threshold(ends_at, made_at, now)
    if ahead is not None:
        kept.tend_at = min(kept.tend_at, ahead)
    crossed = schedule.crossed(ends_at, made_at, now)
    corrected = warned.forget(credential.credential_id, but=crossed)
    if not crossed:
        clear_alarm(**key, why=CORRECTED if corrected else rotation.RENEWED, by=TENDER, now=now)
        _forget_need(kept, credential, now=now)
        return
    if _renews_in_time(kept, schedule.latest(ends_at, credential.made_at, wishes)) and not kept.failures:
        return
    if not warned.is_due(kept, Kind.CREDENTIAL_ENDS, credential.credential_id, crossed, moved=corrected, now=now):
        return
    days = crossed[-1]
    itself = credential.renews_itself(has_right=kept.renews_itself) and kept.rotation != Rotation.NEEDS_CUSTOMER
    raise_alarm(
        **key,
        service_id=about.id,
        about=name_of(kept, about),
        severity=saying.severity_of(days),
        words=saying.ending(credential, days, ends_at),
        cure=saying.cure(credential, renews_itself=itself, beside=isinstance(kept, Companion)),
        for_contacts=saying.for_contacts(credential, renews_itself=itself),
        again=True,
        by=TENDER,
        now=now,
    )


def _renews_in_time(kept: Kept, latest: datetime) -> bool:
    planned = kept.rotation == Rotation.PLANNED and kept.rotate_at is not None and kept.rotate_at <= latest
    return planned or kept.rotation == Rotation.UNDER_WAY


def _forget_need(kept: Kept, credential: Renewable, *, now: datetime) -> None:
    """Whoever was needed came, as somebody said who ended the alarm, or as what was made since shows."""
    needed_at = raised_at(Kind.NEEDS_CUSTOMER, subject=kept.subject)
    if needed_at is None or credential.made_at > needed_at:
        clear_alarm(**key_of(kept, Kind.NEEDS_CUSTOMER), why=rotation.RENEWED, by=TENDER, now=now)
        if kept.rotation == Rotation.NEEDS_CUSTOMER:
            kept.rotation = Rotation.NONE.value
