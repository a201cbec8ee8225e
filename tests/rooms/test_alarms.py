"""Alarms: one of a kind and subject, told to the right people in time; what can't be told is an alarm itself."""

from datetime import UTC, datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any
from unittest.mock import Mock
from uuid import UUID

import pytest
from django.conf import settings as django_settings
from django.core import mail as outgoing
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from gangway.alarms import actions, preferences, queries, tasks, telling, wording
from gangway.alarms.errors import AlarmOver, HoursWrong
from gangway.alarms.hours import Hours
from gangway.alarms.models import Alarm, Move, Notice
from gangway.alarms.states import AlarmState, Happened, Kind, Severity
from gangway.audit.record import Actor
from gangway.connections import announcing
from gangway.connections.kept import credential_of
from gangway.connections.models import Care
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.jobs.testing import run_until_idle
from gangway.notifications import outbox, webhooks
from gangway.organizations import changing
from gangway.organizations.details import Contact
from gangway.organizations.models import Membership
from gangway.organizations.roles import Role
from gangway.organizations.scope import within, within_everything
from gangway.services.queries import service
from tests.rooms import factories_services
from tests.rooms.conftest import database_role
from tests.rooms.factories_connections import connected
from tests.rooms.factories_organizations import SETUP, Place, make_channel, make_customer, make_operator, make_provider

pytestmark = pytest.mark.django_db
WATCH = Actor.system("a test's watch")
OLGA = Actor(kind="person", id="1", name="Olga Operator")
NOON = (datetime.now(UTC) + timedelta(days=2)).replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture(autouse=True)
def mail_server(settings: Any) -> Any:
    settings.EMAIL_BACKEND = "tests.rooms.factories_mail_server.RefusingBackend"
    settings.REFUSING_WITH = None
    return settings


@pytest.fixture
def provider() -> Place:
    return make_provider(name="Sandbox Telecom", reply_to="help@sp2.example")


@pytest.fixture
def customer(provider: Place) -> Place:
    return make_customer(provider, name="Contoso")


def raised(customer: Place, *, now: datetime | None = None, **changed: Any) -> UUID:
    said: dict[str, Any] = {
        "organization_id": customer.id,
        "kind": Kind.CREDENTIAL_ENDS,
        "subject": "service:1",
        "about": "voice1",
        "severity": Severity.WARNING,
        "words": "Its secret ends in 14 days.",
        "cure": "Rotate it.",
        "by": WATCH,
        "now": now or clock.now(),
    }
    with within_everything("a test"):
        return actions.raise_alarm(**(said | changed))


def contacts(where: Place, *addresses: str) -> None:
    with within_everything("a test"):
        named = [Contact("", address) for address in addresses]
        changing.change_contacts(organization_id=where.id, contacts=named, by=SETUP)


def told() -> list[str]:
    run_until_idle()
    return sorted(mail.to[0] for mail in outgoing.outbox)


def row(customer: Place, alarm_id: UUID) -> queries.AlarmRow:
    with within(customer.path):
        return queries.alarm(alarm_id).row


def kinds(where: Place) -> list[str]:
    with within(where.path):
        return sorted(one.kind for one in queries.alarms().rows)


def test_the_same_thing_is_one_alarm_and_told_once(customer, provider):
    make_operator(provider, role=Role.OPERATOR)
    first, second = raised(customer), raised(customer, words="Its secret ends in 13 days.")
    assert first == second
    assert len(told()) == 1
    assert row(customer, first).words == "Its secret ends in 13 days."


def test_worse_or_said_again_is_told_again_and_must_be_acknowledged_again(customer, provider):
    make_operator(provider)
    alarm_id = raised(customer)
    with within(customer.path):
        actions.acknowledge(alarm_id, by=OLGA, now=clock.now())
    assert row(customer, alarm_id).state is AlarmState.ACKNOWLEDGED
    raised(customer)
    assert (len(told()), row(customer, alarm_id).state) == (1, AlarmState.ACKNOWLEDGED)
    raised(customer, severity=Severity.CRITICAL)
    assert (len(told()), row(customer, alarm_id).state) == (2, AlarmState.OPEN)
    raised(customer, severity=Severity.CRITICAL, again=True)
    assert (len(told()), row(customer, alarm_id).times) == (3, 3)
    with within(customer.path):
        happened = [move.what for move in reversed(queries.alarm(alarm_id).moves)]
    assert happened == [Happened.RAISED, Happened.ACKNOWLEDGED, Happened.WORSE, Happened.REPEATED]


