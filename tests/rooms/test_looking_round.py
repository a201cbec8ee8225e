"""What belongs to nothing, seen in the tenant itself: listed for a person, hidden from others, never taken away."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from asgiref.sync import async_to_sync
from django.db import connection as db
from django.db import transaction
from django.test.utils import CaptureQueriesContext

from gangway.connections import looking_round
from gangway.connections.actions import connect_service
from gangway.connections.care_view import orphans
from gangway.connections.models import Connection
from gangway.foundation import clock
from gangway.foundation.ids import AppId, KeyId, ObjectId
from gangway.jobs.threads import callers_thread
from gangway.microsoft.graph.shapes import (
    Application,
    FederatedKey,
    Listed,
    Namesake,
    Password,
    ServicePrincipal,
)
from gangway.organizations.scope import within, within_everything
from gangway.provisioning import leaving, leftovers, switching, undoing
from gangway.provisioning.actions import mark_removed, try_again
from gangway.provisioning.engine.sight import Source, TenantSight
from gangway.provisioning.errors import OnlyByHand, UsedAgain
from gangway.provisioning.farewell import parted
from gangway.provisioning.models import Credential, Leftover, Registration, Run
from gangway.provisioning.remains import remains_in, remove_with
from gangway.provisioning.sighted import coverage
from tests.rooms.factories_connections import DAY, TENANT, connected
from tests.rooms.factories_organizations import SETUP, Place, make_customer, make_provider

pytestmark = pytest.mark.django_db
LONG_AGO = 30 * DAY


@pytest.fixture
def provider() -> Place:
    return make_provider()


@pytest.fixture
def customer(provider: Place) -> Place:
    return make_customer(provider, name="Contoso")


def made(customer: Place, name: str = "voice-1", **changed: Any) -> Registration:
    """A registration that a run made a month ago, for a created service that signs in with it."""
    service_id, then = connected(customer, name), clock.now() - LONG_AGO
    with within(customer.path):
        Credential.objects.filter(service_id=service_id).update(announced_at=then, made_at=then)
        row = Registration.objects.get(credentials__service_id=service_id)
        told = {"app_id": str(uuid4()), "object_id": str(uuid4()), "made_at": then, "created_at": then}
        for key, value in (told | changed).items():
            setattr(row, key, value)
        row.save()
        times = {"created_at": then, "queued_at": then, "started_at": then, "ended_at": then}
        Run.objects.create(
            organization_id=customer.id, registration=row, service_id=service_id, state="proved", **times
        )
    return row


def unused(customer: Place, row: Registration) -> None:
    """Its service went long ago, and its credential stayed."""
    with within(customer.path):
        Connection.objects.filter(registration_id=row.pk).delete()
        for one in Credential.objects.filter(registration_id=row.pk).select_related("service"):
            type(one.service).objects.filter(pk=one.service_id).update(lifecycle="deleted", leaves_at=None)


def application(row: Registration, *keys: Password) -> Application:
    name = f"gangway-{row.pk}"
    return Application(ObjectId(row.object_id), AppId(row.app_id), row.display_name, name, passwords=keys)


def own_key(row: Registration) -> Password:
    with within_everything("a test"):
        held = Credential.objects.get(registration_id=row.pk)
    return Password(KeyId(held.key_id), held.display_name, held.expires_at)


def sight(*found: Application, **changed: Any) -> TenantSight:
    """All that a Global Administrator lets us see."""
    told = TenantSight(TENANT, "public", Source.SIGNED_IN, Listed(found), Listed(), Listed())
    return replace(told, **changed)


def look(customer: Place, seen: TenantSight) -> None:
    looking_round.seen_by_person(seen, organization_id=customer.id, now=clock.now())


def listed(customer: Place) -> list[tuple[str, str, str]]:
    with within(customer.path):
        rows = Leftover.objects.filter(cleared_at=None).order_by("kind", "name")
        return [(one.kind, one.name, one.facts.get("by_hand", "")) for one in rows]


def standing(registration_id: UUID) -> tuple[str, str]:
    with within_everything("a test"):
        row = Registration.objects.get(pk=registration_id)
    return row.seen, row.seen_by


def test_one_that_no_service_uses_is_listed_once_and_is_off_the_list_when_it_was_seen_gone(customer):
    row = made(customer)
    unused(customer, row)
    for _twice in range(2):
        look(customer, sight(application(row)))
    assert listed(customer) == [("application", "voice-1", "")]
    with within(customer.path):
        assert [one.name for one in remains_in(TENANT, cloud="public")] == ["voice-1"]
        assert Registration.objects.get().state == "proved"
    look(customer, sight())
    assert listed(customer) == []
    with within(customer.path):
        assert Registration.objects.get().state == "removed"
        assert [one.state for one in Credential.objects.all()] == ["removed"], "nothing of it is kept sealed"


def test_one_that_is_used_awaited_or_at_work_is_left_in_peace(customer):
    used, awaited, at_work = (made(customer, name) for name in ("used", "awaited", "at-work"))
    for one in (awaited, at_work):
        unused(customer, one)
    with within(customer.path):
        Run.objects.filter(registration=awaited).update(state="waiting")
        Run.objects.filter(registration=at_work).update(state="queued")
    look(customer, sight(application(used, own_key(used)), application(awaited), application(at_work)))
    assert listed(customer) == []
    assert [standing(one.pk)[0] for one in (used, awaited, at_work)] == ["there", "there", ""]


def test_what_others_have_in_the_same_tenant_stays_hidden_and_untouched(provider, customer):
    beside = make_customer(provider, name="Contoso Two")
    theirs, of_nobody = made(beside, "theirs"), made(customer, "ours")
    unused(beside, theirs)
    with within(customer.path):
        stranger = replace(application(of_nobody), unique_name=f"gangway-{uuid4()}", app_id=AppId(str(uuid4())))
    look(customer, sight(application(theirs), application(of_nobody, own_key(of_nobody)), stranger))
    assert (listed(customer), listed(beside)) == ([], [])
    assert standing(theirs.pk) == ("", "")
    look(beside, sight(application(theirs)))
    assert (listed(customer), listed(beside)) == ([], [("application", "theirs", "")])


@pytest.mark.parametrize(
    ("changed", "key", "wanted"),
    [
        ({}, {}, []),
        ({"state": "made"}, {"unused": True}, [("credential", "voice-1-ab12", "")]),
        ({"state": "made", "announced_at": timedelta(days=2)}, {"unused": True}, []),
        ({"state": "announced", "key_id": ""}, {"unused": True}, [("credential", "voice-1-ab12", "")]),
        ({"state": "removed"}, {"unused": True}, [("credential", "voice-1-ab12", "yes")]),
        ({}, {"name": "voice-1-0a1b2c3d"}, [("credential", "voice-1-0a1b2c3d", "yes")]),
        ({}, {"name": "backup of Grace"}, []),
        ({"origin": "given"}, {"unused": True}, []),
    ],
    ids=["used", "unused", "young", "announced", "said to be removed", "like ours", "somebody's", "typed in"],
)
def test_a_credential_is_listed_when_our_journal_names_it_or_its_name_is_like_ours(customer, changed, key, wanted):
    row = made(customer)
    seen = own_key(row)
    with within(customer.path):
        if "announced_at" in changed:
            changed = changed | {"announced_at": clock.now() - changed["announced_at"]}
        Credential.objects.update(**changed)
        if key.get("unused"):
            other = Credential.objects.get()
            other.pk, other.display_name, other.key_id, other.state = uuid4(), "voice-1-used", str(uuid4()), "proved"
            other.origin = "made"
            other.save(force_insert=True)
            Connection.objects.update(credential_id=other.pk)
    keys = (seen, replace(seen, key_id=KeyId(str(uuid4())), display_name=key["name"])) if "name" in key else (seen,)
    look(customer, sight(application(row, *keys)))
    assert listed(customer) == wanted


def test_a_service_whose_registration_is_gone_stands_among_those_without_one(customer):
    gone, kept, cut = (made(customer, name) for name in ("gone", "kept", "cut"))
    look(customer, sight(application(kept, own_key(kept)), deleted=Listed((Namesake(f"gangway-{cut.pk}", "cut"),))))
    assert [standing(one.pk)[0] for one in (gone, kept, cut)] == ["gone", "there", "deleted"]
    with within(customer.path):
        found = orphans(limit=10)
    assert {one.short_name for one in found.lost} == {"gone", "cut"}
    assert {one.name for one in found.sighted[:2]} == {"gone", "cut"}
    assert [one.is_missed for one in found.sighted] == [True, True, False]


def test_what_may_stand_on_the_next_page_of_the_deleted_ones_is_not_gone_for_good(customer):
    row = made(customer)
    unused(customer, row)
    look(customer, sight(application(row)))
    look(customer, sight(deleted=Listed((), whole=False)))
    with within(customer.path):
        assert Credential.objects.get().state != "removed"
        assert Registration.objects.get().state != "removed"


def test_a_part_of_a_list_shows_nobody_gone_and_what_nobody_let_us_read_stays_unknown(customer):
    row = made(customer)
    part = Listed[Application]((), whole=False)
    for seen in (sight(applications=part), sight(applications=None, deleted=None)):
        look(customer, seen)
        assert standing(row.pk) == ("", "")
    own = sight(applications=None, source=Source.OWN_RIGHT, itself=application(row, own_key(row)))
    looking_round.seen_by_itself(own, registration_id=row.pk, now=clock.now())
    assert standing(row.pk) == ("there", "own_right")
    token = TenantSight(TENANT, "public", Source.ITSELF, signs_in=frozenset({row.app_id}))
    looking_round.seen_by_itself(token, registration_id=row.pk, now=clock.now())
    assert standing(row.pk) == ("there", "own_right")
    refused = TenantSight(TENANT, "public", Source.ITSELF, unknown=frozenset({row.app_id}))
    for seen, wanted, lost in ((refused, ("gone", "itself"), ["voice-1"]), (token, ("there", "itself"), [])):
        looking_round.seen_by_itself(seen, registration_id=row.pk, now=clock.now())
        assert standing(row.pk) == wanted
        with within(customer.path):
            assert [one.short_name for one in orphans(limit=10).lost] == lost
            assert coverage().unknown == 1


def test_that_one_signs_in_takes_nothing_off_the_list_and_a_proof_brings_it_back(customer):
    row, other = made(customer), made(customer, "voice-2")
    strange = replace(own_key(row), key_id=KeyId(str(uuid4())), display_name="voice-1-0a1b2c3d")
    look(customer, sight(application(row, own_key(row), strange)))
    token = TenantSight(TENANT, "public", Source.ITSELF, signs_in=frozenset({row.app_id}))
    looking_round.seen_by_itself(token, registration_id=row.pk, now=clock.now())
    assert listed(customer) == [("credential", "voice-1-0a1b2c3d", "yes")]
    assert standing(other.pk) == ("gone", "signed_in")
    with within(customer.path):
        Registration.objects.filter(pk=other.pk).update(proved_at=clock.now())
        found = {one.name: one.standing for one in orphans(limit=10).sighted}
        assert found == {"voice-1": "there", "voice-2": "there"}
        assert orphans(limit=10).lost == ()


def test_an_enterprise_application_without_its_registration_is_listed_and_cleared_by_a_whole_list_only(customer):
    row = made(customer)
    unused(customer, row)
    left = ServicePrincipal(ObjectId(str(uuid4())), AppId(row.app_id), "voice-1")
    look(customer, sight(principals=Listed((left,))))
    assert listed(customer) == [("principal", "voice-1", "")]
    look(customer, sight(principals=None))
    assert listed(customer) == [("principal", "voice-1", "")]
    look(customer, sight())
    assert listed(customer) == []


def test_nothing_is_tried_again_that_a_service_uses_or_that_isnt_ours_to_remove(customer):
    row, other = made(customer), made(customer, "voice-2")
    unused(customer, row)
    strange = replace(own_key(other), key_id=KeyId(str(uuid4())), display_name="voice-2-0a1b2c3d")
    look(customer, sight(application(row), application(other, own_key(other), strange)))
    with within(customer.path):
        whole, by_hand = Leftover.objects.get(kind="application"), Leftover.objects.get(kind="credential")
        for one in Credential.objects.filter(registration_id=row.pk).select_related("service"):
            type(one.service).objects.filter(pk=one.service_id).update(lifecycle="created")
        with pytest.raises(UsedAgain):
            try_again(leftover_id=whole.pk, by=SETUP, now=clock.now())
        with pytest.raises(OnlyByHand):
            try_again(leftover_id=by_hand.pk, by=SETUP, now=clock.now())
        assert remains_in(TENANT, cloud="public") == ()
        assert not Run.objects.filter(kind="teardown").exists()
        mark_removed(by_hand.pk, by=SETUP, now=clock.now())
    look(customer, sight(application(row), application(other, own_key(other))))
    assert listed(customer) == []


def test_a_registration_that_the_customer_made_is_gone_only_when_entra_says_so(customer):
    """It has no name by which a list of ours would show it."""
    row = made(customer, origin="given")
    look(customer, sight())
    assert standing(row.pk) == ("", "")
    told = TenantSight(TENANT, "public", Source.ITSELF, signs_in=frozenset({row.app_id}))
    for seen in (told, replace(told, signs_in=frozenset(), unknown=frozenset({row.app_id}))):
        looking_round.seen_by_itself(seen, registration_id=row.pk, now=clock.now())
        assert standing(row.pk) == ("there" if seen is told else "gone", "itself")


def announced(customer: Place, row: Registration) -> Password:
    """A credential that was announced, and whose answer was cut off, is listed by its name."""
    seen = own_key(row)
    with within(customer.path):
        Credential.objects.filter(registration_id=row.pk).update(state="announced", key_id="")
        Run.objects.filter(registration_id=row.pk).update(state="failed", ended_at=clock.now() - DAY)
    look(customer, sight(application(row, seen)))
    assert listed(customer) == [("credential", seen.display_name, "")]
    return seen


def state_of(customer: Place) -> str:
    with within(customer.path):
        return Credential.objects.get().state


def test_what_may_come_back_is_off_the_list_and_our_copy_stays_until_whole_lists_show_it_gone(customer):
    row = made(customer)
    cut = sight(deleted=Listed((Namesake(f"gangway-{row.pk}", "voice-1"),)))
    once = TenantSight(TENANT, "public", Source.ITSELF, unknown=frozenset({row.app_id}))
    own = sight(source=Source.OWN_RIGHT, deleted=None)
    with within(customer.path):
        Connection.objects.all().delete()
    for seen in (cut, once, own):
        look(customer, sight(application(row, own_key(row))))
        with within(customer.path):
            Leftover.objects.exclude(cleared_at=None).update(cleared_at=clock.now() - DAY)
        assert len(listed(customer)) == 1
        look(customer, seen)
        with within(customer.path):
            Leftover.objects.update(cleared_at=clock.now() - DAY)
        assert state_of(customer) == "proved"
    look(customer, sight(application(row, own_key(row))))
    look(customer, sight())
    assert (listed(customer), state_of(customer)) == ([], "removed")


def test_one_among_the_deleted_stays_deleted_where_a_look_cant_read_those(customer):
    row = made(customer)
    look(customer, sight(deleted=Listed((Namesake(f"gangway-{row.pk}", "voice-1"),))))
    look(customer, sight(source=Source.OWN_RIGHT, deleted=None))
    assert standing(row.pk) == ("deleted", "own_right")
    look(customer, sight())
    assert standing(row.pk) == ("gone", "signed_in")


def test_what_was_listed_by_its_name_is_put_away_by_it_whoever_saw_it_gone(customer):
    row = made(customer)
    announced(customer, row)
    look(customer, sight(application(row)))
    assert (listed(customer), state_of(customer)) == ([], "removed")


def test_a_tear_down_takes_off_the_list_what_was_listed_by_its_name_and_nothing_that_is_a_persons_to_remove(customer):
    row = made(customer)
    seen = announced(customer, row)
    with within(customer.path):
        run, held = Run.objects.get(), Credential.objects.get()
        Credential.objects.update(state="removed")
        leftovers.seen_gone(run, besides=(), whole=False, by=SETUP, now=clock.now())
        assert listed(customer) == []
        Leftover.objects.update(cleared_at=None, cleared_by_name="")
        leftovers.credential_gone(held.pk, seen.key_id, by=SETUP, now=clock.now())
        assert listed(customer) == []
        Leftover.objects.update(cleared_at=None, cleared_by_name="", facts={"look": "yes", "by_hand": "yes"})
        leftovers.seen_gone(run, besides=(), whole=False, by=SETUP, now=clock.now())
        assert len(listed(customer)) == 1


def test_on_a_shared_registration_it_stands_with_the_service_it_was_made_for_and_holds_up_nobodys_deletion(customer):
    row, later = made(customer), connected(customer, "voice-2")
    stray = own_key(row)
    strange = replace(stray, key_id=KeyId(str(uuid4())), display_name="voice-1-0a1b2c3d")
    with within(customer.path):
        first = Credential.objects.get(registration_id=row.pk).service_id
        Connection.objects.filter(service_id=first).delete()
        then = clock.now() - DAY
        run = Run.objects.create(
            organization_id=customer.id,
            registration=row,
            service_id=later,
            kind="teardown",
            state="failed",
            on_end="x",
            created_at=then,
            queued_at=then,
            ended_at=then,
        )
    look(customer, sight(application(row, stray, strange)))
    with within(customer.path):
        assert set(Leftover.objects.values_list("service_id", flat=True)) == {first}
        left = {"organization_id": customer.id, "registration": row, "run": run, "service_id": later, "kind": "role"}
        at = {"since": then, "seen_at": then, "cleared_at": then, "cleared_by_name": "Olga"}
        Leftover.objects.create(**left, name="Teams Reader", object_id="role", **at)
        assert leaving.left(service_id=later, on_end="x").state is leaving.Leaving.GONE


def test_the_registration_is_locked_before_its_leftover(customer):
    row = made(customer)
    unused(customer, row)
    look(customer, sight(application(row)))
    with within(customer.path), transaction.atomic(), CaptureQueriesContext(db) as asked:
        leftovers.locked(Leftover.objects.get().pk)
    locks = [one["sql"] for one in asked if "FOR UPDATE" in one["sql"]]
    assert [sql.split('FROM "')[1].split('"')[0] for sql in locks] == [
        "provisioning_registration",
        "provisioning_leftover",
    ]


def listed_before_it_was_used(customer: Place) -> Credential:
    """Provisioned long ago and added only now: another sign-in's look has listed the credential meanwhile."""
    row = made(customer)
    with within(customer.path):
        Connection.objects.all().delete()
    look(customer, sight(application(row, own_key(row))))
    assert listed(customer) == [("credential", "voice-1-ab12", "")]
    with within(customer.path):
        return Credential.objects.get()


