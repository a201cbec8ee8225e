"""A started import: each row is done once, at its provider's pace, and no secret outlives it."""

from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core import mail
from django.db import connection
from psycopg import sql

from gangway.audit.models import Entry
from gangway.audit.record import Actor
from gangway.foundation import clock
from gangway.imports import actions, pacing, queries, working
from gangway.imports.errors import ImportMoved, NoSuchImport, NothingToImport, NotYetAgain
from gangway.imports.models import Row
from gangway.imports.states import ImportState, Kind, RowState, Wait
from gangway.invitations.errors import TooManyLinks
from gangway.invitations.queries import every_pending, invitation
from gangway.invitations.states import State
from gangway.jobs.testing import run_until_idle
from gangway.onboarding import before_sending, proof, tenant_lookup
from gangway.onboarding.existing_errors import SecretNotAccepted
from gangway.onboarding.models import ExistingRegistration, TenantLookup
from gangway.onboarding.states import LookupState
from gangway.organizations.changing import change_bounds
from gangway.organizations.details import Bounds
from gangway.organizations.models import Membership, Organization
from gangway.organizations.scope import within, within_everything
from gangway.vault.errors import VaultClosed
from tests.rooms.factories_imports import SECRET, Desk, known, new, secrets_kept
from tests.rooms.factories_onboarding import register
from tests.rooms.factories_organizations import (
    SETUP,
    make_channel,
    make_customer,
    make_operator,
    make_provider,
)
from tests.rooms.factories_services import plan
from tests.rooms.races import race

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    provider = make_provider()
    register(provider)
    return Desk(provider, Actor(kind="person", id=str(make_operator(provider)), name="Olga Operator"))


def test_started_rows_end_in_invitations_and_make_their_customer_once(desk):
    import_id = desk.bring(new("one"), new("x y"), new("two", phone="+49 30 1"))
    desk.start(import_id)
    run_until_idle()
    assert desk.states(import_id) == ["invited", "wrong", "invited"]
    assert desk.state(import_id) is ImportState.DONE
    assert desk.names() == ["one", "two"]
    assert [letter.to for letter in mail.outbox] == [["ada@contoso.example"]] * 2
    with within(desk.provider.path):
        assert Organization.objects.get(kind="customer").name == "Contoso"
        assert {row.recipient for row in every_pending()} == {"ada@contoso.example"}


@pytest.mark.parametrize("waited", [False, True])
def test_whoever_waited_long_for_the_end_is_told_of_it(desk, monkeypatch, waited):
    monkeypatch.setattr(working, "WAITED_FOR", timedelta(seconds=-1 if waited else 600))
    import_id = desk.bring(new("one"), new("x y"))
    desk.start(import_id)
    run_until_idle()
    told = [letter for letter in mail.outbox if letter.subject.startswith("Import of many.csv: all rows have had")]
    assert len(told) == waited
    if waited:
        assert "Invited: 1" in told[0].body
        assert f"/imports/{import_id}/" in told[0].body


def test_domain_and_language_come_along(desk):
    import_id = desk.bring(new("one", domain="Contoso.com", language="Deutsch"))
    desk.start(import_id)
    working.go_on(import_id, now=clock.now())
    with within(desk.provider.path):
        assert Organization.objects.get(kind="customer").domain == "contoso.com"
        (row,) = queries.rows_of_import(import_id).rows
        assert invitation(row.invitation_id).language == "de"


@pytest.mark.parametrize(
    ("found", "became", "stands"),
    [
        (LookupState.FOUND, RowState.INVITED, State.QUEUED),
        (LookupState.NOT_FOUND, RowState.FAILED, State.DRAFT),
    ],
)
def test_a_row_waits_for_whose_its_domain_is_and_says_what_came_of_it(desk, found, became, stands):
    import_id = desk.bring(new("one", domain="contoso.com"))
    desk.start(import_id)
    working.go_on(import_id, now=clock.now())

    def row():
        with within(desk.provider.path):
            (only,) = queries.rows_of_import(import_id).rows
            return only

    assert row().state is RowState.PROVING
    with within_everything("test"):
        lookup_id = TenantLookup.objects.get().pk
    tenant_lookup.end(lookup_id, found, str(uuid4()) if found is LookupState.FOUND else "")
    before_sending.answered(lookup_id, now=clock.now())
    working.go_on(import_id, now=clock.now())
    assert row().state is became
    assert ("no tenant with this domain" in row().what) is (became is RowState.FAILED)
    with within(desk.provider.path):
        assert invitation(row().invitation_id).state is stands


