"""The demo as somebody starts it: walked, proved, started again, stopped; each time nothing of it is left running."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys

import psutil
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

DEMO = [sys.executable, "-m", "gangway.cli.main", "demo"]


def parts_of(folder) -> list[psutil.Process]:
    """Every process that has this data folder in its command line or environment."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        try:
            words = [*(process.info["cmdline"] or []), *process.environ().values()]
        except psutil.Error:
            continue
        if any(str(folder) in word for word in words):
            found.append(process)
    return found


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A data folder with a blank in its name, shared by the tests in their order, as by somebody's days."""
    return tmp_path_factory.mktemp("demo of today") / "data folder"


@pytest.fixture(scope="module")
def first_walk(data):
    done = subprocess.run([*DEMO, "--once", "--json", "--data-dir", data], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_walk_is_proved(first_walk):
    """The last line is the result, with everything a program wants to know."""
    result = json.loads(first_walk.splitlines()[-1])
    assert result["proved"] is True
    assert set(result) == {"proved", "steps", "microsoft", "made"}
    assert all(set(step) == {"name", "seconds"} for step in result["steps"])
    assert set(result["microsoft"]) == {"requests", "subrequests", "sequential_round_trips"}
    assert 0 < result["microsoft"]["sequential_round_trips"] <= result["microsoft"]["requests"]
    made = result["made"]
    assert made["tenant_id"] == "c0475050-0000-4000-8000-000000000001"
    assert made["permissions"] == [
        "Application.ReadWrite.OwnedBy",
        "GroupMember.Read.All",
        "Organization.Read.All",
        "RoleManagement.Read.Directory",
        "User.Read.All",
    ]
    assert made["roles"]
    ids = {made["app_id"], made["application_object_id"], made["service_principal_id"], made["credential_key_id"]}
    assert len(ids) == 4


def test_every_step_is_told(first_walk):
    """What is printed while it happens is what the result lists."""
    names = [step["name"] for step in json.loads(first_walk.splitlines()[-1])["steps"]]
    assert re.findall(r"^  ✓ (.*?) +\d+\.\d\d s$", first_walk, re.MULTILINE) == names


def test_nothing_keeps_running_after_the_walk(first_walk, data):
    assert first_walk
    assert parts_of(data) == []


@pytest.mark.usefixtures("first_walk")
def test_it_stays_up_on_the_same_folder_until_it_is_stopped(data):
    """The second start finds everything of the first, walks again, prints how to sign in, and ends on Ctrl-C."""
    demo = subprocess.Popen([*DEMO, "--data-dir", data], stdout=subprocess.PIPE, text=True)
    said = ""
    for line in demo.stdout:
        said += line
        if "Ctrl-C ends everything" in line:
            break
    assert re.search(r"sign in as +olivia@sp2\.example\n +password +\S+\n +one-time code +\d{6} ", said)
    assert len(parts_of(data)) > 4
    begins = re.search(r"^ +(GANGWAY_SETTINGS_FILE=.* )doctor$", said, re.MULTILINE)[1]
    line = ["sh", "-c", f"{begins}audit verify"]
    told = subprocess.run(line, env={"PATH": os.environ["PATH"]}, cwd="/", capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr) == (0, ""), told.stdout
    assert (data / "demo" / "worker.toml").stat().st_mode & 0o077 == 0
    demo.send_signal(signal.SIGINT)
    assert demo.wait(timeout=60) == 0
    demo.stdout.close()
    assert parts_of(data) == []


@pytest.mark.usefixtures("first_walk")
def test_a_killed_demo_leaves_nothing_running_and_starts_again(data):
    """Kill -9 in the middle; the parts notice, and the folder is not spoilt."""
    demo = subprocess.Popen([*DEMO, "--data-dir", data], stdout=subprocess.PIPE, text=True)
    for line in demo.stdout:
        if "Worker and web start" in line:
            break
    children = parts_of(data)
    demo.kill()
    demo.wait()
    demo.stdout.close()
    assert psutil.wait_procs([child for child in children if child.pid != demo.pid], timeout=60)[1] == []
    again = subprocess.run([*DEMO, "--once", "--data-dir", data], capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stdout + again.stderr
