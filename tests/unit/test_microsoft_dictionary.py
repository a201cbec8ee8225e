"""One dictionary: all that the emulator can say is in it, nothing that nobody says, and the rest is told honestly."""

import ast
import json
import re
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from gangway.foundation.errors import WhoActs
from gangway.microsoft import dictionary, errors
from gangway.microsoft.patience import OutOfPatience
from gangway.microsoft.reading import entra_error, graph_error
from gangway.microsoft.silence import unheard
from gangway.microsoft.wire import Answer

EMULATOR = Path(__file__).parents[2] / "emulator" / "src" / "m365_emulator"
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)

SEEN_ELSEWHERE = {50005, 50158, 50177, 5000224, 16003, 50144, 53004, 90072, 90093, 500014}
"""Numbers that administrators report and the emulator does not give: a device that can't prove itself, an external
challenge, an account outside the tenant (three numbers), a tenant that is disabled, a password that ended, proofs that
must be registered first, a consent that only an administrator gives, an application that is switched off there."""

MUST_BE_TOLD = SEEN_ELSEWHERE | {
    *(53003, 50097, 53000, 53001, 50076, 50079, 50020, 50034, 90002, 900023, 65001, 65004, 90094, 650051, 650052),
    *(700016, 7000215, 7000222, 7000218, 7000112, 700027, 70043, 50173, 700082, 50057),
}
"""What a wizard like this one meets most, by the trackers of those who run one."""

KINDS = re.compile(r"AADSTS\d{5,7}|(oauth|graph|network):[\w.]+|[a-z]+(:[a-z_]+){2}")


def numbers_of_the_emulator() -> set[int]:
    """Those of its table, and those that stand in its source."""
    rows = json.loads((EMULATOR / "data" / "aadsts-errors.json").read_text("utf-8"))["errors"]
    return {row["code"] for row in rows} | {int(str(args[0])) for args in calls("EntraError") if args and args[0]}


def calls(name: str) -> Iterator[list[object]]:
    """Constant arguments of every place in the emulator's source that makes such an error."""
    for file in EMULATOR.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                yield [part.value if isinstance(part, ast.Constant) else None for part in node.args]


def graph_codes_of_the_emulator() -> set[str]:
    """Codes that it gives by itself, and those that a fault gives for a status."""
    given = {str(args[1]) for args in calls("GraphError") if len(args) > 1 and args[1]}
    tree = ast.parse((EMULATOR / "trouble.py").read_text("utf-8"))
    usual = next(
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and "_usual_codes" in ast.unparse(node).split("=")[0]
    )
    assert usual is not None
    return given | set(ast.literal_eval(usual).values())


def entra(number: int | None, error: str = "invalid_grant", status: int = 400) -> Answer:
    body = {
        "error": error,
        "error_codes": [number] if number else [],
        "error_description": "Adele's secret is hunter2.",
    }
    return Answer(status, {**body, "trace_id": "t-1", "correlation_id": "c-1"}, at=AT)


def test_everything_that_the_emulator_can_say_has_an_entry() -> None:
    wanted = {f"AADSTS{number}" for number in numbers_of_the_emulator()}
    wanted |= {f"graph:{code}" for code in graph_codes_of_the_emulator()}
    assert len(wanted) > 100
    assert unwritten(wanted) == []


def unwritten(signals: set[str]) -> list[str]:
    """Signals that nobody has written an entry for."""
    return sorted(signal for signal in signals if dictionary.of_signal(signal) is None)


def test_the_search_for_what_is_unwritten_finds_it() -> None:
    """Else the test before could not fail: it knows new codes, and it reads what the emulator really gives."""
    assert unwritten({"AADSTS50076", "AADSTS599999", "graph:Brand_NewRefusal"}) == [
        "AADSTS599999",
        "graph:Brand_NewRefusal",
    ]
    assert {50076, 700016, 7000215, 53003} <= numbers_of_the_emulator()
    assert {"Authorization_RequestDenied", "AadPremiumLicenseRequired", "TooManyRequests"} <= (
        graph_codes_of_the_emulator()
    )


