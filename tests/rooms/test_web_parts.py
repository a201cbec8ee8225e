"""What pages are made of: parts of others unchanged, nothing from elsewhere, nothing inline, a word for every state."""

import hashlib
import re
from pathlib import Path

import pytest
from django.apps import apps

from gangway.connections.rights import GrantRow
from gangway.invitations.states import State
from gangway.onboarding.shapes import Step
from gangway.provisioning.states import RunState, StepState
from gangway.services.states import Connection, Deployment
from gangway.web import words
from gangway.web.wizard_pages import EXISTING_PROGRESS, PROGRESS, ROUTES, groups

WEB = Path(apps.get_app_config("web").path)
VENDOR = WEB / "static" / "vendor"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))


def test_parts_of_others_are_the_ones_that_were_checked():
    listed = dict(
        re.findall(r"^\| `([^`]+)` \| `([0-9a-f]{64})` \|$", (VENDOR / "README.md").read_text(), re.MULTILINE)
    )
    served = {p for p in VENDOR.rglob("*") if p.suffix in {".css", ".js", ".svg", ".woff2"}}
    found = {str(p.relative_to(VENDOR)): hashlib.sha256(p.read_bytes()).hexdigest() for p in served}
    assert found == listed


@pytest.mark.parametrize("folder", ["tabler", "htmx", "tabler-icons", "atkinson"])
def test_each_part_has_its_version_and_licence(folder):
    names = {path.name.partition("-")[0] for path in (VENDOR / folder).iterdir()}
    assert {"VERSION", "LICENSE"} <= names


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(WEB / "templates")))
def test_template_has_nothing_inline_and_nothing_from_elsewhere(template):
    text = template.read_text()
    assert not re.search(r'\sstyle="|\son[a-z]+="|javascript:|hx-on', text)
    assert not re.search(r"<script(?![^>]*(src=|application/json))", text)
    assert not re.search(r'(src|href)="(https?:)?//', text)


def test_own_styles_and_scripts_load_nothing_from_elsewhere():
    for path in (WEB / "static" / "gangway").iterdir():
        assert "//" not in re.sub(r'xmlns="[^"]+"', "", path.read_text()), path.name


def test_every_icon_that_is_used_is_in_the_sprite():
    drawn = set(re.findall(r'<symbol id="([^"]+)"', (VENDOR / "tabler-icons" / "sprite.svg").read_text()))
    asked = {name for path in TEMPLATES for name in re.findall(r'{% icon "([^"]+)"', path.read_text())}
    shapes = {name for path in TEMPLATES for name in re.findall(r'shape="([^"]+)"', path.read_text())}
    tables = (words.CONNECTION, words.DEPLOYMENT, words.INVITATION, words.RUN, words.STEP, words.CHECK, words.PART)
    pills = {pill.shape for table in (*tables, words.GRANT, words.VALIDATION) for pill in table.values()}
    assert asked | shapes | pills <= drawn


@pytest.mark.parametrize(
    ("table", "states"),
    [
        (words.CONNECTION, Connection),
        (words.DEPLOYMENT, Deployment),
        (words.INVITATION, State),
        (words.RUN, RunState),
        (words.STEP, StepState),
    ],
    ids=["connection", "deployment", "invitation", "run", "step"],
)
def test_every_state_has_its_word(table, states):
    assert {str(state) for state in states} <= set(table)
    assert not any(str(pill.word).lower() == "success" for pill in table.values())


def test_every_grant_state_has_its_word():
    assert set(words.GRANT) == set(GrantRow.__dataclass_fields__["state"].type.__args__)


def test_every_step_of_the_wizard_has_its_page_and_its_place_in_the_progress_line():
    assert set(ROUTES) == set(Step)
    line, existing = ({step for _word, steps in line for step in steps} for line in (PROGRESS, EXISTING_PROGRESS))
    assert line | existing == set(Step) - {Step.CLOSED}
    assert line & existing == {Step.CHOOSE, Step.DONE}


def test_a_code_is_shown_in_groups_that_lose_no_letter():
    assert groups("EK7Q2LXNB") == ["EK7", "Q2L", "XNB"]
    assert groups("EK7Q2LXN") == ["EK7Q", "2LXN"]