def test_operators_who_may_act_are_told_at_the_nearest_level_and_contacts_what_is_for_them(provider):
    channel = make_channel(provider)
    customer = make_customer(channel, name="Contoso")
    make_operator(provider)
    contacts(customer, "ada@contoso.example", "it@contoso.example")
    contacts(provider, "noc@sp2.example")
    raised(customer, for_contacts="Your provider renews it; answer this mail to agree on a day.")
    assert told() == sorted(["ada@contoso.example", "it@contoso.example", "noc@sp2.example", *people(provider)])
    mail = next(mail for mail in outgoing.outbox if mail.to == ["ada@contoso.example"])
    assert "Your provider renews it" in mail.body
    assert "/alarms/" not in mail.body
    outgoing.outbox.clear()
    make_operator(channel)
    raised(customer, kind=Kind.CONNECTION)
    assert told() == people(channel)


def people(where: Place) -> list[str]:
    with within_everything("a test"):
        rows = Membership.objects.filter(organization_id=where.id).select_related("operator")
        return sorted(one.operator.email for one in rows)


def server() -> str:
    return str(django_settings.GANGWAY.server_name)


def people_of(where: Place) -> str:
    """An operator who may act there; gives the address."""
    make_operator(where, role=Role.OPERATOR)
    (address,) = people(where)
    return address


def test_who_only_looks_is_not_told_and_nobody_to_tell_is_an_alarm(customer, provider):
    make_operator(provider, role=Role.MONITOR)
    raised(customer)
    assert told() == []
    assert kinds(customer) == ["credential_ends", "nobody_told"]
    contacts(customer, "ada@contoso.example")  # who hears only of what is for contacts
    assert told() == []
    tasks.look_at_listeners()
    assert kinds(customer) == ["credential_ends", "nobody_told"]
    make_operator(provider)
    tasks.look_at_listeners()
    assert kinds(customer) == ["credential_ends"]


def test_who_is_named_later_hears_of_what_is_open_and_an_address_that_is_none_any_more_is_no_trouble(
    customer, provider, mail_server
):
    contacts(customer, "gone@contoso.example")
    mail_server.REFUSING_WITH = SMTPRecipientsRefused({"gone@contoso.example": (550, b"no such user")})
    raised(customer, for_contacts="Agree on a day.")
    assert told() == []
    assert kinds(customer) == ["credential_ends", "undelivered"]
    mail_server.REFUSING_WITH = None
    contacts(customer, "ada@contoso.example")
    assert told() == ["ada@contoso.example"]
    contacts(customer, "ada@contoso.example", "it@contoso.example")
    assert told() == ["ada@contoso.example", "it@contoso.example"]
    assert kinds(customer) == ["credential_ends"]


def test_a_mail_that_is_refused_raises_an_alarm_which_the_next_good_one_clears(customer, provider, mail_server):
    make_operator(provider)
    contacts(customer, "gone@contoso.example")
    mail_server.REFUSING_WITH = SMTPRecipientsRefused({"gone@contoso.example": (550, b"no such user")})
    raised(customer, for_contacts="Agree on a day.")
    told()
    assert kinds(provider) == ["credential_ends", "undelivered", "undelivered"]
    with within(customer.path):
        (bounced,) = queries.alarms(kind="undelivered").rows
    assert "gone@contoso.example could not be told of “voice1”" in bounced.words
    assert bounced.severity is Severity.WARNING
    mail_server.REFUSING_WITH = None
    raised(customer, for_contacts="Agree on a day.", again=True)
    told()
    assert kinds(provider) == ["credential_ends"]


def test_an_advance_notice_that_is_refused_raises_an_alarm_as_a_warning_does(customer, provider, mail_server):
    make_operator(provider)
    contacts(customer, "gone@contoso.example")
    service_id = connected(customer)

    def announced() -> None:
        with within_everything("a test"):
            kept = Care.objects.get()
            announcing.announce(kept, credential_of(kept), service(service_id), NOON)
        run_until_idle()

    mail_server.REFUSING_WITH = SMTPRecipientsRefused({"gone@contoso.example": (550, b"no such user")})
    announced()
    with within(customer.path):
        (bounced,) = queries.alarms(kind="undelivered").rows
    assert "gone@contoso.example could not be told of “voice-1: its renewal”" in bounced.words
    assert "tell them the day of the renewal yourself" in bounced.cure
    assert (bounced.severity, bounced.service_id) == (Severity.WARNING, service_id)
    mail_server.REFUSING_WITH = None
    announced()
    with within(customer.path):
        assert queries.alarms(kind="undelivered").rows == ()


