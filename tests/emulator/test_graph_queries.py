"""OData: what can be asked, what Graph refuses, pages; and names with every special character."""

import string
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from m365_emulator.errors import GraphError
from m365_emulator.graph import catalogue
from m365_emulator.graph.odata.match import matches
from m365_emulator.graph.odata.shape import Shape, spelled
from m365_emulator.graph.odata.syntax import parse
from m365_emulator.graph.paths import read
from tests.emulator.graph_door import Door

item = {
    "displayName": "Voice ÉTÉ",
    "tags": ["a", "b"],
    "count": 3,
    "on": True,
    "gone": None,
    "createdDateTime": "2026-01-01T00:00:00Z",
    "rows": [{"key": 1}, {"key": 2}],
}


@pytest.fixture
def door():
    return Door().as_person("grace.global")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("displayName eq 'voice été'", True),
        ("displayName ne 'Voice ÉTÉ'", False),
        ("startsWith(displayName,'voice')", True),
        ("startswith(displayName, 'x')", False),
        ("endsWith(displayName,'été')", True),
        ("displayName in ('a','Voice ÉTÉ')", True),
        ("not startsWith(displayName,'x')", True),
        ("startsWith(displayName,'x') eq false", True),
        ("tags/any(t:t eq 'b')", True),
        ("tags/any(x:startsWith(x,'c'))", False),
        ("rows/any(r:r/key eq 2)", True),
        ("tags/any()", True),
        ("tags/$count eq 2", True),
        ("count ge 3 and count lt 4", True),
        ("count eq 1 or on eq true", True),
        ("on eq false or (count eq 3 and gone eq null)", True),
        ("createdDateTime ge 2025-12-31T00:00:00Z", True),
        ("createdDateTime le 2026-01-01T00:00:00.000Z", True),
        ("createdDateTime eq 2026-01-01T02:00:00.0000000+02:00", True),
        ("createdDateTime in (2025-01-01,2026-01-01)", True),
        ("createdDateTime gt 2026-01-01", False),
        ("gone le 2026-01-01", False),
        ("displayName eq 2026-01-01", False),
        ("gone gt 'a'", False),
        ("count eq 1 or count eq 2 and on eq true", False),
    ],
)
def test_filters_mean_what_they_say(text, expected):
    assert matches(parse(text), item) is expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "displayName",
        "displayName eq",
        "displayName eq Voice",
        "displayName is 'x'",
        "(displayName eq 'x'",
        "displayName eq 'x' and",
        "displayName eq 'x",
        "tags/any(t:t eq 'b'",
        "startsWith(displayName 'x')",
        "§",
        "displayName in ()",
        "createdDateTime ge 2026-02-30",
        "displayName eq 'a' displayName eq 'b'",
    ],
)
def test_broken_filters_are_400(text):
    with pytest.raises(GraphError, match="400 BadRequest: Invalid filter clause"):
        parse(text)


@given(st.text())
def test_any_text_can_be_quoted_in_a_filter(text):
    doubled = text.replace("'", "''")
    assert matches(parse(f"displayName eq '{doubled}'"), {"displayName": text})


@given(st.text(min_size=1))
def test_any_text_can_be_a_key_in_a_path(text):
    doubled = quote(text.replace("'", "''"), safe="")
    (segment,) = read(f"/applications(uniqueName='{doubled}')")
    assert (segment.name, segment.keys) == ("applications", (("uniqueName", text),))


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/applications('1')/owners", ["applications", "1", "owners"]),
        ("/applications(uniqueName='a/b')/owners", ["applications", "owners"]),
        ("/servicePrincipals/1/memberOf/graph.group", ["servicePrincipals", "1", "memberOf", "graph.group"]),
        ("//me/", ["me"]),
        ("/domains/o'hare.example/x", ["domains", "o'hare.example", "x"]),
    ],
)
def test_paths_fall_into_segments(path, names):
    assert [segment.name for segment in read(path)] == names


specials = [f"a{one}b" for one in string.punctuation + " "] + [
    "it's",
    "''",
    "%41",
    "a+b c",
    "日本語",
    "e\u0301",
    "👩‍👧",
    "a\\'b",
    "50% & more #1",
]


@pytest.mark.parametrize("name", specials)
def test_odd_names_are_created_and_found(door, name):
    made = door.post("/applications", {"displayName": name})
    assert made.status == 201, made.body
    doubled = name.replace("'", "''")
    found = door.get(f"/applications?$filter={quote(f'displayName eq {chr(39)}{doubled}{chr(39)}')}").value
    assert [one["displayName"] for one in found] == [name]


