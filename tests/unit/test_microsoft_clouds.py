"""Microsoft's clouds: every address follows from the cloud's name; settings move a cloud, never mix two."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gangway.config.settings.faults import SettingsFaulty
from gangway.config.settings.typed import Role, Settings
from gangway.foundation.clouds import CloudName, CloudUnknown
from gangway.microsoft.cloud import CLOUDS, Cloud


@dataclass(frozen=True)
class Hosts:
    """Other hosts for one cloud."""

    login_url: str = ""
    graph_url: str = ""


@dataclass(frozen=True)
class Told:
    """Settings, as much of them as a cloud reads."""

    clouds: Mapping[CloudName, Hosts]
    cloud_login_url: str = "https://login.here"
    cloud_pages_url: str = ""
    cloud_graph_url: str = "https://graph.here"
    extra_ca_file: Path | None = None
    egress_addresses: tuple[str, ...] = ("203.0.113.7",)


def settings(**clouds: Hosts) -> Told:
    return Told({CloudName(name.replace("_", "-")): hosts for name, hosts in clouds.items()})


@pytest.mark.parametrize(
    ("name", "login", "graph"),
    [
        ("public", "https://login.here", "https://graph.here"),
        ("gcc-high", "https://login.microsoftonline.us", "https://graph.microsoft.us"),
        ("dod", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
        ("china", "https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn"),
    ],
)
def test_each_cloud_has_its_own_hosts_for_everything(name: str, login: str, graph: str) -> None:
    cloud = Cloud.of(settings(), name)
    assert (cloud.login, cloud.graph, cloud.name, cloud.egress_addresses) == (login, graph, name, ("203.0.113.7",))
    urls = [cloud.token_url("t"), cloud.device_code_url(), cloud.discovery_url("t")]
    assert [url for url in urls if not url.startswith(f"{login}/")] == []
    told = [cloud.graph_url("/organization"), cloud.graph_scope]
    assert [url for url in told if not url.startswith(f"{graph}/")] == []


def test_settings_move_one_cloud_and_leave_the_others_and_its_other_host() -> None:
    moved = settings(dod=Hosts("https://login.dod.test"), public=Hosts(graph_url="https://graph.own"))
    assert Cloud.of(moved, "dod").login == "https://login.dod.test"
    assert Cloud.of(moved, "dod").graph == "https://dod-graph.microsoft.us"
    assert Cloud.of(moved, "gcc-high").login == "https://login.microsoftonline.us"
    assert (Cloud.of(moved).login, Cloud.of(moved).graph) == ("https://login.here", "https://graph.own")


def test_every_cloud_is_in_the_table_and_no_two_share_graph() -> None:
    assert set(CLOUDS) == set(CloudName)
    assert len({addresses.graph for addresses in CLOUDS.values()}) == len(CLOUDS)
    told = [url for one in CLOUDS.values() for url in (one.login, one.graph, one.portal, one.entra, one.device_page)]
    assert [url for url in told if not url.startswith("https://") or url.endswith("/")] == []


def test_permissions_of_a_national_cloud_are_spelled_with_its_own_graph() -> None:
    asked = ["openid", "profile", "User.Read"]
    assert Cloud.of(settings(), "public").delegated_scopes(asked) == tuple(asked)
    assert Cloud.of(settings(), "dod").delegated_scopes(asked) == (
        "openid",
        "profile",
        "https://dod-graph.microsoft.us/User.Read",
    )


def test_a_cloud_that_nobody_knows_is_refused_at_its_field() -> None:
    with pytest.raises(CloudUnknown) as refused:
        Cloud.of(settings(), "germany")
    assert refused.value.field == "cloud"


def test_clouds_are_read_from_json_in_the_environment() -> None:
    told = {"GANGWAY_CLOUDS": '{"china": {"login_url": "https://login.cn.test/"}}', "GANGWAY_EGRESS_ADDRESSES": "::1"}
    read = Settings.load(Role.TEST, environ=told)
    assert Cloud.of(read, "china").login == "https://login.cn.test"
    assert Cloud.of(read, "china").egress_addresses == ("::1",)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CLOUDS", "china=x", "is not JSON"),
        ("CLOUDS", '{"germany": {}}', "gcc-high"),
        ("CLOUDS", '{"china": {"login_url": "http://login.cn.test"}}', "is not encrypted"),
        ("CLOUDS", '{"china": {"login": "https://login.cn.test"}}', ""),
        ("EGRESS_ADDRESSES", "example.com", "names no IP address"),
    ],
)
def test_what_cannot_be_a_cloud_or_an_address_is_told_when_settings_are_read(name: str, value: str, words: str) -> None:
    with pytest.raises(SettingsFaulty) as faulty:
        Settings.load(Role.TEST, environ={f"GANGWAY_{name}": value})
    (fault,) = faulty.value.faults
    assert fault.name == f"GANGWAY_{name}"
    assert words in f"{fault.what} {fault.cure}"


def test_browsers_meet_the_sign_in_pages_elsewhere_only_where_that_is_set():
    told = settings()
    assert Cloud.of(told).pages == "https://login.here"
    told = replace(told, cloud_pages_url="http://pages.here")
    assert Cloud.of(told).pages == "http://pages.here"
    assert Cloud.of(told, "gcc-high").pages == "https://login.microsoftonline.us"
