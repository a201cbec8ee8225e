"""A real running `gangway web`, looked at from outside: what it was given, what it can read, what it says."""

import dataclasses
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.ground.installation import Installation, eventually, free_port, gangway, get, running

pytestmark = pytest.mark.slow

LOOK = """
import json, sys
from gangway.cli.web import give_up_reach
from gangway.config.settings.typed import Role, Settings
give_up_reach(Settings.load(Role.WEB))
def opens(path):
    try:
        open(path, "rb").read(1)
    except OSError:
        return False
    return True
print(json.dumps({path: opens(path) for path in sys.argv[1:]}))
"""

MAKE = """
import json, os, stat, tempfile
from gangway.cli.web import give_up_reach
from gangway.config.settings.typed import Role, Settings
give_up_reach(Settings.load(Role.WEB))
def makes(make):
    path = os.path.join(tempfile.gettempdir(), f"made-{os.getpid()}")
    try:
        make(path)
        os.unlink(path)
    except OSError:
        return False
    return True
def plain(path):
    with tempfile.TemporaryFile() as file:
        file.write(b"x")
        file.truncate(0)
print(json.dumps({
    "plain": makes(plain) or makes(lambda path: open(path, "wb").close()),
    "link": makes(lambda path: os.symlink("/etc/shadow", path)),
    "pipe": makes(os.mkfifo),
    "device": makes(lambda path: os.mknod(path, stat.S_IFBLK | 0o600, os.makedev(8, 0))),
}))
"""


@dataclass
class Web:
    """One web process that answers."""

    pid: int
    url: str
    log: Path
    installation: Installation


@pytest.fixture(scope="module")
def web(installation: Installation) -> Iterator[Web]:
    port, log = free_port(), installation.folder / "web.log"
    environment = installation.web(GANGWAY_WEB_PORT=str(port), GANGWAY_PUBLIC_URL=f"http://localhost:{port}")
    with running(["-m", "gangway.cli.main", "web"], environment, log) as process:
        url = f"http://localhost:{port}"
        eventually(lambda: get(f"{url}/accounts/login/")[0] == 200 or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield Web(process.pid, url, log, installation)


def test_its_environment_holds_nothing_of_owner_or_worker(web: Web) -> None:
    environment = Path(f"/proc/{web.pid}/environ").read_bytes().decode()
    database = web.installation.database
    assert database.web.password.reveal() in environment
    for secret in (database.owner.password, database.worker.password, database.superuser.password):
        assert secret.reveal() not in environment
    assert "PRIVATE" not in environment
    assert web.installation.smtp_password not in environment


def test_no_private_key_is_open_or_mapped_in_it(web: Web) -> None:
    opened = [str(path.readlink()) for path in Path(f"/proc/{web.pid}/fd").iterdir()]
    mapped = Path(f"/proc/{web.pid}/maps").read_text()
    assert ".private" not in " ".join(opened) + mapped


def test_it_can_gain_no_rights_any_more(web: Web) -> None:
    assert "NoNewPrivs:\t1" in Path(f"/proc/{web.pid}/status").read_text()


def test_what_is_confined_like_it_reads_no_key_no_password_no_process(installation: Installation) -> None:
    passwords = next((installation.folder / "data").rglob("passwords")) if installation.folder else None
    assert passwords
    own = sys.modules[__name__].__file__ or ""
    closed = [
        str(installation.private / "1.private"),
        str(installation.folder / "worker.toml"),
        str(passwords / "owner"),
        str(passwords / "worker"),
        "/proc/1/environ",
        "/etc/shadow",
        own,
    ]
    opened = str(installation.public / "1.public")
    done = subprocess.run(
        [sys.executable, "-c", LOOK, *closed, opened],
        env=installation.web(),
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen.pop(opened) is True
    assert not any(seen.values()), seen


def test_what_is_confined_like_it_makes_plain_files_and_no_devices(installation: Installation) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MAKE], env=installation.web(), capture_output=True, text=True, cwd="/", check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"plain": True, "link": False, "pipe": False, "device": False}


def test_it_refuses_to_start_when_it_is_given_the_key(installation: Installation) -> None:
    done = gangway("web", installation.web(GANGWAY_SEALING_PRIVATE_KEYS_DIR=str(installation.private)))
    assert done.returncode == 2
    assert "GANGWAY_SEALING_PRIVATE_KEYS_DIR" in done.stderr


def test_it_refuses_to_start_when_it_can_read_the_key_unconfined(installation: Installation) -> None:
    done = gangway("web", installation.web(GANGWAY_WEB_CONFINED="false"))
    assert done.returncode == 2
    assert str(installation.private / "1.private") in done.stderr


def test_it_refuses_to_start_when_a_key_lies_among_what_it_needs(installation: Installation, tmp_path: Path) -> None:
    shutil.copytree(installation.public, tmp_path / "keys")
    shutil.copy(installation.private / "1.private", tmp_path / "keys")
    done = gangway("web", installation.web(GANGWAY_SEALING_PUBLIC_KEYS_DIR=str(tmp_path / "keys")))
    assert done.returncode == 2
    assert "1.private" in done.stderr


def test_pages_come_with_the_headers_that_protect_them(web: Web) -> None:
    _, headers = get(f"{web.url}/accounts/login/")
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["set-cookie"].startswith("__Host-")
    assert {headers["x-frame-options"], headers["x-content-type-options"]} == {"DENY", "nosniff"}
    assert "strict-transport-security" not in headers
    assert "server" not in headers


def test_its_log_tells_route_and_id_and_never_path_or_query(web: Web) -> None:
    for path in ("/i/a-link-token-in-a-path", "/accounts/login/?code=an-authorization-code"):
        _, headers = get(web.url + path)
    eventually(lambda: headers["x-request-id"] in web.log.read_text())
    log = web.log.read_text()
    assert '"route": "account_login"' in log
    assert "a-link-token" not in log
    assert "an-authorization-code" not in log


def test_somebody_elses_host_name_is_not_answered(web: Web) -> None:
    status, headers = get(web.url.replace("localhost", "127.0.0.1") + "/accounts/login/")
    assert status == 400
    eventually(lambda: headers["x-request-id"] in web.log.read_text())
    assert "Traceback" not in web.log.read_text()


def test_more_pages_at_once_than_connections_are_all_answered(installation: Installation) -> None:
    """Each request borrows a connection and gives it back: 60 pages share two."""
    port = free_port()
    url = f"http://localhost:{port}"
    address = dataclasses.replace(installation.database.web, options=(("application_name", "pool"),))
    settings = {"GANGWAY_WEB_PORT": str(port), "GANGWAY_PUBLIC_URL": url, "GANGWAY_DATABASE_POOL_SIZE": "2"}
    settings["GANGWAY_WEB_DATABASE_URL"] = address.url().reveal()
    with running(["-m", "gangway.cli.main", "web"], installation.web(**settings), installation.folder / "pool.log"):
        eventually(lambda: get(f"{url}/accounts/login/")[0] == 200)
        cookie = {"Cookie": "__Host-session=nobodysnobodysnobodysnobodysnobo"}
        with ThreadPoolExecutor(60) as people:
            answers = list(people.map(lambda _: get(f"{url}/", cookie)[0], range(60)))
        assert set(answers) == {200}
        assert 1 <= connections_of(installation) <= 2


def connections_of(installation: Installation) -> int:
    with psycopg.connect(**installation.database.superuser.psycopg()) as superuser:
        row = superuser.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pool'").fetchone()
    return int(row[0]) if row else 0
