"""The state file and its journal: shared writes, lines cut short, journals of another snapshot, other versions."""

import asyncio
import json
import stat

import pytest

from m365_emulator import keeper, seed, state, world
from m365_emulator.settings import Settings

contoso = "c0475050-0000-4000-8000-000000000001"
fabrikam = "fab41ca0-0000-4000-8000-000000000001"


@pytest.fixture
def kept(tmp_path):
    """A keeper that has written its first snapshot."""
    settings = Settings(state_file=tmp_path / "state.json")
    kept = keeper.Keeper(world.build(settings, seed.read(None)))
    kept.snapshot()
    yield kept
    kept.close()


def rename(kept, tenant_id, name):
    kept.world.directory.tenants[tenant_id].display_name = name


def again(kept):
    """Names of the tenants that a new emulator would find."""
    found = keeper.load(kept.world.settings, kept.path)
    assert state.dump(found)["seed"] == kept.world.seed
    return [tenant.display_name for tenant in found.directory.tenants.values()]


def lines(kept):
    return keeper.journal_of(kept.path).read_text("utf-8").splitlines()[1:]


async def test_only_what_changed_is_appended(kept):
    rename(kept, contoso, "Renamed")
    await kept.keep([contoso, fabrikam])
    assert [list(json.loads(line)) for line in lines(kept)] == [[f"tenant/{contoso}"]]
    assert "Renamed" in again(kept)


async def test_who_waits_together_shares_a_line(kept):
    rename(kept, contoso, "One")
    rename(kept, fabrikam, "Two")
    await asyncio.gather(kept.keep([contoso]), kept.keep([fabrikam]), *(kept.keep([]) for _ in range(20)))
    assert len(lines(kept)) == 1
    assert {"One", "Two"} <= set(again(kept))


async def test_nobody_is_answered_before_the_own_change_is_kept(kept):
    """Changes that come while a write is under way are in the next one, which their requests wait for."""

    async def change(number):
        await asyncio.sleep(0)
        rename(kept, contoso, f"Name {number}")
        await kept.keep([contoso])
        return int(again(kept)[1].removeprefix("Name ")) >= number

    assert all(await asyncio.gather(*(change(number) for number in range(1, 9))))


async def test_change_of_a_read_is_in_the_next_write(kept):
    rename(kept, contoso, "Seen")
    kept.remember([contoso])
    assert lines(kept) == []
    await kept.keep([])
    assert "Seen" in again(kept)


async def test_line_that_was_cut_short_never_happened(kept):
    rename(kept, contoso, "Whole")
    await kept.keep([contoso])
    journal = keeper.journal_of(kept.path)
    journal.write_text(journal.read_text("utf-8") + '{"tenants":[]', "utf-8")
    assert "Whole" in again(kept)


async def test_journal_of_an_older_snapshot_counts_for_nothing(kept):
    rename(kept, contoso, "Older")
    await kept.keep([contoso])
    older = keeper.journal_of(kept.path).read_bytes()
    rename(kept, contoso, "Newer")
    kept.snapshot()
    keeper.journal_of(kept.path).write_bytes(older)
    assert "Newer" in again(kept)


async def test_long_journal_becomes_a_snapshot(kept, monkeypatch):
    monkeypatch.setattr(keeper, "_longest_journal", 100)
    for name in ("First", "Second"):
        rename(kept, contoso, name)
        await kept.keep([contoso])
    assert lines(kept) == []
    assert "Second" in again(kept)


def test_files_are_for_their_owner_only(kept):
    files = (kept.path, keeper.journal_of(kept.path))
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600] * 2


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"m365_emulator_state": 1}'])
def test_what_is_no_state_file_is_refused_by_name(tmp_path, text):
    path = tmp_path / "state.json"
    path.write_text(text, "utf-8")
    with pytest.raises(state.StateError, match=r"state\.json"):
        keeper.load(Settings(state_file=path), path)
