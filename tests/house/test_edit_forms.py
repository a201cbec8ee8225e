"""Edit forms: one that begins with what is stored compares, so that nobody overwrites a colleague's change unseen."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from gangway.web.forms.base import PlainForm
from gangway.web.forms.opened import EditForm

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).parents[2] / "src" / "gangway" / "web"
BEGINS = {"initial", "defaults", "plan"}
"""Arguments by which a form begins with something."""
NO_EDIT: dict[str, str] = {
    "add_service.new_tenant": "what is there is only a proposal: a service is added",
    "add_service.asked_for_state": "a hint about what is ticked; nothing is changed",
    "fleet.repair": "asks somebody; nothing stored is changed",
    "imports.new_import": "brings a file",
    "invitation_changes._show": "the day of an approval is said anew, with what was said before as a proposal",
    "joining._answer": "a person comes in; the name is a proposal",
    "onboarding.settings": "a step of one operator's wizard, which nobody else takes: it is taken by name",
    "oneself.me": "the time zone is kept in one's own browser",
    "oneself.own_address": "asks for another address; the time zone and the name beside it are shown only",
    "oneself.own_name": "likewise: the time zone beside the name, which compares",
    "operators.invite": "somebody is invited; what is there is a proposal",
    "plans.change_plan": "compares the plan's fingerprint, and tells what is different in it",
    "provider_mail._show": "the name of a key that is looked for; nothing stored is changed",
    "service_renewal.again": "asks somebody; nothing stored is changed",
    "service_renewal.upgrade_pending": "begins with what an invitation wanted; the service's own users are taken anew",
    "shared_service.shared_registration": "a service is added; what is there is a proposal",
    "wizard._grant_form": "an administrator's case belongs to one session, and its plan compares a fingerprint",
    "wizard._name_form": "likewise; the name is looked for at Microsoft before anything is made",
    "wizard_before.approval": "a day that is said anew, with what was said before as a proposal",
}
"""Where a form begins with something and doesn't compare, as "view module.function", each with its reason."""


def views() -> Iterator[tuple[str, ast.Module]]:
    for file in sorted((SOURCE / "views").glob("*.py")):
        yield file.stem, ast.parse(file.read_text("utf-8"))


def forms_of(tree: ast.Module) -> dict[str, type]:
    """The forms that a view imports, by the names it uses."""
    found: dict[str, type] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gangway.web.forms"):
            module = importlib.import_module(node.module or "")
            for alias in node.names:
                what = getattr(module, alias.name)
                if isinstance(what, type) and issubclass(what, PlainForm):
                    found[alias.asname or alias.name] = what
    return found


def calls(node: ast.AST, within: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], ast.Call]]:
    """Every call, with the functions around it, the outermost first; what `edited` is given counts as one."""
    for child in ast.iter_child_nodes(node):
        around = within
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            around = (*within, child.name)
        if isinstance(child, ast.Call):
            yield within, child
            if isinstance(child.func, ast.Name) and child.func.id == "edited":
                around = (*within, "edited")
        yield from calls(child, around)


def test_every_form_that_begins_with_what_is_stored_compares():
    silent, wrong = set(), []
    for module, tree in views():
        known = forms_of(tree)
        made = {
            name.id
            for _, call in calls(tree)
            if is_edited(call)
            for name in call.args[:1]
            if isinstance(name, ast.Name)
        }
        for within, call in calls(tree):
            form = known.get(call.func.id) if isinstance(call.func, ast.Name) else None
            if form is None or not BEGINS & {one.arg for one in call.keywords}:
                continue
            if set(within) & {"edited", *made}:
                wrong += [] if issubclass(form, EditForm) else [f"{module}: {form.__name__} is no EditForm"]
            else:
                silent.add(f"{module}.{within[0]}")
    assert wrong == []
    assert sorted(silent - set(NO_EDIT)) == [], "make it by `edited`, or write the reason into NO_EDIT"
    assert sorted(set(NO_EDIT) - silent) == [], "these compare, or are gone: take them off the list"


def test_whatever_is_edited_is_saved_by_comparing():
    edits = sum(is_edited(call) for _, tree in views() for _, call in calls(tree))
    saves = sum(
        isinstance(call.func, ast.Attribute) and call.func.attr == "saving"
        for _, tree in views()
        for _, call in calls(tree)
    )
    assert (edits > 12, saves) == (True, edits), "each form made by `edited` is saved within its `saving()`"


def is_edited(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "edited"
