"""The control door, faults, the log, determinism, and the state file."""

import json
import stat

import pytest
import requests

from tests.emulator.conftest import contoso, everyday, grace, running, sign_in_app


def test_door_wants_its_token(emulator):
    door = emulator.ready["control"]
    assert emulator.session.get(door["url"]).status_code == 403
    assert emulator.session.get(door["url"], headers={door["header"]: "wrong"}).status_code == 403


def test_door_answers_only_to_this_machines_names(emulator):
    door = emulator.ready["control"]
    headers = {door["header"]: door["token"], "Host": "emulator.example"}
    assert emulator.session.get(door["url"], headers=headers).status_code == 403


def test_door_describes_itself_and_every_description_is_true(emulator):
    guide = emulator.control("GET", "")
    assert {"status", "cut", "lag_reads", "retry_after"} <= set(guide["fault"]["effect"])
    assert contoso in [tenant["id"] for tenant in guide["tenants"]]
    reading = [door.split()[1] for door in guide["doors"] if door.startswith("GET")]
    assert [emulator.control("GET", _filled_in(path)) is not None for path in reading]


def _filled_in(path):
    return path.removeprefix("/_control/").format(tenant=contoso)


@pytest.mark.slow
def test_door_can_be_switched_off(tmp_path):
    with running(tmp_path, "--no-control") as emulator:
        assert emulator.ready["control"] is None
        assert emulator.get("/_control/").status_code == 404


def test_reset_forgets_everything(emulator):
    emulator.grant(emulator.device_code())
    emulator.control("POST", "reset")
    assert sign_in_app not in json.dumps(_tenant(emulator, contoso))


def test_seed_of_ones_own(emulator):
    person = {"upn": "a@b.example", "displayName": "A", "password": "p", "roles": ["Global Reader"]}
    tenant = {"id": "b0000000-0000-4000-8000-000000000001", "displayName": "B", "domains": ["b.example"]}
    emulator.control("POST", "seed", json={"seed": "mine", "tenants": [{**tenant, "people": [person]}]})
    assert [row["display_name"] for row in emulator.control("GET", "state")["tenants"]] == ["B"]


def test_wrong_seed_is_told_and_changes_nothing(emulator):
    person = {"upn": "a@b.example", "displayName": "A", "password": "p", "roles": ["King"]}
    tenant = {"id": "b", "displayName": "B", "domains": ["b.example"], "people": [person]}
    with pytest.raises(requests.HTTPError) as refused:
        emulator.control("POST", "seed", json={"tenants": [tenant]})
    assert "King" in refused.value.response.json()["error"]
    assert _tenant(emulator, contoso)["display_name"] == "Contoso"


def test_clock_moves_stands_and_goes_on(emulator):
    assert emulator.control("GET", "clock") == {"now": "2026-11-20T12:00:00Z", "frozen": True}
    assert emulator.control("POST", "clock", json={"advance": 90})["now"] == "2026-11-20T12:01:30Z"
    assert emulator.control("POST", "clock", json={"thaw": True})["frozen"] is False
    assert emulator.control("POST", "clock", json={"reset": True})["now"][:4] != "1970"
    assert emulator.get("/common/discovery/instance").headers["Date"] != "Fri, 20 Nov 2026 12:00:00 GMT"


def test_date_header_follows_the_clock(emulator):
    assert emulator.get("/common/discovery/instance").headers["Date"] == "Fri, 20 Nov 2026 12:00:00 GMT"


def test_state_never_shows_a_secret(emulator):
    text = json.dumps(emulator.control("GET", "state"))
    assert "hidden" not in text
    assert grace[1] not in text
    assert '"hint": "Ex4"' in text


def test_fault_hits_the_nth_matching_request(emulator):
    fault = {
        "match": {"path": "/*/oauth2/v2.0/token", "nth": 2, "times": 1},
        "effect": {"status": 503, "retry_after": 7},
    }
    emulator.control("PUT", "faults/second-token", json=fault)
    answers = [emulator.application_token() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 503, 200]
    assert answers[1].headers["Retry-After"] == "7"
    assert answers[1].json()["error"] == "temporarily_unavailable"
    listed = emulator.control("GET", "faults")["faults"]
    assert [(row["name"], row["met"], row["hit"]) for row in listed] == [("second-token", 3, 1)]


def test_fault_in_graphs_shape(emulator):
    emulator.control(
        "PUT", "faults/busy", json={"match": {"path": "/v1.0/*"}, "effect": {"status": 429, "retry_after": 3}}
    )
    answer = emulator.get("/v1.0/organization")
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "TooManyRequests")
    emulator.control("DELETE", "faults/busy")
    assert emulator.get("/v1.0/organization").status_code == 401


@pytest.mark.parametrize(("cut", "codes_made"), [("before", 0), ("after", 1)])
def test_connection_is_cut_before_or_after_the_write(emulator, cut, codes_made):
    emulator.control("PUT", "faults/cut", json={"match": {"path": "*/devicecode"}, "effect": {"cut": cut}})
    with pytest.raises(requests.ConnectionError):
        emulator.device_code()
    emulator.control("DELETE", "faults/cut")
    assert emulator.device_code()["user_code"] == _user_codes(emulator)[codes_made]