def test_an_advance_notice_that_was_withdrawn_or_went_to_nobody_who_is_told_raises_nothing(customer, mail_server):
    contacts(customer, "gone@contoso.example")
    service_id = connected(customer)
    with within_everything("a test"):
        kept = Care.objects.get()
        announcing.announce(kept, credential_of(kept), service(service_id), NOON)
        outbox.withdraw(subject_ref=f"rotation:{service_id}", by=OLGA)
    run_until_idle()
    with within_everything("a test"):
        announcing.announce(kept, credential_of(kept), service(service_id), NOON)
    contacts(customer)
    mail_server.REFUSING_WITH = SMTPRecipientsRefused({"gone@contoso.example": (550, b"no such user")})
    run_until_idle()
    with within(customer.path):
        assert queries.alarms(kind="undelivered").rows == ()


def test_what_is_due_at_once_goes_in_one_mail_to_each_address(customer, provider):
    make_operator(provider)
    for number in range(7):
        raised(customer, subject=f"service:{number}", about=f"voice{number}")
    raised(customer, subject="service:9", about="voice9", severity=Severity.CRITICAL)
    assert len(told()) == 1
    (mail,) = outgoing.outbox
    assert "8 alarms, the worst: voice9" in mail.subject
    assert all(f"voice{number}" in mail.body for number in range(7))


def test_a_digest_waits_for_its_hour_and_drops_what_is_over_by_then(customer, provider):
    make_operator(provider)
    with within(provider.path):
        preferences.set_hours(provider.id, Hours(digest_hour=7, zone="Asia/Dubai"), by=OLGA)
    over, _stays = raised(customer, now=NOON), raised(customer, now=NOON, subject="service:2", about="voice2")
    telling.send_due(now=NOON + timedelta(hours=14, minutes=59))
    assert told() == []
    with within(customer.path):
        actions.clear(over, by=OLGA, now=NOON)
    telling.send_due(now=NOON + timedelta(hours=15))
    run_until_idle()
    (mail,) = outgoing.outbox
    assert "voice2" in mail.body
    assert "voice1" not in mail.body
    raised(customer, subject="service:3", severity=Severity.CRITICAL)
    assert len(told()) == 2


def over(customer: Place, alarm_id: UUID, *, now: datetime | None = None, why: str = "It was renewed.") -> None:
    """It is seen to be over."""
    with within_everything("a test"):
        one = Alarm.objects.get(pk=alarm_id)
        key: dict[str, Any] = {"organization_id": customer.id, "kind": Kind(one.kind), "subject": one.subject}
        actions.clear_alarm(**key, why=why, by=WATCH, now=now or clock.now())


def subjects() -> list[tuple[str, str]]:
    run_until_idle()
    return sorted((mail.to[0], mail.subject) for mail in outgoing.outbox)


def test_whoever_was_told_of_an_alarm_is_told_once_of_its_end(customer, provider):
    operator = people_of(provider)
    contacts(customer, "ada@contoso.com")
    alarm_id = raised(customer, for_contacts="Your provider sends a link.")
    assert len(told()) == 2
    contacts(customer, "ada@contoso.com", "late@contoso.com")
    late = make_operator(provider)
    outgoing.outbox.clear()
    over(customer, alarm_id)
    telling.tell_cleared(alarm_id, all_clear=True, now=clock.now())
    assert subjects() == [
        ("ada@contoso.com", "Contoso: It is over: voice1: Its secret ends in 14 days."),
        (operator, f"[{server()}] Over: voice1: Its secret ends in 14 days."),
    ], f"and neither late@contoso.com nor {late}"
    bodies = {mail.to[0]: mail.body for mail in outgoing.outbox}
    assert "nothing is left for you to do" in bodies["ada@contoso.com"]
    assert "Your provider sends a link" not in bodies["ada@contoso.com"]
    assert "Cleared by a test's watch: It was renewed." in bodies[operator]


