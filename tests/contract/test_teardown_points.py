"""Tearing down: every request of a clean tear-down × everything that can happen to it; the emulator's state judges."""

import pytest

from tests.contract.tenant import Tenant
from tests.unit.small_journal import SmallJournal


async def made(tenant: Tenant) -> tuple[SmallJournal, object]:
    journal, token = SmallJournal(), await tenant.start_over()
    await (await tenant.course(journal, token)).run()
    return journal, token


async def test_a_clean_tear_down_leaves_nothing_and_says_so(tenant: Tenant) -> None:
    journal, token = await made(tenant)
    tenant.control("DELETE", "log")
    ended = await (await tenant.teardown(journal, token)).run()
    print(ended, [ (r["method"],r["path"],[(s["method"],s["path"],s["status"]) for s in r["subrequests"]]) for r in tenant.log()])
    assert (ended.left, ended.kept) == ((), ())
    assert tenant.remains() == []
    assert journal.credentials == {}
