"""Delta queries: a first round tells everything, later ones what is new, changed or gone."""

import pytest

from tests.emulator.graph_door import Door, noon


@pytest.fixture
def door():
    return Door().as_person("grace.global")


def test_first_round_tells_everything_and_the_next_what_is_new_changed_or_gone(door):
    kept, changed, gone = (door.post("/applications", {"displayName": name}).body["id"] for name in ("A", "B", "C"))
    first = door.get("/applications/delta")
    assert first.body["@odata.context"].endswith("/v1.0/$metadata#applications")
    assert {kept, changed, gone} <= {row["id"] for row in first.value}
    again = door.get(first.body["@odata.deltaLink"])
    assert again.value == []
    door.patch(f"/applications/{changed}", {"notes": "other"})
    door.delete(f"/applications/{gone}")
    new = door.post("/applications", {"displayName": "D"}).body["id"]
    found = {row["id"]: row for row in door.get(again.body["@odata.deltaLink"]).value}
    assert found.keys() == {changed, gone, new}
    assert (found[changed]["notes"], found[gone]) == ("other", {"id": gone, "@removed": {"reason": "changed"}})
    door.delete(f"/directory/deletedItems/{gone}")
    rows = door.get(again.body["@odata.deltaLink"]).value
    assert {"id": gone, "@removed": {"reason": "deleted"}} in rows


def test_selected_properties_alone_are_followed_and_the_link_remembers_them(door):
    one = door.post("/applications", {"displayName": "A"}).body["id"]
    first = door.get("/applications/delta?$select=displayName")
    assert {"id": one, "displayName": "A"} in first.value
    door.patch(f"/applications/{one}", {"notes": "not followed"})
    second = door.get(first.body["@odata.deltaLink"])
    assert second.value == []
    door.patch(f"/applications/{one}", {"displayName": "B"})
    assert door.get(second.body["@odata.deltaLink"]).value == [{"id": one, "displayName": "B"}]


def test_round_may_begin_now_and_be_about_some_objects(door):
    one, other = (door.post("/applications", {"displayName": name}).body["id"] for name in ("A", "B"))
    now = door.get(f"/applications/delta?$deltatoken=latest&$filter=id eq '{one}'")
    assert now.value == []
    for oid in (one, other):
        door.patch(f"/applications/{oid}", {"notes": "changed"})
    assert [row["id"] for row in door.get(now.body["@odata.deltaLink"]).value] == [one]


def test_members_of_groups_come_and_go(door):
    body = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
    group, morgan, grace = (
        door.post("/groups", body).body["id"],
        door.user("morgan.member").id,
        door.user("grace.global").id,
    )
    door.post(f"/groups/{group}/members/$ref", {"@odata.id": f"https://x/v1.0/users/{morgan}"})
    first = door.get("/groups/delta?$select=displayName,members")
    person = {"@odata.type": "#microsoft.graph.user", "id": morgan}
    assert first.value == [{"displayName": "G", "id": group, "members@delta": [person]}]
    door.post(f"/groups/{group}/members/$ref", {"@odata.id": f"https://x/v1.0/users/{grace}"})
    door.delete(f"/groups/{group}/members/{morgan}/$ref")
    (row,) = door.get(first.body["@odata.deltaLink"]).value
    assert row["members@delta"] == [{**person, "id": grace}, {"id": morgan, "@removed": {"reason": "deleted"}}]


@pytest.mark.parametrize("name", ["users", "servicePrincipals", "groups", "oauth2PermissionGrants"])
def test_other_collections_by_the_name_that_libraries_use(door, name):
    door.post("/groups", {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True})
    whole = door.get(f"/{name}").value
    first = door.get(f"/{name}/microsoft.graph.delta()")
    assert [row["id"] for row in first.value] == [row["id"] for row in whole]
    assert door.get(first.body["@odata.deltaLink"]).value == []


@pytest.mark.parametrize("query", ["$expand=owners", "$top=5", "$orderby=displayName", "$filter=displayName eq 'A'"])
def test_what_delta_queries_do_not_take_is_refused(door, query):
    assert door.get(f"/applications/delta?{query}").status == 400


def test_link_ends_after_a_week_and_is_for_its_own_collection(door):
    link = door.get("/applications/delta").body["@odata.deltaLink"]
    for broken in (link.replace("/applications/", "/users/"), link[:-9], link.partition("=")[0] + "=nonsense"):
        assert door.get(broken).code == "syncStateNotFound"
    door.world.clock.freeze(noon.replace(day=27, hour=13))
    assert door.as_person("grace.global").get(link).code == "syncStateNotFound"


def test_changes_are_for_those_who_may_read(door):
    assert door.as_application("User.Read.All").get("/applications/delta").status == 403
    assert door.as_application("Application.Read.All").get("/applications/delta").status == 200