def test_a_row_for_which_microsoft_stays_silent_ends_and_its_invitation_says_so(desk):
    import_id = desk.bring(new("one", domain="contoso.com"))
    desk.start(import_id)
    working.go_on(import_id, now=clock.now())
    working.go_on(import_id, now=clock.now() + timedelta(minutes=11))
    with within(desk.provider.path):
        (row,) = queries.rows_of_import(import_id).rows
        assert row.state is RowState.INVITED
        assert invitation(row.invitation_id).held_for == "contoso.com"


def test_what_is_made_is_traced_to_whoever_started_it_and_to_the_import(desk):
    import_id = desk.bring(new("one"))
    desk.by = Actor(kind="person", id=str(make_operator(desk.provider)), name="Another Operator")
    desk.start(import_id)
    run_until_idle()
    with within(desk.provider.path):
        made = Entry.objects.filter(request_id=f"import:{import_id}")
        assert {"services:service:planned", "invitations:invitation:issued"} <= {entry.event for entry in made}
        assert {entry.actor_id for entry in made} == {desk.by.id}


class Killed(BaseException):
    """A worker's end."""


def test_killed_in_the_middle_each_row_is_done_once(desk, monkeypatch):
    import_id = desk.bring(*[new(f"one-{number}") for number in range(4)])
    desk.start(import_id)
    invite, calls = working.invite, []

    def dies(*given: Any, **more: Any) -> UUID:
        made = invite(*given, **more)
        calls.append(made)
        if len(calls) == 2:
            raise Killed
        return made

    monkeypatch.setattr(working, "invite", dies)
    with pytest.raises(Killed):
        working.go_on(import_id, now=clock.now())
    assert desk.states(import_id) == ["invited", "ready", "ready", "ready"]
    run_until_idle()
    working.go_on(import_id, now=clock.now())
    assert desk.states(import_id) == ["invited"] * 4
    assert desk.names() == [f"one-{number}" for number in range(4)]
    with within(desk.provider.path):
        assert len(list(every_pending())) == 4


def test_a_row_that_keeps_failing_doesnt_hold_up_the_others(desk, monkeypatch):
    import_id = desk.bring(new("one"), new("two"))
    desk.start(import_id)
    invite = working.invite

    def breaks(wanted: Any, **more: Any) -> UUID:
        if wanted.short_name == "one":
            raise RuntimeError
        return invite(wanted, **more)

    monkeypatch.setattr(working, "invite", breaks)
    for _attempt in range(working.MOST_TRIES):
        with pytest.raises(RuntimeError):
            working.go_on(import_id, now=clock.now())
    working.go_on(import_id, now=clock.now())
    assert desk.states(import_id) == ["failed", "invited"]
    with within(desk.provider.path):
        assert "never came to an end" in queries.rows_of_import(import_id).rows[0].what


def test_a_worker_without_the_key_burns_no_secret_and_another_one_goes_on(desk, monkeypatch):
    import_id = desk.bring(known("one"), kind=Kind.EXISTING)
    desk.start(import_id)

    def closed(**_given: Any) -> Any:
        raise VaultClosed

    with monkeypatch.context() as without_key:
        without_key.setattr(working, "reveal", closed)
        for _pass in range(working.MOST_TRIES + 2):
            with pytest.raises(VaultClosed):
                working.go_on(import_id, now=clock.now())
    assert (desk.states(import_id), secrets_kept()) == (["ready"], 1)
    working.go_on(import_id, now=clock.now())
    assert desk.states(import_id) == ["proving"]


def test_rows_go_out_spread_over_time_and_the_page_knows_when(desk, monkeypatch):
    monkeypatch.setitem(pacing.AT_ONCE, Kind.NEW, 2)
    import_id = desk.bring(*[new(f"one-{number}") for number in range(3)])
    desk.start(import_id)
    run_until_idle()
    assert desk.states(import_id) == ["invited", "invited", "ready"]
    working.go_on(import_id, now=clock.now())
    assert desk.states(import_id)[-1] == "ready"
    with within(desk.provider.path):
        assert queries.one_import(import_id).goes_on_at > clock.now()
    working.go_on(import_id, now=clock.now() + timedelta(minutes=1))
    assert desk.state(import_id) is ImportState.DONE


