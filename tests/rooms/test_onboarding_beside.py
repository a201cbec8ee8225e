"""Call quality beside calling: two registrations in one sign-in, and neither can spoil the other."""

from datetime import timedelta

import pytest
from django.test import Client

from gangway.connections import companions
from gangway.foundation import clock
from gangway.invitations import queries as invited
from gangway.invitations.states import State
from gangway.jobs.testing import run_until_idle
from gangway.notifications.messages import MESSAGES
from gangway.notifications.models import Message
from gangway.notifications.states import MessageKind
from gangway.onboarding import actions, deletion
from gangway.onboarding.states import CaseState
from gangway.onboarding.withdrawal import withdraw
from gangway.organizations.scope import within
from gangway.provisioning.beside import beside_id
from gangway.provisioning.models import Credential, Leftover, Run
from gangway.provisioning.runs import cancel_run
from gangway.provisioning.states import RunState
from gangway.provisioning.usage import shared_by
from gangway.services.queries import service
from gangway.services.states import Lifecycle
from gangway.web.purposes import said_of
from tests.emulator.conftest import Emulator, avery
from tests.rooms import factories_services
from tests.rooms.factories_aboard import OLGA, aboard, finished, provision, sign_in, state_of, tokens_kept
from tests.rooms.factories_onboarding import ADMINISTRATOR, TENANT, Walk, walk
from tests.rooms.factories_web import put_into_wizard, sit_down, soup

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

QUALITY = ("call-quality",)
RIGHTS = {"CallRecords.Read.All", "User.Read.All"}


def ours(emulator: Emulator) -> dict[str, dict]:
    """Every application of ours in the customer's tenant, by its name."""
    tenants = emulator.control("GET", "state")["tenants"]
    rows = [row["body"] for row in next(one for one in tenants if one["id"] == TENANT)["objects"].values()]
    return {row["displayName"]: row for row in rows if str(row.get("uniqueName", "")).startswith("gangway-")}


def mails(walked: Walk) -> dict[str, str]:
    """What was mailed to the customer's people, by its kind, without breaks in its lines."""
    with within(walked.customer.path):
        rows = {MessageKind(row.kind): row.context for row in Message.objects.exclude(kind__startswith="operator")}
    texts = {kind: MESSAGES[kind].compose(told, link="https://sp2.example/i/x").text for kind, told in rows.items()}
    return {kind.value: " ".join(text.split()) for kind, text in texts.items()}


def registration_id(walked: Walk):
    with within(walked.customer.path):
        return invited.invitation(walked.invitation_id).registration_id


