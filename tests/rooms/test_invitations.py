"""Invitations: their links, their moves, and everything that may happen to them at once."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.core import mail as outgoing
from procrastinate.contrib.django.models import ProcrastinateJob

from gangway.audit.models import Entry
from gangway.audit.queries import activity
from gangway.audit.record import Actor
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.invitations import actions, queries, tasks
from gangway.invitations.errors import (
    AlreadyInvited,
    DayNotPossible,
    InvitationMoved,
    InvitationOver,
    NoSuchInvitation,
    NotWhereItStands,
    StillADraft,
    TooManyLinks,
)
from gangway.invitations.minting import MOST_OF_ONE
from gangway.invitations.models import Invitation, Link, Move
from gangway.invitations.queries import LinkDead, LinkHeld, Why
from gangway.invitations.states import MOVES, State
from gangway.notifications import sending
from gangway.notifications.errors import InvalidRecipient
from gangway.notifications.models import Message
from gangway.organizations.scope import within, within_everything
from gangway.services import queries as services
from gangway.services.states import Lifecycle
from tests.rooms import factories_services
from tests.rooms.factories_invitations import ADMINISTRATOR, OPERATOR, bring_to, issue, link
from tests.rooms.factories_organizations import make_channel, make_customer, make_provider
from tests.rooms.races import race

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer():
    return make_customer(make_channel(make_provider(name="Sandbox Telecom")), name="Contoso")


def view(customer, invitation_id):
    with within(customer.path):
        return queries.invitation(invitation_id)


def move(customer, invitation_id, to, by=ADMINISTRATOR, **more):
    with within(customer.path):
        actions.move(invitation_id=invitation_id, to=to, by=by, **more)


def deliver_all():
    with within_everything("test"):
        ids = list(Message.objects.values_list("pk", flat=True))
    for message_id in ids:
        sending.deliver(message_id)


def mailed_tokens():
    lines = [line for sent in outgoing.outbox for line in sent.body.splitlines() if "/i/" in line and line[-1] != "/"]
    return [SealedText(line.rsplit("/", 1)[1]) for line in lines]


def links_of(customer, seen):
    with within(customer.path):
        kinds = list(Link.objects.filter(invitation_id=seen.id).values_list("kind", flat=True))
    return kinds.count(Link.Kind.MAILED), kinds.count(Link.Kind.COPIED)


def test_issued_invitation_pins_its_plan_and_lives_seven_days(customer):
    now = clock.now()
    seen = view(customer, issue(customer, now=now))
    assert (seen.state, seen.expires_at, seen.plan_fingerprint) == (State.QUEUED, now + timedelta(days=7), "sha256:1")
    assert (seen.customer_name, seen.provider_name, seen.created_by_name) == (
        "Contoso",
        "Sandbox Telecom",
        "Olga Operator",
    )
    assert len(seen.matching_phrase.split()) == 2
    assert links_of(customer, seen) == (1, 0)


def test_the_mailed_link_opens_its_invitation(customer):
    invitation_id = issue(customer)
    deliver_all()
    (token,) = mailed_tokens()
    held = queries.by_token(token)
    assert isinstance(held, LinkHeld)
    assert (held.invitation_id, held.organization_path) == (invitation_id, customer.path)


def test_the_mail_shows_what_the_page_shows(customer):
    invitation_id = issue(customer)
    deliver_all()
    assert view(customer, invitation_id).matching_phrase in outgoing.outbox[0].body
    assert "Olga Operator of Sandbox Telecom" in outgoing.outbox[0].body


def test_a_token_stands_nowhere_in_the_database(customer):
    token = link(customer, issue(customer)).reveal()
    with within_everything("test"):
        rows = [str(row) for model in (Invitation, Link, Move, Message) for row in model.objects.values()]
    rows += [str(row) for row in Entry.objects.values()] + [str(job.args) for job in ProcrastinateJob.objects.all()]
    assert not [row for row in rows if token in row]


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "\ud800", "x" * 100_000])
def test_a_link_that_never_was_opens_nothing(token):
    assert queries.by_token(SealedText(token)) is None


def test_a_scanner_that_opens_a_link_a_hundred_times_changes_nothing(customer):
    invitation_id = issue(customer)
    token = link(customer, invitation_id)
    before = _everything(customer, invitation_id)
    opened = {queries.by_token(token) for _ in range(100)}
    assert len(opened) == 1
    assert _everything(customer, invitation_id) == before


def test_looking_up_a_link_costs_the_same_for_a_stranger(customer, django_assert_num_queries):
    token = link(customer, issue(customer))
    for given in (token, SealedText("never was")):
        with django_assert_num_queries(1):
            queries.by_token(given)


def test_sending_again_adds_a_link_and_keeps_the_first_and_the_expiry(customer):
    invitation_id = issue(customer)
    before = view(customer, invitation_id)
    with within(customer.path):
        actions.resend(invitation_id=invitation_id, by=OPERATOR, now=clock.now() + timedelta(days=2))
    deliver_all()
    first, second = mailed_tokens()
    assert first != second
    assert all(isinstance(queries.by_token(token), LinkHeld) for token in (first, second))
    after = view(customer, invitation_id)
    assert (after.expires_at, links_of(customer, after)) == (before.expires_at, (2, 0))


def test_copying_makes_another_link_and_is_in_history_and_activity(customer):
    invitation_id = issue(customer)
    one, two = link(customer, invitation_id), link(customer, invitation_id)
    assert one != two
    with within(customer.path):
        assert [row.note for row in queries.history(invitation_id)] == ["", "Link copied", "Link copied"]
    events = [row.event for row in activity(organization_path=customer.path, subject=f"invitation:{invitation_id}")]
    assert events.count("invitations:link:copied") == 2


def test_withdrawing_kills_every_link_and_frees_the_name(customer):
    service_id = factories_services.plan(customer, short_name="contoso")
    invitation_id = issue(customer, service_id=service_id)
    tokens = [link(customer, invitation_id) for _ in range(3)]
    with within(customer.path):
        actions.revoke(invitation_id=invitation_id, by=OPERATOR, now=clock.now())
        assert services.service(service_id).lifecycle is Lifecycle.ABANDONED
    assert [_why(queries.by_token(token)) for token in tokens] == [Why.REVOKED] * 3
    factories_services.plan(customer, short_name="contoso")


def test_withdrawing_stops_a_mail_that_is_not_out_yet(customer):
    invitation_id = issue(customer)
    with within(customer.path):
        actions.revoke(invitation_id=invitation_id, by=OPERATOR, now=clock.now())
    deliver_all()
    assert outgoing.outbox == []


def test_withdrawing_twice_tells_who_was_first(customer):
    invitation_id = issue(customer)
    with within(customer.path):
        actions.revoke(invitation_id=invitation_id, by=OPERATOR, now=clock.now())
        with pytest.raises(InvitationMoved) as caught:
            actions.revoke(invitation_id=invitation_id, by=ADMINISTRATOR, now=clock.now())
    assert caught.value.details == {"state": "revoked", "by": "Olga Operator"}


def test_a_link_is_dead_the_moment_its_time_is_over_and_says_whom_to_ask(customer):
    invitation_id = issue(customer)
    token = link(customer, invitation_id)
    end = view(customer, invitation_id).expires_at
    assert isinstance(queries.by_token(token, now=end - timedelta(seconds=1)), LinkHeld)
    dead = queries.by_token(token, now=end)
    assert isinstance(dead, LinkDead)
    assert (dead.reason, dead.provider_name, dead.since) == (Why.EXPIRED, "Sandbox Telecom", end)


def test_a_link_is_used_up_when_the_registration_is_proved_and_not_before(customer):
    invitation_id = issue(customer)
    token = link(customer, invitation_id)
    bring_to(customer, invitation_id, State.PROVISIONING)
    assert isinstance(queries.by_token(token), LinkHeld)
    move(customer, invitation_id, State.AUTHENTICATED)
    assert _why(queries.by_token(token)) is Why.USED


def test_what_is_being_made_does_not_expire_under_the_person_who_watches(customer):
    long_ago = clock.now() - timedelta(days=8)
    invitation_id = issue(customer, now=long_ago)
    with within_everything("test"):
        token = _old_link(customer, invitation_id, long_ago)
    bring_to(customer, invitation_id, State.PROVISIONING)
    assert isinstance(queries.by_token(token), LinkHeld)
    tasks.expire()
    assert view(customer, invitation_id).state is State.PROVISIONING


def test_whoever_issued_them_is_told_once_of_all_that_expired_together():
    provider = make_provider(reply_to="help@sandbox.example")
    contoso, fabrikam = (make_customer(provider, name=name) for name in ("Contoso", "Fabrikam"))
    long_ago = clock.now() - timedelta(days=8)
    for customer, name in ((contoso, "voice-1"), (contoso, "voice-2"), (fabrikam, "voice-3")):
        issue(customer, service_id=factories_services.plan(customer, short_name=name), now=long_ago)
    alone = make_customer(make_provider(reply_to="desk@other.example"), name="Tailspin")
    last = issue(alone, service_id=factories_services.plan(alone, short_name="voice-9"), now=long_ago)
    outgoing.outbox.clear()
    tasks.expire()
    tasks.expire()
    deliver_all()
    told = {sent.to[0]: sent for sent in outgoing.outbox if sent.subject.startswith("Expired")}
    assert sorted(told) == ["desk@other.example", "help@sandbox.example"]
    assert len([sent for sent in outgoing.outbox if sent.subject.startswith("Expired")]) == len(told)
    together = told["help@sandbox.example"]
    for name in ("voice-1", "voice-2", "voice-3"):
        assert name in together.subject + together.body
    assert "With it 2 more:" in together.body
    assert together.body.strip().endswith("http://localhost:8000/")
    assert f"/invitations/{last}/" in told["desk@other.example"].body


def test_nobody_fills_a_mailbox_by_withdrawing_and_inviting_again(customer):
    for _ in range(MOST_OF_ONE):
        invitation_id = issue(customer)
        with within(customer.path):
            actions.revoke(invitation_id=invitation_id, by=OPERATOR, now=clock.now())
    with pytest.raises(TooManyLinks):
        issue(customer)
    issue(customer, recipient="bob@contoso.example")
    draft = issue(customer, draft=True)
    with within(customer.path), pytest.raises(TooManyLinks):
        actions.send_draft(invitation_id=draft, by=OPERATOR, now=clock.now())


def test_tomorrow_in_los_angeles_is_a_day_that_can_be_waited_for(customer):
    evening_there = datetime(2026, 11, 23, 1, tzinfo=UTC)
    invitation_id = issue(customer, now=evening_there)
    bring_to(customer, invitation_id, State.OPENED)
    with within(customer.path):
        with pytest.raises(DayNotPossible):
            actions.await_approval(
                invitation_id=invitation_id, day=date(2026, 11, 22), by=ADMINISTRATOR, now=evening_there
            )
        actions.await_approval(invitation_id=invitation_id, day=date(2026, 11, 23), by=ADMINISTRATOR, now=evening_there)
    assert view(customer, invitation_id).approval_until == date(2026, 11, 23)


def test_the_days_that_administrators_wait_for_an_approval_come_to_an_end_and_operators_may_begin_anew(customer):
    begun = datetime(2026, 11, 23, 12, tzinfo=UTC)
    invitation_id = issue(customer, now=begun)
    bring_to(customer, invitation_id, State.OPENED)
    last = date(2027, 2, 21)

    def wait(day, *, now, by=ADMINISTRATOR):
        with within(customer.path):
            actions.await_approval(invitation_id=invitation_id, day=day, by=by, now=now)

    wait(date(2027, 2, 1), now=begun)
    later = begun + timedelta(days=60)
    with pytest.raises(DayNotPossible, match="day can't be") as refused:
        wait(last + timedelta(days=1), now=later)
    assert "at the latest 21 February 2027" in refused.value.cure
    assert "Your provider can name a later one" in refused.value.cure
    wait(last, now=later)
    with pytest.raises(DayNotPossible) as refused:
        wait(last + timedelta(days=2), now=begun + timedelta(days=91))
    assert refused.value.cure.startswith("No later day can be named here any more.")
    wait(last + timedelta(days=30), now=later, by=OPERATOR)
    assert view(customer, invitation_id).approval_until == last + timedelta(days=30)


def test_all_of_a_customers_invitations_that_are_out_are_named_however_many(customer):
    for number in range(52):
        service_id = factories_services.plan(customer, short_name=f"voice-{number}")
        issue(customer, service_id=service_id, recipient=f"a{number}@contoso.example", draft=number == 51)
    with within(customer.path):
        assert sorted(queries.out_for(customer.id)) == sorted(f"voice-{number}" for number in range(51))


def test_time_ends_what_waits_and_frees_the_name(customer):
    service_id = factories_services.plan(customer, short_name="contoso")
    old = issue(customer, service_id=service_id, now=clock.now() - timedelta(days=8))
    young = issue(customer)
    tasks.expire()
    tasks.expire()
    assert (view(customer, old).state, view(customer, young).state) == (State.EXPIRED, State.QUEUED)
    factories_services.plan(customer, short_name="contoso")


@pytest.mark.parametrize("action", [actions.resend, actions.copy_link])
def test_no_link_of_an_invitation_that_is_over(customer, action):
    old = issue(customer, now=clock.now() - timedelta(days=8))
    done = issue(customer)
    bring_to(customer, done, State.AUTHENTICATED)
    for invitation_id, error in ((old, InvitationOver), (done, NotWhereItStands)):
        with within(customer.path), pytest.raises(error):
            action(invitation_id=invitation_id, by=OPERATOR, now=clock.now())


@pytest.mark.parametrize("action", [actions.resend, actions.copy_link, actions.replace_links])
def test_a_draft_is_not_over_and_says_so_where_it_should_be_sent_again(customer, action):
    draft = issue(customer, draft=True)
    with within(customer.path), pytest.raises(StillADraft, match="nothing was sent of it yet"):
        action(invitation_id=draft, by=OPERATOR, now=clock.now())


@pytest.mark.parametrize("state", list(State))
def test_only_moves_of_the_table_happen(customer, state):
    invitation_id, reached = issue(customer), set()
    for to in State:
        with within_everything("test"):
            Invitation.objects.filter(pk=invitation_id).update(state=state.value)
        try:
            move(customer, invitation_id, to)
            reached.add(view(customer, invitation_id).state)
        except InvitationMoved:
            assert view(customer, invitation_id).state is state
    assert reached == MOVES[state]


def test_a_move_expects_where_it_comes_from(customer):
    invitation_id = issue(customer)
    with pytest.raises(InvitationMoved):
        move(customer, invitation_id, State.OPENED, expected={State.SENT})
    move(customer, invitation_id, State.OPENED, expected={State.QUEUED})


def test_opened_at_is_the_first_time(customer):
    invitation_id = issue(customer)
    move(customer, invitation_id, State.OPENED)
    first = view(customer, invitation_id).opened_at
    move(customer, invitation_id, State.SIGNED_IN)
    move(customer, invitation_id, State.OPENED)
    assert view(customer, invitation_id).opened_at == first


def test_history_tells_each_move_with_its_actor(customer):
    invitation_id = issue(customer)
    move(customer, invitation_id, State.OPENED)
    move(customer, invitation_id, State.DECLINED, note="Consent was declined at Microsoft.")
    with within(customer.path):
        rows = [(row.state, row.actor_name, row.note) for row in queries.history(invitation_id)]
    assert rows == [
        (State.QUEUED, "Olga Operator", ""),
        (State.OPENED, "ada@contoso.example", ""),
        (State.DECLINED, "ada@contoso.example", "Consent was declined at Microsoft."),
    ]


def test_a_move_that_fails_leaves_no_trace(customer):
    invitation_id = issue(customer)
    before = _everything(customer, invitation_id)
    with pytest.raises(InvitationMoved):
        move(customer, invitation_id, State.ADDED)
    assert _everything(customer, invitation_id) == before


@pytest.mark.django_db(transaction=True)
def test_of_two_operators_who_press_add_together_one_wins_and_the_other_is_told_who():
    customer = make_customer()
    invitation_id = issue(customer)
    bring_to(customer, invitation_id, State.AUTHENTICATED)
    people = [Actor(kind="person", id=str(number), name=f"Operator {number}") for number in range(4)]
    results = race(*(partial(move, customer, invitation_id, State.ADDED, by=person) for person in people))
    (winner,) = [person for person, result in zip(people, results, strict=True) if result is None]
    losers = [result for result in results if result is not None]
    assert [loser.details for loser in losers] == [{"state": "added", "by": winner.name}] * 3


@pytest.mark.django_db(transaction=True)
def test_an_invitation_is_issued_once_for_a_service_however_often_it_is_asked_for():
    customer = make_customer()
    service_id = factories_services.plan(customer)
    results = race(*(partial(issue, customer, service_id=service_id) for _ in range(3)))
    assert sorted(type(result).__name__ for result in results) == ["AlreadyInvited", "AlreadyInvited", "UUID"]


@pytest.mark.django_db(transaction=True)
def test_withdrawing_and_opening_at_once_ends_withdrawn():
    customer = make_customer()
    for _ in range(5):
        invitation_id = issue(customer)
        race(partial(_revoke, customer, invitation_id), partial(move, customer, invitation_id, State.OPENED))
        assert view(customer, invitation_id).state is State.REVOKED


def test_a_second_invitation_for_a_service_is_refused_while_one_is_pending(customer):
    service_id = factories_services.plan(customer)
    issue(customer, service_id=service_id)
    with pytest.raises(AlreadyInvited):
        issue(customer, service_id=service_id)


def test_a_wrong_recipient_is_told_at_its_field_and_nothing_is_kept(customer):
    with pytest.raises(InvalidRecipient) as caught:
        issue(customer, recipient="nobody")
    assert caught.value.field == "recipient"
    with within(customer.path):
        assert queries.pending().rows == ()


def test_an_invitation_outside_the_scope_is_unknown(customer):
    invitation_id, other = issue(customer), make_customer()
    with within(other.path):
        for call in (actions.resend, actions.copy_link, actions.revoke):
            with pytest.raises(NoSuchInvitation):
                call(invitation_id=invitation_id, by=OPERATOR, now=clock.now())
        with pytest.raises(NoSuchInvitation):
            queries.invitation(invitation_id)
        with pytest.raises(NoSuchInvitation):
            actions.record_administrator(invitation_id=uuid4(), upn="x@y.example")
        assert queries.history(invitation_id) == ()


def test_sent_means_the_mail_server_took_it(customer):
    invitation_id = issue(customer)
    tasks.note_delivery(f"invitation:{invitation_id}")
    assert view(customer, invitation_id).state is State.QUEUED
    deliver_all()
    tasks.note_delivery(f"invitation:{invitation_id}")
    tasks.note_delivery(f"invitation:{invitation_id}")
    assert view(customer, invitation_id).state is State.SENT


def test_a_mail_that_comes_late_does_not_set_an_opened_invitation_back(customer):
    invitation_id = issue(customer)
    move(customer, invitation_id, State.OPENED)
    deliver_all()
    tasks.note_delivery(f"invitation:{invitation_id}")
    assert view(customer, invitation_id).state is State.OPENED


def test_pending_rows_have_the_columns_of_the_original_page(customer):
    service_id = factories_services.plan(customer, short_name="contoso", full_name="Contoso voice")
    invitation_id = issue(customer, service_id=service_id)
    deliver_all()
    with within(customer.path):
        actions.record_administrator(invitation_id=invitation_id, upn="ada@contoso.example")
        (row,) = queries.pending().rows
    assert (row.short_name, row.full_name, row.customer_name) == ("contoso", "Contoso voice", "Contoso")
    assert (row.recipient, row.administrator_upn) == ("ada@contoso.example", "ada@contoso.example")
    assert (row.email_sent, row.email_sent_count, row.email_error) == (True, 1, "")
    assert (row.device_authenticated, row.state, row.created_by_name) == (False, State.QUEUED, "Olga Operator")
    assert row.expires_at - row.created_at == timedelta(days=7)


def test_device_authenticated_is_true_once_the_registration_is_proved(customer):
    invitation_id = issue(customer)
    bring_to(customer, invitation_id, State.AUTHENTICATED)
    with within(customer.path):
        assert queries.pending().rows[0].device_authenticated


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", True),
        ("conto", True),
        ("voice", True),
        ("northw", True),
        ("ada@", True),
        ("ADA@CONTOSO", True),
        ("eve", False),
    ],
)
def test_pending_are_found_by_service_customer_and_recipient(search, found):
    customer = make_customer(name="Northwind")
    issue(customer, service_id=factories_services.plan(customer, short_name="conto-1", full_name="Contoso voice"))
    with within(customer.path):
        assert bool(queries.pending(search=search).rows) is found


def test_ended_ones_are_listed_only_when_asked_for(customer):
    invitation_id = issue(customer)
    with within(customer.path):
        actions.revoke(invitation_id=invitation_id, by=OPERATOR, now=clock.now())
        assert queries.pending().rows == ()
        assert [row.id for row in queries.pending(state="revoked").rows] == [invitation_id]


def test_the_list_inside_the_onboarding_wizard_is_one_customers(customer):
    provider = make_provider()
    one, other = make_customer(provider), make_customer(provider)
    first, second = issue(one), issue(other)
    with within(provider.path):
        assert {row.id for row in queries.pending().rows} == {first, second}
        assert [row.id for row in queries.pending(customer_id=one.id).rows] == [first]


def test_a_list_costs_four_queries_however_long(customer, django_assert_num_queries):
    for _ in range(4):
        issue(customer)
    with within(customer.path), django_assert_num_queries(4):
        assert len(queries.pending().rows) == 4


def test_the_administrators_name_is_recorded_once(customer):
    invitation_id = issue(customer)
    with within(customer.path):
        for _ in range(2):
            actions.record_administrator(invitation_id=invitation_id, upn="ada@contoso.example", by=ADMINISTRATOR)
    events = [row.event for row in activity(organization_path=customer.path, subject=f"invitation:{invitation_id}")]
    assert events.count("invitations:invitation:administrator_named") == 1


def _why(found):
    assert isinstance(found, LinkDead)
    return found.reason


def _revoke(customer, invitation_id):
    with within(customer.path):
        actions.revoke(invitation_id=invitation_id, by=OPERATOR, now=clock.now())


def _old_link(customer, invitation_id, then):
    with within(customer.path):
        return actions.copy_link(invitation_id=invitation_id, by=OPERATOR, now=then)


def _everything(customer, invitation_id):
    with within_everything("test"):
        links = list(Link.objects.filter(invitation_id=invitation_id).values())
        moves = list(Move.objects.filter(invitation_id=invitation_id).values())
        row = Invitation.objects.filter(pk=invitation_id).values().get()
        return row, links, moves, Entry.objects.count(), ProcrastinateJob.objects.count()
