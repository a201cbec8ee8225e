"""A case: traded for a link, the same from every browser, idle ones let go, one move at a time."""

from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client

from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.invitations import actions as invitations
from gangway.invitations import queries as invited
from gangway.invitations.models import Invitation
from gangway.invitations.queries import LinkDead
from gangway.invitations.states import State
from gangway.jobs.testing import run_until_idle
from gangway.onboarding import actions, existing, queries, tidying
from gangway.onboarding.case_view import STEP_OF
from gangway.onboarding.errors import LinkClosed, NoSuchCase, NotAGuid, NotNow
from gangway.onboarding.models import Case, SignIn
from gangway.onboarding.rows import lock_case, move_case
from gangway.onboarding.shapes import Step
from gangway.onboarding.states import ALIVE, CASE_MOVES, HOLDS_TOKEN, SIGN_IN_MOVES, CaseState, SignInState
from gangway.organizations.models import Membership
from gangway.organizations.scope import within, within_everything
from gangway.vault.models import Sealed
from tests.rooms import factories_invitations, factories_organizations
from tests.rooms.factories_onboarding import (
    ADMINISTRATOR,
    CLIENT,
    HOME,
    PENDING,
    Microsoft,
    Walk,
    issue,
    loop,
    register,
    round_trip,
    signed_in,
    walk,
)
from tests.rooms.factories_web import put_into_wizard, soup
from tests.rooms.races import race

pytestmark = pytest.mark.django_db


def link_of(walked: Walk) -> SealedText:
    return factories_invitations.link(walked.customer, walked.invitation_id)


def begin(token: SealedText):
    return actions.begin_case(token=token, by=ADMINISTRATOR, now=clock.now()).case_id


def test_looking_at_an_offer_a_hundred_times_changes_nothing():
    provider = factories_organizations.make_provider()
    customer = factories_organizations.make_customer(provider)
    register(provider)
    invitation_id = issue(customer, factories_organizations.make_operator(provider))
    token = factories_invitations.link(customer, invitation_id)
    for _ in range(100):
        offer = queries.offer(token)
    assert offer.invitation_id == invitation_id
    assert offer.sign_in_application.client_id == CLIENT
    with within(customer.path):
        assert invited.invitation(invitation_id).state is State.QUEUED
        assert not Case.objects.exists()


def test_who_works_there_no_more_is_not_named_as_who_asks():
    walked, client = walk(), Client()
    put_into_wizard(client, walked.case_id)
    foot = soup(client.get("/wizard/new/")).select_one(".gw-quay-foot")
    assert "Olga Operator of" in foot.get_text()
    with within_everything("test"):
        Membership.objects.filter(operator_id=walked.operator_id).delete()
        Invitation.objects.filter(pk=walked.invitation_id).update(expires_at=clock.now() + timedelta(hours=30))
        invitations.remind(invitation_id=walked.invitation_id, by=ADMINISTRATOR, now=clock.now())
    page = soup(client.get("/wizard/new/"))
    assert "asks this for" in page.select_one(".gw-quay-foot").get_text()
    assert "Olga Operator" not in page.get_text()
    run_until_idle()
    (reminder,) = [sent for sent in mail.outbox if sent.subject.startswith("Reminder")]
    assert "Olga Operator, " not in reminder.body


def test_a_stranger_learns_nothing():
    assert queries.offer(SealedText("no such link")) is None
    with pytest.raises(LinkClosed):
        begin(SealedText("no such link"))


def test_continue_opens_the_invitation_and_begins_the_case():
    walked = walk(choose=False)
    view = walked.view()
    assert (view.state, view.step) == (CaseState.BEGUN, Step.CHOOSE)
    with within(walked.customer.path):
        assert invited.invitation(walked.invitation_id).state is State.OPENED


def test_another_link_in_another_browser_continues_the_same_case_where_it_was():
    walked = walk()
    walked.start()
    assert begin(link_of(walked)) == walked.case_id
    assert walked.view().step is Step.CODE


