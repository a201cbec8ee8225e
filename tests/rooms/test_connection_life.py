"""The years of a connection: what its looks read, who made it, services that share it, renewals, tokens."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from asgiref.sync import async_to_sync

from gangway.alarms.queries import open_for
from gangway.audit.queries import activity
from gangway.audit.record import Actor
from gangway.connections import actions as connections
from gangway.connections.errors import (
    ConnectionSuspended,
    MayNotUse,
    NoSuchConnection,
    PurposeMissing,
    TokensForbidden,
)
from gangway.connections.handing import forbid_tokens, hand_out
from gangway.connections.models import Companion, Validation
from gangway.connections.queries import ItemView, connection
from gangway.foundation import clock
from gangway.foundation.ids import AppId, KeyId, ObjectId
from gangway.foundation.sealed import SealedText
from gangway.invitations import queries as invited
from gangway.jobs.testing import run_until_idle
from gangway.jobs.threads import callers_thread
from gangway.microsoft.graph.session import Outcome
from gangway.microsoft.graph.shapes import Application, Password
from gangway.microsoft.signin.own_credentials import Secret
from gangway.onboarding import sharing
from gangway.onboarding.errors import NotShared
from gangway.onboarding.queries import onboarding, validation
from gangway.organizations.models import Membership
from gangway.organizations.roles import Role
from gangway.organizations.scope import within, within_everything
from gangway.provisioning import actions as provisioning
from gangway.provisioning.check_items import NO_ANSWER
from gangway.provisioning.credential_ends import ReadEnd, Watched, found_in, item_of
from gangway.provisioning.errors import EndNotPlausible, NoSuchCredential
from gangway.provisioning.models import GIVEN, Credential, Registration
from gangway.provisioning.queries import pin
from gangway.provisioning.tokens import TokenPair
from gangway.provisioning.usage import shared_by, uses
from gangway.services.queries import service
from tests.rooms import factories_organizations, factories_services
from tests.rooms.factories_organizations import Place
from tests.rooms.factories_provisioning import BY, Work
from tests.rooms.test_provisioning_rotation import connected, keys_there
from tests.rooms.test_provisioning_runs import delete

OLGA = Actor(kind="person", id="00000000-0000-4000-8000-00000000001a", name="Olga Operator")
pytestmark = [pytest.mark.django_db, pytest.mark.slow]


TYPED = Watched(uuid4(), "", "secret", "", typed=True, expires_at=None, end_typed=True)
OURS = Watched(uuid4(), "", "secret", "", typed=False, expires_at=None, made_at=clock.now() - timedelta(days=5))
"""Of 30 days when it ends in 25, of six when it ends in one."""


def validated(work: Work, service_id: UUID | None = None) -> dict[str, ItemView]:
    """Validate Authentication, and what was seen."""
    wanted = service_id or work.service_id
    with within(work.customer.path):
        connections.validate_connection(service_id=wanted, by=BY, now=clock.now())
    run_until_idle()
    found = view(work, wanted)
    return {item.key: item for item in found.history[0].items}


def view(work: Work, service_id: UUID | None = None) -> Any:
    with within(work.customer.path):
        return connection(service_id or work.service_id)


def change(work: Work, **fields: Any) -> None:
    with within(work.customer.path):
        Credential.objects.filter(service_id=work.service_id).update(**fields)


@pytest.mark.parametrize(
    ("rotates", "told", "source"), [(True, "read in the tenant", "read"), (False, "by our record", "recorded")]
)
def test_the_end_of_a_secret_is_read_by_its_key_id_where_the_registration_may_look(tenant, rotates, told, source):
    work = connected(tenant, rotates=rotates)
    change(work, expires_at=clock.now() + timedelta(days=400))
    item = validated(work)["secret"]
    assert told in item.words
    credential = view(work).credential
    assert credential.end_from == source
    assert (credential.days_left > 390) == (not rotates)


def test_the_end_is_read_as_well_where_a_registration_that_has_nothing_to_do_with_calling_may_look(tenant):
    work = connected(tenant)
    plan, _ = pin(profile="qoe", version=1, features={"call-quality"})
    with within(work.customer.path):
        Registration.objects.update(plan=plan)
    change(work, expires_at=clock.now() + timedelta(days=400))
    assert "read in the tenant" in validated(work)["secret"].words
    change(work, key_id="0a0a0a0a-0000-4000-8000-000000000001", made_at=clock.now() - timedelta(hours=2))
    assert validated(work)["unlisted"].state == "warning"


def test_a_secret_that_is_not_listed_any_more_is_a_warning_although_it_still_signs_in(tenant):
    work = connected(tenant)
    change(work, key_id="0a0a0a0a-0000-4000-8000-000000000001")
    assert validated(work)["secret"].state == "ok"  # made just now: Microsoft may not list it yet
    change(work, made_at=clock.now() - timedelta(hours=2))
    assert validated(work)["unlisted"].state == "warning"
    assert view(work).status == "warning"
    with within(work.customer.path):
        (told,) = [row for row in open_for(work.service_id) if row.kind == "connection"]
    assert "isn't listed in the registration any more" in told.words


def test_of_a_typed_secret_nobody_says_that_it_is_not_listed_where_one_is_listed_without_its_beginning():
    there = Application(ObjectId("1"), AppId("2"), "voice", "", passwords=(Password(KeyId("3"), "old", clock.now()),))
    found = found_in(Outcome(answer=NO_ANSWER, value=there), TYPED, Secret(SealedText("abc~secret")))
    assert found == ReadEnd()


def test_a_typed_secret_is_known_by_its_first_characters_and_its_end_is_read(tenant):
    work = connected(tenant)
    change(work, origin=GIVEN, key_id="0a0a0a0a-0000-4000-8000-000000000001", expires_at=None)
    assert view(work).credential.end_from == "typed"
    assert "read in the tenant" in validated(work)["secret"].words
    assert view(work).credential.end_from == "read"


def test_a_typed_end_counts_until_it_can_be_read(tenant):
    work = connected(tenant, rotates=False)
    with within(work.customer.path):
        row = Credential.objects.get(service_id=work.service_id)
        with pytest.raises(NoSuchCredential):
            provisioning.type_end(credential_id=row.pk, ends_on=None, by=BY, now=clock.now())
        change(work, origin=GIVEN, expires_at=None)
        assert validated(work)["secret"].state == "unknown"
        for wrong in (date(3031, 1, 1), date(9999, 12, 31)):
            with pytest.raises(EndNotPlausible):
                provisioning.type_end(credential_id=row.pk, ends_on=wrong, by=BY, now=clock.now())
        provisioning.type_end(credential_id=row.pk, ends_on=date(2031, 5, 31), by=BY, now=clock.now())
    assert view(work).credential.expires_at == datetime(2031, 5, 31, 23, 59, 59, tzinfo=UTC)
    assert validated(work)["secret"].state == "ok"


@pytest.mark.parametrize(
    ("watched", "left", "signs_in", "said"),
    [
        (TYPED, -3, True, ("warning", "yet it signs in")),
        (TYPED, -3, False, ("error", "has expired")),
        (replace(TYPED, end_typed=False), -3, True, ("error", "has expired")),
        (TYPED, 25, True, ("warning", "ends in 25 days")),
        (OURS, 25, True, ("ok", "ends in 25 days")),
        (OURS, 1, True, ("warning", "ends in 1 days")),
        (replace(OURS, made_at=clock.now() - timedelta(days=150)), 25, True, ("warning", "ends in 25 days")),
    ],
)
def test_an_end_is_judged_by_who_knows_it_what_signs_in_and_how_long_it_lives(watched, left, signs_in, said):
    item = item_of(replace(watched, expires_at=clock.now() + timedelta(days=left)), ReadEnd(), signs_in=signs_in)
    assert (item.state, said[1] in item.words) == (said[0], True)


def rights(work: Work) -> dict[str, tuple[str, str, bool]]:
    """Of each permission and role its state, how that is known, and whether it is told when it was last there."""
    return {row.name: (row.state, row.proof_words, row.last_at is not None) for row in view(work).grants}


def test_permissions_and_roles_follow_what_the_last_look_saw(tenant):
    work = connected(tenant)
    planned = [right.name for right in work.registration().roles]
    assert {rights(work)[role][1] for role in planned} == {"Read back from the tenant. Role in token, not called yet."}
    validated(work)
    assert {rights(work)[role] for role in planned} == {("as_planned", "Role in token, not called yet.", False)}
    principal = work.registration().service_principal_id
    for row in tenant.state()["role_assignments"].values():
        if row["principalId"] == principal:
            delete(tenant, f"/roleManagement/directory/roleAssignments/{row['id']}")
    first, *_ = [row for row in tenant.state()["app_role_assignments"].values() if row["principalId"] == principal]
    delete(tenant, f"/servicePrincipals/{principal}/appRoleAssignments/{first['id']}")
    assert validated(work)["roles"].state == "error"
    seen = rights(work)
    assert {seen[role][::2] for role in planned} == {("missing", True)}
    assert not [role for role in planned if "Read back" in seen[role][1]]
    assert ("missing", "Not in the registration's own fresh token.", True) in seen.values()
    assert (view(work).roles, set(view(work).roles_missing)) == ((), set(planned))


def test_what_the_registration_may_not_read_says_who_gives_it_that_right(tenant):
    work = connected(tenant)
    principal = work.registration().service_principal_id
    for row in list(tenant.state()["app_role_assignments"].values()):
        if row["principalId"] == principal:
            delete(tenant, f"/servicePrincipals/{principal}/appRoleAssignments/{row['id']}")
    seen = validated(work)["licences"]
    assert (seen.state, seen.words) == ("error", "Microsoft doesn't let the registration read it.")
    assert seen.cure == "An administrator of the customer who may consent has to sign in by a link once more."


def test_a_role_that_nobody_lets_us_read_any_more_is_unknown_and_says_when_it_was_last_there(tenant):
    work = connected(tenant)
    validated(work)
    role = work.registration().roles[0].name
    with within(work.customer.path):
        newest = Validation.objects.latest("asked_at")
        newest.pk, newest.roles, newest.ended_at = uuid4(), None, newest.ended_at + timedelta(days=1)
        newest.asked_at += timedelta(days=1)
        newest.save(force_insert=True)
    assert rights(work)[role] == ("unknown", "Nobody let us read it when we last looked.", True)
    assert role in view(work).roles


def test_who_made_it_who_consented_and_who_gave_the_roles_is_known_with_their_times(tenant):
    work = connected(tenant)
    parts = view(work).provenance
    assert [part.part for part in parts] == ["created", "consented", "roles"]
    assert {part.who for part in parts} == {"grace.global@contoso.com"}
    assert all(part.at for part in parts)
    assert len(keys_there(tenant)) == 1


def second(work: Work, **more: Any) -> tuple[UUID, sharing.Begun]:
    """A further service of the customer that shall use the first one's registration."""
    made = factories_services.plan(work.customer)
    system, provider, *_below = work.customer.path.split("/")
    operator_id = factories_organizations.make_operator(Place(UUID(hex=provider), f"{system}/{provider}/"))
    with within(work.customer.path):
        return made, sharing.share(
            service_id=made,
            registration_id=work.registration_id,
            recipient="ada@contoso.com",
            by=replace(OLGA, id=str(operator_id)),
            now=clock.now(),
            **more,
        )