def connect(customer: Place, held: Credential) -> None:
    with within(customer.path):
        connect_service(
            service_id=held.service_id,
            organization_id=customer.id,
            registration_id=held.registration_id,
            credential_id=held.pk,
            user_name="grace.global@contoso.com",
            m365_domain="contoso.com",
            items=[],
            granted=None,
            seen_at=clock.now(),
            by=SETUP,
            now=clock.now(),
        )


def open_again() -> None:
    """As if what is in use by now were still on the list."""
    Leftover.objects.update(cleared_at=None, cleared_by_kind="", cleared_by_name="")


def test_what_a_service_takes_into_use_is_off_the_list_and_not_called_gone(customer):
    held = listed_before_it_was_used(customer)
    connect(customer, held)
    assert listed(customer) == []
    with within(customer.path):
        row = Leftover.objects.get()
        assert row.cleared_by_name == leftovers.TAKEN.name
        Run.objects.update(kind="teardown", on_end="x")
        told = [line.outcome for one in parted(held.service_id, on_end="x") for line in one.lines]
        assert "gone" not in told


def test_a_credential_that_is_in_use_by_now_is_neither_tried_again_nor_removed_with_a_sign_in(customer):
    held = listed_before_it_was_used(customer)
    with within(customer.path):
        assert len(remains_in(TENANT, cloud="public")) == 1
    connect(customer, held)
    with within(customer.path):
        open_again()
        row = Leftover.objects.get()
        with pytest.raises(UsedAgain):
            try_again(leftover_id=row.pk, by=SETUP, now=clock.now())
        assert remains_in(TENANT, cloud="public") == ()
        agreed: Any = [(row.kind, row.name, row.object_id)]
        given: Any = {"signed_in": None, "by": SETUP, "now": clock.now()}
        assert remove_with(held.registration_id, agreed=agreed, **given) is None
        assert not Run.objects.filter(kind="teardown").exists()


