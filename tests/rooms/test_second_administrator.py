"""Two administrators, one registration: the second one's own link, what it opens, and everything it doesn't."""

import re
from datetime import UTC, datetime, time, timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.test import Client

from gangway.audit.record import Actor
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.invitations import actions as invitations
from gangway.invitations import handoffs, relinking
from gangway.invitations import queries as invited
from gangway.invitations.errors import ColleagueElsewhere, ColleagueIsOneself, PlanIsFixed, TooManyHandoffs
from gangway.invitations.models import Link
from gangway.invitations.queries import LinkDead, Why
from gangway.invitations.states import State
from gangway.jobs.testing import run_until_idle
from gangway.notifications.errors import InvalidRecipient
from gangway.onboarding import actions, freezing, queries, reminding, tasks, tidying
from gangway.onboarding.errors import LinkClosed, NotNow
from gangway.onboarding.models import Case, SignIn, SignInApplication
from gangway.onboarding.shapes import Step
from gangway.onboarding.stages.tenant import Expected, refusal_of_signer
from gangway.onboarding.states import CaseState, SignInState
from gangway.organizations.scope import within, within_everything
from gangway.provisioning.queries import SCOPES
from gangway.provisioning.states import RunState
from gangway.provisioning.tasks import take_up_waiting
from tests.emulator.conftest import Emulator, avery, grace, riley
from tests.rooms.factories_aboard import OLGA, asked_at_microsoft, flow, look, provision, sign_in, state_of, tokens_kept
from tests.rooms.factories_invitations import link
from tests.rooms.factories_onboarding import ADMINISTRATOR, UPN, Walk, facts, signed_in, walk
from tests.rooms.factories_organizations import add_tenant
from tests.rooms.factories_web import error_at, put_into_wizard, sit_down, soup
from tests.rooms.races import race

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

COLLEAGUE = "riley.roles@contoso.com"
AVERY = Actor(kind="administrator", id="", name=avery[0])
LINK = re.compile(r"http://\S+/i/(\S+)")


@pytest.fixture
def emulator(process: Emulator, settings) -> Emulator:
    """The emulator, fresh, where the sign-in application is consented; and the product's settings pointing at it."""
    process.control("POST", "reset")
    addresses = {"cloud_login_url": process.url, "cloud_graph_url": process.url, "extra_ca_file": process.ca_file}
    settings.GANGWAY = django_settings.GANGWAY.model_copy(update=addresses)
    process.grant(process.device_code(" ".join(SCOPES)), grace)
    return process


@pytest.fixture
def first(emulator: Emulator) -> Walk:
    """An Application Administrator has done their part."""
    walked = walk()
    sign_in(walked, emulator, avery)
    provision(walked)
    assert walked.view().step is Step.WAITING
    return walked


def ask(walked: Walk, address: str = COLLEAGUE) -> None:
    actions.hand_off(case_id=walked.case_id, colleague=address, by=AVERY, now=clock.now())


def mailed(address: str = COLLEAGUE) -> str:
    """The newest mail to somebody, after everything that waits was sent."""
    run_until_idle()
    return next(message.body for message in reversed(mail.outbox) if message.to == [address])


def token_of(text: str) -> SealedText:
    found = LINK.search(text)
    assert found is not None
    return SealedText(found[1])


def open_link(walked: Walk, token: SealedText) -> Walk:
    """Press Continue at another administrator's link: a case of their own."""
    case_id = actions.begin_case(token=token, by=ADMINISTRATOR, now=clock.now()).case_id
    return Walk(walked.customer, walked.provider, walked.operator_id, walked.invitation_id, case_id)


@pytest.fixture
def second(first: Walk) -> Walk:
    ask(first)
    return open_link(first, token_of(mailed()))


def told_at_the_link(walked: Walk) -> list[str]:
    """What our page says that Microsoft's will name."""
    return [one.value for one in walked.view().offer.asks]


