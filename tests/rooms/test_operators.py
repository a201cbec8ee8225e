"""People and their places: who may give what, the last Admin, sessions that end at once, several organizations."""

from collections import Counter
from contextlib import nullcontext
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test import Client

from gangway.accounts import actions
from gangway.accounts.errors import (
    AlreadyInvited,
    AlreadyOperator,
    NoSuchOperatorInvitation,
    OperatorInvitationOver,
    SignInFirst,
)
from gangway.accounts.models import OperatorInvitation
from gangway.accounts.queries import needs_second_factor, open_invitation, pending_invitations
from gangway.accounts.rules import set_second_factor
from gangway.accounts.states import InvitationState, SecondFactor
from gangway.audit.events import Event
from gangway.audit.queries import activity
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.notifications.models import Message
from gangway.organizations import people
from gangway.organizations.actions import enroll_totp, system
from gangway.organizations.errors import (
    BelongsElsewhere,
    LastAdmin,
    NoSeat,
    NoSuchOperator,
    NoSuchRole,
    NotYoursToGive,
    RoleTaken,
)
from gangway.organizations.models import Membership, Organization
from gangway.organizations.people_queries import operators, path_of
from gangway.organizations.queries import Seat, seat
from gangway.organizations.roles import Kind, Role, roles_at
from gangway.organizations.scope import within
from tests.rooms.factories_organizations import (
    PASSWORD,
    SETUP,
    Place,
    make_channel,
    make_customer,
    make_operator,
    make_provider,
)
from tests.rooms.races import race

pytestmark = pytest.mark.django_db
NOW = clock.now()


def seat_at(place: Place, role: Role = Role.ADMIN) -> Seat:
    return seat(make_operator(place, role=role))


def place_of(where: Place, role: Role = Role.ADMIN) -> int:
    person = make_operator(where, role=role)
    with within(where.path):
        return Membership.objects.get(operator_id=person).pk


def invite(where: Place, by: Seat, *, role: Role, email: str = "new@sp2.example", at: Place | None = None):
    with within(where.path):
        target = (at or where).id
        return actions.invite_operator(
            email=email, name="Nils New", organization_id=target, role=role, seat=by, by=SETUP, now=NOW
        )


@pytest.fixture
def token(monkeypatch) -> SealedText:
    """The token of the next invitation."""
    known = SealedText("k" * 43)
    monkeypatch.setattr(actions, "new_token", lambda: known)
    return known


# Giving


def test_a_channels_admin_invites_admins_of_the_channel_and_nobody_else():
    channel = make_channel(make_provider())
    customer, admin = make_customer(channel), seat_at(channel)
    invite(channel, admin, role=Role.ADMIN)
    with pytest.raises(NotYoursToGive):
        invite(channel, admin, role=Role.MONITOR, email="monitor@sp2.example")
    with pytest.raises(NotYoursToGive):
        invite(channel, admin, role=Role.OPERATOR, at=customer, email="customer@sp2.example")


@pytest.mark.parametrize("kind", [Kind.PROVIDER, Kind.CHANNEL, Kind.CUSTOMER])
def test_a_providers_admin_gives_every_role_below(kind):
    provider = make_provider()
    channel = make_channel(provider)
    where = {Kind.PROVIDER: provider, Kind.CHANNEL: channel, Kind.CUSTOMER: make_customer(channel)}[kind]
    for number, role in enumerate(roles_at(kind)):
        invite(provider, seat_at(provider), role=role, at=where, email=f"n{number}@sp2.example")


def test_a_role_that_the_level_does_not_have_is_refused():
    provider = make_provider()
    with pytest.raises(NoSuchRole):
        invite(provider, seat_at(provider), role=Role.ADMIN, at=make_customer(provider))


def test_an_operator_may_not_change_anybody():
    provider = make_provider()
    target, operator = place_of(provider, Role.MONITOR), seat_at(provider, Role.OPERATOR)
    with within(provider.path), pytest.raises(NotYoursToGive):
        people.change_role(target, role=Role.ADMIN, by=SETUP, seat=operator)


def test_people_of_a_sister_are_not_there():
    provider = make_provider()
    ours, theirs = make_channel(provider), make_channel(provider)
    target = place_of(theirs)
    with within(ours.path), pytest.raises(NoSuchOperator):
        people.remove(target, by=SETUP, seat=seat_at(ours))
    with within(ours.path):
        assert {row.organization_name for row in operators().rows} == {Organization.objects.get(pk=ours.id).name}


