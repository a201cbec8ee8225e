"""A contract for import-linter that it doesn't have itself: doors of a room that only the room may use.

Declared in ``pyproject.toml``, run by ``lint-imports`` and by ``test_arrows``. A new room is covered without a line of
configuration, because the contract looks at every package that stands directly in its container.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from importlinter import Contract, ContractCheck, fields, output

if TYPE_CHECKING:
    from grimp import ImportGraph


class PrivateContract(Contract):
    """In every package of ``container``, the modules named in ``private`` are imported only from inside it."""

    type_name = "private"

    container = fields.StringField()
    private = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        trespasses = sorted(
            (importer, module)
            for room in graph.find_children(str(self.container))
            for module in self._private_modules(graph, room)
            for importer in graph.find_modules_that_directly_import(module)
            if importer != room and not importer.startswith(f"{room}.")
        )
        return ContractCheck(kept=not trespasses, metadata={"trespasses": trespasses})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, module in check.metadata["trespasses"]:
            output.print_error(f"{importer} imports {module}, which is private to its room.")

    def _private_modules(self, graph: ImportGraph, room: str) -> set[str]:
        names: Any = self.private
        doors = {f"{room}.{name}" for name in names} & graph.modules
        return doors.union(*(graph.find_descendants(door) for door in doors))