def finish(walked: Walk) -> None:
    actions.finish_rest(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    run_until_idle()


def test_a_colleague_finishes_by_a_link_and_sign_in_of_their_own(first, second, emulator):
    view = second.view()
    assert (view.is_rest, view.step) == (True, Step.WHO)
    assert view.offer.rest.done_by == avery[0]
    sign_in(second, emulator, riley)
    assert told_at_the_link(first) == asked_at_microsoft(first)
    assert told_at_the_link(second) == asked_at_microsoft(second)
    assert second.view().step is Step.SIGNED_IN
    assert state_of(first) is State.WAITING_FOR_ADMINISTRATOR
    finish(second)
    assert (first.view().state, second.view().state) == (CaseState.DONE, CaseState.DONE)
    assert state_of(first) is State.AUTHENTICATED
    assert first.view().done.granted_by == f"{avery[0]} · {riley[0]}"
    assert tokens_kept() == []
    with within(first.customer.path):
        assert invited.invitation(first.invitation_id).administrator_upn == avery[0]


def test_the_end_says_that_the_application_stays_which_nobody_here_may_remove(first, second, emulator):
    sign_in(second, emulator, riley)
    finish(second)
    (stays, can, remove) = second.view().done.sign_in_application_stays
    assert stays.endswith("-token”, is still in your tenant: we could not remove it.")
    assert "By itself it can do nothing" in can
    assert "Enterprise applications" in remove
    told = " ".join(mailed(UPN).split())
    assert all(sentence in told for sentence in (stays, can, remove))
    with within_everything("test"):
        SignInApplication.objects.update(display_name="A later one", client_id=str(uuid4()))
        client_id = SignIn.objects.get(case_id=second.case_id).client_id
    named = second.view().done.sign_in_application_stays
    assert [part for part in ("A later one", client_id) if part in " ".join(named)] == [client_id]


def test_who_may_not_begin_is_told_whose_role_it_takes_and_not_that_their_part_is_done(emulator):
    walked = walk()
    sign_in(walked, emulator, riley)
    provision(walked)
    problem = walked.view().problem
    assert "creating the app registration" in problem.what
    assert "a Global Administrator has to sign in, or an Application Administrator begins" in problem.what
    assert "part is done" not in problem.cure
    assert "a role that is named here" in problem.cure


def test_who_names_a_colleague_before_signing_in_is_asked_for_the_registrations_rights_alone(emulator):
    """A Global Administrator may leave the mightier part to somebody else; their token can't do it either."""
    walked = walk(domain="contoso.com")
    sign_in(walked, emulator, grace, colleague=COLLEAGUE)
    asked = set(asked_at_microsoft(walked))
    assert not {"AppRoleAssignment.ReadWrite.All", "RoleManagement.ReadWrite.Directory"} & asked
    view = walked.view()
    assert "You leave this" in view.signer.summary
    assert [part.verdict for part in view.signer.parts] == ["can", "unknown", "needs_other", "needs_other"]
    provision(walked)
    assert walked.view().step is Step.WAITING
    second = open_link(walked, token_of(mailed()))
    sign_in(second, emulator, riley)
    finish(second)
    assert (walked.view().state, second.view().state) == (CaseState.DONE, CaseState.DONE)


def test_a_colleague_elsewhere_is_refused_before_signing_in_and_everything_is_kept(emulator):
    walked = walk(domain="contoso.com")
    with pytest.raises(ColleagueElsewhere) as refused:
        walked.start(grace[0], colleague="mallory@elsewhere.example")
    assert refused.value.field == "colleague"
    walked.start(grace[0], colleague=COLLEAGUE)
    walked.start(grace[0], colleague="")
    assert "RoleManagement.ReadWrite.Directory" in asked_at_microsoft(walked)


def test_the_mail_says_what_was_done_what_remains_which_role_and_no_code(first):
    ask(first)
    text = mailed()
    for words in (avery[0], "App registration created", "Organization.Read.All", "Privileged Role Administrator"):
        assert words in text
    assert "everything granted to it ends at once" in " ".join(text.split())
    assert all(row.why and (row.risk or row.part == "roles") for row in first.view().waiting.remaining)
    assert first.view().offer.matching_phrase in text
    assert first.view().registration_name not in LINK.findall(text)[0]


def test_the_operator_is_told_that_it_waits_and_who_was_asked(first):
    ask(first)
    run_until_idle()
    told = [message.body for message in mail.outbox if message.subject.startswith("Waiting for another administrator")]
    assert "Nobody was asked to finish it yet" in told[0]
    assert f"{avery[0]} asked {COLLEAGUE} to finish it." in told[1]


def test_a_colleague_named_before_ones_own_part_is_asked_at_its_end(emulator):
    walked = walk()
    sign_in(walked, emulator, avery)
    actions.do_my_part(case_id=walked.case_id, colleague=COLLEAGUE, by=AVERY, now=clock.now())
    actions.start_provisioning(case_id=walked.case_id, name="gw-contoso", by=AVERY, now=clock.now())
    assert "Open your part" in mailed()


def test_a_colleague_named_before_signing_in_stands_in_the_field_and_is_asked_at_the_end(emulator):
    walked, browser = walk(domain="contoso.com"), Client()
    sign_in(walked, emulator, avery, colleague=COLLEAGUE)
    put_into_wizard(browser, walked.case_id)
    typed = soup(browser.get("/wizard/signed-in/")).select_one("#id_colleague").get("value", "")
    assert browser.post("/wizard/my-part/", {"colleague": typed})["Location"] == "/wizard/"
    actions.start_provisioning(case_id=walked.case_id, name="gw-contoso", by=AVERY, now=clock.now())
    assert "Open your part" in mailed()
    assert [one.recipient for one in walked.view().colleagues] == [COLLEAGUE]


def test_the_sign_in_asks_for_what_the_part_needs_and_no_more(second):
    second.start(riley[0])
    scopes = asked_at_microsoft(second)
    assert set(scopes) == set(SCOPES)
    assert "offline_access" not in scopes


def test_nobody_is_told_that_they_may_not_make_what_is_made_already(second, emulator):
    sign_in(second, emulator, riley)
    signer = second.view().signer
    assert [(part.key, part.verdict) for part in signer.parts] == [("consent", "can"), ("roles", "can")]
    assert signer.can_everything


@pytest.mark.parametrize(
    ("who", "state", "words"),
    [
        (("gray.global@fabrikam.com", "Fabrikam-Gray-1"), SignInState.WRONG_TENANT, "another organization"),
        (avery, SignInState.FAILED, "no active role that may do what remains"),
    ],
)
def test_a_foreign_tenant_or_too_weak_an_account_is_refused_before_any_write(second, emulator, who, state, words):
    sign_in(second, emulator, who)
    found = second.view().sign_in
    assert found.state is state
    assert words in found.problem.what
    assert second.view().run.state is RunState.WAITING
    with pytest.raises(NotNow):
        actions.finish_rest(case_id=second.case_id, by=ADMINISTRATOR, now=clock.now())


def test_a_guest_is_refused_whatever_their_role():
    guest = facts(upn="dana.dual_fabrikam.com#EXT#@contoso.com", user_type="Guest")
    expected = Expected("dana.dual@fabrikam.com", "contoso.com", "", frozenset(), frozenset({"consent"}))
    assert refusal_of_signer(guest, expected).state is SignInState.GUEST


def test_another_account_than_the_named_one_is_taken_knowingly(second, emulator):
    second.start(riley[0])
    run_until_idle()
    sign_in_as_grace(second, emulator)
    assert second.view().sign_in.state is SignInState.WRONG_PERSON
    actions.confirm_other_person(case_id=second.case_id, by=ADMINISTRATOR, now=clock.now())
    finish(second)
    assert second.view().state is CaseState.DONE


def sign_in_as_grace(walked: Walk, emulator: Emulator) -> None:
    emulator.grant(flow(walked), grace)
    look(walked)
    look(walked)


@pytest.mark.parametrize("address", ["mallory@elsewhere.example", "riley@contoso.com.evil.example"])
def test_only_people_of_the_tenant_or_of_the_invitation_are_asked(first, address):
    with pytest.raises(ColleagueElsewhere) as told:
        ask(first, address)
    assert told.value.field == "colleague"
    with within_everything("test"):
        Case.objects.filter(pk=first.case_id).update(colleague=address)
    assert first.view().colleague_refused == "This address belongs to another organization."


@pytest.mark.parametrize("address", [avery[0].title(), UPN])
def test_nobody_asks_themselves_or_whoever_has_the_invitation_already(first, address):
    with pytest.raises(ColleagueIsOneself) as told:
        ask(first, address)
    assert told.value.field == "colleague"
    fresh = walk()
    with pytest.raises(ColleagueIsOneself):
        ask(fresh, UPN)
    with pytest.raises(ColleagueIsOneself):
        fresh.start(avery[0], colleague=avery[0])


def test_an_address_that_is_none_is_told_at_its_field(first):
    with pytest.raises(InvalidRecipient) as told:
        ask(first, "riley")
    assert told.value.field == "colleague"


def test_mails_are_counted_and_limited(first):
    for _ in range(handoffs.MOST_MAILS_A_DAY):
        ask(first)
    with pytest.raises(TooManyHandoffs):
        ask(first)
    with within(first.customer.path):
        (one,) = invited.handoffs(first.invitation_id)
    assert one.sent_count == handoffs.MOST_MAILS_A_DAY


def test_at_most_three_people_hold_a_link_at_once(first):
    for name in ("one", "two", "three"):
        ask(first, f"{name}@contoso.com")
    with pytest.raises(TooManyHandoffs):
        ask(first, "four@contoso.com")


def test_new_links_before_anything_waits_make_room_for_other_people():
    walked = walk()
    for name in ("one", "two", "three"):
        ask(walked, f"{name}@contoso.com")
    with within(walked.customer.path):
        relinking.replace_links(invitation_id=walked.invitation_id, by=ADMINISTRATOR, now=clock.now())
    ask(walked, "four@contoso.com")
    with within(walked.customer.path):
        assert [one.revoked_at is None for one in invited.handoffs(walked.invitation_id)] == [False, False, False, True]


def test_a_colleague_may_have_any_of_the_customers_domains():
    walked = walk(domain="contoso.com")
    add_tenant(walked.customer, domain="contoso.example")
    ask(walked, "riley@contoso.example")
    with within(walked.customer.path):
        (one,) = invited.handoffs(walked.invitation_id)
    assert one.recipient == "riley@contoso.example"


def test_nothing_is_handed_off_between_a_sign_in_and_what_it_makes():
    walked = walk()
    signed_in(walked)
    with pytest.raises(NotNow):
        ask(walked)
    with within(walked.customer.path):
        assert invited.handoffs(walked.invitation_id) == ()


def test_a_link_of_ones_own_opens_only_its_own_part_of_its_own_invitation(first, second):
    other = walk()
    assert second.case_id not in {first.case_id, other.case_id}
    with within_everything("test"):
        mine = Case.objects.get(pk=second.case_id)
    assert (mine.invitation_id, mine.run_id) == (first.invitation_id, first.view().run.id)
    with pytest.raises(NotNow):
        actions.hand_off(case_id=second.case_id, colleague="x@contoso.com", by=ADMINISTRATOR, now=clock.now())


def test_a_withdrawn_link_is_dead_at_once_also_for_whoever_uses_it(first, second, emulator):
    sign_in(second, emulator, riley)
    with within(first.customer.path):
        (one,) = invited.handoffs(first.invitation_id)
        actions.withdraw_handoff(handoff_id=one.id, by=OLGA, now=clock.now())
    assert tokens_kept() == []
    assert second.view().step is Step.CLOSED
    with pytest.raises(LinkClosed):
        second.start(riley[0])
    assert first.view().step is Step.WAITING


def test_the_operator_is_told_when_nobody_could_be_asked_to_sign_in_again(second, emulator):
    sign_in(second, emulator, riley)
    match = {"method": "POST", "path": "/v1.0/roleManagement/directory/roleAssignments", "times": 1}
    effect = {"status": 401, "code": "InvalidAuthenticationToken", "claims": '{"access_token":{}}'}
    emulator.control("PUT", "faults/step up", json={"match": match, "effect": effect})
    actions.finish_rest(case_id=second.case_id, by=ADMINISTRATOR, now=clock.now())
    with within(second.customer.path):
        (one,) = invited.handoffs(second.invitation_id)
        actions.withdraw_handoff(handoff_id=one.id, by=OLGA, now=clock.now())
    mail.outbox.clear()
    run_until_idle()
    told = [sent.body for sent in mail.outbox if sent.subject.startswith("Somebody must sign in again")]
    assert ["nobody was asked" in " ".join(body.split()) for body in told] == [True]
    assert not any("Still missing" in sent.subject for sent in mail.outbox)


def test_an_expired_link_explains_itself_while_the_wait_goes_on(first):
    ask(first)
    token = token_of(mailed())
    later = clock.now() + timedelta(days=8)
    dead = invited.by_token(token, now=later)
    assert isinstance(dead, LinkDead)
    assert dead.reason is Why.EXPIRED
    assert first.view(now=later).step is Step.WAITING
    freezing.ask_for_link(token=token, by=ADMINISTRATOR, now=later)
    run_until_idle()
    told = " ".join(mail.outbox[-1].body.split())
    assert f"a link that was sent to {COLLEAGUE}" in told
    assert "sent to that very person" in told


def test_a_link_lasts_beyond_the_day_that_its_holder_waits_for(first, second):
    now = clock.now()
    client = Client()
    put_into_wizard(client, second.case_id)
    assert "Somebody must agree first" in client.get("/wizard/new/").content.decode()
    late = client.post("/wizard/approval/", {"planned_on": (now + timedelta(days=90)).date().isoformat()})
    assert "Choose a day from today to" in error_at(late, "planned_on")
    empty = client.post("/wizard/approval/", {"planned_on": ""})
    assert "Choose a day, such as" in error_at(empty, "planned_on")
    day = first.view().waiting.deadline_at.date()
    kept = client.post("/wizard/approval/", {"planned_on": day.isoformat()}, follow=True)
    assert "This invitation waits for an approval" in kept.content.decode()
    waiting, over = first.view().waiting, datetime.combine(day, time.max, tzinfo=UTC)
    assert (waiting.planned_on, waiting.deadline_at) == (day, over)
    with within(first.customer.path):
        (one,) = invited.handoffs(first.invitation_id)
        assert invited.history(first.invitation_id)[-1].note == f"Planned for {day.isoformat()}"
    assert one.expires_at == over + timedelta(days=7)
    ask(first)
    ask(first, "roxy@contoso.com")
    with within(first.customer.path):
        assert {one.expires_at for one in invited.handoffs(first.invitation_id)} == {over + timedelta(days=7)}
    assert second.view(now=over + timedelta(days=6)).step is Step.WHO


def test_withdrawing_the_invitation_kills_every_link_of_it(first):
    ask(first)
    token = token_of(mailed())
    with within(first.customer.path):
        invitations.revoke(invitation_id=first.invitation_id, by=OLGA, now=clock.now())
    assert isinstance(invited.by_token(token), LinkDead)
    tidying.close_withdrawn_cases(now=clock.now())
    assert first.view().run.state is RunState.CANCELLED


def test_a_link_is_kept_only_as_a_hash(first):
    ask(first)
    token = token_of(mailed())
    with within_everything("test"):
        assert not Link.objects.filter(token_hash__contains=token.reveal()).exists()


def stop_in_the_wizard(walked):
    actions.stop_reminders(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())


def stop_by_the_mails_link(walked):
    freezing.stop_reminders(token=link(walked.customer, walked.invitation_id), by=ADMINISTRATOR, now=clock.now())


def stop_at_the_desk(walked):
    sit_down(walked.provider).post(f"/invitations/{walked.invitation_id}/quiet/")


def stop_where_it_waits(walked):
    sit_down(walked.provider).post(f"/invitations/{walked.invitation_id}/no-reminders/")


@pytest.mark.parametrize(
    "stop",
    [stop_in_the_wizard, stop_by_the_mails_link, stop_at_the_desk, stop_where_it_waits],
    ids=lambda one: one.__name__,
)
def test_one_request_ends_the_reminders_of_the_wait_and_those_before_the_end(first, stop):
    desk, address = sit_down(first.provider), f"/invitations/{first.invitation_id}/change/"
    assert "Whoever has a link for what remains is reminded" in desk.get(address).text
    stop(first)
    mailed_before = len(mail.outbox)
    later = clock.now() + timedelta(days=60)
    reminding.remind_all(now=later)
    with within(first.customer.path):
        assert queries.case_of_invitation(first.invitation_id).waiting.next_reminder_at is None
        assert invited.invitation(first.invitation_id).reminders_stopped_at is not None
    run_until_idle()
    assert [one for one in mail.outbox[mailed_before:] if "/i/" in one.body] == []
    assert "No more reminders go out about this, since" in desk.get(address).text


def test_reminders_stopped_before_it_waits_for_anybody_stay_stopped(emulator):
    walked = walk()
    stop_by_the_mails_link(walked)
    sign_in(walked, emulator, avery)
    provision(walked)
    assert walked.view().step is Step.WAITING
    assert walked.view().waiting.reminders_stopped_at is not None


def test_the_operator_may_ask_look_and_plan_too(first):
    with within(first.customer.path):
        now = clock.now()
        about = first.invitation_id
        actions.hand_off_for_operator(invitation_id=about, colleague=COLLEAGUE, by=OLGA, now=now)
        actions.check_now_for_operator(invitation_id=about, by=OLGA, now=now)
        actions.plan_for_operator(invitation_id=about, day=(now + timedelta(days=9)).date(), by=OLGA, now=now)
        actions.stop_reminders_for_operator(invitation_id=about, by=OLGA, now=now)
        view = queries.case_of_invitation(about)
    assert [one.recipient for one in view.colleagues] == [COLLEAGUE]
    assert view.waiting.planned_on is not None


def test_reminders_go_to_whom_was_asked_and_carry_a_link_that_works(first, monkeypatch):
    ask(first)
    mailed()
    monkeypatch.setenv("GANGWAY_CLOCK_OFFSET_SECONDS", str(4 * 86_400))
    tasks.remind()
    text = mailed()
    assert "is still missing" in text
    assert open_link(first, token_of(text)).view().step is Step.WHO


def test_without_anybody_asked_the_first_one_is_reminded(first, monkeypatch):
    monkeypatch.setenv("GANGWAY_CLOCK_OFFSET_SECONDS", str(4 * 86_400))
    tasks.remind()
    assert "is still missing" in mailed(grace[0])


def test_an_abandoned_walk_goes_on_by_the_same_link(first, second, emulator):
    ask(first)
    token = token_of(mailed())
    sign_in(second, emulator, riley)
    tidying.abandon_idle_cases(now=clock.now() + timedelta(hours=3))
    assert tokens_kept() == []
    assert open_link(first, token).case_id == second.case_id
    assert second.view().step is Step.WHO
    assert state_of(first) is State.WAITING_FOR_ADMINISTRATOR


@pytest.mark.django_db(transaction=True)
def test_two_browsers_with_the_same_link_share_one_walk(emulator):
    walked = walk()
    sign_in(walked, emulator, avery)
    provision(walked)
    ask(walked)
    token = token_of(mailed())
    begin = partial(actions.begin_case, token=token, by=ADMINISTRATOR, now=clock.now())
    found = race(begin, begin, begin)
    assert len(set(found)) == 1
    assert isinstance(found[0].case_id, UUID)


def test_whoever_goes_back_to_sign_in_can_return_to_what_is_waited_for(first):
    actions.sign_in_again(case_id=first.case_id, by=AVERY, now=clock.now())
    assert first.view().step is Step.WHO
    actions.back_to_waiting(case_id=first.case_id, by=AVERY, now=clock.now())
    assert first.view().step is Step.WAITING
    with pytest.raises(NotNow):
        actions.back_to_waiting(case_id=walk().case_id, by=AVERY, now=clock.now())


def test_a_wait_that_nobody_is_at_still_ends_for_the_invitation(first, monkeypatch):
    actions.sign_in_again(case_id=first.case_id, by=AVERY, now=clock.now())
    tidying.abandon_idle_cases(now=clock.now() + timedelta(hours=3))
    monkeypatch.setenv("GANGWAY_CLOCK_OFFSET_SECONDS", str(61 * 86_400))
    take_up_waiting()
    run_until_idle()
    assert state_of(first) is State.FAILED
    assert first.view().run.error.code == "provisioning:waiting:too_long"


def test_the_second_one_may_decline_nothing_of_what_the_first_one_agreed_to(second):
    with within(second.customer.path):
        seen = invited.invitation(second.invitation_id).plan_fingerprint
    with pytest.raises(PlanIsFixed):
        actions.choose_features(
            case_id=second.case_id, declined=["teams_reading"], seen=seen, by=ADMINISTRATOR, now=clock.now()
        )
