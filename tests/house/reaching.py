"""Which functions of the product reach a call of another one, as far as names and imports tell."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).parents[2] / "src"
Name = tuple[str, str]
"""A module and a function (or method) in it."""


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function of the product, with its module's name; one inside another comes by itself as well."""
    for file in (SOURCE / "gangway").rglob("*.py"):
        module = ".".join(file.relative_to(SOURCE).with_suffix("").parts)
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield module, node


def words(function: ast.AST) -> set[str]:
    """What a function names: variables, attributes, arguments by keyword, and texts."""
    named: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            named.add(node.id)
        elif isinstance(node, ast.Attribute):
            named.add(node.attr)
        elif isinstance(node, ast.keyword) and node.arg:
            named.add(node.arg)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            named.add(node.value)
    return named


def calls() -> dict[Name, set[Name]]:
    """Every function with what it names: functions of its module, and those that it imports (and hands on)."""
    found: dict[Name, set[Name]] = {}
    for file in (SOURCE / "gangway").rglob("*.py"):
        module = ".".join(file.relative_to(SOURCE).with_suffix("").parts)
        tree = ast.parse(file.read_text("utf-8"))
        imported = _imported(tree)
        for local, place in imported.items():
            found.setdefault((module, local), set()).add(place)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found.setdefault((module, node.name), set()).update(_named(node, module, imported))
    return found


def _imported(tree: ast.Module) -> dict[str, Name]:
    """Local name → where it comes from; a module has an empty function."""
    names: dict[str, Name] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gangway"):
            for alias in node.names:
                is_module = (SOURCE / (node.module or "").replace(".", "/") / f"{alias.name}.py").exists()
                place = (f"{node.module}.{alias.name}", "") if is_module else (node.module or "", alias.name)
                names[alias.asname or alias.name] = place
    return names


def _named(function: ast.AST, module: str, imported: dict[str, Name]) -> set[Name]:
    named: set[Name] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            named.add(imported.get(node.id, (module, node.id)))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            of = imported.get(node.value.id)
            named.add((of[0], node.attr) if of and not of[1] else (module, node.attr))
    return named


def reaching(goal: Name) -> set[Name]:
    """Every function from which the goal can be reached."""
    graph = calls()
    reached = {goal}
    while True:
        more = {name for name, named in graph.items() if name not in reached and named & reached}
        if not more:
            return reached - {goal}
        reached |= more


def public_functions(*files: str) -> list[Name]:
    """The functions without an underscore at the top of each room's files of these names."""
    found = []
    for file in sorted((SOURCE / "gangway").glob("*/*.py")):
        if file.name in files:
            module = ".".join(file.relative_to(SOURCE).with_suffix("").parts)
            body = ast.parse(file.read_text("utf-8")).body
            found += [(module, node.name) for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [(module, name) for module, name in found if not name.startswith("_")]