def test_system_people_work_in_everything():
    provider = make_provider()
    root = Place(system(), path_of(system()))
    admin = seat_at(root)
    assert provider.path.startswith(admin.path)
    invite(root, admin, role=Role.ADMIN, at=provider)


# The last Admin


@pytest.mark.parametrize("way", ["remove", "suspend", "demote"])
def test_the_last_admin_stays(way):
    provider = make_provider()
    admin = seat_at(provider)
    with within(provider.path):
        last = Membership.objects.get(operator_id=admin.operator_id).pk
        with pytest.raises(LastAdmin):
            end(way, last, admin)
        make_operator(provider)
        end(way, last, admin)


def end(way: str, place: int, by: Seat) -> None:
    if way == "demote":
        people.change_role(place, role=Role.MONITOR, by=SETUP, seat=by)
    else:
        getattr(people, way)(place, by=SETUP, seat=by)


def test_a_suspended_admin_does_not_count():
    provider = make_provider()
    admin, other = seat_at(provider), place_of(provider)
    with within(provider.path):
        people.suspend(other, by=SETUP, seat=admin)
        own = Membership.objects.get(operator_id=admin.operator_id).pk
        with pytest.raises(LastAdmin):
            people.remove(own, by=SETUP, seat=admin)


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_remove_each_other_at_once_leave_one():
    provider = make_provider()
    one, other = seat_at(provider), seat_at(provider)

    def remove(by: Seat, whom: Seat) -> None:
        with within(provider.path):
            target = Membership.objects.get(operator_id=whom.operator_id).pk
            people.remove(target, by=SETUP, seat=by)

    outcomes = race(lambda: remove(one, other), lambda: remove(other, one))
    assert [type(each) for each in outcomes if each is not None] == [LastAdmin]
    with within(provider.path):
        assert Membership.objects.count() == 1


def test_who_is_removed_while_another_waits_to_do_the_same_is_not_found(monkeypatch):
    provider = make_provider()
    admin, other = seat_at(provider), place_of(provider, Role.MONITOR)
    locked = Organization.objects.select_for_update

    def removed_meanwhile():
        Membership.objects.filter(pk=other).delete()
        return locked()

    monkeypatch.setattr(Organization.objects, "select_for_update", removed_meanwhile)
    with within(provider.path), pytest.raises(NoSuchOperator):
        people.remove(other, by=SETUP, seat=admin)


# Ending


def test_suspending_ends_sessions_at_once_and_resuming_lets_in_again():
    provider = make_provider()
    admin, target = seat_at(provider), place_of(provider, Role.MONITOR)
    with within(provider.path):
        person = Membership.objects.get(pk=target).operator_id
        client = signed_in(person)
        assert client.get("/me/").status_code == 302  # no second factor yet: known, and led to it
        for _again in range(2):
            people.suspend(target, by=SETUP, seat=admin)
    assert client.get("/me/").headers["Location"].startswith("/accounts/login/")
    with pytest.raises(NoSeat):
        seat(person)
    with within(provider.path):
        for _again in range(2):
            people.resume(target, by=SETUP, seat=admin)
        told = Counter(row.event for row in activity(organization_path=provider.path, subject=f"operator:{person}"))
    assert (told[Event.OPERATOR_SUSPENDED], told[Event.OPERATOR_RESUMED]) == (1, 1)
    assert seat(person).role is Role.MONITOR


def signed_in(person) -> Client:
    """Sign in by the pages, so that the session is known as one of this person's."""
    client = Client()
    user = get_user_model().objects.get(pk=person)
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD.reveal()})
    assert UserSession.objects.filter(user_id=person).count() == 1
    return client


def test_ending_sessions_is_told_in_the_log():
    provider = make_provider()
    admin, target = seat_at(provider), place_of(provider, Role.MONITOR)
    with within(provider.path):
        person = Membership.objects.get(pk=target).operator_id
        signed_in(person)
        assert people.end_sessions(target, by=SETUP, seat=admin) == 1
        told = [row.event for row in activity(organization_path=provider.path, limit=5)]
    assert told[0] == "organizations:operator:sessions_ended"
    assert not UserSession.objects.filter(user_id=person).exists()


# Several organizations


def test_one_person_has_one_role_in_each_of_several_organizations():
    provider = make_provider()
    one, other = make_channel(provider), make_channel(provider)
    person = make_operator(one)
    with within(other.path):
        people.give_role(operator_id=person, organization_id=other.id, role=Role.MONITOR, by=SETUP)
        with pytest.raises(RoleTaken):
            people.give_role(operator_id=person, organization_id=other.id, role=Role.ADMIN, by=SETUP)
    assert {place.organization_id for place in seat(person).places} == {one.id, other.id}
    assert seat(person).organization_id == one.id
    assert seat(person, organization_id=other.id).role is Role.MONITOR


