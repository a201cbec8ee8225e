"""The worker dies in the middle of provisioning, at a moment that is certain: Microsoft did the work, nobody heard.

The request is held by the emulator until the worker is dead, then done. Another worker goes on from what is there. The
same with a request that never arrives: `tests/ground/test_worker_killed_undoing.py`.
"""

from __future__ import annotations

import pytest

from gangway.cli.demo.plot import new_name
from tests.journeys.microsoft import CONTOSO, Microsoft
from tests.journeys.people import Administrator, Operator
from tests.journeys.product import Product
from tests.journeys.waiting import eventually

pytestmark = pytest.mark.slow

GRACE, PASSWORD = "grace.global@contoso.com", "Contoso-Grace-1"

HELD_MS = 1_500
"""How long Microsoft takes for the request in which the worker dies; it is killed as soon as the request is there."""

MOMENTS = {
    "while the application is made": {"method": "PATCH", "path": "/v1.0/applications(uniqueName=*"},
    "while the secret is made": {"method": "POST", "path": "/v1.0/applications/*/addPassword"},
    "while rights are granted": {"method": "POST", "path": "/v1.0/servicePrincipals/*/appRoleAssign*"},
}


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS.keys())
def test_another_worker_goes_on_and_nothing_is_made_twice(
    product: Product, operator: Operator, administrator: Administrator, moment: dict[str, str]
) -> None:
    short_name, name = new_name("killed"), new_name("killed")
    before = product.microsoft.made(CONTOSO)
    operator.send_link("Contoso", short_name, GRACE)
    administrator.open_link(administrator.link_mailed_to(GRACE, about=short_name))
    administrator.start_authentication(GRACE)
    administrator.sign_in_at_microsoft(GRACE, PASSWORD)
    administrator.connection_established()
    administrator.next_step()

    with product.microsoft.fault(moment | {"times": 1}, {"delay_ms": HELD_MS}) as fault:
        administrator.start_provisioning(name)
        eventually(lambda: fault.hits, "the request in which the worker dies")
        product.kill_worker()
        eventually(lambda: nothing_under_way(product.microsoft), "the end of that request at Microsoft")
        (held,) = [entry for entry in product.microsoft.requests() if entry["fault"] == fault.name]
        assert all(answer["status"] < 300 for answer in (held, *held["subrequests"])), "it was done"
    last = product.microsoft.last_request()
    product.start_worker()
    eventually(lambda: by_programs(product.microsoft, after=last), "the other worker's work")

    app_id = administrator.until_confirmed()
    made, after = product.witness.registration(app_id=app_id), product.microsoft.made(CONTOSO)
    assert set(after.applications) - set(before.applications) == {made.application_object_id}
    assert [after.principals[key]["displayName"] for key in set(after.principals) - set(before.principals)] == [name]


def nothing_under_way(microsoft: Microsoft) -> bool:
    return all(entry["ended"] is not None for entry in microsoft.requests() if entry["plane"] == "graph")


def by_programs(microsoft: Microsoft, *, after: int) -> list[dict[str, object]]:
    """What was asked of Graph, which only the product does here."""
    return [entry for entry in microsoft.requests(after=after) if entry["plane"] == "graph"]
