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
    def dict(self) -> Any:
        return self


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