def test_all_imports_of_a_provider_share_its_pace(desk, monkeypatch):
    monkeypatch.setitem(pacing.AT_ONCE, Kind.NEW, 4)
    channel = make_channel(desk.provider)
    other = Desk(channel, Actor(kind="person", id=str(make_operator(channel)), name="Carla Channel"))
    first = desk.bring(*[new(f"one-{number}") for number in range(8)])
    second = other.bring(*[new(f"two-{number}", customer="Fabrikam") for number in range(3)])
    desk.start(first)
    working.go_on(first, now=clock.now())
    other.start(second)
    working.go_on(second, now=clock.now())
    assert (desk.states(first).count("invited"), other.states(second).count("invited")) == (4, 0)
    later = clock.now() + timedelta(minutes=1)
    for import_id in (first, second):
        working.go_on(import_id, now=later)
    assert (desk.states(first).count("invited"), other.states(second).count("invited")) == (6, 2)
    with within(desk.provider.path):
        assert queries.one_import(first).waits_for is Wait.PACE


SHARED = {"seven in thirty": (7, 30, 1), "five in two": (5, 2, 3)}
"""So many imports, so many rows in a minute, and after how many minutes each of them had one."""


@pytest.mark.parametrize("how", SHARED)
def test_none_of_many_imports_waits_for_ever(desk, monkeypatch, how):
    many, pace, minutes = SHARED[how]
    monkeypatch.setitem(pacing.AT_ONCE, Kind.NEW, pace)
    monkeypatch.setattr(actions, "MOST_WAITING", many)
    per_import = pace // many + minutes
    brought = [desk.bring(*[new(f"n{one}-{row}") for row in range(per_import)]) for one in range(many)]
    for import_id in brought:
        desk.start(import_id)
    for minute in range(minutes):
        for import_id in brought:
            working.go_on(import_id, now=clock.now() + timedelta(minutes=minute))
    assert [import_id for import_id in brought if "invited" not in desk.states(import_id)] == []


def test_an_import_that_waits_for_links_takes_no_part_of_the_pace(desk, monkeypatch):
    monkeypatch.setitem(pacing.AT_ONCE, Kind.NEW, 2)
    waiting, going = desk.bring(new("one")), desk.bring(new("two"), new("three"))
    for import_id in (waiting, going):
        desk.start(import_id)

    def none_left(*_given: Any, **_more: Any) -> UUID:
        raise TooManyLinks

    with monkeypatch.context() as without_links:
        without_links.setattr(working, "invite", none_left)
        working.go_on(waiting, now=clock.now())
    working.go_on(going, now=clock.now())
    assert desk.states(going) == ["invited", "invited"]


def test_what_a_worker_without_the_key_did_not_try_is_left_to_others(desk, monkeypatch):
    monkeypatch.setitem(pacing.AT_ONCE, Kind.EXISTING, 2)
    import_id = desk.bring(known("one"), known("two"), kind=Kind.EXISTING)
    desk.start(import_id)

    def closed(**_given: Any) -> Any:
        raise VaultClosed

    with monkeypatch.context() as without_key:
        without_key.setattr(working, "reveal", closed)
        with pytest.raises(VaultClosed):
            working.go_on(import_id, now=clock.now())
    working.go_on(import_id, now=clock.now())
    assert desk.states(import_id) == ["proving", "proving"]


def test_another_provider_has_a_pace_of_its_own(desk, monkeypatch):
    monkeypatch.setitem(pacing.AT_ONCE, Kind.NEW, 1)
    rival = make_provider()
    other = Desk(rival, Actor(kind="person", id=str(make_operator(rival)), name="Rita Rival"))
    for each in (desk, other):
        import_id = each.bring(new("one"))
        each.start(import_id)
        working.go_on(import_id, now=clock.now())
        assert each.states(import_id) == ["invited"]