def test_what_administrators_meet_most_has_an_entry() -> None:
    assert sorted(number for number in MUST_BE_TOLD if dictionary.of_signal(f"AADSTS{number}") is None) == []


def test_no_entry_is_about_a_number_that_nobody_gives() -> None:
    told = {number for entry in dictionary.entries() for number in entry.numbers}
    assert told - numbers_of_the_emulator() == SEEN_ELSEWHERE


def test_a_signal_stands_in_one_entry_only_and_looks_like_one() -> None:
    signals = [signal for entry in dictionary.entries() for signal in entry.signals]
    assert len(signals) == len(set(signals))
    assert [signal for signal in signals if not KINDS.fullmatch(signal)] == []


@pytest.mark.parametrize("entry", dictionary.entries(), ids=lambda entry: entry.key)
def test_an_entry_says_what_happened_and_what_to_do_in_whole_sentences(entry: dictionary.Entry) -> None:
    for words in (entry.words, entry.application):
        assert words.acts in WhoActs
        for text in (words.what, words.cure):
            assert re.match(r"[A-Z\"(].*[.?)]$", text), text
            assert set(re.findall(r"{(\w*)}", text)) <= set(dictionary.NO_FACTS)
            assert not re.search(r"AADSTS|GUID|please|oops|AAD ", text, re.IGNORECASE), text
            assert not re.search(r"\b(below|above)\b", text), "it also stands in mails and lists: nothing is below it"
    assert not entry.error or issubclass(getattr(errors, entry.error), errors.MicrosoftError)


def test_every_class_of_the_tree_has_words_and_no_entry_names_a_class_that_is_gone() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    codes = {kind.code for kind in kinds if issubclass(kind, errors.MicrosoftError)} | {OutOfPatience.code}
    told = {signal for entry in dictionary.entries() for signal in entry.signals if signal.startswith("microsoft:")}
    assert told == codes


@pytest.mark.parametrize("number", sorted(numbers_of_the_emulator() | SEEN_ELSEWHERE))
def test_a_number_of_entras_is_told_in_its_entrys_words(number: int) -> None:
    entry = dictionary.of_signal(f"AADSTS{number}")
    assert entry is not None
    person, application = entra_error(entra(number)), entra_error(entra(number), workers=())
    marked = {"marks": f" (AADSTS{number})"}
    assert (person.what, person.cure, person.acts) == _parts(entry.words.with_facts(marked))
    assert (application.what, application.cure, application.acts) == _parts(entry.application.with_facts(marked))
    assert type(person) is getattr(errors, entry.error or "SignInRefused")


def _parts(words: dictionary.Words) -> tuple[str, str, WhoActs]:
    return words.what, words.cure, words.acts


def test_what_nobody_has_written_an_entry_for_is_told_with_its_number_and_never_with_microsofts_free_text() -> None:
    error = entra_error(entra(599999, "strange_thing"))
    assert error.what == "Microsoft refused the sign-in (AADSTS599999)."
    assert (error.fault.request_id, error.fault.correlation_id, error.fault.at) == ("t-1", "c-1", AT)
    assert dict(errors.marks(error.fault))["AADSTS"] == "599999"
    assert "hunter2" not in f"{error} {error.what} {error.cure} {errors.marks(error.fault)}"


def test_a_code_of_graphs_that_is_not_known_is_told_with_it() -> None:
    answer = Answer(400, {"error": {"code": "Brand_NewRefusal", "message": "Adele's secret is hunter2."}}, at=AT)
    error = graph_error(answer)
    assert error.what == "Microsoft refused this (Brand_NewRefusal)."
    assert "hunter2" not in f"{error} {errors.marks(error.fault)}"


