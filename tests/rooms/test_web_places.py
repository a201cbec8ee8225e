"""Customers, channels and providers at the desk: found, added, changed, moved, deleted; by whom it may be."""

import pytest
from django.urls import reverse

from gangway.organizations import place_queries
from gangway.organizations.actions import system
from gangway.organizations.changing import change_bounds, change_contacts
from gangway.organizations.details import Bounds, Contact, Tenant
from gangway.organizations.models import Organization
from gangway.organizations.people_queries import path_of
from gangway.organizations.roles import Kind, Role
from gangway.organizations.scope import within, within_everything
from tests.rooms.factories_connections import TENANT, connected
from tests.rooms.factories_organizations import SETUP, Place, make_channel, make_customer, make_provider
from tests.rooms.factories_services import plan
from tests.rooms.factories_web import error_at, prove, row, sit_down, soup
from tests.rooms.test_web_strangers import root

pytestmark = pytest.mark.django_db
GUID = "11111111-2222-4333-8444-555555555555"
CONTACTS = {"contact-TOTAL_FORMS": "1", "contact-INITIAL_FORMS": "0"}


@pytest.fixture
def provider():
    return make_provider(name="Sailmaker Voice")


@pytest.fixture
def client(provider):
    return prove(sit_down(provider))


def contact(**fields):
    return {**CONTACTS, **{f"contact-0-{name}": text for name, text in fields.items()}}


def only(kind, scope):
    with within(scope.path):
        (found,) = place_queries.places(kind).rows
        return place_queries.place(found.id)


def names(client, address):
    return [head.a.get_text() for head in soup(client.get(address)).select("#list tbody th")]


def test_customers_are_kept_to_what_they_stand_directly_below_and_to_a_cloud(client, provider):
    north, south = make_channel(provider, name="Northern Lights"), make_channel(provider, name="South")
    make_customer(north, name="Adatum")
    make_customer(south, name="Contoso")
    far = make_customer(provider, name="Fabrikam")
    with within_everything("a test"):
        Organization.objects.filter(pk=far.id).update(cloud="gcc-high")
    asked = {"parent=lights": ["Adatum"], "parent=so": ["Contoso"], "parent=Sailmaker": ["Fabrikam"], "parent=x": []}
    asked |= {"cloud=gcc-high": ["Fabrikam"], "cloud=public&sort=-name": ["Contoso", "Adatum"], "cloud=x": []}
    asked |= {"cloud=public&parent=north&q=ad": ["Adatum"]}
    assert {one: names(client, f"/customers/?{one}") for one in asked} == asked
    page = soup(client.get("/customers/?parent=lights&cloud=public"))
    assert page.select_one("#parent")["value"] == "lights"
    assert page.select_one("#cloud option[selected]")["value"] == "public"
    assert page.select_one("#export a")["href"].endswith("?parent=lights&cloud=public")
    taken = client.get(reverse("web:customer_export"), {"cloud": "gcc-high"}).content.decode()
    assert ("Fabrikam" in taken, "GCC High" in taken, "Contoso" in taken) == (True, True, False)
    assert "Nothing is like that" in client.get("/customers/?cloud=dod").content.decode()


def test_what_customers_stand_below_is_asked_for_only_where_that_can_be_several_and_shows_nobody_elses(provider):
    channel, stranger = make_channel(provider, name="North"), make_provider(name="Northwind")
    make_customer(channel, name="Adatum")
    make_customer(stranger, name="Contoso")
    below = sit_down(channel)
    assert soup(below.get("/customers/")).select_one("#parent") is None
    assert soup(sit_down(provider).get("/customers/")).select_one("#parent")
    assert names(below, "/customers/?parent=north") == ["Adatum"]
    assert names(sit_down(stranger), "/customers/?parent=north") == ["Contoso"]


def test_channels_and_providers_are_kept_to_those_with_a_limit(provider):
    few, _many = make_channel(provider, name="Few"), make_channel(provider, name="Many")
    with within_everything("a test"):
        change_bounds(organization_id=few.id, bounds=Bounds(customers=2), by=SETUP)
        change_bounds(organization_id=provider.id, bounds=Bounds(users=100), by=SETUP)
    other = make_provider(name="Northwind")
    make_channel(other, name="Others")
    above = sit_down(root())
    asked = {"bound=set": ["Few"], "bound=unlimited": ["Many", "Others"], "parent=north": ["Others"], "bound=x": None}
    found = {one: names(above, f"/channels/?{one}") for one in asked}
    assert found == asked | {"bound=x": ["Few", "Many", "Others"]}
    assert names(above, "/providers/?bound=set") == ["Sailmaker Voice"]
    assert names(above, "/providers/?bound=unlimited") == ["Northwind"]
    assert soup(sit_down(provider).get("/channels/")).select_one("#parent") is None
    assert names(sit_down(provider), "/channels/?bound=unlimited") == ["Many"]