def test_what_somebody_clears_is_no_all_clear_for_contacts_and_no_news_for_who_cleared_it(customer, provider):
    contacts(customer, "ada@contoso.com")
    clears, (own,) = make_operator(provider), people(provider)
    make_operator(provider)
    alarm_id = raised(customer, for_contacts="Your provider sends a link.")
    assert len(told()) == 3
    outgoing.outbox.clear()
    with within_everything("a test"):
        actions.clear(alarm_id, by=Actor(kind="person", id=str(clears), name="Olga"), now=clock.now())
    assert told() == [one for one in people(provider) if one != own]


@pytest.mark.parametrize("all_clear", [True, False])
def test_a_contact_who_waits_for_the_morning_hears_only_what_still_is_or_is_seen_to_be_over(
    customer, provider, all_clear
):
    people_of(provider)
    contacts(customer, "ada@contoso.com")
    with within(customer.path):
        preferences.set_hours(customer.id, Hours(digest_hour=7, urgent_at_once=False), by=OLGA)
    alarm_id = raised(customer, now=NOON, severity=Severity.CRITICAL, for_contacts="Your provider sends a link.")
    with within_everything("a test"):
        actions.clear(alarm_id, by=WATCH, now=NOON)
    telling.tell_cleared(alarm_id, all_clear=all_clear, now=NOON)
    telling.send_due(now=NOON + timedelta(days=1))
    assert ("ada@contoso.com" in told()) is all_clear


def test_a_contact_who_is_none_any_more_hears_nothing_of_the_end(customer, provider):
    people_of(provider)
    contacts(customer, "ada@contoso.com")
    alarm_id = raised(customer, for_contacts="Your provider sends a link.")
    told()
    outgoing.outbox.clear()
    contacts(customer, "bob@contoso.com")
    over(customer, alarm_id)
    assert [to for to, _ in subjects() if "contoso" in to] == []


def test_of_what_was_never_told_nobody_hears_the_end(customer, provider):
    people_of(provider)
    with within(provider.path):
        preferences.set_hours(provider.id, Hours(digest_hour=7), by=OLGA)
    alarm_id = raised(customer, now=NOON)
    over(customer, alarm_id, now=NOON)
    run_until_idle()
    telling.send_due(now=NOON + timedelta(days=2))
    assert told() == []


@pytest.mark.parametrize("severity", [Severity.WARNING, Severity.CRITICAL])
def test_the_end_waits_for_the_digest_and_the_morning_and_goes_with_what_is_new(customer, provider, severity):
    people_of(provider)
    with within(provider.path):
        preferences.set_hours(provider.id, Hours(digest_hour=7, quiet_from=20, quiet_until=6), by=OLGA)
    alarm_id = raised(customer, now=NOON, severity=severity)
    telling.send_due(now=NOON + timedelta(hours=20))
    assert len(told()) == 1
    outgoing.outbox.clear()
    night = NOON + timedelta(hours=34)
    with within_everything("a test"):
        actions.clear(alarm_id, why="It was renewed.", by=WATCH, now=night)
    telling.tell_cleared(alarm_id, all_clear=True, now=night)
    raised(customer, now=night, subject="service:2", about="voice2")
    telling.send_due(now=NOON + timedelta(hours=42, minutes=59))
    assert told() == []
    telling.send_due(now=NOON + timedelta(hours=43))
    run_until_idle()
    (mail,) = outgoing.outbox
    assert "2 alarms, the worst: voice2" in mail.subject
    assert mail.body.index("Soon: voice2") < mail.body.index("Over: voice1")


def test_what_is_back_is_not_told_as_over(customer, provider):
    people_of(provider)
    with within(provider.path):
        preferences.set_hours(provider.id, Hours(digest_hour=7), by=OLGA)
    first = raised(customer, severity=Severity.CRITICAL)
    assert len(told()) == 1
    outgoing.outbox.clear()
    over(customer, first)
    run_until_idle()
    raised(customer, words="Its secret ends in 3 days.")
    telling.send_due(now=NOON)
    run_until_idle()
    (mail,) = outgoing.outbox
    assert "Over" not in mail.subject + mail.body


def test_what_came_and_went_twice_before_the_morning_is_told_once_as_over(customer, provider):
    people_of(provider)
    with within(provider.path):
        preferences.set_hours(provider.id, Hours(digest_hour=7, urgent_at_once=False), by=OLGA)
    for hour in (1, 3):
        at = NOON + timedelta(hours=hour)
        alarm_id = raised(customer, now=at, severity=Severity.CRITICAL, words=f"It broke at {hour}.")
        over(customer, alarm_id, now=at + timedelta(hours=1))
        telling.tell_cleared(alarm_id, all_clear=True, now=at + timedelta(hours=1))
    telling.send_due(now=NOON + timedelta(days=1))
    run_until_idle()
    (mail,) = outgoing.outbox
    assert mail.subject.endswith("Over: voice1: It broke at 3.")
    assert "Now:" not in mail.body


