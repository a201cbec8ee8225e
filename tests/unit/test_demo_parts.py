"""The demo's small parts: one-time codes, ports, what is kept, and processes that don't outlive it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from importlib.resources import files

import psutil
import pytest

from gangway.cli.demo.errors import AlreadyRunning, ChildFailed
from gangway.cli.demo.folder import DemoFolder
from gangway.cli.demo.one_time_code import current
from gangway.cli.demo.plot import PEOPLE, Plot
from gangway.cli.demo.processes import environment, family, wait_until_listening
from gangway.services.names import check


def start(parts, *program: str, announces: bool = True):
    return parts.start("part", [sys.executable, "-c", *program], environment=environment(), announces=announces)


def test_a_one_time_code_is_the_standards(monkeypatch):
    """RFC 6238, appendix B: the key 12345678901234567890 at 59 seconds gives 94287082, of which we show six digits."""
    monkeypatch.setattr("gangway.cli.demo.one_time_code.time.time", lambda: 59)
    assert current("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ") == "287082"


def ports(folder: DemoFolder, **wished: int) -> dict[str, int]:
    with folder.taken():
        return folder.ports(wished)


def test_ports_are_those_wished_or_of_last_time(tmp_path):
    folder = DemoFolder.under(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as door:
        wished = door.getsockname()[1]
    first = ports(folder, web=wished)
    assert first["web"] == wished
    assert len(set(first.values())) == len(first)
    assert ports(folder) == first


def test_a_taken_port_is_left_to_whoever_has_it(tmp_path):
    folder = DemoFolder.under(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        ports(folder, inbox=taken)
        assert ports(folder)["inbox"] != taken


def test_demos_that_start_together_choose_different_ports(tmp_path):
    """Each has chosen before any of its parts listens."""
    one, two = DemoFolder.under(tmp_path / "one"), DemoFolder.under(tmp_path / "two")
    with one.taken(), two.taken():
        assert not set(one.ports({}).values()) & set(two.ports({}).values())


def test_a_part_is_ready_when_it_listens_itself(tmp_path):
    """A stranger that has the port already doesn't count."""
    listen = "import signal, socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True)"
    with family(tmp_path) as parts, socket.create_server(("127.0.0.1", 0)) as stranger:
        child = start(parts, f"{listen}; signal.pause()")
        wait_until_listening(child, int(child.first_line()), seconds=10)
        with pytest.raises(ChildFailed, match="did not take connections"):
            wait_until_listening(child, stranger.getsockname()[1], seconds=0.1)


def test_secrets_are_random_for_a_folder_and_stay_private(tmp_path):
    one, two = DemoFolder.under(tmp_path / "one"), DemoFolder.under(tmp_path / "two")
    assert one.password("a@b.example") == one.password("a@b.example") != two.password("a@b.example")
    assert one.password("c@d.example") != one.password("a@b.example")
    assert one.secret_key() == one.secret_key() != two.secret_key()
    assert {file.stat().st_mode & 0o077 for file in one.home.iterdir()} == {0}


def test_a_folder_serves_one_demo_at_a_time(tmp_path):
    folder = DemoFolder.under(tmp_path)
    with folder.taken(), pytest.raises(AlreadyRunning, match=str(os.getpid())), folder.taken():
        pass


def test_parts_see_nothing_of_the_persons_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("GANGWAY_SECRET_KEY", "somebody's own")
    with family(tmp_path) as parts:
        said = start(parts, "import os; print('GANGWAY_SECRET_KEY' in os.environ)").first_line()
    assert said == "False\n"


def test_a_part_that_does_not_start_is_told_with_the_end_of_its_log(tmp_path):
    with family(tmp_path) as parts, pytest.raises(ChildFailed, match=r"exit code 3(.|\n)*out of tea"):
        start(parts, "import sys; print('out of tea', file=sys.stderr); sys.exit(3)").first_line()


def test_a_part_that_ends_by_itself_is_noticed(tmp_path):
    with family(tmp_path) as parts:
        child = start(parts, "pass", announces=False)
        child.process.wait()
        with pytest.raises(ChildFailed, match="part ended by itself"):
            parts.check()


def test_all_parts_are_ended_the_last_first(tmp_path):
    with family(tmp_path) as parts:
        wait = "import signal; print('ready', flush=True); signal.pause()"
        children = [start(parts, wait), start(parts, wait)]
        for child in children:
            child.first_line()
    assert [child.process.returncode for child in children] == [-signal.SIGTERM] * 2


def test_a_killed_demo_leaves_no_orphans(tmp_path):
    """The kernel ends the parts when the one who started them is killed with -9."""
    program = (
        "import sys, time; from pathlib import Path; from gangway.cli.demo.processes import environment, family\n"
        "with family(Path(sys.argv[1])) as parts:\n"
        "    command = [sys.executable, '-c', 'import signal; print(1, flush=True); signal.pause()']\n"
        "    child = parts.start('part', command, environment=environment(), announces=True)\n"
        "    child.first_line(); print(child.process.pid, flush=True); time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    orphan = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    gone, _ = psutil.wait_procs([orphan], timeout=10)
    assert gone == [orphan] or orphan.status() == psutil.STATUS_ZOMBIE


def test_the_names_of_a_walk_keep_the_rules():
    plot = Plot()
    assert check(plot.short_name, field="short_name") == plot.short_name
    assert check(plot.registration_name, field="name") == plot.registration_name
    assert Plot().short_name != plot.short_name


def test_the_people_that_the_demo_names_are_in_the_seed_with_these_passwords_and_roles():
    seed = json.loads((files("m365_emulator") / "seeds" / "default.json").read_text("utf-8"))
    known = {one["upn"]: one for tenant in seed["tenants"] for one in tenant.get("people", [])}
    for upn, password, words in (one for people in PEOPLE.values() for one in people):
        assert known[upn]["password"] == password
        assert words.startswith(known[upn].get("roles", ["no role"])[0])
        assert known[upn].get("mfaNumber", "") in words
