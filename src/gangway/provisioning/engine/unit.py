"""The administrative unit that limits roles: named by people, found in the tenant before anything is written."""

from typing import Any

from gangway.foundation.errors import GangwayError, WhoActs
from gangway.microsoft.errors import Forbidden, Missing
from gangway.microsoft.graph import units
from gangway.microsoft.graph.calls import Call
from gangway.microsoft.graph.session import Outcome
from gangway.microsoft.graph.shapes import Unit
from gangway.provisioning.engine.pinning import GUID


class UnitUnknown(GangwayError):
    """There is no such unit in the tenant."""

    code = "provisioning:unit:unknown"
    what = "The administrative unit that was named is not in this tenant."
    cure = "Look it up in Microsoft Entra under Administrative units, go back and type its object ID, or decline it."
    acts = WhoActs.ADMINISTRATOR


class UnitAmbiguous(GangwayError):
    """Several units have that name."""

    code = "provisioning:unit:ambiguous"
    what = "Several administrative units of this tenant have the name that was given."
    cure = "Go back and type the object ID of the right one: it stands on the unit's page in Microsoft Entra."
    acts = WhoActs.ADMINISTRATOR


class UnitUnreadable(GangwayError):
    """A name can't be looked up by somebody who may not read units."""

    code = "provisioning:unit:unreadable"
    what = "This account may not look up administrative units by their name."
    cure = "Go back and type the unit's object ID, or sign in as somebody who may read administrative units."
    acts = WhoActs.ADMINISTRATOR


def call(named: str) -> Call[tuple[Unit, ...]]:
    """What to ask for a unit that is named by its id or its name."""
    return units.by_id(named) if GUID.fullmatch(named) else units.by_name(named)


def found(named: str, outcome: Outcome[Any]) -> Unit:
    """The one unit that was meant. Raises UnitUnknown, UnitAmbiguous, UnitUnreadable, and what else went wrong."""
    if isinstance(outcome.error, Forbidden):
        if not GUID.fullmatch(named):
            raise UnitUnreadable
        return Unit(object_id=named, name="")
    rows: tuple[Unit, ...] = () if isinstance(outcome.error, Missing) else outcome.get()
    if len(rows) > 1:
        raise UnitAmbiguous
    if not rows:
        raise UnitUnknown
    return rows[0]