def test_a_row_for_which_there_is_no_link_left_waits_and_goes_on_by_itself(desk, monkeypatch):
    import_id = desk.bring(new("one"), new("two"))
    desk.start(import_id)

    def none_left(*_given: Any, **_more: Any) -> UUID:
        raise TooManyLinks

    with monkeypatch.context() as without_links:
        without_links.setattr(working, "invite", none_left)
        for _pass in range(working.MOST_TRIES + 2):
            working.go_on(import_id, now=clock.now())
    assert desk.states(import_id) == ["ready", "ready"]
    with within(desk.provider.path):
        found = queries.one_import(import_id)
    assert (found.waits_for, found.goes_on_at > clock.now()) == (Wait.LINKS, True)
    working.go_on(import_id, now=found.goes_on_at)
    assert desk.states(import_id) == ["invited", "invited"]


OPENED = {"refused": SecretNotAccepted(field="secret"), "broken": RuntimeError()}


@pytest.mark.parametrize("how", OPENED)
def test_an_opened_secret_stands_in_the_log_whatever_comes_of_its_row(desk, monkeypatch, how):
    import_id = desk.bring(known("one"), kind=Kind.EXISTING)
    desk.start(import_id)

    def fails(*_given: Any, **_more: Any) -> UUID:
        raise OPENED[how]

    monkeypatch.setattr(working, "use_known", fails)
    with suppress(RuntimeError):
        working.go_on(import_id, now=clock.now())
    with within(desk.provider.path):
        (entry,) = Entry.objects.filter(event="vault:secret:revealed")
    assert entry.actor_id == desk.by.id


def test_what_cannot_be_right_any_more_is_told_with_its_columns(desk):
    import_id = desk.bring(known("one", expires_on="2031-01-31"), kind=Kind.EXISTING)
    desk.start(import_id)
    with within_everything("test set-up"):
        Row.objects.update(values={**known("one", tenant="?", expires_on="2020-01-31"), "secret": ""})
    working.go_on(import_id, now=clock.now())
    with within(desk.provider.path):
        (row,) = queries.rows_of_import(import_id).rows
    assert (row.state, row.acts) == (RowState.FAILED, "operator")
    assert "tenant: This is neither a tenant ID nor a domain." in row.what
    assert "expires_on: " in row.what


def test_an_import_leaves_links_of_the_hour_to_its_operators_own_hands(desk, monkeypatch):
    monkeypatch.setattr(pacing, "FOR_HANDS", pacing.MOST_BY_ONE - 1)
    import_id = desk.bring(new("one"), new("two"))
    desk.start(import_id)
    run_until_idle()
    working.go_on(import_id, now=clock.now() + timedelta(minutes=1))
    assert desk.states(import_id) == ["invited", "ready"]
    working.go_on(import_id, now=clock.now() + timedelta(minutes=70))
    assert desk.states(import_id) == ["invited", "invited"]


def test_what_became_impossible_since_the_dry_run_fails_in_words(desk):
    import_id = desk.bring(new("one"), new("two"))
    plan(make_customer(desk.provider), short_name="one")
    desk.start(import_id)
    run_until_idle()
    assert desk.states(import_id) == ["failed", "invited"]
    with within(desk.provider.path):
        assert "short_name: " in queries.rows_of_import(import_id).rows[0].what
        assert "already has this short name" in queries.rows_of_import(import_id).rows[0].what
        assert [row.number for row in queries.rows_to_mend(import_id)] == [2]


def test_stopping_leaves_out_what_is_not_done_and_destroys_its_secrets(desk, monkeypatch):
    monkeypatch.setitem(pacing.AT_ONCE, Kind.EXISTING, 1)
    import_id = desk.bring(known("one"), known("two"), kind=Kind.EXISTING)
    assert secrets_kept() == 2
    desk.start(import_id)
    working.go_on(import_id, now=clock.now())
    desk.do(actions.stop, import_id)
    working.forget_secrets(import_id)
    assert desk.states(import_id) == ["proving", "left_out"]
    assert secrets_kept() == 0
    with pytest.raises(ImportMoved):
        desk.do(actions.stop, import_id)


def test_discarding_destroys_the_secrets(desk):
    import_id = desk.bring(known("one"), kind=Kind.EXISTING)
    desk.do(actions.discard, import_id)
    run_until_idle()
    assert (desk.states(import_id), secrets_kept()) == (["left_out"], 0)
    with pytest.raises(ImportMoved):
        desk.start(import_id)


def test_what_nobody_starts_expires_with_its_secrets(desk):
    import_id = desk.bring(known("one"), kind=Kind.EXISTING)
    working.look_after_all(now=clock.now() + actions.LASTS)
    assert (desk.state(import_id), secrets_kept()) == (ImportState.EXPIRED, 0)


