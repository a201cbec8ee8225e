"""Reads a seed file, JSON or (where PyYAML is installed) YAML, and tells each mistake in it with its path."""

from __future__ import annotations

import importlib
import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from m365_emulator import data, json_schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_yaml = frozenset({".yaml", ".yml"})


class SeedError(Exception):
    """The seed cannot be read, or something in it is wrong; the sentence says what, and where."""


def read(path: Path | None) -> dict[str, Any]:
    """A seed file that was checked, or the default seed that comes with the emulator. Raises SeedError."""
    source = path if path is not None else resources.files("m365_emulator") / "seeds" / "default.json"
    try:
        seed = _parsed(source.read_text("utf-8"), is_yaml=path is not None and path.suffix.lower() in _yaml)
        check(seed)
    except (OSError, ValueError, SeedError) as error:
        message = f"The seed {source} cannot be used: {error}"
        raise SeedError(message) from error
    return dict(seed)


def check(seed: Any) -> None:
    """Raise SeedError with every mistake, one to a line."""
    if found := list(json_schema.mistakes(seed, schema())) or list(_unknown_names(seed)):
        raise SeedError("\n  ".join(["", *found]) if len(found) > 1 else found[0])


@cache
def schema() -> dict[str, Any]:
    """The format of seeds as a JSON schema (draft 2020-12), for editors too."""
    text = (resources.files("m365_emulator") / "seeds" / "seed.schema.json").read_text("utf-8")
    return dict(json.loads(text))


def _parsed(text: str, *, is_yaml: bool) -> Any:
    if not is_yaml:
        return json.loads(text)
    try:
        yaml = importlib.import_module("yaml")
    except ImportError as error:
        message = 'a seed in YAML needs PyYAML: pip install "m365-emulator[yaml]", or write it in JSON'
        raise SeedError(message) from error
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SeedError(str(error)) from error


def _unknown_names(seed: dict[str, Any]) -> Iterator[str]:
    """What no schema can know: permissions that do not exist, people of nowhere, ids and names that are taken."""
    people = {person["upn"].lower() for tenant in seed["tenants"] for person in tenant.get("people", [])}
    taken: set[str] = set()
    for number, tenant in enumerate(seed["tenants"]):
        at = f"tenants[{number}]"
        yield from _taken(at, [("id", tenant["id"])], taken)
        yield from _taken(at, [(f"domains[{n}]", name) for n, name in enumerate(tenant["domains"])], taken)
        for kind in ("guests", "partners"):
            for row, one in enumerate(tenant.get(kind, [])):
                if one["of"].lower() not in people:
                    yield f"{at}.{kind}[{row}].of: nobody in this seed is {one['of']!r}"
        for row, application in enumerate(tenant.get("applications", [])):
            yield from _taken(f"{at}.applications[{row}]", [("appId", application["appId"])], taken)
            yield from _permissions(f"{at}.applications[{row}]", application)
        names = [(f"people[{row}].upn", person["upn"]) for row, person in enumerate(tenant.get("people", []))]
        yield from _taken(at, names, taken)


def _taken(at: str, names: list[tuple[str, str]], taken: set[str]) -> Iterator[str]:
    for where, name in names:
        if name.lower() in taken:
            yield f"{at}.{where}: {name!r} is there twice"
        taken.add(name.lower())


def _permissions(at: str, application: dict[str, Any]) -> Iterator[str]:
    lists = {"delegated": data.scopes(data.graph_app_id), "application": data.app_roles(data.graph_app_id)}
    for kind, published in lists.items():
        known = {row["value"] for row in published}
        for row, value in enumerate(application.get(kind, [])):
            if value not in known:
                yield f"{at}.{kind}[{row}]: Microsoft Graph has no {kind} permission {value!r}"