def test_a_further_service_gets_a_credential_of_its_own_by_the_registrations_own_right(tenant):
    work = connected(tenant)
    made, begun = second(work)
    run_until_idle()
    with within(work.customer.path):
        mine = Credential.objects.get(service_id=made)
        assert (mine.state, Credential.objects.get(service_id=work.service_id).state) == ("proved", "proved")
        onboarding_id = sharing.onboarding_of_run(begun.run_id)
        assert onboarding(onboarding_id).step == "validation"
        assert validation(onboarding_id).status == "ok"
        names = {use.short_name: use.key_id for use in uses(work.registration_id)}
    assert set(names.values()) == keys_there(tenant)
    assert len(names) == 2
    assert mine.display_name.startswith(next(name for name, key in names.items() if key == mine.key_id))


def test_nothing_is_added_in_the_name_of_somebody_who_has_gone_meanwhile(tenant):
    work = connected(tenant)
    _made, begun = second(work)
    with within_everything("test"):
        Membership.objects.all().delete()
    run_until_idle()
    with within(work.customer.path):
        assert invited.invitation(begun.invitation_id).state == "authenticated"
        assert sharing.onboarding_of_run(begun.run_id) is None


def test_without_that_right_the_administrator_is_invited_for_the_same_registration(tenant):
    work = connected(tenant, rotates=False)
    _made, begun = second(work)
    with within(work.customer.path):
        asked = invited.invitation(begun.invitation_id)
    assert begun.run_id is None
    assert (asked.registration_id, asked.recipient) == (work.registration_id, "ada@contoso.com")