def test_unknown_words_in_a_fault_are_told(emulator):
    for wrong in ({"effect": {"colour": "red"}}, {"effect": {"cut": "sideways"}}, {"effect": {"lag_reads": 3}}):
        with pytest.raises(requests.HTTPError):
            emulator.control("PUT", "faults/wrong", json=wrong)
    assert emulator.control("GET", "faults") == {"faults": []}


def test_delay_is_seen_in_the_log(emulator):
    emulator.control("PUT", "faults/slow", json={"match": {"path": "/common/*"}, "effect": {"delay_ms": 60}})
    emulator.get("/common/discovery/instance")
    entry = emulator.control("GET", "log")["requests"][-1]
    assert round(entry["ended"] - entry["started"], 2) >= 0.06  # timers round, a little early too
    assert (entry["fault"], entry["status"], entry["route"]) == ("slow", 200, "/common/discovery/instance")


def test_log_keeps_paths_without_queries_and_counts_round_trips(emulator):
    emulator.control("DELETE", "log")
    for _ in range(3):
        emulator.get("/common/discovery/instance?secret=1")
    assert "secret" not in json.dumps(emulator.control("GET", "log"))
    entries = emulator.control("GET", "log")["requests"]
    summary = emulator.control("GET", "log/summary")
    taken = round(sum(entry["ended"] - entry["started"] for entry in entries), 4)
    counts = {"requests": 3, "subrequests": 0, "sequential_round_trips": 3}
    assert summary == counts | {"sequential_seconds": taken}
    assert emulator.control("GET", "log/summary?plane=graph")["requests"] == 0


@pytest.mark.slow
def test_latency_holds_every_answer_back(tmp_path):
    with running(tmp_path, "--latency-ms", "50") as emulator:
        emulator.get("/common/discovery/instance")
        entry = emulator.control("GET", "log")["requests"][0]
        assert entry["ended"] - entry["started"] >= 0.05


def test_same_seed_and_same_requests_give_the_same_bytes(emulator):
    def sequence():
        emulator.control("POST", "reset")
        emulator.control("POST", "clock", json={"freeze": "2026-11-20T12:00:00Z"})
        flow = emulator.device_code(everyday)
        emulator.grant(flow)
        return flow, emulator.poll(flow).json(), emulator.application_token().json(), emulator.control("GET", "state")

    assert sequence() == sequence()


@pytest.mark.slow
def test_state_survives_a_restart(tmp_path):
    state, keys = tmp_path / "state.json", "/common/discovery/v2.0/keys"
    with running(tmp_path, "--state", str(state)) as emulator:
        flow = emulator.device_code()
        emulator.control("PUT", "faults/kept", json={"match": {"path": "/nowhere"}, "effect": {"status": 500}})
        before = emulator.control("GET", "state"), emulator.get(keys).json()["keys"][0]["kid"]
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    with running(tmp_path, "--state", str(state)) as emulator:
        assert (emulator.control("GET", "state"), emulator.get(keys).json()["keys"][0]["kid"]) == before
        emulator.grant(flow | {"verification_uri": emulator.ready["device_login_url"]})
        assert emulator.poll(flow).status_code == 200
        assert emulator.control("GET", "faults")["faults"][0]["name"] == "kept"


@pytest.mark.slow
def test_answer_that_a_client_heard_survives_a_kill(tmp_path):
    """What stands in the files while the emulator runs is all that a new one needs."""
    state, found = tmp_path / "state.json", tmp_path / "found.json"
    with running(tmp_path, "--state", str(state)) as emulator:
        flow = emulator.device_code()
        emulator.grant(flow)
        made = emulator.session.post(
            f"{emulator.url}/v1.0/applications", json={"displayName": "heard"}, **_daemon(emulator)
        )
        before = emulator.control("GET", "state")
        for suffix in ("", ".journal"):
            found.with_name(found.name + suffix).write_bytes(state.with_name(state.name + suffix).read_bytes())
    with running(tmp_path, "--state", str(found)) as emulator:
        assert emulator.control("GET", "state") == before
        assert made.json()["id"] in _tenant(emulator, contoso)["objects"]
        assert emulator.poll(flow).status_code == 200


@pytest.mark.slow
def test_authority_is_kept_and_its_keys_are_private(tmp_path):
    with running(tmp_path) as emulator:
        first = (tmp_path / "tls" / "ca.pem").read_bytes()
        assert emulator.ca_file == str(tmp_path / "tls" / "ca.pem")
    with running(tmp_path):
        assert (tmp_path / "tls" / "ca.pem").read_bytes() == first
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "tls").iterdir()}
    assert modes == {"ca.pem": 0o644, "ca-key.pem": 0o600, "server.pem": 0o644, "server-key.pem": 0o600}


def test_wrong_method_and_unknown_path_in_graphs_shape(emulator):
    answer = emulator.session.options(f"{emulator.url}/v1.0/organization")
    assert answer.status_code in (401, 405)
    assert "error" in answer.json()


def _daemon(emulator):
    return {"headers": {"Authorization": f"Bearer {emulator.application_token().json()['access_token']}"}}


def _tenant(emulator, tenant_id):
    return next(row for row in emulator.control("GET", "state")["tenants"] if row["id"] == tenant_id)


def _user_codes(emulator):
    """The user codes that a fresh world gives, first to last."""
    emulator.control("POST", "reset")
    return [emulator.device_code()["user_code"] for _ in range(2)]
