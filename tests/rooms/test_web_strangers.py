"""Nobody crosses: every address, asked for and sent to by every level and role of the right organization and of others.

The table is `crossing_table.py`. Pages run as the database role web, so both walls stand behind each answer.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import reverse

from gangway.accounts.models import EntraTenant, OperatorInvitation, RoleMapping
from gangway.alarms.models import Alarm
from gangway.audit.events import Event
from gangway.audit.models import Entry
from gangway.connections.models import Emergency
from gangway.foundation import clock
from gangway.imports.models import Import
from gangway.imports.models import Row as ImportRow
from gangway.invitations import queries as invited
from gangway.invitations.models import Handoff
from gangway.onboarding.models import Case, OperatorOnboarding
from gangway.organizations.models import Membership, Organization
from gangway.organizations.roles import LETTERS, Kind, Role, roles_at
from gangway.organizations.scope import within_everything
from gangway.provisioning import queries as provisioning
from gangway.provisioning.models import Leftover, Registration, Run
from gangway.web.urls import urlpatterns
from tests.rooms import factories_onboarding
from tests.rooms.crossing_table import ROWS, Row
from tests.rooms.factories_organizations import Place, make_channel, make_customer, make_operator, make_provider
from tests.rooms.factories_web import sit_down

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

CANARY = "Zebrafinch"
"""In every name of the world that is visited: no page of anybody else may have it."""
ROUTES = {route.name: route for route in urlpatterns}
REFUSED = {403, 404}
HOW = """
tests/rooms/crossing_table.py has no row for it. Add one: who may open it (letters of roles at system, provider,
channel and customer, as in gangway/organizations/roles.py), and about="…" for the thing in its address. A new kind of
thing is made in `_made_for` of this file, so that there is one to reach for.
"""


@dataclass
class World:
    """One provider, channel and customer, and one of each thing that belongs to them."""

    places: dict[Kind, Place]
    things: dict[str, tuple[Any, str]]
    """Each thing's key in addresses, and the path of the organization it belongs to."""


