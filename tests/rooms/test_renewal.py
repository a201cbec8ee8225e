"""Connecting a service once more by its registration: another credential, what it uses beside, an upgrade, its end."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from gangway.audit.models import Entry
from gangway.connections import companions
from gangway.connections.care_view import rotation_of
from gangway.connections.models import Connection
from gangway.connections.queries import connection
from gangway.foundation import clock
from gangway.invitations import queries as invited
from gangway.invitations.aims import Purpose
from gangway.invitations.errors import AlreadyInvited
from gangway.invitations.models import Move
from gangway.invitations.standing import open_for_connection
from gangway.invitations.states import State
from gangway.jobs.testing import run_until_idle
from gangway.notifications.models import Message
from gangway.onboarding import actions, deletion, freezing, renewal, retention, sharing
from gangway.onboarding.errors import LinkClosed, NotConnected, NotReadyToAdd
from gangway.onboarding.models import Case, SignIn
from gangway.onboarding.otherwise import renewing
from gangway.onboarding.shapes import Step
from gangway.onboarding.stages.verification import run_ended
from gangway.onboarding.withdrawal import withdraw
from gangway.organizations.roles import Kind, Role
from gangway.organizations.scope import within
from gangway.provisioning import actions as provisioning
from gangway.provisioning import tasks
from gangway.provisioning.engine.rights import Part
from gangway.provisioning.models import Credential, Leftover, Registration, Run
from gangway.provisioning.queries import plan_of
from gangway.provisioning.renewable import newest_plan
from gangway.provisioning.scopes import OF_PART
from gangway.services import actions as services
from gangway.services.queries import service
from tests.emulator.conftest import avery
from tests.rooms import factories_services
from tests.rooms.factories_aboard import asked_at_microsoft, tokens_kept
from tests.rooms.factories_connections import connected
from tests.rooms.factories_existing import CONTOSO
from tests.rooms.factories_onboarding import ADMINISTRATOR, UPN, Walk
from tests.rooms.factories_organizations import make_customer, make_provider
from tests.rooms.factories_renewal import again, changes, opened_by, registrations, secrets, served
from tests.rooms.factories_web import put_into_wizard, sit_down, soup
from tests.rooms.test_onboarding_aboard import OLGA, provision, sign_in, state_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def seen(walked: Walk) -> str:
    """What the administrator's browser shows where the case stands."""
    browser = Client()
    put_into_wizard(browser, walked.case_id)
    return soup(browser.get("/wizard/", follow=True)).main.get_text(" ", strip=True)


def test_a_renewal_makes_another_secret_on_the_same_registration_and_switches_by_itself(emulator):
    walked, service_id = served(emulator)
    (old,) = secrets(walked)
    renewing = again(walked, service_id)
    sign_in(renewing, emulator)
    assert renewing.view().keeps_name == "gw-contoso"
    assert "no second one is made" in seen(renewing)
    assert changes(renewing) == (
        "The App registration gw-contoso stays and gets a new credential.",
        "Its permissions and roles stay as they are.",
    )
    actions.confirm_signed_in(case_id=renewing.case_id, by=ADMINISTRATOR, now=clock.now())
    assert "“gw-contoso” gets another credential" in seen(renewing)
    actions.start_provisioning(case_id=renewing.case_id, name="", by=ADMINISTRATOR, now=clock.now())
    run_until_idle()
    assert "goes on with it" in seen(renewing)
    assert renewing.view().step is Step.DONE
    assert state_of(renewing) is State.ADDED
    assert [row.state for row in secrets(walked)] == ["resting", "proved"]
    with within(walked.customer.path):
        found = connection(service_id)
        assert found.credential.id != old.pk
        assert found.status == "ok"
        assert found.user_name == UPN
    (there,) = registrations(emulator)
    assert (there["displayName"], len(there["passwordCredentials"])) == ("gw-contoso", 2)


def test_who_may_change_registrations_renews_alone_where_nothing_else_is_missing(emulator):
    walked, service_id = served(emulator)
    renewing = again(walked, service_id)
    with within(walked.customer.path):
        mail = Message.objects.filter(kind="invitation").latest("created_at")
    assert mail.context["whole_role"] == "an Application Administrator"
    assert "An Application Administrator can do all of it." in seen(renewing)
    sign_in(renewing, emulator, avery)
    assert set(asked_at_microsoft(renewing)) & set(OF_PART.values()) == {OF_PART[Part.REGISTRATION]}
    signer = renewing.view().signer
    assert ([part.key for part in signer.parts], signer.summary) == (["registration", "credential"], "")
    actions.confirm_signed_in(case_id=renewing.case_id, by=ADMINISTRATOR, now=clock.now())
    actions.start_provisioning(case_id=renewing.case_id, name="", by=ADMINISTRATOR, now=clock.now())
    run_until_idle()
    assert (renewing.view().step, state_of(renewing), tokens_kept()) == (Step.DONE, State.ADDED, [])
    assert [row.state for row in secrets(walked)] == ["resting", "proved"]