def test_one_sign_in_makes_both_and_the_service_takes_both_over(emulator):
    walked = aboard(emulator, features=QUALITY)
    view = walked.view()
    (quality,) = view.beside
    assert (view.state, state_of(walked), quality.is_made) == (CaseState.DONE, State.AUTHENTICATED, True)
    assert {right.name for right in quality.registration.permissions} == RIGHTS
    assert not quality.registration.roles
    assert not {"CallRecords.Read.All"} & set(view.done.permissions)
    assert view.done.sign_in_application_removed == "yes"
    assert tokens_kept() == []
    made = ours(emulator)
    assert set(made) == {"gw-contoso", "gw-contoso-QoE"}
    assert [len(row["passwordCredentials"]) for row in made.values()] == [1, 1]
    client = Client()
    put_into_wizard(client, walked.case_id)
    assert "“gw-contoso-QoE” is an App registration of its own: delete it" in client.get("/wizard/done/").text
    told = mails(walked)["completion"]
    assert "Beside it, the service has an App registration of its own: gw-contoso-QoE (" in told
    assert all(f"- {right}" in told for right in RIGHTS)
    assert told.count(" asks you to renew it.") == 2
    assert "“gw-contoso-QoE” is an App registration of its own: delete it in the same way." in told
    service_id = finished(walked)
    run_until_idle()
    assert "Beside it, it uses “gw-contoso-QoE”" in mails(walked)["service_created"]
    with within(walked.customer.path):
        looked_at = companions.companion(service_id, "qoe")
        assert (looked_at.is_over, looked_at.status, looked_at.credential is not None) == (True, "ok", True)
        assert [one.name for one in shared_by(walked.customer.id)] == ["gw-contoso"]
        Credential.objects.exclude(registration_id=looked_at.registration.id).update(end_read_at=clock.now())
    desk = sit_down(walked.provider)
    page = soup(desk.get(f"/services/{service_id}/configuration/m365/"))
    assert "Read in the tenant" in page.select_one("[aria-labelledby=set]").get_text()
    assert "Recorded when it was made" in page.select_one("[aria-labelledby=quality]").get_text()
    assert desk.post(f"/services/{service_id}/configuration/m365/call-quality/validate/").status_code == 302
    with within(walked.customer.path):
        assert not companions.companion(service_id, "qoe").is_over
        typed = service(service_id).short_name
        deletion.delete_service(service_id=service_id, typed=typed, by=OLGA, now=clock.now())
        assert [one.name for one in deletion.deletion(service_id).beside] == ["gw-contoso-QoE"]
    deletion.take_away(service_id, again=False, now=clock.now() + timedelta(days=60))
    run_until_idle()
    with within(walked.customer.path):
        left = Leftover.objects.filter(cleared_at=None, kind="application")
        assert {row.name for row in left} == {"gw-contoso", "gw-contoso-QoE"}
        assert deletion.deletion(service_id).is_stuck