def test_a_mail_looks_up_only_the_ends_that_it_names(customer, django_assert_max_num_queries):
    ids = [raised(customer, subject=f"service:{number}") for number in range(wording.SHOWN + 5)]
    with within_everything("a test"):
        ended = tuple(Alarm.objects.select_related("organization").filter(pk__in=ids))
        with django_assert_max_num_queries(wording.SHOWN + 3):
            said = wording.for_operators(wording.News((), ended), customer.id)["list"]
    assert said.endswith("and 5 more")


def test_an_urgent_one_that_ends_in_the_quiet_hours_is_told_once_as_over(customer, provider):
    people_of(provider)
    hours = Hours(quiet_from=10, quiet_until=20, urgent_at_once=False)
    with within(provider.path):
        preferences.set_hours(provider.id, hours, by=OLGA)
    alarm_id = raised(customer, now=NOON, severity=Severity.CRITICAL)
    over(customer, alarm_id, now=NOON)
    telling.tell_cleared(alarm_id, all_clear=True, now=NOON)
    telling.send_due(now=NOON + timedelta(hours=9))
    run_until_idle()
    (mail,) = outgoing.outbox
    assert mail.subject.endswith("Over: voice1: Its secret ends in 14 days.")


def test_who_was_told_of_the_end_stands_on_the_alarms_page(customer, provider):
    people_of(provider)
    alarm_id = raised(customer)
    told()
    over(customer, alarm_id)
    told()
    with within(customer.path):
        assert sorted(one.of_its_end for one in queries.alarm(alarm_id).notices) == [False, True]


@pytest.mark.parametrize(
    ("hours", "at", "severity", "until"),
    [
        (Hours(), 3, Severity.NOTICE, 3),
        (Hours(quiet_from=20, quiet_until=7), 3, Severity.WARNING, 7),
        (Hours(quiet_from=20, quiet_until=7), 21, Severity.WARNING, 31),
        (Hours(quiet_from=20, quiet_until=7), 12, Severity.WARNING, 12),
        (Hours(quiet_from=20, quiet_until=7), 3, Severity.CRITICAL, 3),
        (Hours(quiet_from=20, quiet_until=7, urgent_at_once=False), 3, Severity.CRITICAL, 7),
        (Hours(digest_hour=6), 12, Severity.WARNING, 30),
        (Hours(digest_hour=6, quiet_from=20, quiet_until=7), 3, Severity.WARNING, 7),
        (Hours(quiet_from=20, quiet_until=7, zone="Europe/Vienna"), 6, Severity.WARNING, 6),
    ],
)
def test_quiet_hours_and_the_digest_go_by_the_clock_on_their_wall(hours, at, severity, until):
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    assert hours.send_at(midnight + timedelta(hours=at), severity) == midnight + timedelta(hours=until)


@pytest.mark.parametrize(
    ("hours", "field"),
    [
        (Hours(digest_hour=24), "digest_hour"),
        (Hours(quiet_from=3), "quiet_until"),
        (Hours(quiet_from=3, quiet_until=3), "quiet_until"),
        (Hours(zone="Nowhere/At all"), "zone"),
    ],
)
def test_hours_that_make_no_sense_are_refused_at_their_field(provider, hours, field):
    with within(provider.path), pytest.raises(HoursWrong) as refused:
        preferences.set_hours(provider.id, hours, by=OLGA)
    assert refused.value.field == field


def test_a_cleared_alarm_stays_and_the_same_thing_is_raised_anew(customer):
    first = raised(customer)
    with within(customer.path):
        actions.clear(first, why="Seen to.", by=OLGA, now=clock.now())
        with pytest.raises(AlarmOver):
            actions.acknowledge(first, by=OLGA, now=clock.now())
    second = raised(customer)
    assert second != first
    assert row(customer, first).cleared_by == "Olga Operator"


