"""From what was seen to a status: OK only by proof, and *unknown* is a status of its own. Pure logic."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal, NotRequired, Protocol, TypedDict

Status = Literal["ok", "warning", "error", "unknown"]

BESIDE: Final = frozenset({"domains", "licences"})
"""What a tenant needs for calling, but what says nothing about the credentials: it never colours the connection."""

_WORDS: Final[Mapping[Status, str]] = {
    "ok": "",
    "warning": "Works, but needs attention",
    "error": "Does not work",
    "unknown": "Not known at the moment",
}
_WORST_FIRST: Final[tuple[Status, ...]] = ("error", "warning", "unknown", "ok")


class Looked(Protocol):
    """One thing that was looked at, as provisioning reports it."""

    @property
    def key(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def state(self) -> Status: ...
    @property
    def words(self) -> str: ...
    @property
    def cure(self) -> str: ...
    @property
    def details(self) -> tuple[tuple[str, str], ...]: ...


class KeptItem(TypedDict):
    """The same in a row."""

    key: str
    label: str
    state: Status
    words: str
    cure: str
    details: NotRequired[list[list[str]]]


def kept(items: Iterable[Looked]) -> list[KeptItem]:
    """Turn what was seen into what a row keeps."""
    return [_kept(item) for item in items]


def _kept(item: Looked) -> KeptItem:
    row = KeptItem(key=item.key, label=item.label, state=item.state, words=item.words, cure=item.cure)
    if item.details:
        row["details"] = [list(pair) for pair in item.details]
    return row


def status_of(items: Iterable[KeptItem]) -> Status:
    """Tell how the connection is by what was seen of it; nothing seen means that nobody knows."""
    states = {item["state"] for item in items if item["key"] not in BESIDE}
    return next((status for status in _WORST_FIRST if status in states), "unknown")


def words_of(items: Iterable[KeptItem]) -> str:
    """Say why the status is what it is; empty for OK."""
    seen = list(items)
    status = status_of(seen)
    reasons = [item["words"] for item in seen if item["state"] == status and item["key"] not in BESIDE]
    return ": ".join([_WORDS[status], " ".join(reasons)]) if _WORDS[status] and reasons else _WORDS[status]