@pytest.mark.parametrize("whole", [False, True])
def test_a_tear_down_that_was_asked_for_before_takes_nothing_of_what_is_in_use_by_now(customer, whole):
    held = listed_before_it_was_used(customer)
    wanted = {"whole": whole, "for_good": False, "credentials": [] if whole else [str(held.pk)]}
    of = {"registration_id": held.registration_id, "service_id": held.service_id}
    opened: Any = SimpleNamespace(path=customer.path, wanted=wanted, **of)
    before = undoing.asked_for(opened)
    assert (before.whole, before.credentials) == (whole, {held.pk})
    connect(customer, held)
    after = undoing.asked_for(opened)
    assert (after.whole, after.credentials) == (False, frozenset())
    with pytest.raises(UsedAgain), callers_thread():
        async_to_sync(undoing.tear_down)(opened)
    with within(customer.path):
        type(held.service).objects.update(lifecycle="deleting", leaves_at=clock.now())
    assert undoing.asked_for(opened).credentials == {held.pk}


def test_what_a_look_listed_before_a_rotation_holds_up_nothing_after_its_rest(customer):
    held = listed_before_it_was_used(customer)
    with within(customer.path):
        new = Credential.objects.get()
        new.pk, new.display_name, new.key_id, new.sealed_id = uuid4(), "voice-1-new", str(uuid4()), uuid4()
        new.save(force_insert=True)
        switching.switch(held.pk, new.pk, by=SETUP, now=clock.now())
    assert listed(customer) == []
    switching.remove_what_rested(now=clock.now() + 2 * DAY)
    with within(customer.path):
        assert Run.objects.get(kind="teardown").wanted["credentials"] == [str(held.pk)]


