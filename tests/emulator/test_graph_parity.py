"""Every operation of Graph and every other route has its row in docs/parity.md, and each has its source."""

import re
from pathlib import Path

from starlette.routing import Route

from m365_emulator import seed, world
from m365_emulator.app import App
from m365_emulator.graph import routes as graph_routes
from m365_emulator.graph.catalogue import finder
from m365_emulator.graph.odata import shape
from m365_emulator.settings import Settings
from tests.emulator import graph_contract

parity = Path(__file__).parents[2] / "docs" / "parity.md"
operations = {operation.name for operation in finder().operations} | {"POST /$batch"}


def rows():
    """``METHOD /path`` of every row whose first cell names methods and one path."""
    found = re.findall(r"^\| ([A-Z]+(?:, [A-Z]+)*) `(/[^`]*)` \|", parity.read_text("utf-8"), re.MULTILINE)
    return {f"{method} {path}" for methods, path in found for method in methods.split(", ")}


def addresses():
    """Every route of the emulator but Graph's one entrance."""
    planes = App(world.build(Settings(), seed.read(None))).planes
    routes = [route for plane, router in planes.items() if plane != "graph" for route in router.routes]
    return {f"{method} {route.path}" for route in routes for method in (route.methods or ()) if method != "HEAD"}


def test_every_operation_and_route_has_a_row_and_no_row_is_left_over():
    assert rows() == operations | addresses()


def test_graph_has_one_entrance_so_no_route_escapes_the_catalogue():
    routes = graph_routes.routes(world.build(Settings(), seed.read(None)))
    assert [route.path for route in routes if isinstance(route, Route)] == ["/v1.0/{path:path}", "/beta/{path:path}"]
    assert len({route.endpoint for route in routes if isinstance(route, Route)}) == 1


def test_every_operation_is_microsofts_or_names_its_page():
    assert operations - graph_contract.described() == set(graph_contract.beyond)
    assert all(page.startswith("https://learn.microsoft.com/graph/api/") for page in graph_contract.beyond.values())


def test_copy_of_the_description_is_the_original():
    """The original stands beside the checkout where the project is developed; elsewhere the copy speaks for itself."""
    original = graph_contract.beside if graph_contract.beside.exists() else graph_contract.copy
    assert graph_contract.copy.read_bytes() == original.read_bytes()


def test_kinds_of_properties_are_those_of_the_description():
    schemas = graph_contract.schemas()
    for name in ("application", "servicePrincipal", "user", "group", "oAuth2PermissionGrant", "unifiedRoleAssignment"):
        own = set(schemas[f"microsoft.graph.{name}"]["allOf"][1]["properties"]) - {"@odata.type"}
        assert own <= set(shape.properties(name)), name