def test_the_same_sign_in_renews_what_the_service_uses_beside_its_connection(emulator):
    walked, service_id = served(emulator, features=("call-quality",))
    run_until_idle()
    renewing = again(walked, service_id)
    assert "The App registration gw-contoso-QoE gets a new credential, too." in changes(renewing)
    sign_in(renewing, emulator)
    actions.confirm_signed_in(case_id=renewing.case_id, by=ADMINISTRATOR, now=clock.now())
    actions.start_provisioning(case_id=renewing.case_id, name="", by=ADMINISTRATOR, now=clock.now())
    run_until_idle()
    assert (renewing.view().step, tokens_kept()) == (Step.DONE, [])
    assert sorted(row.state for row in secrets(walked)) == ["proved", "proved", "resting", "resting"]
    assert {row["displayName"]: len(row["passwordCredentials"]) for row in registrations(emulator)} == {
        "gw-contoso": 2,
        "gw-contoso-QoE": 2,
    }
    companions.validate_due(now=clock.now())
    run_until_idle()
    with within(walked.customer.path):
        beside = companions.companion(service_id, "qoe")
        newest = Credential.objects.filter(registration_id=beside.registration.id).latest("announced_at")
        assert (beside.credential.id, beside.status) == (newest.pk, "ok")
        Credential.objects.filter(registration_id=beside.registration.id).update(state="proved", rest_until=None)
        later = Run.objects.get(registration_id=beside.registration.id, kind="repair")
    run_ended(run_id=later.pk, now=clock.now())
    with within(walked.customer.path):
        beside = companions.companion(service_id, "qoe")
        states = Credential.objects.filter(registration_id=beside.registration.id).order_by("announced_at")
        assert list(states.values_list("state", flat=True)) == ["resting", "proved"]


def test_call_quality_is_added_to_a_service_that_has_none_by_asking_for_it_where_its_card_would_stand(emulator):
    walked, service_id = served(emulator)
    desk, place = sit_down(walked.provider), f"/services/{service_id}/configuration/m365/"
    offered = soup(desk.get(place)).select_one("[aria-labelledby=add-quality] a")["href"]
    page = soup(desk.get(offered))
    assert page.select_one("#add_call-quality").has_attr("checked")
    desk.post(offered, {"recipient": "grace.global@contoso.com", "adding": "call-quality"})
    with within(walked.customer.path):
        invitation_id = invited.open_of(service_id)
    adding = opened_by(walked, invitation_id)
    assert "Added: Permission CallRecords.Read.All, for Call quality of Microsoft Teams" in changes(adding)
    sign_in(adding, emulator)
    actions.confirm_signed_in(case_id=adding.case_id, by=ADMINISTRATOR, now=clock.now())
    actions.start_provisioning(case_id=adding.case_id, name="", by=ADMINISTRATOR, now=clock.now())
    run_until_idle()
    assert (state_of(adding), tokens_kept()) == (State.ADDED, [])
    assert {row["displayName"] for row in registrations(emulator)} == {"gw-contoso", "gw-contoso-QoE"}
    companions.validate_due(now=clock.now() + timedelta(days=2))
    run_until_idle()
    with within(walked.customer.path):
        assert companions.companion(service_id, "qoe").status == "ok"
    card = soup(desk.get(place)).select_one("[aria-labelledby=quality]").get_text()
    assert "gw-contoso-QoE" in card


