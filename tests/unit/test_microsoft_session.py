"""The Graph session: a batch has a result for each part, and a throttled part is sent again alone."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from gangway.foundation.ids import AppId, ObjectId, TenantId
from gangway.foundation.sealed import SealedText
from gangway.microsoft import errors
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.graph import applications, credentials, deleted_items, grants, service_principals, tenant
from gangway.microsoft.graph import session as session_of_graph
from gangway.microsoft.graph.calls import WHOLE_LIST, literal
from gangway.microsoft.graph.session import GraphSession, gates
from gangway.microsoft.wire import Answer, Asked

CLOUD = Cloud("https://login.test", "https://graph.test")


class Script:
    """A transport that gives prepared answers and keeps what was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[Asked] = []

    async def send(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        return self.answers.pop(0)


async def no_sleep(_seconds: float) -> None:
    """Time doesn't pass."""


def session(script: Script, tenant_id: str = "t-1") -> GraphSession:
    return GraphSession(script, CLOUD, SealedText("hush"), TenantId(tenant_id), sleep=no_sleep)


def part(place: int, status: int, body: Any = None, **headers: str) -> dict[str, Any]:
    return {"id": str(place), "status": status, "body": body, "headers": headers}


def batch(*parts: dict[str, Any]) -> Answer:
    return Answer(200, {"responses": list(parts)}, {"request-id": "whole"})


ORGANIZATION = {"value": [{"id": "T-1", "displayName": "Contoso", "verifiedDomains": [{"name": "contoso.com"}]}]}
PERSON = {"id": "p", "userPrincipalName": "ann@contoso.com", "displayName": "Ann", "userType": "Member"}


async def test_parts_come_back_in_the_order_of_the_calls() -> None:
    script = Script(batch(part(1, 200, PERSON), part(0, 200, ORGANIZATION)))
    organization, person = await session(script).batch([tenant.organization(), tenant.me()])
    assert organization.get().tenant_id == "t-1"
    assert person.get().upn == "ann@contoso.com"
    assert person.answer.request_id == "whole"


async def test_one_refused_part_leaves_the_others() -> None:
    refused = {"error": {"code": "Authorization_RequestDenied", "message": "no"}}
    script = Script(batch(part(0, 403, refused), part(1, 200, PERSON)))
    first, second = await session(script).batch([tenant.organization(), tenant.me()])
    assert isinstance(first.error, errors.Forbidden)
    assert second.get().name == "Ann"
    with pytest.raises(errors.Forbidden):
        first.get()


async def test_only_the_throttled_part_is_sent_again() -> None:
    script = Script(batch(part(0, 200, ORGANIZATION), part(1, 429, None, **{"Retry-After": "1"})), Answer(200, PERSON))
    outcomes = await session(script, "throttled").batch([tenant.organization(), tenant.me()])
    assert [outcome.error for outcome in outcomes] == [None, None]
    assert script.asked[1].url == "https://graph.test/v1.0" + tenant.me().path


async def test_a_batch_that_is_throttled_as_a_whole_closes_the_gate_and_is_sent_again() -> None:
    refused = Answer(429, {"error": {"code": "TooManyRequests"}}, {"retry-after": "7"})
    script = Script(refused, batch(part(0, 200, ORGANIZATION), part(1, 200, PERSON)))
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    graph = replace(session(script, "throttled whole"), sleep=sleep)
    outcomes = await graph.batch([tenant.organization(), tenant.me()])
    assert [outcome.error for outcome in outcomes] == [None, None]
    assert [round(seconds) for seconds in slept] == [7]
    assert gates.wait(TenantId("throttled whole")) > 6


async def test_in_a_long_pause_that_microsoft_asks_for_nothing_is_sent_and_nobody_sleeps() -> None:
    refused = part(1, 429, None, **{"Retry-After": "1800"})
    script = Script(batch(part(0, 200, ORGANIZATION), refused))
    graph = session(script, "throttled for long")
    first, late = await graph.batch([tenant.organization(), tenant.me()])
    assert (first.error, type(late.error)) == (None, errors.Throttled)
    again = await graph.batch([tenant.organization(), tenant.me()])
    alone = await graph.outcome(tenant.me())
    assert len(script.asked) == 1
    for outcome in (late, *again, alone):
        assert isinstance(outcome.error, errors.Throttled)
        assert outcome.error.wait is not None
        assert 1700 < outcome.error.wait <= 1800


NEXT = "https://graph.test/v1.0/next?$skiptoken=2"


def deleted(*names: str, more: str = "") -> dict[str, Any]:
    rows = [{"id": name, "appId": name, "displayName": name, "uniqueName": name} for name in names]
    return {"value": rows, **({"@odata.nextLink": more} if more else {})}


async def test_what_stands_on_a_later_page_is_found_in_a_batch_and_alone() -> None:
    pages = [Answer(200, deleted("b", more=f"{NEXT}3")), Answer(200, deleted("ours"))]
    script = Script(batch(part(0, 200, deleted("a", more=NEXT)), part(1, 200, PERSON)), *pages)
    found, person = await session(script).batch([deleted_items.application("ours"), tenant.me()])
    assert (found.get().object_id, person.get().name) == ("ours", "Ann")
    assert [asked.url for asked in script.asked[1:]] == [NEXT, f"{NEXT}3"]
    script = Script(Answer(200, deleted("a", more=NEXT)), Answer(200, deleted("gangway-1")))
    listed = await session(script).call(applications.deleted_with_prefix("gangway-"))
    assert ([row.unique_name for row in listed.rows], listed.whole) == (["gangway-1"], True)


async def test_roles_on_a_later_page_count() -> None:
    group = {"@odata.type": "#microsoft.graph.group", "displayName": "Sales"}
    role = {"@odata.type": "#microsoft.graph.directoryRole", "roleTemplateId": "t", "displayName": "Global"}
    script = Script(Answer(200, {"value": [group], "@odata.nextLink": NEXT}), Answer(200, {"value": [role]}))
    assert [role.template_id for role in await session(script).call(tenant.my_roles())] == ["t"]


async def test_a_list_without_end_is_read_so_far_and_says_so() -> None:
    script = Script(*(Answer(200, deleted("gangway-1", more=NEXT)) for _ in range(WHOLE_LIST)))
    listed = await session(script).call(applications.deleted_with_prefix("gangway-"))
    assert (len(listed.rows), listed.whole, script.answers) == (WHOLE_LIST, False, [])


async def test_a_page_that_is_refused_is_the_answer_and_one_elsewhere_is_never_asked() -> None:
    script = Script(Answer(200, deleted("a", more=NEXT)), Answer(503))
    assert isinstance((await session(script).outcome(deleted_items.application("b"))).error, errors.Unavailable)
    script = Script(Answer(200, deleted("a", more="https://graph.test.example/v1.0/next")))
    with pytest.raises(errors.Unreadable):
        await session(script).call(deleted_items.application("b"))
    assert len(script.asked) == 1


class Falls(Script):
    """After its answers come these errors, one for each further request; None never answers."""

    def __init__(self, *answers: Answer, then: list[Exception | None]) -> None:
        super().__init__(*answers)
        self.then = then

    async def send(self, asked: Asked) -> Answer:
        if self.answers:
            return await super().send(asked)
        self.asked.append(asked)
        error = self.then.pop(0)
        if error is not None:
            raise error
        return await asyncio.Future()


LISTS = [applications.deleted_with_prefix("gangway-"), applications.with_prefix("gangway-")]


@pytest.mark.parametrize("bad", [errors.NotHeard(), Answer(200, None), Answer(200, {"value": 1}), Answer(503), None])
async def test_a_further_page_that_is_not_heard_leaves_the_list_in_part_and_all_else_as_it_was(
    monkeypatch: pytest.MonkeyPatch, bad: Exception | Answer | None
) -> None:
    monkeypatch.setattr(session_of_graph, "PAGES_MAY_TAKE", 0.05)
    heard = batch(*(part(place, 200, deleted("gangway-1", more=NEXT)) for place in range(2)), part(2, 200, PERSON))
    fails = isinstance(bad, Answer)
    script = Falls(heard, *([bad, bad] if fails else []), then=[] if fails else [bad, bad])
    first, second, person = await session(script, "in part").batch([*LISTS, tenant.me()])
    for listed in (first.get(), second.get()):
        assert ([row.unique_name for row in listed.rows], listed.whole) == (["gangway-1"], False)
    assert person.get().name == "Ann"


@pytest.mark.parametrize("bad", [errors.NotHeard(), errors.Unreadable()])
async def test_what_must_be_whole_fails_alone_when_a_further_page_is_not_heard(bad: errors.MicrosoftError) -> None:
    group = {"value": [{"@odata.type": "#microsoft.graph.group"}], "@odata.nextLink": NEXT}
    script = Falls(batch(part(0, 200, group), part(1, 200, PERSON)), then=[bad])
    roles, person = await session(script).batch([tenant.my_roles(), tenant.me()])
    assert (roles.error, person.get().name) == (bad, "Ann")


async def test_a_row_that_nobody_can_read_is_the_lists_own_error() -> None:
    script = Script(batch(part(0, 200, deleted("a", more=NEXT)), part(1, 200, PERSON)), Answer(200, {"value": [{}]}))
    listed, person = await session(script).batch([applications.with_prefix("gangway-"), tenant.me()])
    assert isinstance(listed.error, errors.Unreadable)
    assert person.get().name == "Ann"


async def test_in_a_long_pause_no_further_page_is_asked_and_nobody_sleeps() -> None:
    refused = part(0, 429, None, **{"Retry-After": "1800"})
    heard = (part(1, 200, deleted("gangway-1", more=NEXT)), part(2, 200, deleted("a", more=NEXT)))
    script, slept = Script(batch(refused, *heard)), []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    graph = replace(session(script, "pages in a pause"), sleep=sleep)
    calls = [tenant.me(), LISTS[0], deleted_items.application("ours")]
    person, listed, found = await graph.batch(calls)
    assert (listed.get().whole, len(script.asked), slept) == (False, 1, [])
    for outcome in (person, found):
        assert isinstance(outcome.error, errors.Throttled)


async def test_more_than_twenty_calls_travel_in_two_batches() -> None:
    full = batch(*(part(place, 200, PERSON) for place in range(20)))
    script = Script(full, Answer(200, PERSON))
    assert len(await session(script).batch([tenant.me()] * 21)) == 21
    assert len(script.asked[0].body["requests"]) == 20


async def test_parts_in_order_wait_for_each_other() -> None:
    script = Script(batch(part(0, 204), part(1, 404, {"error": {"code": "Request_ResourceNotFound"}})))
    calls = [service_principals.delete(ObjectId("s")), service_principals.by_app_id("a")]
    gone, seen = await session(script).batch(calls, in_order=True)
    assert gone.error is None
    assert isinstance(seen.error, errors.Missing)
    assert script.asked[0].body["requests"][1]["dependsOn"] == ["0"]


async def test_a_refused_batch_raises_for_all() -> None:
    script = Script(Answer(401, {"error": {"code": "InvalidAuthenticationToken"}}))
    with pytest.raises(errors.AuthorityEnded):
        await session(script).batch([tenant.me(), tenant.me()])


async def test_a_batch_that_lacks_a_part_is_unreadable() -> None:
    with pytest.raises(errors.Unreadable):
        await session(Script(batch(part(0, 200, PERSON)))).batch([tenant.me(), tenant.me()])


async def test_a_body_in_a_batch_has_its_content_type() -> None:
    script = Script(batch(part(0, 204), part(1, 204)))
    await session(script).batch([applications.change(ObjectId("a"), notes="n")] * 2)
    assert script.asked[0].body["requests"][0]["headers"] == {"Content-Type": "application/json"}


async def test_neither_token_nor_body_shows_in_a_repr() -> None:
    script = Script(Answer(200, PERSON))
    await session(script).call(tenant.me())
    assert "hush" not in repr(script.asked)
    assert "hush" not in repr(session(script))


def test_a_new_secret_is_sealed_where_it_is_read() -> None:
    call = credentials.add_password(ObjectId("a"), display_name="n", ends_at=errors.NO_FAULT.at)
    body = {"keyId": "k", "displayName": "n", "endDateTime": "2027-11-20T12:00:00.1234567Z", "secretText": "8Q~"}
    made = call.read(Answer(200, body))
    assert made.text.reveal() == "8Q~"
    assert "8Q~" not in repr(made)
    assert (made.ends_at.year, made.ends_at.microsecond) == (2027, 123456)


def test_an_upsert_that_found_it_there_reads_as_none() -> None:
    call = service_principals.create_if_missing(AppId("a"))
    assert call.headers == {"Prefer": "create-if-missing"}
    assert call.read(Answer(204, None)) is None


def test_permissions_are_nested_by_their_resource() -> None:
    nested = applications.required_resource_access([("g", "2", "Role"), ("t", "9", "Role"), ("g", "1", "Scope")])
    access = [{"id": "1", "type": "Scope"}, {"id": "2", "type": "Role"}]
    assert nested == [
        {"resourceAppId": "g", "resourceAccess": access},
        {"resourceAppId": "t", "resourceAccess": [{"id": "9", "type": "Role"}]},
    ]


def test_only_enabled_permissions_of_a_resource_are_offered() -> None:
    roles = [{"id": "1", "value": "A", "isEnabled": True}, {"id": "2", "value": "B", "isEnabled": False}]
    body = {"id": "s", "appId": "a", "displayName": "Graph", "appRoles": roles}
    assert service_principals.by_app_id("a", with_roles=True).read(Answer(200, body)).app_roles == {"A": "1"}


def test_roles_of_a_person_are_told_from_groups_by_their_type() -> None:
    rows = [
        {"@odata.type": "#microsoft.graph.directoryRole", "roleTemplateId": "t", "displayName": "Global"},
        {"@odata.type": "#microsoft.graph.group", "displayName": "Sales"},
    ]
    assert [role.template_id for role in tenant.my_roles().read(Answer(200, {"value": rows}))] == ["t"]


def test_special_characters_survive_a_key() -> None:
    assert literal("O'Brien & #1+%") == "'O''Brien%20%26%20%231%2B%25'"
    assert "principalId%20eq%20'p'" in grants.roles_of(ObjectId("p")).path


def test_a_licence_shows_what_is_left_and_which_plans_it_has() -> None:
    row = {"skuId": "s", "prepaidUnits": {"enabled": 5}, "consumedUnits": 2, "servicePlans": [{"servicePlanId": "p"}]}
    (licence,) = tenant.licences().read(Answer(200, json.loads(json.dumps({"value": [row]}))))
    assert (licence.enabled, licence.consumed, licence.plan_ids) == (5, 2, frozenset({"p"}))