@pytest.mark.parametrize("code", ["the secret is hunter2", "<script>", "x" * 200, {"a": 1}, ["hunter2!"]])
def test_free_text_in_the_place_of_a_code_is_left_out(code: object) -> None:
    inner = {"request-id": code, "client-request-id": code}
    error = graph_error(Answer(400, {"error": {"code": code, "message": "no", "innerError": inner}}, at=AT))
    assert (error.fault.code, error.fault.request_id, error.fault.correlation_id) == ("", "", "")
    assert error.what == "Microsoft refused this (HTTP 400)."


@pytest.mark.parametrize(
    ("workers", "named"),
    [
        ((), "let this application in."),
        (("203.0.113.7",), "let this application in, from the address of this platform: 203.0.113.7."),
        (("203.0.113.7", "203.0.113.8/31"), "from the addresses of this platform: 203.0.113.7 and 203.0.113.8/31."),
    ],
)
def test_a_policy_for_workload_identities_names_where_our_requests_come_from(
    workers: tuple[str, ...], named: str
) -> None:
    error = entra_error(entra(53003), workers=workers)
    assert isinstance(error, errors.PolicyBlocked)
    assert "workload identities" in error.what
    assert named in error.cure
    assert "platform" not in entra_error(entra(53003)).cure


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (entra(90055, "temporarily_unavailable", 429), errors.Throttled, "too many sign-ins"),
        (entra(90033, "temporarily_unavailable", 503), errors.Unavailable, "sign-in service is not available"),
        (entra(None, "temporarily_unavailable", 503), errors.Unavailable, "service is not available"),
        (entra(53003, "temporarily_unavailable", 503), errors.Unavailable, "service is not available"),
    ],
)
def test_what_we_do_and_what_we_say_of_a_busy_service_fit(answer: Answer, kind: type[errors.Busy], words: str) -> None:
    error = entra_error(answer)
    assert type(error) is kind
    assert words in error.what
    assert error.acts is WhoActs.RETRY_LATER


def _connecting(kind: type[aiohttp.ClientConnectorError]) -> aiohttp.ClientConnectorError:
    key = ConnectionKey("login.test", 443, is_ssl=True, ssl=True, proxy=None, proxy_auth=None, proxy_headers_hash=None)
    return kind(key, OSError(1, "no"))


@pytest.mark.parametrize(
    ("error", "signal", "acts"),
    [
        (TimeoutError(), "network:timeout", WhoActs.RETRY_LATER),
        (aiohttp.ServerTimeoutError(), "network:timeout", WhoActs.RETRY_LATER),
        (ssl.SSLError(), "network:tls", WhoActs.US),
        (_connecting(aiohttp.ClientConnectorSSLError), "network:tls", WhoActs.US),
        (_connecting(aiohttp.ClientConnectorDNSError), "network:dns", WhoActs.US),
        (_connecting(aiohttp.ClientProxyConnectionError), "network:proxy", WhoActs.US),
        (_connecting(aiohttp.ClientConnectorError), "network:unreachable", WhoActs.RETRY_LATER),
        (aiohttp.ServerDisconnectedError(), "network:cut", WhoActs.RETRY_LATER),
        (aiohttp.ClientPayloadError(), "network:cut", WhoActs.RETRY_LATER),
    ],
)
def test_a_broken_way_to_microsoft_is_named_by_its_broken_part(
    error: aiohttp.ClientError | TimeoutError | ssl.SSLError, signal: str, acts: WhoActs
) -> None:
    told = unheard(error, correlation_id="mark-1", at=AT)
    assert isinstance(told, errors.NotHeard)
    assert (told.fault.code, told.acts) == (signal, acts)
    shown = dict(errors.marks(told.fault))
    assert (shown["HTTP status"], shown["Correlation ID"], shown["Time"]) == (
        "no answer",
        "mark-1",
        "2026-11-20T12:00:00+00:00",
    )


def test_an_error_in_which_nothing_was_asked_has_no_marks() -> None:
    assert errors.marks(errors.NO_FAULT) == ()