@pytest.mark.parametrize("was", ["proved", "copying"])
def test_an_upgrade_that_is_withdrawn_takes_back_only_what_it_made_beside_the_connection(emulator, was):
    walked, service_id = served(emulator, features=("call-quality",))
    run_until_idle()
    upgrading = again(walked, service_id, purpose=Purpose.UPGRADE, wanted={"licence_type": "hosted_essentials_plus"})
    sign_in(upgrading, emulator)
    actions.confirm_signed_in(case_id=upgrading.case_id, by=ADMINISTRATOR, now=clock.now())
    with within(walked.customer.path):
        kept = companions.companion(service_id, "qoe")
        looked_at = {"copying_since": clock.now(), "look_at": clock.now()}
        Run.objects.filter(registration_id=kept.registration.id).update(state=was, **looked_at)
    actions.start_provisioning(case_id=upgrading.case_id, name="", by=ADMINISTRATOR, now=clock.now())
    run_until_idle()
    with within(walked.customer.path):
        anew = Credential.objects.filter(registration_id=kept.registration.id).exclude(pk=kept.credential.id)
        assert anew.count() == (was == "proved")
        withdraw(invitation_id=upgrading.invitation_id, by=OLGA, now=clock.now())
    run_until_idle()
    with within(walked.customer.path):
        after = companions.companion(service_id, "qoe")
        assert (after.registration.state, after.credential.id) == ("proved", kept.credential.id)
        left = Leftover.objects.filter(registration_id=kept.registration.id).values_list("kind", "object_id")
        assert list(left) == [("credential", one.key_id) for one in anew]


def test_what_the_service_uses_beside_its_connection_is_not_deleted_by_a_tick_in_its_renewal(emulator):
    walked, service_id = served(emulator, features=("call-quality",))
    run_until_idle()
    renewing = again(walked, service_id)
    chosen = {"case_id": renewing.case_id, "seen": renewing.view().offer.plan_fingerprint}
    actions.choose_features(declined=("call-quality",), **chosen, by=ADMINISTRATOR, now=clock.now())
    sign_in(renewing, emulator)
    provision(renewing, name="")
    assert state_of(renewing) is State.ADDED
    with within(walked.customer.path):
        kept = companions.companion(service_id, "qoe")
        assert (kept.registration.state, kept.credential is not None) == ("proved", True)
        assert not Run.objects.filter(kind="teardown")


def test_call_quality_that_is_gone_is_made_again_by_the_same_sign_in(emulator):
    walked, service_id = served(emulator, features=("call-quality",))
    run_until_idle()
    with within(walked.customer.path):
        gone = companions.companion(service_id, "qoe").registration.id
        Registration.objects.filter(pk=gone).update(state="removed")
        Credential.objects.filter(registration_id=gone).update(state="removed")
    renewing = again(walked, service_id)
    sign_in(renewing, emulator)
    provision(renewing, name="")
    run_until_idle()
    with within(walked.customer.path):
        made = companions.companion(service_id, "qoe")
        assert (made.registration.state, made.credential is not None) == ("proved", True)


def test_what_no_right_of_its_own_could_remove_goes_with_the_next_renewal_which_says_so(emulator):
    walked, service_id = served(emulator)
    first = again(walked, service_id)
    sign_in(first, emulator)
    provision(first, name="")
    with within(walked.customer.path):
        Credential.objects.filter(state="resting").update(rest_until=clock.now() - timedelta(minutes=1))
    tasks.remove_rested()
    run_until_idle()
    with within(walked.customer.path):
        old = Credential.objects.get(state="resting")
        assert Leftover.objects.filter(kind="credential", object_id=old.key_id, cleared_at=None)
    second = again(walked, service_id)
    assert f"Removed from it, as nobody uses it: the credential {old.display_name}." in second.view().offer.changes
    sign_in(second, emulator)
    provision(second, name="")
    with within(walked.customer.path):
        assert not Leftover.objects.filter(kind="credential", cleared_at=None)
    assert sorted(row.state for row in secrets(walked)) == ["proved", "removed", "resting"]
    (there,) = registrations(emulator)
    assert old.key_id not in str(there["passwordCredentials"])


def test_while_it_is_under_way_the_old_credential_stays_in_use_and_withdrawing_changes_nothing(emulator):
    walked, service_id = served(emulator)
    (old,) = secrets(walked)
    renewing = again(walked, service_id)
    with within(walked.customer.path), pytest.raises(AlreadyInvited):
        renewal.reinitiate(service_id=service_id, recipient=UPN, level=Kind.PROVIDER, by=OLGA, now=clock.now())
    with within(walked.customer.path):
        withdraw(invitation_id=renewing.invitation_id, by=OLGA, now=clock.now())
        assert connection(service_id).credential.id == old.pk
        assert service(service_id).lifecycle == "created"
    assert len(registrations(emulator)) == 1


