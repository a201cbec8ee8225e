"""The paper: what it names exists, and what exists and concerns a person is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

from gangway.cli.main import app
from tests.house import errors_page, permissions_page, profile_schema, settings_page

ROOT = Path(__file__).parents[2]
PAPER = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEST_NAMES = set()
for _file in (ROOT / "tests").rglob("*.py"):
    TEST_NAMES.update(re.findall(r"^\s*(?:async )?def (test_\w+)", _file.read_text("utf-8"), re.MULTILINE))
    TEST_NAMES.add(_file.stem)


def commands(group, path: str = "gangway"):
    """Every command as a person types it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}"


@pytest.mark.parametrize("paper", PAPER, ids=lambda paper: str(paper.relative_to(ROOT)))
def test_every_test_that_paper_names_exists(paper):
    """A claim is worth as much as the test that it names."""
    text = paper.read_text("utf-8")
    assert sorted(set(re.findall(r"\b(test_\w+)", text)) - TEST_NAMES) == []
    files = re.findall(r"\b(tests/[\w/]+\.py)\b", text)
    assert [file for file in files if not (ROOT / file).is_file()] == []


@pytest.mark.parametrize("paper", PAPER, ids=lambda paper: str(paper.relative_to(ROOT)))
def test_every_link_leads_somewhere(paper):
    """Links and pictures inside the project."""
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", paper.read_text("utf-8"))
    inside = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in inside if not (paper.parent / link).exists()] == []


def test_every_command_is_documented():
    """As a person types it, somewhere in the how-to pages."""
    text = "\n".join(page.read_text("utf-8") for page in (ROOT / "docs" / "how-to").glob("*.md"))
    assert [command for command in commands(typer.main.get_command(app)) if command not in text] == []


def test_every_setting_is_documented():
    """The page of settings is what the settings say of themselves."""
    assert settings_page.PAGE.read_text("utf-8") == settings_page.page(), "run: python -m tests.house.settings_page"


def test_every_permission_is_documented_with_its_feature_and_since_when():
    """The page of permissions is what the profiles say, all of them."""
    page = permissions_page.PAGE.read_text("utf-8")
    assert page == permissions_page.page(), "run: python -m tests.house.permissions_page"
    files = {file.stem.replace("_", "-") for file in profile_schema.FOLDER.glob("*.json")} - {"profile.schema"}
    assert set(permissions_page.PROFILES) == files


def test_every_error_of_microsofts_is_documented():
    """The page of errors is what the dictionary says."""
    assert errors_page.PAGE.read_text("utf-8") == errors_page.page(), "run: python -m tests.house.errors_page"
