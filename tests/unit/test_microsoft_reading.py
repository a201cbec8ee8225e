"""Answers become errors by status, code and number; by text only where Microsoft leaves nothing else."""

import base64
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gangway.microsoft import errors
from gangway.microsoft.graph import service_principals
from gangway.microsoft.reading import entra_error, graph_error
from gangway.microsoft.wire import Answer

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def graph(status: int, code: str, message: str = "", details: list[dict[str, str]] | None = None) -> Answer:
    told = {"code": code, "message": message, "details": details or [], "innerError": {"request-id": "r-1"}}
    return Answer(status, {"error": told}, {}, at=AT)


def entra(number: int, error: str = "invalid_client", status: int = 400) -> Answer:
    body = {"error": error, "error_codes": [number], "error_description": f"AADSTS{number}: no.\r\nTrace ID: x"}
    return Answer(status, {**body, "trace_id": "t-1", "correlation_id": "c-1"}, at=AT)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (graph(401, "InvalidAuthenticationToken"), errors.AuthorityEnded),
        (graph(403, "Authorization_RequestDenied"), errors.Forbidden),
        (graph(404, "Request_ResourceNotFound"), errors.Missing),
        (graph(409, "Directory_ConcurrencyViolation"), errors.Contended),
        (graph(429, "TooManyRequests"), errors.Throttled),
        (graph(503, "serviceNotAvailable"), errors.Unavailable),
        (graph(400, "Request_BadRequest", "Something else."), errors.Refused),
        (graph(400, "CredentialTypeNotAllowedAsPerAppPolicy"), errors.CredentialForbidden),
        (graph(400, "CredentialInvalidLifetimeAsPerAppPolicy"), errors.LifetimeForbidden),
        (graph(400, "NoBackingApplicationObject"), errors.NotCopiedYet),
        (graph(403, "x", "the backing application must in the local tenant"), errors.NotCopiedYet),
        (graph(400, "Request_BadRequest", "Permission being assigned already exists on the object"), errors.AlreadySo),
        (graph(409, "Request_BadRequest", "x", [{"code": "ConflictingObjects"}]), errors.AlreadySo),
        (graph(400, "Request_BadRequest", "No password credential found with keyId k"), errors.Missing),
        (graph(400, "Request_BadRequest", "Invalid value", [{"target": "displayName"}]), errors.NameRefused),
        (graph(400, "Request_BadRequest", "Invalid value", [{"target": "notes"}]), errors.Refused),
        (graph(400, "Request_BadRequest", "Invalid value for property 'displayName'."), errors.NameRefused),
    ],
)
def test_graph_answers_find_their_error(answer: Answer, kind: type[errors.MicrosoftError]) -> None:
    assert type(graph_error(answer)) is kind


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (7000215, errors.CredentialNotAccepted),
        (7000222, errors.CredentialNotAccepted),
        (700016, errors.ApplicationUnknown),
        (90002, errors.TenantUnknown),
        (500011, errors.ResourceUnknown),
        (53003, errors.PolicyBlocked),
        (65001, errors.ConsentMissing),
        (7000218, errors.ClientSetUpWrong),
        (99999, errors.SignInRefused),
    ],
)
def test_entra_answers_find_their_error_by_number(number: int, kind: type[errors.MicrosoftError]) -> None:
    assert type(entra_error(entra(number))) is kind


def test_a_fault_keeps_what_support_needs_and_no_more() -> None:
    fault = entra_error(entra(7000215)).fault
    assert (fault.aadsts, fault.request_id, fault.correlation_id, fault.at) == (7000215, "t-1", "c-1", AT)
    assert fault.message == "AADSTS7000215: no."


@pytest.mark.parametrize("odd", ["7000215", 7000215, {"0": 1}, [], ["x"]])
def test_numbers_that_are_no_list_of_numbers_leave_the_one_in_the_words(odd: object) -> None:
    answer = Answer(400, {**entra(7000215).body, "error_codes": odd}, {}, at=AT)
    assert entra_error(answer).fault.aadsts == 7000215


def test_the_request_id_of_a_graph_error_is_found_in_its_body() -> None:
    assert graph_error(graph(403, "x")).fault.request_id == "r-1"


def test_an_answer_that_is_no_json_is_still_an_error_with_its_status() -> None:
    error = graph_error(Answer(502, None, at=AT))
    assert isinstance(error, errors.Unavailable)
    assert error.fault.status == 502


def test_the_time_microsoft_asks_for_travels_with_the_error() -> None:
    error = graph_error(Answer(429, None, {"retry-after": "7"}, at=AT))
    assert isinstance(error, errors.Busy)
    assert error.wait == 7


def test_every_error_of_the_tree_has_its_own_code_and_words() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    kinds = [kind for kind in kinds if issubclass(kind, errors.MicrosoftError)]
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert [kind for kind in kinds if not (kind.what and kind.cure and kind.__name__ in str(errors.__doc__))] == []


def test_a_401_with_a_claims_challenge_says_what_the_next_sign_in_must_ask_for() -> None:
    wanted = base64.urlsafe_b64encode(b'{"access_token": {"acrs": {"essential": true, "value": "c1"}}}').rstrip(b"=")
    told = {"www-authenticate": f'Bearer realm="", error="insufficient_claims", claims="{wanted.decode()}"'}
    error = graph_error(replace(graph(401, "InvalidAuthenticationToken"), headers=told))
    assert type(error) is errors.AuthorityEnded
    assert error.fault.claims == '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}'
    assert "stronger or a newer sign-in" in error.what


@pytest.mark.parametrize("written", ["", "claims=", 'claims="!!!!"', 'claims="e30"x', 'claims="WzFd"'])
def test_what_is_no_challenge_asks_for_nothing(written: str) -> None:
    answer = replace(graph(401, "InvalidAuthenticationToken"), headers={"www-authenticate": f"Bearer {written}"})
    assert graph_error(answer).fault.claims in {"", "{}"}


@pytest.mark.parametrize(
    ("told", "name"),
    [
        (None, ""),
        ({"displayName": None, "verifiedPublisherId": None, "addedDateTime": None}, ""),
        (
            {"displayName": "Sailmaker", "verifiedPublisherId": "1", "addedDateTime": "2026-01-01T00:00:00Z"},
            "Sailmaker",
        ),
        ({"displayName": None, "verifiedPublisherId": "12345"}, "12345"),
    ],
)
def test_a_publisher_is_verified_only_with_an_id(told, name):
    assert service_principals.publisher_of("an-app").read(Answer(200, {"verifiedPublisher": told})) == name
