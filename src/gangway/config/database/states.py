"""Migrations in half the time: Django's models of how tables were once are made anew less often, and by copying.

For each step of a migration Django makes the class of each model anew that is related to the one that changes, which
here is nearly every one, and each of its fields from its description. That is nearly all of what `migrate` does.
"""

from __future__ import annotations

import copy
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from django.db.migrations.state import ProjectState
from django.db.models import Field
from django.utils.functional import cached_property

if TYPE_CHECKING:
    from collections.abc import Iterator


_remade = Field.clone


@contextmanager
def quick_states() -> Iterator[None]:
    """Migrate within this; the tables become the same."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(ProjectState, "_append_option", _with_option))
        stack.enter_context(patch.object(ProjectState, "_remove_option", _without_option))
        stack.enter_context(patch.object(Field, "clone", _copied))
        yield


def _with_option(state: ProjectState, app: str, model: str, name: str, added: Any) -> None:
    _set(state, app, model, name, [*state.models[app, model].options[name], added])


def _without_option(state: ProjectState, app: str, model: str, name: str, removed: str) -> None:
    kept = [one for one in state.models[app, model].options[name] if one.name != removed]
    _set(state, app, model, name, kept)


def _set(state: ProjectState, app: str, model: str, name: str, values: list[Any]) -> None:
    """An index or a constraint: no other model sees it, so the class that is there is told."""
    state.models[app, model].options[name] = values
    if "apps" in vars(state):
        setattr(state.apps.get_model(app, model)._meta, name, values)


def _copied(field: Field[Any, Any]) -> Field[Any, Any]:
    """A field that belongs to no model yet, without what it has worked out; one that does is made anew."""
    if hasattr(field, "model"):
        return _remade(field)
    made = copy.deepcopy(field)
    for part in filter(None, (made, made.remote_field)):
        kind: Any = type(part)
        for name in _remembered(kind) & vars(part).keys():
            del vars(part)[name]
    if not made.auto_created:
        made.creation_counter, Field.creation_counter = Field.creation_counter, Field.creation_counter + 1
    return made


@cache
def _remembered(kind: type) -> frozenset[str]:
    every = [vars(base).items() for base in kind.__mro__]
    return frozenset(name for items in every for name, value in items if isinstance(value, cached_property))