@pytest.mark.parametrize(("path", "word"), [("/customers/", "Add customer"), ("/channels/", "Add channel")])
def test_empty_lists_teach_and_lead_on(client, path, word):
    page = soup(client.get(path))
    assert "None yet" in page.get_text()
    assert page.find("a", string=word) or word in page.get_text()


def test_customer_is_added_with_fields_and_contacts(client, provider):
    given = {"name": "Contoso", "domain": "Contoso.com", **contact(name="Ann", email="ann@contoso.com", phone="12")}
    answer = client.post(reverse("web:customer_add"), given)
    made = only(Kind.CUSTOMER, provider)
    assert answer.url == reverse("web:customer", args=[made.id])
    assert (made.name, made.details.domain) == ("Contoso", "contoso.com")
    assert [each.email for each in made.contacts] == ["ann@contoso.com"]
    page = soup(client.get(answer.url)).get_text()
    assert "ann@contoso.com" in page


def test_customer_added_for_a_service_leads_on_to_it(client, provider):
    answer = client.post(reverse("web:customer_add") + "?then=service", {"name": "Contoso", **CONTACTS})
    assert answer.url == reverse("web:choose_way", args=[only(Kind.CUSTOMER, provider).id])


def test_every_fault_stands_at_its_field_and_nothing_typed_is_lost(client):
    given = {"name": "Contoso", "tenant_id": "abc", "description": "kept", **contact(name="Ann")}
    page = client.post(reverse("web:customer_add"), given)
    assert "address" in error_at(page, "contact-0-email")
    assert soup(page).select_one("#id_description")["value"] == "kept"
    assert "It looks like 11111111-2222-4333-8444-555555555555" in error_at(page, "tenant_id")
    assert soup(page).select_one("#id_tenant_id")["value"] == "abc"


def test_all_that_is_wrong_is_told_in_one_round(client):
    wrong = {"name": "n" * 201, "domain": "no domain", "tenant_id": "abc", "entra_group_id": "abc"}
    page = client.post(reverse("web:customer_add"), {**wrong, "information": "i" * 501, **contact(name="Ann")})
    assert all(error_at(page, field) for field in (*wrong, "information", "contact-0-email"))


def test_customer_goes_below_the_chosen_channel_until_its_quota_is_used_up(client, provider):
    channel = make_channel(provider, name="North")
    with within(channel.path):
        change_bounds(organization_id=channel.id, bounds=Bounds(customers=1), by=SETUP)
    given = {"name": "Contoso", "parent": str(channel.id), **CONTACTS}
    client.post(reverse("web:customer_add"), given)
    assert only(Kind.CUSTOMER, channel).name == "Contoso"
    assert "all the customers it may have" in error_at(client.post(reverse("web:customer_add"), given), "parent")
    assert "1 of 1" in " ".join(row(client.get("/channels/"), "North").get_text(" ").split())


def test_nobody_puts_a_customer_below_somebody_elses_channel(client):
    foreign = make_channel(make_provider())
    make_channel_of_mine = {"name": "Contoso", "parent": str(foreign.id), **CONTACTS}
    client.post(reverse("web:customer_add"), make_channel_of_mine)
    with within(foreign.path):
        assert place_queries.places(Kind.CUSTOMER).rows == ()


def test_the_systems_admin_reaches_every_one_of_very_many_providers_and_channels(monkeypatch):
    monkeypatch.setattr("gangway.organizations.people_queries.MOST_CHOICES", 2)
    monkeypatch.setattr("gangway.web.views.places.MOST_CHOICES", 2)
    _one, _two, last = [make_provider(name=name) for name in ("Aa Voice", "Ab Voice", "Zebra Voice")]
    channel = make_channel(last, name="Zone Reseller")
    root = sit_down(Place(system(), path_of(system())))

    def offered(address):
        return [each.get_text() for each in soup(root.get(address)).select("#id_parent option")]

    assert offered("/channels/add/") == ["Aa Voice (Provider)", "Ab Voice (Provider)"]
    assert offered("/channels/add/?place=zeb") == ["Zebra Voice (Provider)"]
    assert offered("/customers/add/?place=zone") == ["Zone Reseller (Channel)"]
    assert "No organization has a name" in root.get("/customers/add/?place=nowhere").content.decode()
    root.post("/customers/add/?place=zone", {"name": "Contoso", "parent": str(channel.id), **CONTACTS})
    assert only(Kind.CUSTOMER, channel).name == "Contoso"
    there = {"name": "Harbour", "short_name": "harbour", "parent": str(channel.id), **CONTACTS}
    assert error_at(root.post("/channels/add/", there), "parent")
    root.post("/channels/add/", {**there, "parent": str(last.id)})
    with within(last.path):
        assert {each.name for each in place_queries.places(Kind.CHANNEL).rows} == {"Zone Reseller", "Harbour"}