def test_what_was_proved_while_its_invitation_was_frozen_is_used_once_the_operator_lets_it_go_on(emulator, monkeypatch):
    walked, service_id = served(emulator)
    (old,) = secrets(walked)
    renewing = again(walked, service_id)
    sign_in(renewing, emulator)
    actions.confirm_signed_in(case_id=renewing.case_id, by=ADMINISTRATOR, now=clock.now())
    actions.start_provisioning(case_id=renewing.case_id, name="", by=ADMINISTRATOR, now=clock.now())
    monkeypatch.setattr(freezing.provisioning, "cancel_run", lambda **_: None)  # as for a run that is nearly through
    freezing.report_by_case(case_id=renewing.case_id, by=ADMINISTRATOR, now=clock.now())
    run_until_idle()
    assert state_of(renewing) is State.REPORTED
    with within(walked.customer.path):
        assert connection(service_id).credential.id == old.pk
        freezing.unfreeze(invitation_id=renewing.invitation_id, by=OLGA, now=clock.now())
        assert connection(service_id).credential.id != old.pk
    assert state_of(renewing) is State.ADDED


def test_a_further_services_sign_in_leaves_what_the_first_one_uses_beside_its_connection(emulator):
    walked, service_id = served(emulator, features=("call-quality",))
    further = factories_services.plan(walked.customer)
    with within(walked.customer.path):
        registration_id = connection(service_id).registration_id
        begun = sharing.share(
            service_id=further, registration_id=registration_id, recipient=UPN, by=OLGA, now=clock.now()
        )
        assert "beside" not in invited.invitation(begun.invitation_id).plan
    joining = opened_by(walked, begun.invitation_id)
    sign_in(joining, emulator)
    provision(joining, name="")
    assert state_of(joining) is State.AUTHENTICATED
    with within(walked.customer.path):
        assert set(plan_of(registration_id)["beside"]) == {"qoe"}
        assert companions.companion(service_id, "qoe").registration.state == "proved"
        assert not Run.objects.filter(kind="teardown")


def test_an_upgrade_waits_for_its_operator_who_says_how_many_users(emulator):
    walked, service_id = served(emulator)
    upgrading = again(walked, service_id, purpose=Purpose.UPGRADE, wanted={"licence_type": "hosted_essentials_plus"})
    assert changes(upgrading)[0] == "The licence becomes Hosted Essentials+ instead of Hosted Pro."
    with within(walked.customer.path), pytest.raises(NotReadyToAdd):
        renewal.upgrade(
            invitation_id=upgrading.invitation_id, licensed_users=5, level=Kind.PROVIDER, by=OLGA, now=clock.now()
        )
    sign_in(upgrading, emulator)
    provision(upgrading, name="")
    assert state_of(upgrading) is State.AUTHENTICATED
    with within(walked.customer.path):
        rotated, used = secrets(walked)[0], connection(service_id).credential.id
        rotated.pk, rotated.key_id, rotated.sealed_id = uuid4(), str(uuid4()), uuid4()
        rotated.display_name, rotated.announced_at = "rotated", clock.now()
        rotated.save(force_insert=True)
        provisioning.switch(used, rotated.pk, by=OLGA, now=clock.now())
        renewal.upgrade(
            invitation_id=upgrading.invitation_id, licensed_users=5, level=Kind.PROVIDER, by=OLGA, now=clock.now()
        )
        assert connection(service_id).credential.id == rotated.pk
        made = service(service_id)
        assert (made.licence.value, made.licensed_users) == ("hosted_essentials_plus", 5)
    assert state_of(upgrading) is State.ADDED
    assert [row.state for row in secrets(walked)] == ["resting", "resting", "proved"]


def test_a_service_that_is_deleted_takes_its_open_links_along_and_can_be_invited_again_when_it_is_kept(emulator):
    walked, service_id = served(emulator)
    upgrading = again(walked, service_id, purpose=Purpose.UPGRADE, wanted={"licence_type": "hosted_essentials_plus"})
    renewing = again(walked, service_id)
    sign_in(renewing, emulator)
    actions.confirm_signed_in(case_id=renewing.case_id, by=ADMINISTRATOR, now=clock.now())
    with within(walked.customer.path):
        until = clock.now() + timedelta(days=7)
        services.begin_leaving(service_id=service_id, until=until, by=OLGA)
    with pytest.raises(LinkClosed):
        actions.start_provisioning(case_id=renewing.case_id, name="", by=ADMINISTRATOR, now=clock.now())
    with within(walked.customer.path):
        deletion.keep_service(service_id=service_id, by=OLGA, now=clock.now())
        typed = service(service_id).short_name
        deletion.delete_service(service_id=service_id, typed=typed, by=OLGA, now=clock.now())
    assert (state_of(upgrading), state_of(renewing)) == (State.REVOKED, State.REVOKED)
    with within(walked.customer.path):
        deletion.keep_service(service_id=service_id, by=OLGA, now=clock.now())
    assert state_of(again(walked, service_id)) is State.OPENED


