"""`gangway audit` in a real installation, as the roles that run it; the database's owner is the one who tampers."""

import psycopg
import pytest

from tests.ground.installation import Installation, gangway

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def recorded(installation: Installation) -> Installation:
    """An installation in which something happened, signed by a worker."""
    for command, environment in (
        ("seed --services 2 --customers 1 --channels 1", installation.owner()),
        ("audit checkpoint", installation.worker()),
    ):
        done = gangway(command, environment)
        assert done.returncode == 0, done.stderr
    return installation


def as_owner(installation: Installation, statement: str, *values: object) -> None:
    with psycopg.connect(**installation.database.owner.psycopg()) as own:
        assert own.execute(statement, values).rowcount > 0


def test_a_whole_log_is_said_to_be_whole(recorded: Installation) -> None:
    done = gangway("audit verify", recorded.worker())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.rstrip().endswith("0 faults.")


def test_an_organization_without_any_trace_is_named_by_its_id(recorded: Installation) -> None:
    with psycopg.connect(**recorded.database.owner.psycopg()) as own:
        row = own.execute("SELECT id FROM organizations_organization WHERE kind = 'customer'").fetchone()
    assert row
    as_owner(recorded, "DELETE FROM audit_entry WHERE organization_id = %s", row[0])
    as_owner(recorded, "DELETE FROM audit_seal WHERE organization_id = %s", row[0])
    as_owner(recorded, "DELETE FROM audit_head WHERE organization_id = %s", row[0])
    as_owner(recorded, "DELETE FROM audit_checkpoint WHERE organization_id = %s", row[0])
    done = gangway(f"audit verify --organization {row[0]}", recorded.worker())
    assert done.returncode == 1
    assert f"organization {row[0]}, place 0: has no chain" in done.stdout
    assert done.stdout.endswith("0 chains, 0 entries: 1 fault.\n")


def test_erasing_leaves_it_whole_and_a_changed_word_is_named_with_exit_code_1(recorded: Installation) -> None:
    with psycopg.connect(**recorded.database.owner.psycopg()) as own:
        row = own.execute("SELECT subject, id FROM audit_entry ORDER BY id LIMIT 1").fetchone()
    assert row
    assert gangway(f"audit erase --subject {row[0]}", recorded.owner()).returncode == 0
    assert "names erased in 1" in gangway("audit verify", recorded.worker()).stdout
    as_owner(recorded, "UPDATE audit_entry SET event = 'something:else:happened' WHERE id = %s", row[1])
    found = gangway("audit verify", recorded.worker())
    assert found.returncode == 1
    assert f"(entry {row[1]}): was changed." in found.stdout


def test_whom_nobody_knows_is_neither_erased_nor_forgotten(recorded: Installation) -> None:
    for command in ("audit erase --operator nobody", "forget-operator --email nobody@sp2.example"):
        done = gangway(command, recorded.owner())
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("We can't find this operator.")


def test_without_saying_whose_names_nothing_is_erased(recorded: Installation) -> None:
    assert gangway("audit erase", recorded.owner()).returncode == 2


def test_only_what_is_old_and_signed_is_cut(recorded: Installation) -> None:
    done = gangway("audit cut --older-than-days 30", recorded.owner())
    assert (done.returncode, done.stdout) == (0, "Removed: 0 entries.\n")