@pytest.mark.parametrize("name", specials)
def test_odd_unique_names_are_upserted_and_read(door, name):
    address = f"/applications(uniqueName='{quote(name.replace(chr(39), chr(39) * 2), safe='')}')"
    assert door.patch(address, {"displayName": "A"}, Prefer="create-if-missing").status == 201
    assert door.get(address).body["uniqueName"] == name


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("$filter=notes eq 'x'", "Request_UnsupportedQuery"),
        ("$filter=endsWith(displayName,'x')", "Request_UnsupportedQuery"),
        ("$filter=displayName ne 'x'", "Request_UnsupportedQuery"),
        ("$filter=not startsWith(displayName,'x')", "Request_UnsupportedQuery"),
        ("$filter=contains(displayName,'x')", "Request_UnsupportedQuery"),
        ("$orderby=notes", "Request_UnsupportedQuery"),
        ("$filter=displayName eq 'x'&$orderby=displayName", "Request_UnsupportedQuery"),
        ("$filter=displayName in (" + ",".join(["'x'"] * 16) + ")", "Request_UnsupportedQuery"),
        ("$filter=colour eq 'x'", "BadRequest"),
        ("$select=colour", "BadRequest"),
        ("$expand=colour", "BadRequest"),
        ("$orderby=colour", "BadRequest"),
        ("$orderby=displayName sideways", "BadRequest"),
        ("$top=none", "BadRequest"),
        ("$top=0", "Request_BadRequest"),
        ("$top=1000", "Request_BadRequest"),
        ("$skip=1", "Request_BadRequest"),
        ("$count=perhaps", "BadRequest"),
        ("$colour=blue", "BadRequest"),
        ('$search="displayName:x"', "Request_BadRequest"),
        ("$skiptoken=broken", "Directory_ExpiredPageToken"),
    ],
)
def test_what_graph_cannot_answer_is_refused(door, query, code):
    reply = door.get(f"/applications?{quote(query, safe='$=&')}")
    assert (reply.status, reply.code) == (400, code), reply.body


@pytest.mark.parametrize(
    "query",
    [
        "/servicePrincipals?$filter=AppId eq '00000003-0000-0000-C000-000000000000'&$select=Id,DisplayName",
        "/servicePrincipals?$filter=STARTSWITH(displayname,'Microsoft G')&$select=Id,DisplayName&$expand=Owners",
        '/servicePrincipals?$search="DISPLAYNAME:Microsoft G"&$select=Id,DisplayName&$count=true',
        "/servicePrincipals?$filter=ServicePrincipalNames/any(N:startsWith(N,'00000003-0'))&$select=ID,displayname",
    ],
)
def test_names_in_queries_are_read_without_case(door, query):
    (row,) = door.get(query.replace(" ", "%20"), ConsistencyLevel="eventual").value
    assert row["displayName"] == "Microsoft Graph"
    assert row["id"]


def test_names_are_read_without_case_where_objects_of_several_types_are_listed_and_sorted(door):
    grace = door.user("grace.global").id
    assert list(door.get(f"/directoryObjects/{grace}?$select=ID,UserPrincipalName").body)[1:] == [
        "@odata.type",
        "id",
        "userPrincipalName",
    ]
    names = [row["displayName"] for row in door.get("/users?$orderby=DisplayName%20desc").value]
    assert names == sorted(names, key=str.casefold, reverse=True)


def test_every_relation_that_is_expanded_is_known_by_its_spelling():
    shapes = [one for module in catalogue.resources for one in vars(module).values() if isinstance(one, Shape)]
    names = {name for shape in shapes for name in shape.expandable}
    assert names == {spelled(name.upper()) for name in names}


def test_advanced_queries_work_with_header_and_count(door):
    for name in ("Alpha", "Beta"):
        door.post("/applications", {"displayName": name})
    reply = door.get(
        "/applications?$count=true&$filter=endsWith(displayName,'ta')%20and%20displayName%20ne%20'x'"
        "&$orderby=displayName",
        ConsistencyLevel="eventual",
    )
    assert ([one["displayName"] for one in reply.value], reply.body["@odata.count"]) == (["Beta"], 1)
    searched = door.get('/applications?$search="displayName:alp"', ConsistencyLevel="eventual")
    assert [one["displayName"] for one in searched.value] == ["Alpha"]


@pytest.mark.parametrize(
    ("condition", "kinds"),
    [
        ("accountEnabled eq 'true'", ("Edm.Boolean", "Edm.String", "Equal")),
        ("displayName eq true", ("Edm.String", "Edm.Boolean", "Equal")),
        ("createdDateTime ge '2020-01-01'", ("Edm.DateTimeOffset", "Edm.String", "GreaterThanOrEqual")),
        ("not(displayName eq 5) or userType eq 'Guest'", ("Edm.String", "Edm.Int32", "Equal")),
    ],
)
def test_values_of_another_kind_are_no_comparison(door, condition, kinds):
    reply = door.get(f"/users?$filter={condition}&$count=true", ConsistencyLevel="eventual")
    assert (reply.status, reply.code) == (400, "BadRequest")
    assert reply.message.startswith("Invalid filter clause: A binary operator with incompatible types was detected.")
    assert all(f"'{kind}'" in reply.message for kind in kinds)


def test_option_stands_once(door):
    reply = door.get("/users?$top=1&$select=id&$top=2")
    assert (reply.status, reply.code) == (400, "BadRequest")


def test_relation_is_shown_by_expand_alone(door):
    door.post("/applications", {"displayName": "Voice"})
    assert {key for row in door.get("/applications?$select=id,owners").value for key in row} == {"id"}


