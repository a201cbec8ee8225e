"""Administrative units: parts of a tenant that a directory role can be limited to."""

from gangway.microsoft.graph.calls import Call, literal, rows, text
from gangway.microsoft.graph.shapes import Unit
from gangway.microsoft.wire import Answer

ROOT = "/directory/administrativeUnits"
FIELDS = "id,displayName"


def by_id(unit_id: str) -> Call[tuple[Unit, ...]]:
    """The unit with that object id; Missing when there is none."""
    return Call("GET", f"{ROOT}/{unit_id}?$select={FIELDS}", lambda answer: (_read(answer.body),))


def by_name(name: str) -> Call[tuple[Unit, ...]]:
    """All units that are called so: Microsoft lets several have one name."""
    return Call("GET", f"{ROOT}?$filter=displayName%20eq%20{literal(name)}&$select={FIELDS}", _all)


def scope_of(unit: Unit) -> str:
    """How a role assignment spells that it reaches this unit only."""
    return f"/administrativeUnits/{unit.object_id}"


def _all(answer: Answer) -> tuple[Unit, ...]:
    return tuple(_read(row) for row in rows(answer))


def _read(row: object) -> Unit:
    name = row.get("displayName") if isinstance(row, dict) else None
    return Unit(object_id=text(row, "id"), name=name or "")