@pytest.fixture(scope="module")
def world(django_db_setup: object, django_db_blocker: Any) -> Iterator[World]:
    """Made once for a file, around the transaction of each test, and taken back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield made()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def nobody_is_stopped(monkeypatch):
    """Limits have their own tests; here they would hide what comes behind them, and be counted for each request."""
    monkeypatch.setattr("gangway.web.limits._counted", lambda _request: [])
    cache.clear()


def made() -> World:
    provider = make_provider(name=f"{CANARY} Provider")
    channel = make_channel(provider, name=f"{CANARY} Channel")
    customer = make_customer(channel, name=f"{CANARY} Customer")
    things = {name: (key, customer.path) for name, key in _made_for(provider, customer).items()}
    levels = {"provider": provider, "channel": channel, "customer": customer}
    things |= {name: (place.id, place.path) for name, place in levels.items()}
    places = {Kind.SYSTEM: root(), Kind.PROVIDER: provider, Kind.CHANNEL: channel, Kind.CUSTOMER: customer}
    return World(places, things)


def root() -> Place:
    """The system above all providers."""
    with within_everything("test set-up"):
        row = Organization.objects.get(kind=Kind.SYSTEM.value)
        return Place(row.pk, row.path)


def _made_for(provider: Place, customer: Place) -> dict[str, Any]:
    factories_onboarding.register(provider)
    invitation_id = factories_onboarding.issue(customer, make_operator(provider, name=f"Olga {CANARY}"))
    with within_everything("test set-up"):
        about = invited.invitation(invitation_id)
        owned = {"organization_id": customer.id}
        case = Case.objects.create(
            **owned,
            invitation_id=invitation_id,
            service_id=about.service_id,
            provider_id=provider.id,
            created_at=clock.now(),
            touched_at=clock.now(),
        )
        tenant = EntraTenant.objects.create(**owned, tenant_id=uuid4(), cloud="public", created_at=clock.now())
        mapping = RoleMapping.objects.create(**owned, tenant=tenant, kind="app_role", value=CANARY, role="monitor")
        run = _run(owned, case, provider)
        return {
            "invitation": invitation_id,
            "service": about.service_id,
            "onboarding": _onboarding(owned, case).pk,
            "run": run.pk,
            "leftover": _leftover(owned, run).pk,
            "alarm": _alarm(owned, run).pk,
            "emergency": _emergency(owned).pk,
            "import": _import(owned).pk,
            "handoff": _handoff(owned, invitation_id).pk,
            "place": Membership.objects.get(operator_id=make_operator(customer, role=Role.MONITOR)).pk,
            "operator_invitation": _operator_invitation(owned).pk,
            "tenant": tenant.pk,
            "mapping": mapping.pk,
        }


def _onboarding(owned: dict[str, UUID], case: Case) -> OperatorOnboarding:
    return OperatorOnboarding.objects.create(
        **owned,
        invitation_id=case.invitation_id,
        case=case,
        service_id=case.service_id,
        registration_id=uuid4(),
        credential_id=uuid4(),
        added_by_id=str(uuid4()),
        added_by_name=CANARY,
        added_at=clock.now(),
    )


def _run(owned: dict[str, UUID], case: Case, provider: Place) -> Run:
    plan, _ = provisioning.pin()
    registration = Registration.objects.create(
        **owned,
        provider_id=provider.id,
        tenant_id=str(uuid4()),
        display_name=CANARY,
        name_key=CANARY.lower(),
        plan=plan,
        state="making",
        created_at=clock.now(),
    )
    return Run.objects.create(
        **owned,
        registration=registration,
        service_id=case.service_id,
        state="failed",
        credential_name=CANARY,
        sign_in_client_id="x",
        created_at=clock.now(),
        queued_at=clock.now(),
        ended_at=clock.now(),
    )


def _leftover(owned: dict[str, UUID], run: Run) -> Leftover:
    return Leftover.objects.create(
        **owned,
        registration=run.registration,
        run=run,
        service_id=run.service_id,
        kind="application",
        name=CANARY,
        object_id=CANARY,
        why=CANARY,
        since=clock.now(),
        seen_at=clock.now(),
    )


def _alarm(owned: dict[str, UUID], run: Run) -> Alarm:
    return Alarm.objects.create(
        **owned,
        kind="connection",
        subject=f"service:{run.service_id}",
        service_id=run.service_id,
        about=CANARY,
        severity="warning",
        words=CANARY,
        search_words=CANARY.lower(),
        raised_at=clock.now(),
        changed_at=clock.now(),
    )


def _emergency(owned: dict[str, UUID]) -> Emergency:
    given = {"deed": "rotate", "why": CANARY, "by_kind": "person", "by_name": CANARY, "begun_at": clock.now()}
    return Emergency.objects.create(**owned, **given)


def _import(owned: dict[str, UUID]) -> Import:
    now = clock.now()
    by = {"by_id": str(uuid4()), "by_name": CANARY}
    kind = {"kind": "new", "state": "checked", "file_name": CANARY, "rows_total": 1}
    whole = Import.objects.create(**owned, **kind, **by, created_at=now, expires_at=now)
    ImportRow.objects.create(**owned, whole=whole, number=2, state="ready", values={"customer": CANARY}, changed_at=now)
    return whole


def _handoff(owned: dict[str, UUID], invitation_id: UUID) -> Handoff:
    now = clock.now()
    return Handoff.objects.create(
        **owned,
        invitation_id=invitation_id,
        recipient="x@contoso.example",
        recipient_key="x@contoso.example",
        by_kind="person",
        by_name=CANARY,
        created_at=now,
        expires_at=now,
        last_sent_at=now,
    )


def _operator_invitation(owned: dict[str, UUID]) -> OperatorInvitation:
    return OperatorInvitation.objects.create(
        **owned,
        email="new@contoso.example",
        name=CANARY,
        role="monitor",
        state="pending",
        token_hash="0" * 64,
        expires_at=clock.now(),
        invited_by_name=CANARY,
        created_at=clock.now(),
    )


def address(name: str, world: World) -> str:
    """The address about this world's thing."""
    route, row = ROUTES[name], ROWS[name]
    key = world.things[row.about][0] if row.about in world.things else None
    values = {"int": 0, "uuid": uuid4(), "str": "nothing"}
    kinds = {param: type(converter).__name__ for param, converter in route.pattern.converters.items()}
    made = {
        p: key or values[kind.removesuffix("Converter").lower().replace("string", "str")] for p, kind in kinds.items()
    }
    return reverse(f"web:{name}", kwargs=made)


