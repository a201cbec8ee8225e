"""A registration that is there already, typed by an operator or from a file, against the emulator as a real process."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from django.core import mail

from gangway.audit.record import Actor
from gangway.connections import queries as connected
from gangway.foundation import clock
from gangway.foundation.sealed import SealedText
from gangway.imports import actions as imports
from gangway.imports.queries import rows_of_import
from gangway.imports.states import Kind
from gangway.imports.working import go_on
from gangway.invitations import actions as invitations
from gangway.invitations import queries as invited
from gangway.invitations.states import State
from gangway.jobs.testing import run_until_idle
from gangway.onboarding import actions, existing, finishing, queries
from gangway.onboarding import existing_errors as errors
from gangway.onboarding.errors import NotNow
from gangway.onboarding.existing_view import known as known_at_desk
from gangway.onboarding.states import OperatorStep
from gangway.onboarding.typed import Typed
from gangway.organizations import queries as organizations
from gangway.organizations.scope import within
from gangway.provisioning import queries as registrations
from gangway.services.queries import service
from gangway.services.states import Lifecycle
from tests.rooms import factories_invitations, factories_services
from tests.rooms.factories_existing import CONTOSO
from tests.rooms.factories_imports import file_of, known
from tests.rooms.factories_onboarding import ADMINISTRATOR, register, walk
from tests.rooms.factories_organizations import make_operator, make_provider
from tests.rooms.factories_typed import SECRET, Hand, through

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.usefixtures("typed_for_real")]


def begun(service_id: UUID, by: Actor) -> UUID:
    """*Use known App registration* is ticked for a planned service; the draft that stands for it. In a scope."""
    plan, fingerprint = registrations.pin()
    return existing.begin_known(service_id=service_id, plan=plan, plan_fingerprint=fingerprint, by=by, now=clock.now())


def test_a_second_service_uses_the_same_registration_with_a_credential_of_its_own(by_hand):
    made = by_hand.make()
    first = Hand.opened()
    first.start(first.types(made))
    service_id = factories_services.plan(first.walked.customer, short_name="second")
    olga = Actor(kind="person", id=str(first.walked.operator_id), name="Olga Operator")
    again = by_hand.add_secret(made)
    with within(first.walked.customer.path):
        invitation_id = begun(service_id, olga)
        existing.start_known(invitation_id=invitation_id, typed=first.types(again), by=olga, now=clock.now())
    run_until_idle()
    with within(first.walked.customer.path):
        assert invited.invitation(invitation_id).registration_id == first.registration().id
        assert len(first.registration().credentials) == 2


def test_an_operator_types_it_and_goes_straight_on_with_next(whole):
    walked = walk(choose=False)
    olga = Actor(kind="person", id=str(walked.operator_id), name="Olga Operator")
    with within(walked.customer.path):
        service_id = factories_services.plan(walked.customer, short_name="typed")
        invitation_id = begun(service_id, olga)
        assert invited.invitation(invitation_id).state is State.DRAFT
        typed = Typed(CONTOSO, whole.app_id, "secret", SealedText(SECRET), date(2030, 1, 31))
        existing.start_known(invitation_id=invitation_id, typed=typed, by=olga, now=clock.now())
    run_until_idle()
    sent = len(mail.outbox)
    with within(walked.customer.path):
        assert invited.invitation(invitation_id).state is State.DRAFT
        right = replace(typed, secret=SealedText(whole.secret))
        existing.start_known(invitation_id=invitation_id, typed=right, by=olga, now=clock.now())
    run_until_idle()
    with within(walked.customer.path):
        onboarding_id = queries.onboarding_of_invitation(invitation_id)
        view = queries.onboarding(onboarding_id)
        assert (view.step, view.validation.state, view.added_by) == (OperatorStep.VALIDATION, "done", "Olga Operator")
        through(onboarding_id, olga)
        actions.finish(onboarding_id=onboarding_id, by=olga, now=clock.now())
        row = connected.connection(service_id)
        assert row.user_name.endswith("@sp2.example")
        assert row.days_left is not None
    assert len(mail.outbox) == sent


def test_what_is_sent_after_an_operator_typed_in_it_is_the_customers_own_to_type_and_answer_for(whole):
    walked = walk(choose=False)
    olga = Actor(kind="person", id=str(walked.operator_id), name="Olga Operator")
    with within(walked.customer.path):
        service_id = factories_services.plan(walked.customer, short_name="sent")
        sent_id = begun(service_id, olga)
        invitations.send_draft(invitation_id=sent_id, by=olga, now=clock.now())
        with pytest.raises(NotNow):
            existing.start_known(invitation_id=sent_id, typed=Typed(CONTOSO, ""), by=olga, now=clock.now())
        with pytest.raises(NotNow):
            known_at_desk(sent_id)
    token = factories_invitations.link(walked.customer, sent_id)
    case_id = actions.begin_case(token=token, by=ADMINISTRATOR, now=clock.now()).case_id
    hand = Hand(replace(walked, invitation_id=sent_id, case_id=case_id))
    hand.start(hand.types(whole, secret=SealedText(SECRET)))
    assert hand.state is State.OPENED
    hand.start(hand.types(whole))
    assert hand.state is State.AUTHENTICATED
    run_until_idle()
    assert any("What your own" in letter.body for letter in mail.outbox)
    with within(walked.customer.path):
        onboarding_id = actions.add_pending(invitation_id=sent_id, by=olga, now=clock.now())
        assert queries.onboarding(onboarding_id).asks_tenant
        assert hand.row.user_name == ""


def test_a_file_of_connections_is_proved_row_by_row_and_creates_what_passes(whole):
    provider = make_provider()
    olga = Actor(kind="person", id=str(make_operator(provider)), name="Olga Operator")
    register(provider)
    facts = {"customer": "Contoso", "domain": "contoso.com", "tenant": CONTOSO, "client_id": whole.app_id}
    rows = known("many-1", **facts, secret=whole.secret, expires_on="2031-01-31"), known("many-2", **facts)
    with within(provider.path):
        import_id = imports.read_file(
            organization_id=provider.id,
            kind=Kind.EXISTING,
            file_name="many.csv",
            raw=file_of(*rows, kind=Kind.EXISTING),
            finish_by_itself=True,
            by=olga,
            now=clock.now(),
        )
        imports.start(import_id=import_id, by=olga, now=clock.now())
    run_until_idle()
    go_on(import_id, now=clock.now())
    finishing.begin_all(now=clock.now())
    run_until_idle()
    with within(provider.path):
        good, bad = rows_of_import(import_id).rows
        assert (good.state, bad.state, bad.acts) == ("proved", "failed", "operator")
        assert bad.what.startswith(f"secret: {errors.SecretNotAccepted.what}")
        created = service(invited.invitation(good.invitation_id).service_id)
        assert created.lifecycle is Lifecycle.CREATED
        assert connected.connection(created.id).application_id == whole.app_id
        assert connected.connection(created.id).user_name == organizations.operator(UUID(olga.id)).email