def test_what_is_deleted_is_sorted_by_when(door):
    names = ["first", "second"]
    for name in names:
        door.delete(f"/applications/{door.post('/applications', {'displayName': name}).body['id']}")
        door.world.clock.advance(60)
    path = "/directory/deletedItems/microsoft.graph.application?$count=true&$orderby=deletedDateTime desc"
    found = door.get(path, ConsistencyLevel="eventual")
    assert [row["displayName"] for row in found.value] == names[::-1]
    assert found.body["@odata.count"] == 2


def test_fifteen_clauses_beside_one_another_are_the_most_without_an_advanced_query(door):
    clauses = "%20or%20".join(f"displayName%20eq%20'{number}'" for number in range(15))
    assert door.get(f"/users?$filter={clauses}").status == 200
    clauses += "%20or%20mail%20eq%20'x'"
    assert "16. Max allowed: 15" in door.get(f"/users?$filter={clauses}").message
    assert door.get(f"/users?$filter={clauses}&$count=true", ConsistencyLevel="eventual").status == 200


def test_count_alone_is_plain_text_and_needs_the_header(door):
    assert door.get("/applications/$count").status == 400
    reply = door.get("/applications/$count", ConsistencyLevel="eventual")
    assert (reply.body, reply.headers["content-type"].partition(";")[0]) == ("1", "text/plain")
    assert int(door.get("/servicePrincipals/$count", ConsistencyLevel="eventual").body) > 2


def test_count_in_a_list_is_ignored_without_the_header(door):
    assert "@odata.count" not in door.get("/applications?$count=true").body


def test_only_the_first_page_says_how_many_there_are(door):
    first = door.get("/users?$count=true&$top=2", ConsistencyLevel="eventual")
    second = door.get(first.body["@odata.nextLink"], ConsistencyLevel="eventual")
    assert first.body["@odata.count"] > 2
    assert "@odata.count" not in second.body


def test_pages_lead_through_everything_once(door):
    names = [f"Voice {number:02}" for number in range(7)]
    for name in names:
        door.post("/applications", {"displayName": name})
    reply = door.get("/applications?$filter=startsWith(displayName,'Voice')&$top=3&$select=id,displayName")
    seen = [one["displayName"] for one in reply.value]
    while "@odata.nextLink" in reply.body:
        reply = door.get(reply.body["@odata.nextLink"])
        seen += [one["displayName"] for one in reply.value]
    assert seen == names


def test_deletion_between_pages_loses_nothing(door):
    made = [door.post("/applications", {"displayName": f"Voice {number}"}).body for number in range(4)]
    first = door.get("/applications?$filter=startsWith(displayName,'Voice')&$top=2")
    door.delete(f"/applications/{made[0]['id']}")
    rest = door.get(first.body["@odata.nextLink"])
    assert [one["id"] for one in rest.value] == [made[2]["id"], made[3]["id"]]


def test_lists_have_a_hundred_items_a_page(door):
    for number in range(102):
        door.new_principal(f"Voice {number}")
    assert len(door.get("/servicePrincipals?$select=id").value) == 100


def test_select_shows_only_what_was_asked(door):
    made = door.post("/applications", {"displayName": "Voice"}).body
    read = door.get(f"/applications/{made['id']}?$select=displayName,uniqueName").body
    assert read == {"@odata.context": read["@odata.context"], "displayName": "Voice", "uniqueName": None}
    assert read["@odata.context"].endswith("#applications(displayName,uniqueName)/$entity")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("one", ["OneVideo", "one-drive"]),
        ("OneVideo", ["OneVideo"]),
        ("video one", ["OneVideo"]),
        ("onedrive", ["one-drive"]),
        ("VID", ["OneVideo"]),
        ("deo", []),
        ("365", ["Teams365 (voice)"]),
        ("Teams Voice", ["Teams365 (voice)"]),
        ("one.video", ["OneVideo"]),
    ],
)
def test_names_are_searched_by_their_words(door, words, found):
    for name in ("OneVideo", "one-drive", "Teams365 (voice)"):
        door.post("/applications", {"displayName": name})
    reply = door.get(f'/applications?$search="displayName:{words}"'.replace(" ", "%20"), ConsistencyLevel="eventual")
    assert [one["displayName"] for one in reply.value] == found


def test_what_is_searched_for_may_hold_quotes_and_is_read_or_refused(door):
    door.post("/applications", {"displayName": 'A "quoted" name'})

    def asked(search):
        return door.get(f"/applications?$search={quote(search)}", ConsistencyLevel="eventual")

    assert len(asked('"displayName:\\"quoted\\""').value) == 1
    for broken in ('"displayName:a" AND', '("displayName:a"', '"displayName:a" "displayName:b"', '"displayName:a" NOT'):
        assert (asked(broken).status, asked(broken).code) == (400, "BadRequest"), broken
    for unknown in ('"notes:a"', '"colour:a"', '"displayName"'):
        assert asked(unknown).code == "Request_UnsupportedQuery", unknown
