"""Which names of its query a page asks for: only these can break it."""

from typing import Any, ClassVar

import pytest
from django.http import QueryDict
from typing_extensions import override


class WatchedQuery(QueryDict):
    """Notes each name that it is asked for, whether it was sent or not."""

    noted: ClassVar[set[str]] = set()
    """Nobody's while it is read from the address; then that of the test."""

    @override
    def __getitem__(self, key: str) -> Any:
        self.noted.add(key)
        return super().__getitem__(key)

    @override
    def __contains__(self, key: object) -> bool:
        self.noted.add(str(key))
        return super().__contains__(key)

    @override
    def getlist(self, key: str, default: Any = None) -> list[Any]:
        self.noted.add(key)
        return super().getlist(key, default)

    @override
    def pop(self, key: str, *instead: Any) -> Any:
        self.noted.add(key)
        return super().pop(key, *instead)

    @override
    def dict(self) -> Any:
        return self

    @override
    def __copy__(self) -> "WatchedQuery":
        return self._noting(super().__copy__())

    @override
    def __deepcopy__(self, memo: Any) -> "WatchedQuery":
        return self._noting(super().__deepcopy__(memo))

    def _noting(self, copied: Any) -> "WatchedQuery":
        vars(copied)["noted"] = self.noted
        assert isinstance(copied, WatchedQuery)
        return copied


@pytest.fixture
def asked_for(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return what becomes the names that pages of this test ask for."""
    names: set[str] = set()

    def watched(*given: Any, **options: Any) -> WatchedQuery:
        query = WatchedQuery(*given, **options)
        vars(query)["noted"] = names
        return query

    monkeypatch.setattr("django.core.handlers.wsgi.QueryDict", watched)
    return names