def test_the_worst_is_among_the_most_urgent_however_much_came_after_it(customer, provider):
    people_of(provider)
    urgent = raised(customer, subject="platform:1", severity=Severity.CRITICAL, now=clock.now() - timedelta(days=1))
    for number, severity in enumerate((Severity.NOTICE, Severity.WARNING, Severity.NOTICE)):
        raised(customer, subject=f"platform:{number + 2}", severity=severity)
    with within(customer.path):
        found = queries.most_urgent(limit=2)
    assert found[0].id == urgent
    assert [row.severity for row in found] == [Severity.CRITICAL, Severity.WARNING]


def test_a_worker_that_tells_twice_sends_once(customer, provider):
    make_operator(provider)
    raised(customer)
    tasks.send()
    tasks.send()
    assert len(told()) == 1


def test_what_a_worker_that_died_had_in_hand_is_sent_by_the_next_and_once(customer, provider):
    people_of(provider)
    raised(customer, now=NOON)
    with within_everything("a test"):
        taken = telling._take(NOON)
    telling.send_due(now=NOON + telling.LEFT_AFTER - timedelta(seconds=1))
    assert told() == []
    telling.send_due(now=NOON + telling.LEFT_AFTER)
    with within_everything("a test"):
        assert telling._send(taken[0], now=NOON) == 0, "another has sent it meanwhile"
    assert len(told()) == 1


def test_of_what_a_worker_that_died_had_in_hand_nobody_hears_the_end_only(customer, provider):
    people_of(provider)
    alarm_id = raised(customer, now=NOON)
    with within_everything("a test"):
        telling._take(NOON)
    over(customer, alarm_id, now=NOON)
    run_until_idle()
    telling.send_due(now=NOON + timedelta(days=1))
    assert told() == []


def listening(provider: Place) -> None:
    with within(provider.path):
        secret = SealedText("whsec_c2l4dGVlbi1ieXRlcy1hbmQtc29tZS1tb3Jl")
        given = {"url": "https://hooks.sp2.example/in", "secret": secret, "is_on": True}
        webhooks.set_webhook(provider.id, **given, by=OLGA, now=clock.now())


def test_a_webhook_that_was_removed_meanwhile_keeps_nobody_else_from_being_told(customer, provider):
    people_of(provider)
    listening(provider)
    alarm_id = raised(customer)
    with within(provider.path):
        webhooks.remove_webhook(provider.id, by=OLGA)
    assert len(told()) == 1
    with within(customer.path):
        states = {one.audience.value: one.state.value for one in queries.alarm(alarm_id).notices}
    assert states == {"operator": "sent", "machine": "dropped"}


def test_what_can_not_be_sent_holds_up_nothing_else_and_is_tried_again(customer, provider, monkeypatch):
    people_of(provider)
    listening(provider)
    raised(customer, now=NOON)
    with monkeypatch.context() as broken:
        broken.setattr(webhooks, "post", Mock(side_effect=RuntimeError))
        assert telling.send_due(now=NOON) == 1
    assert telling.send_due(now=NOON + telling.LEFT_AFTER) == 1


def test_what_can_not_be_sent_for_a_day_is_given_up_and_an_alarm_itself(customer, provider, monkeypatch):
    listening(provider)
    raised(customer, now=NOON)
    monkeypatch.setattr(webhooks, "post", Mock(side_effect=RuntimeError))
    for tried_at in (NOON, NOON + telling.LEFT_AFTER, NOON + telling.PATIENCE):
        telling.send_due(now=tried_at)
    run_until_idle()
    with within_everything("a test"):
        assert set(Notice.objects.filter(send_at=NOON).values_list("state", flat=True)) == {"failed"}
        assert Alarm.objects.filter(kind="undelivered").exists()


def test_history_can_not_be_changed_by_web_or_worker(customer, database_roles):

    raised(customer)
    for role in database_roles:
        with database_role(role), pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE alarms_move SET words = 'x'")
    with within(customer.path):
        assert Move.objects.count() >= 1
        assert Alarm.objects.filter(cleared_at=None).exists()
        assert not Notice.objects.exists()


def test_the_alarms_of_a_service_that_goes_end_with_it(customer):
    service_id = factories_services.plan(customer)
    raised(customer, subject=f"service:{service_id}", service_id=service_id)
    raised(customer, subject=f"service:{service_id}", service_id=service_id, kind=Kind.CONNECTION)
    with within(customer.path):
        assert len(queries.open_for(service_id)) == 2
        actions.clear_all_of(
            organization_id=customer.id, subject=f"service:{service_id}", why="Gone.", by=WATCH, now=clock.now()
        )
        assert queries.open_for(service_id) == ()
