"""Who is told of an alarm, when, and what follows from it. For workers.

An alarm makes one notice for each address. Notices to one address that are due at the same time go in one mail: a whole
fleet that stands still is one mail, and a daily digest is nothing else. A notice whose alarm was over before its time
is dropped, unless it was critical. Whoever was told of an alarm is told of its end, which waits for quiet hours and the
digest however urgent it was. A notice that can't be delivered is an alarm itself. What a worker took and didn't send
is sent by the next, and what can't be sent holds up nothing else.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID, uuid4

import structlog
from django.db import transaction

from gangway.alarms import wording
from gangway.alarms.models import Alarm, Notice
from gangway.alarms.preferences import hours_for
from gangway.alarms.states import OVER, Audience, Kind, NoticeState, Severity
from gangway.alarms.wording import News
from gangway.audit.record import Actor
from gangway.jobs.actions import defer
from gangway.languages.choice import ENGLISH
from gangway.notifications import outbox, webhooks
from gangway.notifications.states import MessageKind
from gangway.organizations.languages import language_of
from gangway.organizations.queries import provider_of
from gangway.organizations.scope import within_everything
from gangway.organizations.told import Told, contacts_of, operators_for

SEND: Final = "alarms:send"
ENDED: Final = "alarms:notices_ended"
CLEARED: Final = "alarms:cleared"
SEEN_OVER: Final = "alarms:seen_over"
TELLER: Final = Actor.system("alarms")
PATIENCE: Final = timedelta(days=1)
"""After that a mail that can't be sent, or can't even be written, is an alarm itself."""
MOST: Final = 500
"""Notices taken at once."""
LEFT_AFTER: Final = timedelta(minutes=15)
"""So long after its time a notice that somebody took and put into no mail is taken again."""
log = structlog.get_logger(__name__)


def tell(alarm: Alarm, *, now: datetime) -> int:
    """Write down who is told of what the alarm says now, in its transaction; gives how many addresses there are."""
    severity = Severity(alarm.severity)
    addressed = [one for one in _addressed(alarm) if one[0] is not Audience.CONTACT or alarm.for_contacts]
    return _write(_notice(alarm, audience, one, severity, now) for audience, one in addressed)


def tell_cleared(alarm_id: UUID, *, all_clear: bool, by_id: str = "", now: datetime) -> None:
    """Write down that those who were told of an alarm, and still would be, are told that it is over.

    Contacts are told only of an `all_clear`, for they read that nothing is left to do; without it they hear no more of
    it. Who ended it, the operator of this id, knows.
    """
    with within_everything("alarms of all organizations are told"), transaction.atomic():
        alarm = Alarm.objects.select_related("organization").get(pk=alarm_id)
        told = _told(alarm)
        if not all_clear:
            told = {each for each in told if each[0] != Audience.CONTACT}
            Notice.objects.filter(alarm=alarm, audience=Audience.CONTACT.value, state=NoticeState.WAITING.value).update(
                state=NoticeState.DROPPED.value, ended_at=now
            )
        others = [one for one in _addressed(alarm) if not by_id or one[1].operator_id != by_id]
        addressed = [(audience, one) for audience, one in others if (audience, one.email) in told]
        _write(_notice(alarm, audience, one, Severity.NOTICE, now, turn=OVER) for audience, one in addressed)


def subject_of(bundle: UUID) -> str:
    """Return what mails and calls call a bundle of notices."""
    return f"notices:{bundle}"


def addresses_of(organization_id: UUID) -> frozenset[str]:
    """Everybody who may be told of an organization's alarms, or in its name of those below it."""
    return addresses_looking_after(organization_id) | {one.email for one in contacts_of(organization_id)}


def addresses_looking_after(organization_id: UUID) -> frozenset[str]:
    """Those of them who are told of every alarm: its contacts hear only of what is for them."""
    webhook = webhooks.find(provider_of(organization_id).id)
    people = frozenset(one.email for one in operators_for(organization_id))
    return people | {webhook.url} if webhook is not None and webhook.is_on else people