@pytest.mark.parametrize(("typed", "lives"), [(180, [180, 365]), (90, [90, 90])])
def test_days_left_as_the_first_plan_has_them_shorten_nothing_of_the_other(emulator, typed, lives):
    walked = walk(domain="contoso.com", features=("self-rotation", *QUALITY))
    sign_in(walked, emulator)
    actions.confirm_signed_in(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    begun = {"case_id": walked.case_id, "name": "gw-contoso", "by": ADMINISTRATOR, "now": clock.now()}
    actions.start_provisioning(**begun, credential_days=typed)
    with within(walked.customer.path):
        first = Run.objects.get(after=None)
        assert [run.wanted["credential_days"] for run in (first, Run.objects.get(after=first))] == lives
    run_until_idle()
    told = mails(walked)["completion"]
    assert "Before that it renews itself: nobody has to sign in for it. Later" in told
    assert "Before that, your provider asks you to renew it." in told


def test_a_kept_service_is_looked_at_with_what_it_uses_beside_and_says_so_meanwhile(emulator):
    walked = aboard(emulator, features=QUALITY)
    service_id = finished(walked)
    run_until_idle()
    desk, place = sit_down(walked.provider), f"/services/{service_id}"
    with within(walked.customer.path):
        named = service(service_id).short_name
        deletion.delete_service(service_id=service_id, typed=named, by=OLGA, now=clock.now())
        deletion.keep_service(service_id=service_id, by=OLGA, now=clock.now())
        assert not companions.companion(service_id, "qoe").is_over
    assert "Unknown" in soup(desk.get(f"{place}/danger/")).select_one(".gw-statuses").get_text()
    assert "not validated yet" in soup(desk.get(f"{place}/danger/")).select_one(".gw-statuses").get_text()
    run_until_idle()
    with within(walked.customer.path):
        assert (companions.companion(service_id, "qoe").status, service(service_id).connection.value) == ("ok", "ok")
    assert "not validated yet" not in desk.get(f"{place}/danger/").text


def test_what_is_declined_is_not_made_and_both_sides_read_so(emulator):
    walked = walk(features=QUALITY)
    before = walked.view().offer
    assert "Two App registrations are made" in mails(walked)["invitation"]
    assert "delete both App registrations" in mails(walked)["invitation"]
    assert "two App registrations" in said_of(before)["does"]
    assert "and one for this: Call quality of Microsoft Teams." in said_of(before)["lead"]
    assert [one.title for one in before.plan.beside] == ["Call quality of Microsoft Teams"]
    chosen = {"case_id": walked.case_id, "seen": before.plan_fingerprint, "by": ADMINISTRATOR, "now": clock.now()}
    actions.choose_features(declined=QUALITY, **chosen)
    sign_in(walked, emulator)
    provision(walked)
    assert (walked.view().state, walked.view().beside) == (CaseState.DONE, ())
    assert set(ours(emulator)) == {"gw-contoso"}
    assert "one App registration" in said_of(walked.view().offer)["does"]
    assert "QoE" not in mails(walked)["completion"]
    assert [feature.key for feature in walked.view().offer.plan.declined] == ["call-quality"]


@pytest.mark.parametrize("is_taken_away", [False, True])
def test_both_wait_for_an_administrator_with_more_rights_who_finishes_both(emulator, is_taken_away):
    walked = walk(features=QUALITY)
    sign_in(walked, emulator, avery)
    provision(walked)
    view = walked.view()
    assert (view.state, view.beside[0].run.state) == (CaseState.WAITING, RunState.WAITING)
    assert {row.name for row in view.beside[0].waiting.remaining} == RIGHTS
    assert tokens_kept() == []
    actions.sign_in_again(case_id=walked.case_id, by=ADMINISTRATOR, now=clock.now())
    sign_in(walked, emulator)
    if is_taken_away:  # somebody declined it meanwhile, and agreed again before that was done
        with within(walked.customer.path):
            cancel_run(run_id=view.beside[0].run.id, by=ADMINISTRATOR, now=clock.now())
    provision(walked)
    beside = walked.view().beside[0]
    assert (walked.view().state, beside.is_made) == (CaseState.DONE, True)
    assert beside.registration.display_name == ("gw-contoso-QoE2" if is_taken_away else "gw-contoso-QoE")
    assert walked.view().done.sign_in_application_removed == "yes"


def test_call_quality_that_fails_spoils_nothing_and_is_shown_to_both_sides(emulator):
    walked = walk(domain="contoso.com", features=QUALITY)
    sign_in(walked, emulator)
    with within(walked.customer.path):
        path = f"/v1.0/applications(uniqueName='gangway-{beside_id(registration_id(walked), 'qoe')}')"
    refusal = {"status": 400, "code": "Request_BadRequest"}
    emulator.control("PUT", "faults/no", json={"match": {"method": "PATCH", "path": path}, "effect": refusal})
    provision(walked)
    view = walked.view()
    assert (view.state, view.beside[0].run.state) == (CaseState.DONE, RunState.FAILED)
    assert tokens_kept() == []
    client = Client()
    put_into_wizard(client, walked.case_id)
    told = view.beside[0].run.error.what
    assert told in soup(client.get("/wizard/done/")).get_text()
    assert "CallRecords.Read.All" not in mails(walked)["completion"]
    desk = sit_down(walked.provider)
    assert told in soup(desk.get(f"/invitations/{walked.invitation_id}/")).get_text()
    service_id = finished(walked)
    with within(walked.customer.path):
        assert service(service_id).lifecycle is Lifecycle.CREATED


def test_nobody_is_told_of_what_was_made_beside_for_another_service(emulator):
    walked = aboard(emulator, features=QUALITY)
    other = factories_services.plan(walked.customer)
    with within(walked.customer.path):
        Run.objects.exclude(after=None).update(service_id=other)
    finished(walked)
    assert "QoE" not in mails(walked)["service_created"]


def test_withdrawing_takes_both_back_or_lists_both(emulator):
    walked = aboard(emulator, features=QUALITY)
    with within(walked.customer.path):
        withdraw(invitation_id=walked.invitation_id, by=OLGA, now=clock.now())
    run_until_idle()
    with within(walked.customer.path):
        left = Leftover.objects.filter(cleared_at=None, kind="application")
        assert {row.name for row in left} == {"gw-contoso", "gw-contoso-QoE"}
