"""What the package gives to other people's tests: the fixtures, the wheel with all that it needs, the examples."""

import asyncio
import json
import os
import re
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from m365_emulator.clock import graph_time, real_now
from m365_emulator.loopback import Loopback
from tests.emulator.conftest import contoso, daemon_app, daemon_secret

root = Path(__file__).parents[2]


def get(cloud, address, **headers):
    with requests.Session() as session:
        session.trust_env = False
        return session.get(address, headers=headers, verify=cloud.ca_file).json()


def test_loopback_answers_with_tls_and_plainly(m365_emulator):
    path = "/contoso.com/v2.0/.well-known/openid-configuration"
    assert get(m365_emulator, m365_emulator.url + path)["token_endpoint"].startswith(f"{m365_emulator.url}/{contoso}/")
    assert get(m365_emulator, m365_emulator.http_url + path)["msgraph_host"]


def test_daemon_gets_a_token(m365_emulator):
    form = {"grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
    with requests.Session() as session:
        session.trust_env, session.auth = False, (daemon_app, daemon_secret)
        address = f"{m365_emulator.url}/{contoso}/oauth2/v2.0/token"
        assert "access_token" in session.post(address, data=form, verify=m365_emulator.ca_file).json()


def test_world_can_be_changed_from_the_test(m365_emulator):
    m365_emulator.do(lambda cloud: cloud.clock.advance(-86_400))
    told = get(m365_emulator, f"{m365_emulator.url}/_control/clock", **m365_emulator.control_headers)
    assert told["now"] < graph_time(real_now() - timedelta(hours=23))
    with pytest.raises(ZeroDivisionError):
        m365_emulator.do(lambda _: 1 // 0)


def test_each_test_starts_from_the_seed(m365_emulator):
    assert not get(m365_emulator, f"{m365_emulator.url}/_control/clock", **m365_emulator.control_headers)["frozen"]
    assert m365_emulator.do(lambda cloud: cloud.clock.offset) == 0


def test_two_clouds_at_once_know_nothing_of_each_other(m365_emulator):
    with Loopback(device_interval=1) as other:
        other.do(lambda cloud: cloud.directory.tenants.pop(contoso))
        assert m365_emulator.do(lambda cloud: contoso in cloud.directory.tenants)
        assert other.url != m365_emulator.url


def test_application_in_process_answers_without_a_network(m365_app):
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/common/discovery/v2.0/keys", "query_string": b"", "headers": []}
    asyncio.run(m365_app({**scope, "scheme": "https", "server": ("localhost", 8443)}, receive, send))
    assert (sent[0]["status"], len(json.loads(sent[1]["body"])["keys"])) == (200, 1)


@pytest.mark.slow
def test_wheel_stands_alone(tmp_path):
    """Built as the build backend of the lock builds it, and used where the checkout is not."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "dist"]
    subprocess.run(build, cwd=root / "emulator", check=True, capture_output=True)
    wheel = zipfile.ZipFile(next((tmp_path / "dist").glob("*.whl")))
    wheel.extractall(tmp_path / "alone")
    points = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert re.search(r"\[pytest11\]\nm365_emulator = m365_emulator\.pytest_plugin", wheel.read(points).decode())
    source = root / "emulator" / "src"
    files = {str(path.relative_to(source)) for path in source.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert files <= set(wheel.namelist())
    described = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    assert "## The control door" in wheel.read(described).decode()
    (tmp_path / "test_mine.py").write_text(
        "import m365_emulator\n"
        "def test_mine(m365_emulator, m365_app, request):\n"
        "    assert m365_emulator.url.startswith('https://localhost:')\n"
        f"    assert __import__('m365_emulator').__path__[0].startswith({str(tmp_path)!r})\n",
        "utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", tmp_path,
         "test_mine.py"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path / "alone")}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
