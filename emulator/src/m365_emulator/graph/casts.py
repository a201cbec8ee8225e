"""Related objects of several types, of which a path may name one (``…/members/microsoft.graph.user``) or the number."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from m365_emulator.graph import (
    administrative_units,
    applications,
    directory_roles,
    groups,
    service_principals,
    users,
)
from m365_emulator.graph.odata import pages
from m365_emulator.graph.owners import objects

if TYPE_CHECKING:
    from m365_emulator.graph.answer import Answer
    from m365_emulator.graph.call import Call
    from m365_emulator.graph.odata.shape import Shape

_namespace = "microsoft.graph."
_shapes = (
    administrative_units.shape,
    applications.shape,
    directory_roles.shape,
    groups.shape,
    service_principals.shape,
    users.shape,
)
_shape_of = {shape.type: shape for shape in _shapes}


def answer(call: Call, rows: list[dict[str, Any]]) -> Answer:
    """Directory objects, of one type when the path has a cast, or how many there are when it ends with ``$count``.

    A cast is asked as the collection of its type is (List a user's direct memberships: filtered, sorted, counted).
    """
    path = call.operation.path.removesuffix("/$count")
    cast = path.rpartition("/")[2]
    shape = objects
    if cast.startswith(_namespace):
        rows = [row for row in rows if row["@odata.type"] == f"#{cast}"]
        shape = _of_cast(cast.removeprefix(_namespace))
    answer_with = pages.counted if path != call.operation.path else pages.collection
    return answer_with(call, shape, rows)


def _of_cast(kind: str) -> Shape:
    """All properties are shown, as where no type is named; ``@odata.context`` names the type's plural."""
    return replace(_shape_of[kind], set=f"{kind}s", usual=())
