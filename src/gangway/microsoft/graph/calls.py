"""A Graph call as a value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from gangway.microsoft.errors import Unreadable
from gangway.microsoft.wire import Answer

T_co = TypeVar("T_co", covariant=True)

SAFE_METHODS = frozenset({"GET", "HEAD"})

WHOLE_LIST = 20
"""Pages of a list that must not end with its first: nineteen thousand rows and more, and an end nevertheless."""

CREATE_IF_MISSING = {"Prefer": "create-if-missing"}
"""Makes a PATCH to an alternate key an upsert: 201 with the object when it was made, 204 when it was there."""


@dataclass(frozen=True)
class Call(Generic[T_co]):
    """One request to Graph. `path` starts with a slash, has its query, is relative to the version; `read` is pure.

    `refers_to`: the path of an object that the body names by its whole address, which only the cloud knows.
    `pages`: how many pages of a list are read at most; what is left is still linked to in what `read` is given.
    `partly`: what was heard in time is enough, since what `read` gives says whether the list is whole.
    """

    method: str
    path: str
    read: Callable[[Answer], T_co] = field(repr=False)
    body: Any = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    refers_to: str = ""
    pages: int = 1
    partly: bool = False

    @property
    def safe(self) -> bool:
        """Whether it only reads."""
        return self.method in SAFE_METHODS


def literal(text: str) -> str:
    """A text inside an OData expression or key: quoted, its own quotes doubled, then percent-encoded as a whole."""
    return quote("'" + text.replace("'", "''") + "'", safe="'")


def nothing(_answer: Answer) -> None:
    """Read an answer without content."""


def text(record: Any, name: str) -> str:
    """A text member that Microsoft always sends. Raises Unreadable when it is missing or something else."""
    value = record.get(name) if isinstance(record, dict) else None
    if not isinstance(value, str):
        raise Unreadable(f"Microsoft's answer has no {name}.")
    return value


def rows(answer: Answer) -> list[Any]:
    """The members of a collection. Raises Unreadable when the answer is none."""
    value = answer.member("value")
    if not isinstance(value, list):
        raise Unreadable("Microsoft's answer is not a list.")
    return value