def trusting(row: Registration, *names: str) -> Application:
    """The registration with federated credentials, as a list shows them that was asked for them."""
    with within_everything("a test"):
        held = {one.display_name: one.key_id for one in Credential.objects.filter(registration_id=row.pk)}
    keys = (FederatedKey(KeyId(held.get(name, name)), name, "https://issuer.example", "s") for name in names)
    return replace(application(row), federated=tuple(keys), tells_trust=True)


def test_a_federated_credential_that_no_service_uses_is_listed_like_any_other(customer):
    row = made(customer)
    with within(customer.path):
        first = Credential.objects.get()
        Credential.objects.update(kind="federated")
    look(customer, sight(trusting(row, first.display_name)))
    assert listed(customer) == []
    look(customer, sight(trusting(row, first.display_name, "voice-1-0a0b0c0d", "their-own-trust")))
    assert listed(customer) == [("credential", "voice-1-0a0b0c0d", "yes")]
    look(customer, sight(application(row)))
    assert listed(customer) == [("credential", "voice-1-0a0b0c0d", "yes")], "this look was told of none"
    look(customer, sight(trusting(row, first.display_name)))
    assert listed(customer) == []


def test_a_federated_credential_is_used_as_long_as_one_of_the_services_that_share_it_does(customer):
    row = made(customer)
    with within(customer.path):
        one = Credential.objects.get()
        Credential.objects.update(kind="federated")
        other, name = Credential.objects.get(), one.display_name
        other.pk, other.display_name, other.state = uuid4(), f"{name} #2", "removed"
        other.save(force_insert=True)
    look(customer, sight(trusting(row, name)))
    assert listed(customer) == []
    with within(customer.path):
        Connection.objects.update(credential_id=uuid4())
    look(customer, sight(trusting(row, name)))
    assert [(kind, found) for kind, found, _by_hand in listed(customer)] == [("credential", name)]
