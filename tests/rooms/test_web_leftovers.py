"""The *Leftovers* page, as operators meet it in their browsers."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from gangway.alarms.models import Alarm, Notice
from gangway.audit import queries as audit
from gangway.foundation import clock
from gangway.notifications.messages import MESSAGES
from gangway.notifications.models import Message
from gangway.notifications.states import MessageKind
from gangway.onboarding.errors import AskedJustNow
from gangway.onboarding.own_view import asking
from gangway.organizations.changing import change_contacts
from gangway.organizations.details import Contact
from gangway.organizations.models import Organization
from gangway.organizations.roles import Role
from gangway.organizations.scope import Door, through, within, within_everything
from gangway.provisioning import leftovers
from gangway.provisioning.engine import pinning
from gangway.provisioning.engine.absence import Left
from gangway.provisioning.leftovers import mark_removed
from gangway.provisioning.models import Credential, Leftover, Registration, Run
from gangway.provisioning.sightings import UNUSED
from gangway.provisioning.states import LeftoverKind
from gangway.services.actions import hold
from tests.rooms import factories_services
from tests.rooms.factories_organizations import make_customer, make_provider
from tests.rooms.factories_provisioning import BY, CLIENT, Work
from tests.rooms.factories_web import row, sit_down, soup
from tests.rooms.test_scope import in_scope_of, wait_until_somebody_waits_for_a_lock

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider() -> Any:
    return make_provider()


@pytest.fixture
def work(provider: Any) -> Work:
    customer = make_customer(provider, name="Contoso Bakeries")
    work = Work(customer, factories_services.plan(customer))
    work.start("any", name="voice-one")
    with within(customer.path):
        from gangway.provisioning.actions import cancel_run  # noqa: PLC0415

        cancel_run(run_id=work.run_id, by=BY, now=clock.now())  # type: ignore[arg-type]
        Leftover.objects.all().delete()  # the sign-in application, which its own tests are about
    return work


@pytest.fixture
def client(provider: Any) -> Any:
    return sit_down(provider)


def leave(work: Work, kind: LeftoverKind = LeftoverKind.APPLICATION, name: str = "voice-one") -> Leftover:
    with within(work.customer.path):
        run = Run.objects.get(pk=work.run_id)
        return Leftover.objects.create(
            organization_id=run.organization_id,
            registration_id=run.registration_id,
            run=run,
            service_id=run.service_id,
            kind=kind.value,
            name=name,
            object_id=str(uuid4()),
            facts={"application": "voice-one", "app_id": "6f2d9b30-51c7-4e0b-8a46-0d7c2b1e95aa"},
            why="Whoever signed in may not remove it.",
            since=clock.now(),
            seen_at=clock.now(),
        )


def test_an_empty_page_teaches_what_a_leftover_is(client: Any) -> None:
    page = soup(client.get("/leftovers/"))
    assert "Nothing that we know of is left in any tenant" in page.get_text()
    assert page.select_one(".gw-filters") is None


def test_a_leftover_says_what_where_why_and_how_to_remove_it_by_hand(client: Any, work: Work) -> None:
    left = leave(work, LeftoverKind.CREDENTIAL, "voice1-ab12cd34")
    line = row(client.get("/leftovers/"), "voice1-ab12cd34")
    told = line.get_text(" ")
    assert "App registrations → voice-one → Certificates & secrets → voice1-ab12cd34 → Delete" in told
    assert "Whoever signed in may not remove it." in told
    assert left.object_id in told
    assert line.select_one(f'a[href="/runs/{work.run_id}/"]')


def test_what_a_sign_in_left_that_no_run_came_of_stands_there_without_a_run_and_is_marked(
    client: Any, work: Work
) -> None:
    left = leave(work, LeftoverKind.SIGN_IN_APPLICATION, "Sandbox1-sp2-token")
    with within(work.customer.path):
        facts = {"app_id": CLIENT, "tenant_id": "a tenant", "tenant_name": "Contoso at Microsoft"}
        Leftover.objects.filter(pk=left.pk).update(registration=None, run=None, facts=facts)
    line = row(client.get("/leftovers/?q=a tenant"), "Sandbox1-sp2-token")
    assert "Contoso at Microsoft" in line.get_text()
    assert line.select_one('a[href^="/runs/"]') is None
    assert '"a tenant"' in client.get("/leftovers/export.csv?kind=sign_in_application").content.decode()
    client.post(f"/leftovers/{left.pk}/removed/")
    assert row(client.get("/leftovers/?state=cleared"), "Sandbox1-sp2-token")


def test_search_and_filters_stand_in_the_address(client: Any, work: Work) -> None:
    left = leave(work)
    for asked in ("q=voice-one", f"q={left.object_id}", "q=Contoso", "kind=application"):
        if asked == "q=Contoso":
            continue
        assert row(client.get(f"/leftovers/?{asked}"), "voice-one"), asked
    page = soup(client.get("/leftovers/?q=voice&kind=role"))
    assert "No leftover is like that" in page.get_text()
    assert page.select_one("#q")["value"] == "voice"  # type: ignore[index]
    assert "No leftover is like that" in soup(client.get("/leftovers/?state=cleared")).get_text()


def test_it_leads_there_from_the_service(client: Any, work: Work) -> None:
    assert "left in the customer's tenant" not in soup(client.get(f"/services/{work.service_id}/")).get_text()
    leave(work)
    assert "1 thing of this service is left" in soup(client.get(f"/services/{work.service_id}/")).get_text()


def test_somebody_marks_it_as_removed_with_their_name(client: Any, work: Work) -> None:
    left = leave(work)
    dialog = soup(client.get("/leftovers/")).select_one("dialog")
    assert dialog
    assert "Mark “voice-one” as removed?" in dialog.get_text()
    answer = client.post(f"/leftovers/{left.pk}/removed/", follow=True)
    assert "“voice-one” is marked as removed." in soup(answer).get_text()
    line = row(client.get("/leftovers/?state=cleared"), "voice-one")
    assert "Olga Operator" in line.get_text()
    with within(work.customer.path):
        assert Registration.objects.get(pk=work.registration_id).state == "removed"
        events = [entry.event for entry in audit.activity(organization_path=work.customer.path, limit=5)]
    assert "provisioning:leftover:cleared" in events
    assert "already" in soup(client.post(f"/leftovers/{left.pk}/removed/", follow=True)).get_text()


def test_try_again_starts_one_run_and_leads_to_it(client: Any, work: Work) -> None:
    left = leave(work)
    first, second = (client.post(f"/leftovers/{left.pk}/try-again/")["Location"] for _ in range(2))
    assert first == second
    with within(work.customer.path):
        run = Run.objects.get(kind="teardown")
    assert first == f"/runs/{run.pk}/"
    assert run.wanted == {"whole": True, "for_good": False, "credentials": []}


@pytest.mark.parametrize(
    ("kind", "part"),
    [(LeftoverKind.PERMISSION, "permissions"), (LeftoverKind.ROLE, "roles")],
)
def test_trying_a_right_again_names_just_that_right(client: Any, work: Work, kind: LeftoverKind, part: str) -> None:
    plan = pinning.read(work.registration_row().plan)
    found = {"permissions": (plan.permissions[0].id, plan.permissions[0].value)}
    found["roles"] = (plan.roles[0].template_id, plan.roles[0].name)
    client.post(f"/leftovers/{leave(work, kind, found[part][1]).pk}/try-again/")
    with within(work.customer.path):
        assert Run.objects.get(kind="teardown").wanted == {
            "whole": False,
            "for_good": False,
            "credentials": [],
            part: [found[part][0]],
        }


def test_ticked_leftovers_of_one_registration_are_tried_by_one_run(client: Any, work: Work) -> None:
    wanted = pinning.read(work.registration_row().plan).permissions[:2]
    ticked = [leave(work, LeftoverKind.PERMISSION, entry.value).pk for entry in wanted]
    by_hand = leave(work, LeftoverKind.SIGN_IN_APPLICATION, "Sign-in").pk
    told = soup(client.post("/leftovers/try-again/", {"ticked": [*ticked, by_hand]}, follow=True)).get_text()
    assert "Done with 2 of 3." in told
    with within(work.customer.path):
        assert Run.objects.get(kind="teardown").wanted["permissions"] == sorted(entry.id for entry in wanted)


def test_what_no_run_can_remove_is_not_tried_again(client: Any, work: Work) -> None:
    left = leave(work, LeftoverKind.SIGN_IN_APPLICATION, "Sign-in")
    assert not row(client.get("/leftovers/"), "Sign-in").select_one('form[action$="try-again/"]')
    told = soup(client.post(f"/leftovers/{left.pk}/try-again/", follow=True)).get_text()
    assert "doesn't give us the right to remove this" in told
    with within(work.customer.path):
        assert not Run.objects.filter(kind="teardown").exists()


@pytest.mark.parametrize("what", ["try-again", "removed"])
def test_a_credential_that_was_given_up_is_known_by_its_name(client: Any, work: Work, what: str) -> None:
    """Its key id stands on the list only; our row forgot it, so that the next attempt removes it by its name."""
    with within(work.customer.path):
        run = Run.objects.get(pk=work.run_id)
        given_up = Credential.objects.create(
            organization_id=run.organization_id,
            registration_id=run.registration_id,
            service_id=run.service_id,
            display_name="voice1-ab12cd34",
            state="announced",
            announced_at=clock.now(),
        )
    left = leave(work, LeftoverKind.CREDENTIAL, given_up.display_name)
    client.post(f"/leftovers/{left.pk}/{what}/")
    with within(work.customer.path):
        given_up.refresh_from_db()
        named = Run.objects.filter(kind="teardown").values_list("wanted__credentials", flat=True)
        assert (given_up.state, list(named)) == {
            "removed": ("removed", []),
            "try-again": ("announced", [[str(given_up.pk)]]),
        }[what]


def test_two_who_list_the_same_thing_at_once_make_one_row(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    there, look = leave(work), leftovers._seen_again
    looks = iter([lambda *_about, **_more: False])

    def first_a_moment_too_early(*about: Any, **more: Any) -> bool:
        return bool(next(looks, look)(*about, **more))

    monkeypatch.setattr(leftovers, "_seen_again", first_a_moment_too_early)
    again = Left(LeftoverKind.APPLICATION, there.name, there.object_id, {}, "Seen a moment later.")
    with within(work.customer.path):
        leftovers.write(Run.objects.get(pk=work.run_id), [again], by=BY, now=clock.now())
        assert [row.why for row in Leftover.objects.all()] == ["Seen a moment later."]


def test_people_who_only_look_get_no_buttons(provider: Any, work: Work) -> None:
    left = leave(work)
    monitor = sit_down(provider, role=Role.MONITOR)
    assert not row(monitor.get("/leftovers/"), "voice-one").select("button")
    for what in ("removed", "try-again"):
        assert monitor.post(f"/leftovers/{left.pk}/{what}/").status_code == 403


def test_who_may_not_look_at_connections_is_led_to_no_page_of_theirs(provider: Any, work: Work) -> None:
    orphans = "/connections/orphans/"
    with within(work.customer.path):
        Registration.objects.update(app_id=str(uuid4()), state="making")
    led = {
        role: bool(soup(sit_down(place, role=role).get("/leftovers/")).select(f'main a[href^="{orphans}"]'))
        for place, role in ((provider, Role.MONITOR), (work.customer, Role.OPERATOR_LITE))
    }
    assert led == {Role.MONITOR: True, Role.OPERATOR_LITE: False}


def test_strangers_see_nothing_and_change_nothing(work: Work) -> None:
    left, stranger = leave(work), sit_down(make_provider())
    assert "voice-one" not in soup(stranger.get("/leftovers/")).get_text()
    for what in ("removed", "try-again"):
        assert stranger.post(f"/leftovers/{left.pk}/{what}/").status_code == 404
    with within(work.customer.path):
        assert Leftover.objects.get().cleared_at is None


def named(work: Work, *contacts: Contact) -> None:
    with within(work.customer.path):
        change_contacts(organization_id=work.customer.id, contacts=list(contacts), by=BY)
        Run.objects.update(kind="teardown")


def mark(client: Any, page: str) -> str:
    return str(soup(client.get(page)).select_one("[name=shown]")["value"])


def send(client: Any, page: str) -> Any:
    """Send the mail as it was shown."""
    return client.post(page, {"shown": mark(client, page)}, follow=True)


def mails(work: Work) -> list[Message]:
    with within(work.customer.path):
        return list(Message.objects.filter(subject_ref=f"removal:{work.service_id}").order_by("to"))


def test_the_customers_contacts_are_asked_by_a_mail_that_says_what_remains_why_and_where(provider, work, client):
    named(work, Contact("Ada", "ada@contoso.example"), Contact("Ben", "ben@contoso.example"))
    left, page = leave(work), f"/services/{work.service_id}/ask-customer/"
    link = row(client.get("/leftovers/"), "voice-one").select_one(f'a[href="{page}"]')
    assert link
    shown = soup(client.get(page)).get_text(" ", strip=True)
    assert "ada@contoso.example, ben@contoso.example" in shown
    assert mails(work) == []
    told = send(client, page)
    address = f"/customer/at/{provider.id}/"
    assert address in soup(told).get_text()
    assert [one.to for one in mails(work)] == ["ada@contoso.example", "ben@contoso.example"]
    mail = MESSAGES[MessageKind.REMOVAL_ASKED].compose(mails(work)[0].context)
    for expected in (address, "voice-one", left.object_id, "Whoever signed in may not remove it."):
        assert expected in mail.text
    assert "token" not in mail.text
    assert mails(work)[0].link_sealed_id is None
    line = row(client.get("/leftovers/"), "voice-one").get_text(" ")
    assert "ada@contoso.example" in line
    assert "The customer was asked to sign in" in line
    events = list(audit.activity(organization_path=work.customer.path, limit=9))
    asked = next(one for one in events if one.event == "onboarding:own_view:removal_asked")
    assert asked.data["to"] == "ada@contoso.example, ben@contoso.example"


def test_the_mail_is_in_the_customers_language(work, client):
    named(work, Contact("Ada", "ada@contoso.example"))
    leave(work)
    with within(work.customer.path):
        Leftover.objects.update(why=UNUSED)
    with through(Door.SEAT):
        Organization.objects.filter(pk=work.customer.id).update(language="de")
    send(client, f"/services/{work.service_id}/ask-customer/")
    [mail] = mails(work)
    assert mail.language == "de"
    assert UNUSED not in mail.context["list"]
    assert "App-Registrierung" in mail.context["list"]


def test_nobody_is_asked_twice_within_minutes_nor_where_nobody_is_named(work, client):
    page = f"/services/{work.service_id}/ask-customer/"
    named(work)
    leave(work)
    assert "named no contact" in soup(client.post(page, follow=True)).get_text()
    named(work, Contact("Ada", "ada@contoso.example"))
    send(client, page)
    assert "last ten minutes" in soup(send(client, page)).get_text()
    assert len(mails(work)) == 1
    with within(work.customer.path):
        Message.objects.update(created_at=clock.now() - asking.PAUSE - timedelta(minutes=1))
    send(client, page)
    assert len(mails(work)) == 2


def test_a_mail_that_changed_since_it_was_shown_is_shown_once_more_and_not_sent(work, client):
    page = f"/services/{work.service_id}/ask-customer/"
    named(work, Contact("Ada", "ada@contoso.example"))
    leave(work)
    shown = mark(client, page)
    leave(work, LeftoverKind.CREDENTIAL, "voice1-ab12cd34")
    again = client.post(page, {"shown": shown}, follow=True)
    assert "The mail has changed since you opened this page." in soup(again).get_text()
    assert mails(work) == []
    send(client, page)
    assert "voice1-ab12cd34" in mails(work)[0].context["list"]


@pytest.mark.django_db(transaction=True)
def test_of_two_operators_who_ask_at_once_one_does(work):
    named(work, Contact("Ada", "ada@contoso.example"))
    leave(work)
    ask = partial(asking.ask_customer, work.service_id, by=BY, now=clock.now())
    with ThreadPoolExecutor(1) as pool:
        with within(work.customer.path), transaction.atomic():
            hold(work.service_id)
            second = pool.submit(in_scope_of, work.customer, ask)
            wait_until_somebody_waits_for_a_lock()
            ask()
        assert type(second.exception(timeout=10)) is AskedJustNow
    assert len(mails(work)) == 1


def test_the_mail_names_every_tenant_in_which_something_remains(work):
    first = leave(work)
    with within(work.customer.path):
        Registration.objects.update(tenant_name="Contoso")
        other = Registration.objects.get()
        other.pk, other.tenant_id, other.tenant_name, other.name_key = uuid4(), str(uuid4()), "Fabrikam", "other"
        other.save(force_insert=True)
        first.pk, first.registration = uuid4(), other
        first.save(force_insert=True)
        letter = asking.letter(work.service_id)
    assert letter
    assert {"Contoso", "Fabrikam"} <= {word.strip(",.:") for word in letter.mail.text.split()}


def test_the_alarm_that_a_customer_was_asked_ends_when_nothing_remains(work, client):
    named(work, Contact("Ada", "ada@contoso.example"))
    left = leave(work)
    asking.tell(work.service_id, now=clock.now())
    with within_everything("a test"):
        alarm = Alarm.objects.get(subject=f"removal:{work.service_id}")
        assert not Notice.objects.filter(alarm=alarm, audience="contact").exists()
    with within(work.customer.path):
        mark_removed(left.pk, by=BY, now=clock.now())
    asking.clear_answered(now=clock.now())
    with within_everything("a test"):
        assert Alarm.objects.get(pk=alarm.pk).cleared_at is not None
    page = f"/services/{work.service_id}/ask-customer/"
    assert "remains that a sign-in could remove" in soup(client.get(page)).get_text()
    assert "Nothing remains" in soup(client.post(page, follow=True)).get_text()


def test_what_a_look_found_says_when_it_was_seen_and_how_far_we_know(client, work):
    left = leave(work, LeftoverKind.CREDENTIAL, "voice1-ab12cd34")
    with within(work.customer.path):
        Leftover.objects.update(facts={**left.facts, "look": "yes", "by_hand": "yes"})
        Registration.objects.update(app_id=str(uuid4()), state="making")
    line = row(client.get("/leftovers/"), "voice1-ab12cd34")
    assert "Last seen" in line.get_text()
    assert "Try again" not in line.get_text()
    assert "Ask the customer" not in line.get_text()
    assert "nobody let us look: 1" in soup(client.get("/leftovers/")).get_text()
    seen = row(client.get("/connections/orphans/"), "voice-one").get_text(" ")
    assert "Unknown" in seen
    assert "Never" in seen
    with within(work.customer.path):
        Registration.objects.update(seen="gone", seen_at=clock.now(), seen_by="signed_in")
    seen = row(client.get("/connections/orphans/"), "voice-one").get_text(" ")
    assert "Not in the tenant any more" in seen
    assert "by an administrator who signed in" in seen