@pytest.mark.parametrize(
    ("short", "cure"),
    [("nor\u202eth", "hidden characters"), ("no\x07rth", "hidden characters"), ("www.north.example", "www.")],
)
def test_a_short_name_that_hides_something_is_told_at_its_field(client, provider, short, cure):
    channel = make_channel(provider, name="North", short_name="north")
    for address in (reverse("web:channel_add"), reverse("web:channel_edit", args=[channel.id])):
        answer = client.post(address, {"name": "South", "short_name": short, **CONTACTS})
        assert cure in error_at(answer, "short_name")


def test_a_channel_gets_another_short_name_later_unless_its_neighbour_has_that(client, provider):
    make_channel(provider, name="North", short_name="north")
    channel = make_channel(provider, name="South", short_name="")
    address = reverse("web:channel_edit", args=[channel.id])
    assert "Another one already has this short name" in error_at(
        client.post(address, {"name": "South", "short_name": "NORTH", **CONTACTS}), "short_name"
    )
    client.post(address, {"name": "South", "short_name": "south", **CONTACTS})
    assert soup(client.get(address)).select_one("#id_short_name")["value"] == "south"


def test_fields_are_changed_and_contacts_taken_away(client, provider):
    client.post(reverse("web:customer_add"), {"name": "Contoso", **contact(email="ann@contoso.com")})
    made = only(Kind.CUSTOMER, provider)
    address = reverse("web:customer_edit", args=[made.id])
    assert soup(client.get(address)).select_one("#id_contact-0-email")["value"] == "ann@contoso.com"
    client.post(address, {"name": "Contoso Ltd", **contact(email="")})
    changed = only(Kind.CUSTOMER, provider)
    assert (changed.name, changed.contacts) == ("Contoso Ltd", ())


def test_what_a_customers_form_does_not_ask_is_kept(client, provider):
    made = make_customer(provider, name="Contoso")
    with within_everything("as it was stored once"):
        Organization.objects.filter(pk=made.id).update(reply_to="it@contoso.com")
    client.post(reverse("web:customer_edit", args=[made.id]), {"name": "Contoso Ltd", **CONTACTS})
    changed = only(Kind.CUSTOMER, provider)
    assert (changed.name, changed.details.reply_to) == ("Contoso Ltd", "it@contoso.com")


def test_all_contacts_come_to_the_page_and_back_with_room_for_one_more(client, provider):
    people = [Contact(name=f"P{number}", email=f"p{number}@contoso.com", phone="") for number in range(7)]
    made = make_customer(provider, name="Contoso")
    with within(made.path):
        change_contacts(organization_id=made.id, contacts=people, by=SETUP)
    address = reverse("web:customer_edit", args=[made.id])
    page = soup(client.get(address))
    sent = {each["name"]: each.get("value", "") for each in page.select("form [name^=contact-]")}
    assert sent["contact-TOTAL_FORMS"] == "8"
    client.post(address, {"name": "Contoso", **sent})
    assert len(only(Kind.CUSTOMER, provider).contacts) == 7


def test_customer_moves_to_another_channel_with_its_services(client, provider):
    north, south = make_channel(provider, name="North"), make_channel(provider, name="South")
    customer = make_customer(north)
    plan(customer, short_name="cont-1")
    client.post(reverse("web:customer_move", args=[customer.id]), {"to": str(south.id)})
    assert "cont-1" in soup(sit_down(south).get("/services/")).get_text()
    assert "cont-1" not in soup(sit_down(north).get("/services/")).get_text()


def test_where_a_customer_goes_is_chosen_even_where_there_is_one_place_only(client, provider):
    north = make_channel(provider, name="North")
    customer = make_customer(provider, name="Contoso")
    page = soup(client.get(reverse("web:customer", args=[customer.id])))
    first = page.select_one("#to option")
    assert (first["value"], first.get_text()) == ("", "Choose where")
    told = soup(client.post(reverse("web:customer_move", args=[customer.id]), {"to": ""}, follow=True)).get_text()
    assert "nothing was moved" in told
    with within(provider.path):
        assert place_queries.place(customer.id).parent_id == provider.id != north.id


