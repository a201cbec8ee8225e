"""Microsoft copies slowly: both sides read so, we look again by ourselves, also after a worker died; it ends well."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gangway.cli.demo.plot import new_name
from tests.journeys.microsoft import CONTOSO
from tests.journeys.people import Administrator, Invited, Operator, sees
from tests.journeys.product import Product
from tests.journeys.seeded import GRACE
from tests.journeys.waiting import eventually

pytestmark = pytest.mark.slow

COPYING = "Microsoft is still copying this; usually under a minute."
HASTY = {"PROPAGATION_DEADLINE_SECONDS": "2", "COPYING_LOOK_SECONDS": "1"}
"""A worker that rests a run after two seconds and looks again soon."""
LAG = 600


@pytest.fixture
def hasty(product: Product) -> Iterator[Product]:
    product.kill_worker()
    product.start_worker(**HASTY)
    yield product
    product.kill_worker()
    product.start_worker()


def test_a_lagging_tenant_ends_by_itself_after_looks_in_the_background(
    hasty: Product, operator: Operator, invited: Invited, administrator: Administrator
) -> None:
    name, before = new_name("lagging"), hasty.microsoft.made(CONTOSO)
    administrator.to_the_name(invited.link, *GRACE)
    with hasty.microsoft.fault({"kind": "roleAssignment"}, {"tokens_after_seconds": LAG}):
        administrator.start_provisioning(name)
        sees(administrator.page, COPYING)
    operator.page.goto(f"{hasty.supervisor.web}/runs/?q={name}")
    sees(operator.page, "Microsoft is copying it")
    operator.page.get_by_role("link", name=name, exact=True).click()
    sees(operator.page, COPYING)
    sees(operator.page, "We look again")
    with operator.page.expect_download() as waiting:
        operator.page.get_by_text("Details for your IT team").click()
        operator.page.get_by_role("link", name="Download the support bundle").click()
    bundle = waiting.value.path().read_text("utf-8")
    assert '"state": "copying"' in bundle

    hasty.kill_worker()
    hasty.start_worker(**HASTY)
    sees(administrator.page, COPYING)
    with hasty.microsoft.later(LAG + 1):
        app_id = administrator.until_confirmed(seconds=60)
        eventually(lambda: "Proved" in operator.reloaded(), "the end on the operator's page")
    made, after = hasty.witness.registration(app_id=app_id), hasty.microsoft.made(CONTOSO)
    assert set(after.applications) - set(before.applications) == {made.application_object_id}