def send_due(*, now: datetime) -> int:
    """Send what is due: one mail for each address, one call for each alarm of a webhook; gives how many went."""
    sent = 0
    with within_everything("alarms of all organizations are told"):
        _give_back(now)
        while due := _take(now):
            for ids in due:
                try:
                    with transaction.atomic():
                        sent += _send(ids, now=now)
                except Exception:
                    log.exception("alarm_notices_not_sent", notices=[str(each) for each in ids])
                    _give_up(ids, now=now)
    return sent


@transaction.atomic
def _give_up(ids: Sequence[UUID], *, now: datetime) -> None:
    """What came into no mail for so long, however often it was tried, ends as one that could not be delivered."""
    bundle = uuid4()
    tried = Notice.objects.filter(pk__in=ids, bundle=None, send_at__lte=now - PATIENCE)
    if tried.update(bundle=bundle):
        defer(ENDED, subject_ref=subject_of(bundle))


def _write(notices: Iterable[Notice]) -> int:
    rows = list(notices)
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    if rows:
        defer(SEND, queueing_lock=SEND)
    return len(rows)


def _addressed(alarm: Alarm) -> list[tuple[Audience, Told]]:
    """Everybody who may be told of it."""
    operators = [one for one in operators_for(alarm.organization_id) if one.email not in _unreachable(alarm)]
    found = [(Audience.CONTACT, one) for one in contacts_of(alarm.organization_id)]
    found += [(Audience.OPERATOR, one) for one in operators]
    return found + [(Audience.MACHINE, one) for one in _machines(alarm)]


def _told(alarm: Alarm) -> set[tuple[str, str]]:
    """Who was told of it, or will be although it is over: by audience and address."""
    rows = Notice.objects.filter(alarm=alarm, turn__gt=OVER).exclude(state=NoticeState.DROPPED.value)
    on_its_way = {NoticeState.WAITING, NoticeState.SENDING}
    return {
        (one.audience, one.to)
        for one in rows
        if one.audience == Audience.MACHINE
        or one.state == NoticeState.SENT
        or (one.state in on_its_way and (one.bundle is not None or alarm.severity == Severity.CRITICAL))
    }


def _machines(alarm: Alarm) -> tuple[Told, ...]:
    provider = provider_of(alarm.organization_id)
    webhook = webhooks.find(provider.id)
    if webhook is None or not webhook.is_on or webhook.url in _unreachable(alarm):
        return ()
    return (Told(provider.id, provider.path, webhook.url),)


def _notice(
    alarm: Alarm, audience: Audience, one: Told, severity: Severity, now: datetime, *, turn: int | None = None
) -> Notice:
    sender = alarm.organization_id if audience is Audience.CONTACT else one.organization_id
    return Notice(
        organization_id=alarm.organization_id,
        alarm=alarm,
        turn=alarm.times if turn is None else turn,
        audience=audience.value,
        sender_id=sender,
        to=one.email,
        state=NoticeState.WAITING.value,
        send_at=now if audience is Audience.MACHINE else hours_for(one.path).send_at(now, severity),
        created_at=now,
    )


def _give_back(now: datetime) -> None:
    """Let what somebody took and didn't send, for they died or it failed, wait again."""
    left = Notice.objects.filter(state=NoticeState.SENDING.value, bundle=None, send_at__lte=now - LEFT_AFTER)
    left.update(state=NoticeState.WAITING.value)