def test_what_a_wrong_id_or_domain_looks_like_is_said_at_every_such_field(client, provider):
    customer = make_customer(provider, name="Contoso")
    wrong = {"name": "Contoso", "tenant_id": "contoso", "entra_group_id": "group", "domain": "a@b", **CONTACTS}
    wrong |= {"tenant-TOTAL_FORMS": "1", "tenant-INITIAL_FORMS": "0", "tenant-0-tenant_id": "x", "tenant-0-domain": "y"}
    page = client.post(reverse("web:customer_edit", args=[customer.id]), wrong)
    for field in ("tenant_id", "entra_group_id", "tenant-0-tenant_id"):
        assert "looks like 11111111-2222-4333-8444-555555555555" in error_at(page, field)
    for field in ("domain", "tenant-0-domain"):
        assert "It looks like contoso.com" in error_at(page, field)


@pytest.mark.parametrize(
    ("route", "more"),
    [
        ("customer_add", {}),
        ("channel_add", {"short_name": "twice"}),
        ("provider_add", {"short_name": "twice", "warning_percent": "90"}),
    ],
)
def test_a_form_that_is_sent_twice_adds_one_and_typed_over_another(client, route, more):
    at = prove(sit_down(root())) if route == "provider_add" else client
    address, more = reverse(f"web:{route}"), {**CONTACTS, "grace_percent": "10", **more}
    given = {"name": "Twice", "once": soup(at.get(address)).select_one("[name=once]")["value"], **more}
    first, second = at.post(address, given), at.post(address, given)
    assert first.status_code == second.status_code == 302
    assert first.url == second.url
    typed_over = at.post(address, {**given, "name": "Another", "short_name": "another"})
    assert typed_over.url != first.url
    with within_everything("a test looks at all"):
        assert sorted(Organization.objects.filter(name__in=["Twice", "Another"]).values_list("name", flat=True)) == [
            "Another",
            "Twice",
        ]


def test_customer_with_a_service_stays_and_says_why(client, provider):
    customer = make_customer(provider, name="Contoso")
    service = plan(customer)
    address = reverse("web:customer_delete", args=[customer.id])
    assert "still has services" in soup(client.post(address)).get_text()
    assert service
    assert only(Kind.CUSTOMER, provider).id == customer.id


def test_deleted_customer_is_nowhere(client, provider):
    customer = make_customer(provider, name="Contoso")
    client.post(reverse("web:customer_delete", args=[customer.id]))
    assert "None yet" in soup(client.get("/customers/")).get_text()
    assert client.get(reverse("web:customer", args=[customer.id])).status_code == 404
    assert client.get(reverse("web:choose_way", args=[customer.id])).status_code == 404


def test_channel_admin_adds_customers_and_deletes_none(provider):
    channel = make_channel(provider)
    seller = sit_down(channel)
    seller.post(reverse("web:customer_add"), {"name": "Contoso", **CONTACTS})
    made = only(Kind.CUSTOMER, channel)
    assert made.parent_id == channel.id
    page = soup(seller.get(reverse("web:customer", args=[made.id])))
    assert "Delete" not in page.select_one("main").get_text()
    assert seller.post(reverse("web:customer_delete", args=[made.id])).status_code == 403
    assert seller.post(reverse("web:customer_move", args=[made.id]), {"to": str(provider.id)}).status_code == 403
    assert seller.get("/channels/").status_code == 403


def test_monitor_looks_and_changes_nothing(provider):
    customer = make_customer(provider, name="Contoso")
    monitor = sit_down(provider, role=Role.MONITOR)
    assert monitor.get(reverse("web:customer", args=[customer.id])).status_code == 200
    for name in ("customer_edit", "customer_delete", "customer_move"):
        assert monitor.post(reverse(f"web:{name}", args=[customer.id])).status_code == 403
    assert monitor.get(reverse("web:customer_add")).status_code == 403


def test_a_channels_page_is_not_a_customers(client, provider):
    channel = make_channel(provider)
    assert client.get(reverse("web:customer", args=[channel.id])).status_code == 404
    assert client.get(reverse("web:channel", args=[channel.id])).status_code == 200


def test_pool_left_is_said_where_users_are_typed(client, provider):
    with within(provider.path):
        change_bounds(organization_id=provider.id, bounds=Bounds(users=100), by=SETUP)
    customer = make_customer(provider)
    plan(customer, users=100)
    address = reverse("web:new_tenant", args=[customer.id])
    assert "10 of your provider's 100 user licenses are left" in " ".join(soup(client.get(address)).get_text().split())
    given = {"short_name": "conto-9", "licence_type": "hosted_pro", "licensed_users": "11", "send_link": "on"}
    page = client.post(address, {**given, "recipient": "it@contoso.example"})
    assert "10 licensed users left" in error_at(page, "licensed_users")