def test_only_a_connected_service_can_be_connected_once_more(emulator):
    walked, _service_id = served(emulator)
    planned = factories_services.plan(walked.customer)
    with within(walked.customer.path), pytest.raises(NotConnected):
        renewal.reinitiate(service_id=planned, recipient=UPN, level=Kind.PROVIDER, by=OLGA, now=clock.now())


def test_the_people_of_a_service_that_is_gone_for_long_are_forgotten(emulator):
    walked, service_id = served(emulator)
    run_until_idle()
    with within(walked.customer.path):
        services.begin_leaving(service_id=service_id, until=clock.now(), by=OLGA)
        services.begin_deletion(service_id=service_id, by=OLGA)
        services.end_deletion(service_id=service_id, by=OLGA)
    assert retention.forget_people(now=clock.now() + timedelta(days=89)) == 0
    with within(walked.customer.path):
        before = str(list(Entry.objects.values()))
    assert UPN in before
    assert retention.forget_people(now=clock.now() + timedelta(days=91)) == 1
    assert retention.forget_people(now=clock.now() + timedelta(days=91)) == 0
    with within(walked.customer.path):
        log = list(Entry.objects.values())
    assert UPN not in str(log)
    assert [row for row in log if row["actor_name"] == OLGA.name], "whoever did it for the provider stays known"
    with within(walked.customer.path):
        moves = Move.objects.filter(invitation_id=walked.invitation_id).values_list("actor_kind", "actor_name", "note")
        assert not [row for row in moves if row[0] == "administrator" and row[1]]
        assert UPN not in str(moves)
        asked = invited.invitation(walked.invitation_id)
        assert (asked.recipient, asked.administrator_upn) == ("", "")
        assert Case.objects.get(pk=walked.case_id).signer == {}
        signed_in = SignIn.objects.get(case_id=walked.case_id).signer
        assert (signed_in.keys(), signed_in["tenant_id"]) == (retention.WHERE, CONTOSO)
        assert Connection.objects.get(service_id=service_id).user_name == ""
        assert Registration.objects.get().signer_upn == ""
        assert not Message.objects.filter(to=UPN).exists()


@pytest.mark.parametrize("page", ["again", "repair"])
def test_a_customers_operator_who_mistyped_an_address_revokes_what_went_there_and_asks_anew(page):
    customer = make_customer(make_provider())
    service_id = connected(customer)
    client = sit_down(customer, role=Role.OPERATOR)
    address = f"/services/{service_id}/{page}/"
    asked = client.post(address, {"recipient": "wrong@fabrikam.example", "way": "mail"}, follow=True)
    assert asked.status_code == 200
    shown = soup(client.get(f"/services/{service_id}/again/"))
    assert "Its link went to wrong@fabrikam.example." in shown.get_text()
    assert not shown.select('a[href^="/invitations/"]')
    revoke = shown.select_one('dialog form[method="post"]')
    client.post(revoke["action"], follow=True)
    with within(customer.path):
        assert open_for_connection(service_id) is None
    assert client.post(address, {"recipient": UPN, "way": "mail"}).status_code == 302


def test_what_the_provider_asks_or_types_is_not_the_customers_to_revoke():
    customer = make_customer(make_provider())
    service_id = connected(customer)
    with within(customer.path):
        renewal.reinitiate(service_id=service_id, recipient=UPN, level=Kind.PROVIDER, by=OLGA, now=clock.now())
    client = sit_down(customer, role=Role.OPERATOR)
    page = soup(client.get(f"/services/{service_id}/again/"))
    assert "An invitation is out already." in page.get_text()
    assert (UPN in page.get_text(), page.select('dialog form[method="post"]')) == (False, [])
    client.post(f"/services/{service_id}/again/revoke/")
    with within(customer.path):
        assert open_for_connection(service_id) is not None


def test_a_repair_that_adds_the_right_has_the_registration_renew_itself_from_then_on(emulator):
    walked, service_id = served(emulator)
    with within(walked.customer.path):
        assert not rotation_of(service_id).by_itself
        plan = newest_plan(connection(service_id).registration_id, adding=["self-rotation"])
    mending = again(walked, service_id, plan=plan, purpose=Purpose.REPAIR)
    sign_in(mending, emulator)
    provision(mending, name="")
    run_until_idle()
    with within(walked.customer.path):
        assert rotation_of(service_id).by_itself
        assert not renewing(service_id)