def _take(now: datetime) -> list[list[UUID]]:
    """Take a portion of what is due and give it in bundles; committed, so that it is in one hand."""
    bundles: dict[tuple[str, ...], list[UUID]] = defaultdict(list)
    with transaction.atomic():
        rows = Notice.objects.select_for_update(of=("self",), skip_locked=True).filter(
            state=NoticeState.WAITING.value, send_at__lte=now
        )
        for one in rows.order_by("send_at", "id")[:MOST]:
            one.state = NoticeState.SENDING.value
            one.save(update_fields=["state"])
            apart = (str(one.pk),) if one.audience == Audience.MACHINE else ()
            bundles[(one.audience, str(one.sender_id), one.to, *apart)].append(one.pk)
    return list(bundles.values())


def _send(ids: Sequence[UUID], *, now: datetime) -> int:
    """Send a bundle by how its alarms stand now; what another sent meanwhile is left out."""
    rows = Notice.objects.select_for_update(of=("self",)).select_related("alarm__organization", "alarm__service")
    notices = list(rows.filter(pk__in=ids, state=NoticeState.SENDING.value, bundle=None).order_by("send_at", "id"))
    live = [one for one in notices if _is_wanted(one)]
    for one in set(notices) - set(live):
        one.state, one.ended_at = NoticeState.DROPPED.value, now
        one.save(update_fields=["state", "ended_at"])
    if not live:
        return 0
    first, bundle = live[0], uuid4()
    Notice.objects.filter(pk__in=[one.pk for one in live]).update(bundle=bundle)
    if first.audience == Audience.MACHINE:
        webhooks.post(
            provider_id=first.sender_id,
            event="alarm.cleared" if first.turn == OVER else "alarm.raised",
            data=wording.for_machines(first.alarm),
            subject_ref=subject_of(bundle),
            on_change=ENDED,
            now=now,
        )
        return 1
    contact = first.audience == Audience.CONTACT
    news = _news(live)
    outbox.put(
        organization_id=first.sender_id,
        kind=MessageKind.ALARM_CONTACT if contact else MessageKind.ALARM,
        to=first.to,
        language=language_of(first.sender_id) if contact else ENGLISH,
        context=wording.for_contacts(news) if contact else wording.for_operators(news, first.sender_id),
        link=None,
        subject_ref=subject_of(bundle),
        by=TELLER,
        on_change=ENDED,
        give_up_at=now + PATIENCE,
    )
    return 1


def _news(notices: Sequence[Notice]) -> News:
    """Each alarm once, the worst first; of one that is over only that it is, however often it was raised and ended."""
    ended = sorted((one.alarm for one in notices if one.turn == OVER), key=lambda each: each.raised_at)
    over = {_key(alarm): alarm for alarm in ended}
    raised = {one.alarm_id: one.alarm for one in notices if one.turn != OVER and _key(one.alarm) not in over}
    worst_first = sorted(raised.values(), key=lambda each: -Severity(each.severity).rank)
    return News(tuple(worst_first), tuple(over.values()))


def _is_wanted(notice: Notice) -> bool:
    """Machines hear everything while they listen; people, of what is over, if it was critical or they were told of it.

    Of what is back already, nobody is told that it was over for a while; and nobody hears of a customer that was moved
    away from their organization meanwhile.
    """
    alarm = notice.alarm
    if notice.audience == Audience.OPERATOR and notice.sender_id.hex not in alarm.organization.path:
        return False
    if notice.audience == Audience.MACHINE:
        return webhooks.find(notice.sender_id) is not None
    if notice.turn == OVER:
        return not Alarm.objects.filter(**_key(alarm)._asdict(), cleared_at__isnull=True).exists()
    return alarm.cleared_at is None or alarm.severity == Severity.CRITICAL


class _Key(NamedTuple):
    """What makes alarms the same one, raised again."""

    organization_id: UUID
    kind: str
    subject: str


def _key(alarm: Alarm) -> _Key:
    return _Key(alarm.organization_id, alarm.kind, alarm.subject)


def _unreachable(alarm: Alarm) -> frozenset[str]:
    """An alarm about an address isn't sent to that address."""
    return frozenset({alarm.about}) if alarm.kind == Kind.UNDELIVERED else frozenset()