def test_a_customer_has_several_tenants_in_one_place_and_is_found_by_each_domain(client, provider):
    rows = {"tenant-TOTAL_FORMS": "2", "tenant-INITIAL_FORMS": "0", "tenant-0-domain": "Fabrikam.com"}
    given = {"name": "Contoso", "domain": "contoso.com", **CONTACTS, **rows}
    page = client.post(reverse("web:customer_add"), {**given, "tenant-1-tenant_id": "abc"})
    assert "It looks like" in error_at(page, "tenant-1-tenant_id")
    client.post(reverse("web:customer_add"), {**given, "tenant-1-tenant_id": GUID})
    made = only(Kind.CUSTOMER, provider)
    assert made.more_tenants == (Tenant("", "fabrikam.com"), Tenant(GUID, ""))
    for word in ("contoso.com", "fabrikam"):
        assert row(client.get(f"/customers/?q={word}"), "Contoso")
    page = soup(client.get(reverse("web:customer", args=[made.id]))).get_text()
    assert "fabrikam.com" in page
    client.post(reverse("web:customer_edit", args=[made.id]), {"name": "Contoso", "domain": "contoso.com", **CONTACTS})
    assert only(Kind.CUSTOMER, provider).more_tenants == made.more_tenants, "a form without the rows changes none"
    emptied = {**given, "tenant-TOTAL_FORMS": "1", "tenant-0-domain": ""}
    client.post(reverse("web:customer_edit", args=[made.id]), emptied)
    assert only(Kind.CUSTOMER, provider).more_tenants == ()


def test_a_second_customer_with_the_same_domain_is_kept_and_warned_of_also_at_the_field(client, provider):
    first = make_customer(provider, name="Contoso", domain="contoso.com")
    make_customer(make_provider(name="Rival"), name="Rivals own", domain="contoso.com")
    given = {"name": "Contoso again", "domain": "contoso.com", **CONTACTS}
    added = client.post(reverse("web:customer_add"), given, follow=True)
    assert "contoso.com is also the domain of Contoso." in soup(added).get_text()
    field = soup(client.get(reverse("web:customer_edit", args=[first.id]))).select_one("#id_domain_helptext")
    assert "is also the domain of Contoso again." in field.get_text()
    assert field.get_text().startswith("One of the customer's domains")


def test_saving_something_else_warns_of_the_same_domain_no_more(client, provider):
    first = make_customer(provider, name="Contoso", domain="contoso.com")
    make_customer(provider, name="Contoso again", domain="contoso.com")
    address = reverse("web:customer_edit", args=[first.id])
    for domain, warned in (("contoso.com", False), ("fabrikam.com", False), ("contoso.com", True)):
        saved = client.post(address, {"name": "Contoso", "domain": domain, **CONTACTS}, follow=True)
        assert ("is also the domain of" in soup(saved).get_text()) is warned


def test_a_tenant_that_a_connection_knows_is_shown_where_nobody_typed_it(client, provider):
    customer = make_customer(provider)
    address = reverse("web:customer", args=[customer.id])
    assert TENANT not in soup(client.get(address)).get_text()
    connected(customer)
    assert TENANT in soup(client.get(address)).get_text()


def test_customers_of_one_channel_are_found_from_its_page_and_a_row_offers_what_one_may(client, provider):
    channel = make_channel(provider, name="Reseller")
    make_customer(channel, name="Contoso")
    make_customer(provider, name="Fabrikam")
    link = soup(client.get(reverse("web:channel", args=[channel.id]))).find("a", string="Show them in Customers")
    page = soup(client.get(link["href"]))
    assert [head.a.get_text() for head in page.select("tbody th")] == ["Contoso"]
    assert page.select_one("#above [selected]").get_text() == "Reseller"
    offered = [one.contents[0].strip() for one in page.select("tbody .dropdown-item")]
    assert offered == ["Show", "Add Service", "Services", "Edit", "Delete"]
    monitor = sit_down(provider, role=Role.MONITOR)
    seen = soup(monitor.get(link["href"])).select("tbody .dropdown-item")
    assert [one.contents[0].strip() for one in seen] == ["Show", "Services"]
    assert "Contoso" not in client.get("/customers/?above=nonsense").content.decode()
    export = client.get(f"/customers/export.csv?above={channel.id}").content.decode()
    assert ("Contoso" in export, "Fabrikam" in export) == (True, False)