def test_services_of_a_federated_registration_share_what_signs_in(tenant, settings):
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"issuer_url": "https://issuer.example"})
    work = connected(tenant)
    change(work, kind="federated", about={"issuer": "https://issuer.example", "subject": "s", "audience": "a"})
    made, begun = second(work)
    assert begun.run_id is None
    with within(work.customer.path):
        assert Credential.objects.get(service_id=made).state == "proved"


def test_when_the_right_is_gone_a_draft_waits_for_the_customer(tenant):
    work = connected(tenant)
    tenant.fault("no", {"method": "POST", "path": "/v1.0/applications/*/addPassword"}, {"status": 403})
    _made, begun = second(work)
    run_until_idle()
    with within(work.customer.path):
        assert invited.invitation(begun.invitation_id).state == "draft"
        assert sharing.onboarding_of_run(begun.run_id) is None
    assert len(keys_there(tenant)) == 1


def test_another_customers_registration_is_not_offered_and_not_taken(tenant):
    work = connected(tenant)
    stranger = factories_organizations.make_customer()
    made = factories_services.plan(stranger)
    with within(stranger.path):
        assert shared_by(stranger.id) == ()
        with pytest.raises(NotShared):
            sharing.share(
                service_id=made, registration_id=work.registration_id, recipient="a@b.example", by=OLGA, now=clock.now()
            )