def test_an_organization_that_is_not_ones_own_is_never_chosen():
    provider = make_provider()
    person, stranger = make_operator(make_channel(provider)), make_channel(provider)
    assert seat(person, organization_id=stranger.id).organization_id != stranger.id


def test_two_roles_in_one_organization_are_refused_by_the_database():
    provider = make_provider()
    person = make_operator(provider)
    with within(provider.path), transaction.atomic(), pytest.raises(Exception, match="one_role_per_organization"):
        Membership(operator_id=person, organization_id=provider.id, role="monitor", created_at=NOW).save()


# Invitations


def test_an_invitation_leaves_a_sealed_link_and_only_a_hash(token):
    provider = make_provider()
    invite(provider, seat_at(provider), role=Role.MONITOR)
    with within(provider.path):
        row, message = OperatorInvitation.objects.get(), Message.objects.get(kind="operator_invitation")
    assert token.reveal() not in f"{row.token_hash} {message.context}"
    assert message.link_sealed_id is not None


def test_an_accepted_invitation_makes_the_account_once(token):
    provider = make_provider()
    invite(provider, seat_at(provider), role=Role.MONITOR)
    person = accept(token)
    assert seat(person).role is Role.MONITOR
    with pytest.raises(OperatorInvitationOver):
        accept(token)


def accept(token: SealedText, *, now=NOW):
    return actions.accept_with_password(
        token, name="Nils New", password=PASSWORD, address="192.0.2.7", request_id="r", now=now
    )


@pytest.mark.parametrize("goes", [people.remove, people.suspend])
def test_an_offer_ends_with_the_role_of_whoever_made_it_unless_somebody_else_makes_it_theirs(goes, token):
    provider = make_provider()
    boss, leaver = seat_at(provider), seat_at(provider)
    invitation_id = invite(provider, leaver, role=Role.ADMIN)
    with within(provider.path):
        goes(Membership.objects.get(operator_id=leaver.operator_id).pk, by=SETUP, seat=boss)
    with pytest.raises(OperatorInvitationOver):
        accept(token)
    with within(provider.path):
        actions.invite_again(invitation_id, seat=boss, by=SETUP, now=NOW)
    assert open_invitation(token, now=NOW).invited_by_name == boss.name
    assert seat(accept(token)).role is Role.ADMIN


def test_an_invitation_that_is_too_old_or_withdrawn_is_over(token):
    provider = make_provider()
    admin = seat_at(provider)
    first = invite(provider, admin, role=Role.MONITOR)
    with pytest.raises(OperatorInvitationOver):
        accept(token, now=NOW + timedelta(days=365))
    with within(provider.path):
        actions.revoke_operator_invitation(first, seat=admin, by=SETUP)
    with pytest.raises(OperatorInvitationOver):
        open_invitation(token, now=NOW)


def test_a_link_that_never_was_is_told_as_such():
    with pytest.raises(NoSuchOperatorInvitation):
        open_invitation(SealedText("x" * 43), now=NOW)


def test_sending_again_replaces_the_link(monkeypatch):
    provider = make_provider()
    admin = seat_at(provider)
    tokens = iter([SealedText("a" * 43), SealedText("b" * 43)])
    monkeypatch.setattr(actions, "new_token", lambda: next(tokens))
    first = invite(provider, admin, role=Role.MONITOR)
    with within(provider.path):
        actions.invite_again(first, seat=admin, by=SETUP, now=NOW)
    with pytest.raises(NoSuchOperatorInvitation):
        open_invitation(SealedText("a" * 43), now=NOW)
    assert open_invitation(SealedText("b" * 43), now=NOW).id == first


def test_one_address_is_invited_once_at_a_time():
    provider = make_provider()
    admin = seat_at(provider)
    invite(provider, admin, role=Role.MONITOR)
    with pytest.raises(AlreadyInvited):
        invite(provider, admin, role=Role.ADMIN, email="NEW@sp2.example")


def test_somebody_who_is_there_already_is_not_invited():
    provider = make_provider()
    admin = seat_at(provider)
    with pytest.raises(AlreadyOperator):
        invite(provider, admin, role=Role.MONITOR, email=admin.email)