@dataclass
class Heard:
    """What a page answered, and whether it wrote anything into the activity log but that it was denied."""

    status: int
    body: str
    to: str
    wrote: bool

    @property
    def refuses(self) -> bool:
        """Whether it isn't there, said at once: behind a redirect its words would wait for a page they don't belong to.

        Only who must prove who they are before something dangerous is led there first, whatever is in the address.
        """
        return self.status == 404 or (self.status == 302 and "/reauthenticate/" in self.to and not self.wrote)


def told_entries() -> int:
    """How much the activity log tells beside what was denied."""
    return Entry.objects.exclude(event=Event.ACCESS_DENIED.value).count()


def answers(client: Client, name: str, world: World) -> dict[str, Heard]:
    """What GET and POST answer, without what the POST did; a method that the page doesn't know is left out."""
    found = {}
    for method in ("get", "post"):
        cookies = deepcopy(client.cookies)
        with transaction.atomic():
            before = told_entries()
            response = getattr(client, method)(address(name, world))
            content = b"".join(response.streaming_content) if response.streaming else response.content
            wrote = told_entries() != before
            transaction.set_rollback(True)
        client.cookies = cookies  # a session that changed its key here is taken back with everything else
        if response.status_code != 405:
            body = content.decode(errors="replace")
            found[method] = Heard(response.status_code, body, response.get("Location", ""), wrote)
    return found


def may_here(row: Row, kind: Kind, role: Role) -> bool:
    """Whether the table lets this role in."""
    letters = dict(zip(Kind, (*row.letters, "", "", "", ""), strict=False))[kind]
    return row.who != "desk" or role in {LETTERS[letter] for letter in letters}


def test_every_address_has_its_row_and_every_row_an_address():
    missing = sorted(set(ROUTES) - set(ROWS))
    assert missing == [], HOW
    assert sorted(set(ROWS) - set(ROUTES)) == [], "there is no such address (any more): take the row away"


def test_the_table_says_what_the_views_ask_for():
    """The marks of the views and this table were written by different hands; they must tell the same."""
    for name, row in ROWS.items():
        view = ROUTES[name].callback
        marked = "anyone" if getattr(view, "for_anyone", False) else "oneself"
        assert row.who == (marked if not hasattr(view, "capabilities") else "desk"), name


def told(wrong: dict[str, Any]) -> str:
    """What went otherwise than the table says, line by line."""
    return "\n" + "\n".join(f"{what}: {answer}" for what, answer in wrong.items())


RIGHT = [(kind, role) for kind in Kind for role in roles_at(kind)]


@pytest.mark.parametrize(("kind", "role"), RIGHT, ids=[f"{kind.value} {role.value}" for kind, role in RIGHT])
def test_who_stands_right_gets_what_the_table_says(world, kind, role):
    client = sit_down(world.places[kind], role=role)
    wrong = {}
    for name, row in ROWS.items():
        if row.who == "anyone":
            continue
        reachable = row.about not in world.things or world.things[row.about][1].startswith(world.places[kind].path)
        for method, heard in answers(client, name, world).items():
            if not may_here(row, kind, role):
                right = heard.status == 403 and not heard.wrote
            elif not reachable:
                right = heard.refuses
            else:
                right = heard.status < 500 and (row.finely or row.who == "oneself" or heard.status not in REFUSED)
            if not right:
                wrong[f"{method} {name}"] = heard.status
    assert not wrong, told(wrong)


