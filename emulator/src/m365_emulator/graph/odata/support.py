"""Refuses queries that Graph's directory cannot answer, in its words."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from m365_emulator.graph.errors import bad_request, malformed, unsupported_query
from m365_emulator.graph.odata.syntax import Both, Compare, Node, Not, Some

if TYPE_CHECKING:
    from collections.abc import Iterator

    from m365_emulator.graph.odata.options import Options
    from m365_emulator.graph.odata.shape import Shape

_most_alternatives = 15
_edm = {"text": "Edm.String", "flag": "Edm.Boolean", "time": "Edm.DateTimeOffset"}
_edm_of = {
    bool: "Edm.Boolean",
    str: "Edm.String",
    int: "Edm.Int32",
    float: "Edm.Single",
    datetime: "Edm.DateTimeOffset",
}
_kinds_of_operators = {
    "eq": "Equal",
    "ne": "NotEqual",
    "gt": "GreaterThan",
    "ge": "GreaterThanOrEqual",
    "lt": "LessThan",
    "le": "LessThanOrEqual",
}
_advanced_operators = frozenset({"ne", "not", "endsWith", "$count"})


def check(shape: Shape, options: Options, condition: Node | None = None, *, advanced: bool) -> None:
    """Raise GraphError 400 when the query asks for something the type does not have or cannot do.

    ``advanced`` queries have the header ``ConsistencyLevel: eventual`` and count or search.
    """
    _check_names(shape, options)
    if condition is not None:
        _check_width(shape, condition, advanced=advanced)
        for name, operator in uses(condition):
            _check_use(shape, name, operator, advanced=advanced)
        _check_types(shape, condition)
    _check_order(shape, options, advanced=advanced)
    if not shape.paged and (options.top or options.skiptoken):
        raise unsupported_query(
            "This resource does not support custom page sizes. Please retry without a page size argument."
        )


def _check_names(shape: Shape, options: Options) -> None:
    for name in options.select:
        if name not in shape.properties and name != "*" and not shape.polymorphic:
            raise malformed(
                "Parsing OData Select and Expand failed: Could not find a property named "
                f"'{name}' on type 'microsoft.graph.{shape.type}'."
            )
    if len(options.expand) > shape.expands:
        raise bad_request("Only one property can be expanded in a single query.")
    for name, _ in options.expand:
        if name not in shape.expandable:
            raise malformed(
                "Parsing OData Select and Expand failed: Property "
                f"'{name}' on type 'microsoft.graph.{shape.type}' is not a navigation property."
            )


def _knows(shape: Shape, name: str) -> bool:
    """Whether such objects have the property; those of several types have what their table says beside the model's."""
    return name in shape.properties or (shape.polymorphic and name in {*shape.filterable, *shape.sortable})


def _check_width(shape: Shape, condition: Node, *, advanced: bool) -> None:
    clauses = _alternatives(condition)
    if shape.directory and not advanced and clauses > _most_alternatives:
        raise unsupported_query(
            "Too many child clauses specified in search filter expression containing 'OR' operators: "
            f"{clauses}. Max allowed: {_most_alternatives}."
        )


def _alternatives(node: Node) -> int:
    """How many clauses stand beside one another with ``or`` between them; ``in`` has as many as values."""
    match node:
        case Both("or", left, right):
            return _alternatives(left) + _alternatives(right)
        case Both(_, left, right):
            return max(_alternatives(left), _alternatives(right))
        case Not(inside) | Some(_, _, Compare() | Some() | Not() | Both() as inside):
            return _alternatives(inside)
        case Compare(_, "in", values):
            return len(values)
    return 1


def _check_use(shape: Shape, name: str, operator: str, *, advanced: bool) -> None:
    if not _knows(shape, name) and name not in shape.expandable:
        raise malformed(
            f"Invalid filter clause: Could not find a property named '{name}' on type 'microsoft.graph.{shape.type}'."
        )
    wanted = "any" if operator == "$count" else operator
    if wanted not in shape.filterable.get(name, "").split():
        raise unsupported_query(
            f"Unsupported or invalid query filter clause specified for property '{name}' "
            f"of resource '{shape.resource}'."
        )
    if shape.directory and operator in _advanced_operators and not advanced:
        raise unsupported_query(
            f"Operator: '{operator}' is not supported on this property without the header "
            "'ConsistencyLevel: eventual' and the query parameter '$count=true'."
        )


def _check_types(shape: Shape, node: Node) -> None:
    """Texts, flags and times are compared with their own kind; ``null`` with any."""
    match node:
        case Both(_, left, right):
            _check_types(shape, left)
            _check_types(shape, right)
        case Not(inside):
            _check_types(shape, inside)
        case Compare((name,), operator, value) if operator in _kinds_of_operators:
            wanted = _edm.get(shape.properties.get(name, ""))
            given = next((edm for kind, edm in _edm_of.items() if isinstance(value, kind)), wanted)
            if wanted is not None and value is not None and given != wanted:
                raise malformed(
                    "Invalid filter clause: A binary operator with incompatible types was detected. Found operand "
                    f"types '{wanted}' and '{given}' for operator kind '{_kinds_of_operators[operator]}'."
                )


def _check_order(shape: Shape, options: Options, *, advanced: bool) -> None:
    for name, _ in options.orderby:
        if not _knows(shape, name):
            raise malformed(f"Could not find a property named '{name}' on type 'microsoft.graph.{shape.type}'.")
        if name not in shape.sortable:
            raise unsupported_query(f"Sorting by property '{name}' of resource '{shape.resource}' is not supported.")
    if options.orderby and options.filter and not advanced:
        raise unsupported_query("Sorting not supported for current query.")


def uses(node: Node) -> Iterator[tuple[str, str]]:
    """Each property that a filter names, with the operator that it is used with."""
    match node:
        case Both(_, left, right):
            yield from uses(left)
            yield from uses(right)
        case Not(inside):
            for name, operator in uses(inside):
                yield name, operator
                yield name, "not"
        case Some(path, _, condition):
            yield path[0], "any"
            if isinstance(condition, Compare) and condition.operator != "eq":
                yield path[0], condition.operator
        case Compare(path, _, _) if path[-1] == "$count":
            yield path[0], "$count"
        case Compare(path, operator, _):
            yield path[0], operator