def admin_of(work: Work) -> UUID:
    """An admin of the work's provider."""
    with within(work.customer.path):
        provider_id = service(work.service_id).provider_id
    return factories_organizations.make_operator(factories_organizations.Place(provider_id, ""))


def hand(work: Work, operator_id: UUID, *, purpose: str = "deploy voice routing", profile: str = "") -> TokenPair:
    with callers_thread():
        return async_to_sync(hand_out)(
            service_id=work.service_id, operator_id=operator_id, profile=profile, purpose=purpose, now=clock.now()
        )


def test_who_may_use_a_connection_is_given_two_tokens_and_the_log_says_what_for(tenant):
    work = connected(tenant)
    pair = hand(work, admin_of(work))
    for text, audience in ((pair.graph, "graph"), (pair.teams, "48ac35b8")):
        claims = jwt.decode(text.reveal(), options={"verify_signature": False})
        assert claims["tid"] == pair.tenant_id
        assert audience in claims["aud"] or audience == "graph"
    with within(work.customer.path):
        entries = activity(organization_path=work.customer.path, subject=f"service:{work.service_id}", limit=50)
    (given,) = [entry for entry in entries if entry.event == "connections:tokens:given"]
    assert given.data["purpose"] == "deploy voice routing"
    assert pair.graph.reveal() not in str(entries)


def test_of_what_is_beside_a_connection_there_is_a_token_for_graph_only(tenant):
    """The same registration stands in for one for call quality: which APIs are asked is what counts here."""
    work = connected(tenant)
    admin = admin_of(work)
    with pytest.raises(NoSuchConnection):
        hand(work, admin, profile="qoe")
    with within(work.customer.path):
        now = clock.now()
        Companion.objects.create(
            organization_id=work.customer.id,
            service_id=work.service_id,
            profile="qoe",
            registration_id=work.registration_id,
            tenant_id=tenant.id,
            validate_at=now,
            tend_at=now,
            created_at=now,
        )
    given = hand(work, admin, profile="qoe")
    assert jwt.decode(given.graph.reveal(), options={"verify_signature": False})["tid"] == tenant.id
    assert (given.teams, given.teams_environment) == (None, "")
    with within(work.customer.path):
        entries = activity(organization_path=work.customer.path, subject=f"service:{work.service_id}", limit=50)
    assert {one.data.get("profile") for one in entries if one.event.startswith("connections:tokens:")} == {"qoe"}


def test_nobody_else_is_given_tokens(tenant):
    work = connected(tenant)
    admin = admin_of(work)
    for stranger in (
        factories_organizations.make_operator(work.customer, role=Role.OPERATOR),
        factories_organizations.make_operator(factories_organizations.make_provider(short_name="other")),
        UUID(int=3),
    ):
        with pytest.raises(MayNotUse):
            hand(work, stranger)
    with pytest.raises(PurposeMissing):
        hand(work, admin, purpose="  ")
    with within(work.customer.path):
        forbid_tokens(customer_id=work.customer.id, forbidden=True, by=BY, now=clock.now())
    with pytest.raises(TokensForbidden):
        hand(work, admin)
    with within(work.customer.path):
        forbid_tokens(customer_id=work.customer.id, forbidden=False, by=BY, now=clock.now())
        connections.suspend(service_id=work.service_id, by=BY, now=clock.now())
    with pytest.raises(ConnectionSuspended):
        hand(work, admin)
