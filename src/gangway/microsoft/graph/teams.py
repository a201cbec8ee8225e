"""Teams, as far as Graph shows it to an application: only read."""

from typing import Final

from gangway.microsoft.graph.calls import Call, rows
from gangway.microsoft.wire import Answer

READ_PERMISSION: Final = "TeamsUserConfiguration.Read.All"
"""The application permission that `some_user_configuration` needs; no directory role is asked for."""


def some_user_configuration() -> Call[int]:
    """How Teams has set up one person, whoever comes first: the smallest question that only Teams can answer."""
    return Call("GET", "/admin/teams/userConfigurations?$top=1", _count)


def _count(answer: Answer) -> int:
    """How many came: one, or none in a tenant without people in Teams. Names and numbers are not kept."""
    return len(rows(answer))