def test_an_address_with_an_account_is_accepted_by_its_owner_alone(token):
    provider = make_provider()
    elsewhere = seat_at(make_provider())
    invite(provider, seat_at(provider), role=Role.MONITOR, email=elsewhere.email)
    with pytest.raises(SignInFirst):
        accept(token)
    with pytest.raises(SignInFirst):
        actions.accept_as(token, operator_id=make_operator(provider), by=SETUP, now=NOW)
    actions.accept_as(token, operator_id=elsewhere.operator_id, by=SETUP, now=NOW)
    assert len(seat(elsewhere.operator_id).places) == 2


def test_an_old_invitation_gives_way_to_a_new_one():
    provider = make_provider()
    admin = seat_at(provider)
    invite(provider, admin, role=Role.MONITOR)
    with within(provider.path):
        OperatorInvitation.objects.update(expires_at=NOW - timedelta(days=1))
        assert pending_invitations(now=NOW)[0].state is InvitationState.EXPIRED
    invite(provider, admin, role=Role.MONITOR)


# The second factor


@pytest.mark.parametrize("above", [True, False])
def test_a_second_factor_is_reset_by_whoever_may_take_every_role_of_the_person_away(above):
    """Else one organization would let in whoever holds the password, where others answer, too."""
    provider, other = make_provider(), make_provider()
    target = place_of(provider, Role.MONITOR)
    root = Place(system(), path_of(system()))
    admin = seat_at(root if above else provider)
    with within(root.path):
        person = Membership.objects.get(pk=target).operator_id
        people.give_role(operator_id=person, organization_id=other.id, role=Role.ADMIN, by=SETUP)
        enroll_totp(person, by=SETUP)
    with within(admin.path), nullcontext() if above else pytest.raises(BelongsElsewhere):
        people.reset_second_factor(target, by=SETUP, seat=admin)
    with within(root.path):
        told = [activity(organization_path=where.path, limit=1)[0].event for where in (provider, other)]
    assert (told == [Event.OPERATOR_SECOND_FACTOR_RESET] * 2) == above
    assert Authenticator.objects.filter(user_id=person).exists() != above


@pytest.mark.parametrize(
    ("above", "here", "needed"),
    [
        (SecondFactor.INHERIT, SecondFactor.INHERIT, True),
        (SecondFactor.INHERIT, SecondFactor.OPTIONAL, False),
        (SecondFactor.OPTIONAL, SecondFactor.INHERIT, False),
        (SecondFactor.REQUIRED, SecondFactor.OPTIONAL, True),
        (SecondFactor.OPTIONAL, SecondFactor.REQUIRED, True),
    ],
)
def test_a_second_factor_is_needed_unless_relaxed_and_never_relaxed_below_a_demand(above, here, needed):
    provider = make_provider()
    channel = make_channel(provider)
    with within(provider.path):
        set_second_factor(provider.id, rule=above, by=SETUP)
        set_second_factor(channel.id, rule=here, by=SETUP)
    assert needs_second_factor(channel.path) is needed


def test_the_list_takes_as_many_queries_for_one_person_as_for_many():
    provider = make_provider()
    make_operator(provider)
    few = count(provider)
    for _ in range(5):
        make_operator(provider, role=Role.MONITOR)
    assert count(provider) == few


def count(provider: Place) -> int:
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415  only here

    with within(provider.path), CaptureQueriesContext(connection) as asked:
        operators()
    return len(asked)


@pytest.mark.parametrize("search", ["ÖZ", "öz", "o\u0308z ömer", "ömer@", "MER Ö"])
def test_who_is_invited_is_found_in_any_case_whatever_the_databases_locale_is(search):
    provider = make_provider()
    invite(provider, seat_at(provider), role=Role.MONITOR, email="other@sp2.example")
    with within(provider.path):
        OperatorInvitation.objects.update(name="Ömer Öz", email="ömer@sp2.example")
    invite(provider, seat_at(provider), role=Role.MONITOR, email="nils@sp2.example")
    with within(provider.path):
        assert [row.name for row in pending_invitations(now=NOW, search=search)] == ["Ömer Öz"]


def test_the_list_is_searched_filtered_and_sorted():
    provider = make_provider()
    for name, role in (("Ärja Öst", Role.ADMIN), ("Bo Beck", Role.MONITOR)):
        make_operator(provider, name=name, role=role)
    with within(provider.path):
        assert [row.name for row in operators(search="öst").rows] == ["Ärja Öst"]
        assert [row.name for row in operators(role="monitor").rows] == ["Bo Beck"]
        assert [row.name for row in operators(sort="-name").rows][::-1] == [row.name for row in operators().rows]
        assert len(operators(state="no_second_factor").rows) == 2