OTHERS = {
    "sister reseller's admin": (Kind.CHANNEL, Role.ADMIN),
    "sister reseller's monitor": (Kind.CHANNEL, Role.MONITOR),
    "sister customer's operator": (Kind.CUSTOMER, Role.OPERATOR),
    "sister customer's lite": (Kind.CUSTOMER, Role.OPERATOR_LITE),
    "sister customer's monitor": (Kind.CUSTOMER, Role.MONITOR),
    "rival provider's admin": (Kind.PROVIDER, Role.ADMIN),
    "rival provider's operator": (Kind.PROVIDER, Role.OPERATOR),
    "rival provider's monitor": (Kind.PROVIDER, Role.MONITOR),
}


def elsewhere(world: World, kind: Kind) -> Place:
    """Another organization of this level, as near as one can stand without belonging."""
    if kind is Kind.PROVIDER:
        return make_provider()
    parent = world.places[Kind.PROVIDER if kind is Kind.CHANNEL else Kind.CHANNEL]
    return make_channel(parent) if kind is Kind.CHANNEL else make_customer(parent)


def own_names_out(body: str) -> str:
    """A sister stands below the same provider or channel, whose name is on every page of hers."""
    return body.replace(f"{CANARY} Provider", "").replace(f"{CANARY} Channel", "")


@pytest.mark.parametrize(("kind", "role"), OTHERS.values(), ids=OTHERS.keys())
def test_who_stands_elsewhere_finds_nothing(world, kind, role):
    client = sit_down(elsewhere(world, kind), role=role)
    wrong = {}
    for name, row in ROWS.items():
        if row.who == "anyone":
            continue
        for method, heard in answers(client, name, world).items():
            if row.who == "oneself":
                right = heard.status < 500
            elif not may_here(row, kind, role):
                right = heard.status == 403 and not heard.wrote
            elif row.about:
                right = heard.refuses or (row.finely and heard.status == 403)
            else:
                right = heard.status < 500 and heard.status not in REFUSED
            if not right or CANARY in own_names_out(heard.body):
                wrong[f"{method} {name}"] = heard.status if not right else "shows what is not theirs"
    assert not wrong, told(wrong)


def test_who_is_not_signed_in_finds_nothing(world):
    client, wrong = Client(), {}
    for name, row in ROWS.items():
        for method, heard in answers(client, name, world).items():
            at_the_door = heard.status == 302 and "/accounts/login/" in heard.to
            if (row.who != "anyone" and not at_the_door) or heard.status >= 500 or heard.wrote or CANARY in heard.body:
                wrong[f"{method} {name}"] = (heard.status, heard.to)
    assert not wrong, told(wrong)


SEARCHES = (
    "services",
    "service_export",
    "customers",
    "channels",
    "runs",
    "leftovers",
    "operators",
    "activity",
    "choose_customer",
)


@pytest.mark.parametrize("name", SEARCHES)
def test_searches_and_exports_find_ours_and_nobody_elses(world, name):
    ours = sit_down(world.places[Kind.PROVIDER])
    theirs = sit_down(make_provider())
    asked = {"search": CANARY, "q": CANARY}

    def read(client: Client) -> str:
        response = client.get(reverse(f"web:{name}"), asked)
        return (b"".join(response.streaming_content) if response.streaming else response.content).decode()

    shown = read(theirs).replace(f'value="{CANARY}"', "").replace(f"“{CANARY}”", "")
    assert f"{CANARY} " not in shown
    assert f" {CANARY}" not in shown
    assert CANARY in read(ours)