def test_choosing_twice_changes_nothing():
    walked = walk()
    actions.choose_new(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    assert walked.view().step is Step.WHO


def test_the_offer_says_who_asks_for_what_until_when():
    offer = walk().view().offer
    assert offer.asker.operator_name == "Olga Operator"
    assert offer.asker.operator_email.endswith("@sp2.example")
    assert offer.licensed_users == 25
    assert offer.expires_at > clock.now()
    assert offer.sign_in_application.display_name.endswith("-token")


def test_an_unknown_case_says_to_open_the_link_again():
    with pytest.raises(NoSuchCase):
        queries.case(uuid4())


def test_a_withdrawn_link_tells_its_holder_so():
    walked = walk()
    token = link_of(walked)
    with within(walked.customer.path):
        invitations.revoke(invitation_id=walked.invitation_id, by=ADMINISTRATOR, now=clock.now())
    assert isinstance(queries.offer(token), LinkDead)
    with pytest.raises(LinkClosed, match="withdrawn"):
        begin(token)


def test_an_expired_invitation_closes_the_wizard_even_before_the_clock_task_has_seen_it():
    walked = walk()
    later = clock.now() + timedelta(days=8)
    assert walked.view(now=later).step is Step.CLOSED
    with pytest.raises(LinkClosed, match="expired"):
        walked.start(now=later)


def test_next_step_needs_somebody_who_signed_in():
    with pytest.raises(NotNow):
        actions.confirm_signed_in(case_id=walk().case_id, by=ADMINISTRATOR, now=clock.now())


def test_next_step_twice_is_once():
    walked = walk()
    signed_in(walked)
    for _ in range(2):
        actions.confirm_signed_in(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    assert walked.view().step is Step.NAME


def test_the_job_starts_the_sign_in_and_a_second_run_of_it_does_nothing(monkeypatch):
    walked, script = walk(), Microsoft(polls=[PENDING])

    async def visitor():
        return loop(script).visitor

    monkeypatch.setattr("gangway.onboarding.polling.new_visitor", visitor)
    walked.start()
    run_until_idle()
    assert walked.view().sign_in.state is SignInState.CODE_READY
    assert script.count("/devicecode") == 1


def test_an_idle_case_loses_its_token_and_the_link_goes_on_with_it():
    walked = walk()
    signed_in(walked)
    tidying.abandon_idle_cases(now=clock.now() + timedelta(hours=3))
    assert walked.view().state is CaseState.ABANDONED
    assert not Sealed.objects.filter(ciphertext__isnull=False, place__startswith="onboarding.").exists()
    assert begin(link_of(walked)) == walked.case_id
    assert walked.view().step is Step.WHO


def test_who_comes_back_goes_on_by_the_way_that_they_chose_last():
    walked = walk(choose=False)
    existing.choose_existing(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    for goes_on_at in (Step.USE, Step.WHO):
        tidying.abandon_idle_cases(now=clock.now() + timedelta(hours=3))
        assert walked.view().state is CaseState.ABANDONED
        begin(link_of(walked))
        assert walked.view().step is goes_on_at
        if goes_on_at is Step.USE:
            actions.sign_in_again(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())


def test_a_case_that_somebody_is_at_is_left_alone():
    walked = walk()
    signed_in(walked)
    tidying.abandon_idle_cases(now=clock.now() + timedelta(hours=1))
    assert walked.view().state is CaseState.SIGNED_IN


def test_withdrawing_destroys_what_the_case_holds():
    walked = walk()
    signed_in(walked)
    with within(walked.customer.path):
        invitations.revoke(invitation_id=walked.invitation_id, by=ADMINISTRATOR, now=clock.now())
    tidying.close_withdrawn_cases(now=clock.now())
    assert not Sealed.objects.filter(ciphertext__isnull=False, place__startswith="onboarding.").exists()
    with within(walked.customer.path):
        assert Case.objects.get(pk=walked.case_id).state == CaseState.ABANDONED


@pytest.mark.django_db(transaction=True)
def test_two_browsers_that_continue_at_the_same_moment_get_one_case():
    provider = factories_organizations.make_provider()
    customer = factories_organizations.make_customer(provider)
    invitation_id = issue(customer, factories_organizations.make_operator(provider))
    tokens = [factories_invitations.link(customer, invitation_id) for _ in range(3)]
    assert len(set(race(*(partial(begin, token) for token in tokens)))) == 1


@pytest.mark.django_db(transaction=True)
def test_two_windows_that_start_at_the_same_moment_leave_one_living_sign_in():
    walked = walk()
    race(*(walked.start for _ in range(3)))
    with within_everything("test"):
        assert SignIn.objects.filter(case_id=walked.case_id, state__in=ALIVE).count() == 1


@pytest.mark.parametrize("before", CaseState)
def test_a_case_moves_only_as_its_table_says(before):
    walked = walk(choose=False)
    for after in CaseState:
        with within(walked.customer.path):
            row = standing_at(walked, before)
            if after in CASE_MOVES[before]:
                move_case(row, after, by=ADMINISTRATOR, now=clock.now())
                assert lock_case(walked.case_id).state == after
            else:
                with pytest.raises(NotNow):
                    move_case(row, after, by=ADMINISTRATOR, now=clock.now())


def standing_at(walked: Walk, state: CaseState) -> Case:
    """The case, put into a state by hand, with a run and a sign-in as every state needs them."""
    sign_in = SignIn.objects.create(
        organization_id=walked.customer.id, case_id=walked.case_id, created_at=clock.now(), state=SignInState.FAILED
    )
    Case.objects.filter(pk=walked.case_id).update(state=state, run_id=uuid4(), sign_in=sign_in)
    return lock_case(walked.case_id)


def test_every_state_has_its_moves_and_page():
    assert set(CASE_MOVES) == set(STEP_OF) == set(CaseState)
    assert set(SIGN_IN_MOVES) == set(SignInState)
    assert not (ALIVE & HOLDS_TOKEN) - {SignInState.CHECKING}


@pytest.mark.parametrize(("field", "value"), [("client_id", "not-a-guid"), ("home_tenant_id", "")])
def test_an_id_that_is_none_is_said_at_its_field(field, value):
    provider = factories_organizations.make_provider()
    given = {"client_id": CLIENT, "home_tenant_id": HOME, field: value}
    with pytest.raises(NotAGuid) as told:
        actions.register_sign_in_application(provider_id=provider.id, by=ADMINISTRATOR, now=clock.now(), **given)
    assert told.value.field == field


def test_registering_once_more_changes_the_application_and_keeps_its_name():
    provider = factories_organizations.make_provider(short_name="sp2x")
    first, second = register(provider), register(provider, home="50000000-0000-4000-8000-000000000001")
    (known,) = queries.sign_in_applications(provider.id)
    assert first == second == known.id
    assert (known.display_name, known.home_tenant_id) == ("Sandbox1-sp2x-token", "50000000-0000-4000-8000-000000000001")


def test_a_round_without_work_asks_microsoft_nothing():
    script = Microsoft()
    round_trip(loop(script))
    assert script.asked == []