def test_rows_are_removed_long_after_the_end(desk):
    import_id = desk.bring(new("one"))
    desk.do(actions.discard, import_id)
    working.forget_rows(now=clock.now() + working.KEPT - timedelta(days=1))
    assert desk.states(import_id) == ["left_out"]
    working.forget_rows(now=clock.now() + working.KEPT + timedelta(days=1))
    assert desk.states(import_id) == []
    with within(desk.provider.path):
        assert not queries.one_import(import_id).rows_kept


def test_a_lost_job_is_woken(desk):
    import_id = desk.bring(new("one"))
    desk.start(import_id)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    working.look_after_all(now=clock.now())
    run_until_idle()
    assert desk.state(import_id) is ImportState.DONE


def test_whoever_may_no_longer_add_services_imports_nothing_more(desk):
    import_id = desk.bring(known("one"), kind=Kind.EXISTING)
    desk.start(import_id)
    with within(desk.provider.path):
        (row,) = Membership.objects.filter(operator_id=desk.by.id)
        row.is_active = False
        row.save()
    run_until_idle()
    assert (desk.state(import_id), desk.names(), secrets_kept()) == (ImportState.STOPPED, [], 0)
    with within(desk.provider.path):
        assert "may not add services here any more" in queries.one_import(import_id).why


def test_a_file_without_a_good_row_cannot_be_started(desk):
    import_id = desk.bring(new(""))
    with pytest.raises(NothingToImport):
        desk.start(import_id)


def test_one_person_keeps_only_a_few_that_wait(desk):
    for number in range(actions.MOST_WAITING):
        desk.bring(new(f"one-{number}"))
    with pytest.raises(NotYetAgain):
        desk.bring(new("last"))


def test_others_never_meet_it(desk):
    import_id = desk.bring(new("one"))
    with within(make_provider().path):
        assert not queries.imports().rows
        for action in (actions.start, actions.stop, actions.discard):
            with pytest.raises(NoSuchImport):
                action(import_id=import_id, by=SETUP, now=clock.now())


def test_a_refused_credential_says_what_to_do_and_who(desk):
    import_id = desk.bring(known("one"), kind=Kind.EXISTING)
    desk.start(import_id)
    working.go_on(import_id, now=clock.now())
    assert desk.states(import_id) == ["proving"]
    assert secrets_kept() == 0
    with within_everything("test"):
        (typed,) = ExistingRegistration.objects.all()
    proof.refuse(typed.pk, SecretNotAccepted(field="secret"), now=clock.now())
    working.go_on(import_id, now=clock.now())
    with within(desk.provider.path):
        (row,) = queries.rows_of_import(import_id).rows
        assert row.state is RowState.FAILED
        assert row.what.startswith(f"secret: {SecretNotAccepted.what}")
        assert row.acts == "operator"
        assert list(queries.rows_to_mend(import_id)) == []
    assert desk.state(import_id) is ImportState.DONE


def test_no_table_ever_holds_a_secret_in_the_clear(desk):
    import_id = desk.bring(known("one"), kind=Kind.EXISTING)
    desk.start(import_id)
    working.go_on(import_id, now=clock.now())
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            question = sql.SQL("SELECT count(*) FROM {} t WHERE t::text LIKE %s").format(sql.Identifier(table))
            cursor.execute(question, [f"%{SECRET}%"])
            assert cursor.fetchone() == (0,), table


@pytest.mark.django_db(transaction=True)
def test_parallel_imports_never_take_more_than_the_pool_has():
    desk = Desk(make_provider(), Actor(kind="person", id="", name=""))
    desk.by = Actor(kind="person", id=str(make_operator(desk.provider)), name="Olga Operator")
    with within_everything("test set-up"):
        change_bounds(organization_id=desk.provider.id, bounds=Bounds(users=50, grace_percent=0), by=SETUP)
    started = [desk.bring(*[new(f"{name}-{number}") for number in range(2)]) for name in ("one", "two")]
    for import_id in started:
        desk.start(import_id)
    race(*[lambda one=one: working.go_on(one, now=clock.now()) for one in started])
    states = sorted(state for import_id in started for state in desk.states(import_id))
    assert states == ["failed", "failed", "invited", "invited"]
    with within(desk.provider.path):
        assert Organization.objects.filter(kind="customer").count() == 1
