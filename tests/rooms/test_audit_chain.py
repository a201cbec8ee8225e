"""The chain: made at the commit by the database, and each way to tamper with it is found and named."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import ProgrammingError, connection, transaction

from gangway.audit import keeping
from gangway.audit.chain import digest_of
from gangway.audit.events import Event
from gangway.audit.models import Checkpoint, Entry, Head, Seal
from gangway.audit.queries import activity
from gangway.audit.record import Actor, record
from gangway.audit.verify import Result, verify
from gangway.foundation import clock
from gangway.organizations.queries import recorded_ids
from gangway.organizations.roles import Kind
from gangway.organizations.samples import add_organizations
from gangway.organizations.scope import within
from gangway.vault import signing, tasks
from tests.rooms.factories_organizations import Place, make_provider

pytestmark = pytest.mark.django_db
KEY = Ed25519PrivateKey.generate()
OLGA = Actor(kind="person", id="0b1ec7ed-0000-4000-8000-00000000aaaa", name="Olga Operator", address="203.0.113.9")
CLEANER = Actor.system("retention")


def note(place: Place, **data: Any) -> None:
    record(Event.SERVICE_PLANNED, by=OLGA, organization_id=place.id, subject="service:1", data=data)


def sealed() -> None:
    """Let the deferred trigger work as a commit does."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def chained(entries: int = 5) -> Place:
    place = make_provider()
    for number in range(entries):
        note(place, number=number, recipient=f"p{number}@contoso.example")
    sealed()
    return place


def is_signed(_number: int, text: bytes, signature: bytes) -> bool:
    try:
        KEY.public_key().verify(signature, text)
    except InvalidSignature:
        return False
    return True


def checked(place: Place) -> Result:
    return verify(signed=is_signed, recorded=[place.id], organization_id=place.id)


def signed() -> None:
    keeping.checkpoint(sign=KEY.sign, key_number=1)


def faults(place: Place) -> list[str]:
    return [fault.what for fault in checked(place).faults]


def entry(place: Place, sequence: int) -> Any:
    return Entry.objects.filter(pk=Seal.objects.get(organization_id=place.id, sequence=sequence).entry_id)


def test_an_untouched_chain_is_whole():
    place = chained()
    assert checked(place) == Result(organizations=1, entries=6, erased=0, faults=())


def test_places_count_up_by_organization():
    one, other = chained(3), chained(2)
    assert [row.sequence for row in Seal.objects.filter(organization_id=one.id).order_by("entry_id")] == [1, 2, 3, 4]
    assert Head.objects.get(pk=other.id).sequence == 3


def swap(place: Place) -> None:
    first, second = entry(place, 2).get().pk, entry(place, 3).get().pk
    Seal.objects.filter(entry_id=first).update(entry_id=-1)
    Seal.objects.filter(entry_id=second).update(entry_id=first)
    Seal.objects.filter(entry_id=-1).update(entry_id=second)


def rewrite(place: Place) -> None:
    row = entry(place, 3).get()
    row.data = {"number": 99}
    row.digest = digest_of(row)
    row.save()


def truncate(place: Place) -> None:
    entry(place, 6).delete()
    Seal.objects.filter(organization_id=place.id, sequence=6).delete()


def truncate_with_its_head(place: Place) -> None:
    truncate(place)
    last = Seal.objects.get(organization_id=place.id, sequence=5)
    Head.objects.filter(pk=place.id).update(sequence=5, hash=last.hash)


def smuggle(place: Place) -> None:
    row = entry(place, 2).get()
    row.pk = None
    row.save()
    sealed()
    Seal.objects.filter(entry_id=row.pk).delete()
    last = Seal.objects.get(organization_id=place.id, sequence=6)
    Head.objects.filter(pk=place.id).update(sequence=6, hash=last.hash)


def erase_the_chain(place: Place) -> None:
    for rows in (Entry, Seal, Head):
        rows.objects.filter(organization_id=place.id).delete()


def erase_all(place: Place) -> None:
    erase_the_chain(place)
    Checkpoint.objects.filter(organization_id=place.id).delete()


TAMPERINGS: dict[str, tuple[Callable[[Place], object], int, str]] = {
    "a changed word": (lambda place: entry(place, 3).update(event="x"), 3, "was changed"),
    "changed data": (lambda place: entry(place, 3).update(data={"number": 99}), 3, "was changed"),
    "a changed time": (lambda place: entry(place, 3).update(at=clock.now()), 3, "was changed"),
    "changed with its digest": (rewrite, 3, "changed, or out of order"),
    "another person": (lambda place: entry(place, 3).update(actor_name="Nobody"), 3, "a name or address"),
    "another recipient": (lambda place: entry(place, 3).update(personal={"recipient": "x"}), 3, "a name or address"),
    "a missing entry": (lambda place: entry(place, 3).delete(), 3, "the entry is not"),
    "a missing link": (
        lambda place: Seal.objects.filter(organization_id=place.id, sequence=3).delete(),
        3,
        "is missing",
    ),
    "two changed places": (swap, 2, "out of order"),
    "a cut end": (truncate, 6, "the chain's end was cut off"),
    "a cut end with its head, after a checkpoint": (truncate_with_its_head, 6, "the chain's end was cut off"),
    "an entry past the trigger": (smuggle, 0, "added past the trigger"),
    "a lost head": (lambda place: Head.objects.filter(pk=place.id).delete(), 6, "no head"),
    "a chain erased but for its checkpoint": (erase_the_chain, 6, "no head"),
    "a chain erased with its checkpoints": (erase_all, 0, "even the entry of its making"),
    "a forged checkpoint": (lambda _place: Checkpoint.objects.update(signature=bytes(64)), 6, "none of our keys"),
}


@pytest.mark.parametrize(("tamper", "place_in_chain", "words"), TAMPERINGS.values(), ids=TAMPERINGS.keys())
def test_tampering_is_found_and_named(tamper, place_in_chain, words):
    place = chained()
    signed()
    assert faults(place) == []
    tamper(place)
    found = checked(place).faults
    assert any(fault.sequence == place_in_chain and words in fault.what for fault in found), found


def test_every_organization_but_the_system_must_have_a_chain_and_has_one():
    place = chained(1)
    with within(place.path):
        customers = add_organizations(kind=Kind.CUSTOMER, below=[place.id], names=["Contoso", "Northwind"])
    sealed()
    assert recorded_ids() == {place.id, *customers}
    assert verify(signed=is_signed, recorded=recorded_ids()).faults == ()
    erase_all(place)
    assert [fault.organization_id for fault in verify(signed=is_signed, recorded=recorded_ids()).faults] == [place.id]


def test_what_is_personal_is_no_part_of_the_rest():
    place = chained(1)
    row = entry(place, 2).get()
    assert (row.data, row.personal) == ({"number": 0}, {"recipient": "p0@contoso.example"})
    assert activity(organization_path=place.path)[0].data == {"number": 0, "recipient": "p0@contoso.example"}


def test_erased_names_are_gone_and_the_chain_is_whole():
    place = chained(2)
    assert keeping.erase(actor_id=OLGA.id, by=CLEANER) == 2
    sealed()
    result = checked(place)
    assert (result.faults, result.erased) == ((), 2)
    assert "Olga" not in str(list(Entry.objects.values()))
    assert "contoso.example" not in str(list(Entry.objects.filter(organization_id=place.id).values()))
    assert activity(organization_path=place.path)[0].event == "audit:names:erased"


LONG_AGO = timedelta(days=800)
KEPT = timedelta(days=730)


def test_what_is_cut_by_age_leaves_a_chain_that_joins_the_signed_place():
    with time_machine.travel(clock.now() - LONG_AGO):
        place = chained(3)
        signed()
    note(place, number=9)
    sealed()
    assert keeping.cut(before=clock.now() - KEPT, by=CLEANER) == 4
    sealed()
    assert faults(place) == []
    assert [row.data.get("number") for row in Entry.objects.filter(organization_id=place.id).order_by("id")] == [
        9,
        None,
    ]


def test_nothing_is_cut_without_a_checkpoint_or_before_its_age():
    with time_machine.travel(clock.now() - LONG_AGO):
        place = chained(3)
    assert keeping.cut(before=clock.now() - KEPT, by=CLEANER) == 0
    signed()
    assert keeping.cut(before=clock.now() - KEPT, by=CLEANER) == 0
    assert checked(place).entries == 4


def test_the_database_itself_cuts_nothing_young_whatever_a_worker_says_of_its_age():
    """A worker that was taken over could sign a place as if it were old; the entries' own times decide."""
    place = chained(3)
    with time_machine.travel(clock.now() - LONG_AGO):
        signed()
    with pytest.raises(ProgrammingError, match="younger than thirty days"), transaction.atomic():
        keeping.cut(before=clock.now() - KEPT, by=CLEANER)
    assert checked(place).entries == 4


def test_workers_sign_by_the_clock_and_cut_only_where_a_time_is_set(settings):
    with time_machine.travel(clock.now() - LONG_AGO):
        place = chained(3)
        tasks.sign_the_log()
    note(place, number=9)
    tasks.cut_the_log()
    assert Entry.objects.filter(organization_id=place.id).count() == 5
    settings.GANGWAY = settings.GANGWAY.model_copy(update={"audit_days": 730})
    tasks.cut_the_log()
    sealed()
    tasks.sign_the_log()
    ours = partial(signing.is_signed, settings.GANGWAY.sealing_private_keys_dir, signing.AUDIT)
    assert verify(signed=ours, recorded=[place.id], organization_id=place.id) == Result(1, 2, 0, ())


def test_a_cut_that_was_not_signed_is_found():
    place = chained(3)
    old = Seal.objects.filter(organization_id=place.id, sequence__lte=2)
    Entry.objects.filter(pk__in=old.values("entry_id")).delete()
    old.delete()
    assert faults(place)[:2] == ["is missing", "is missing"]


def test_before_and_after_are_kept_apart_and_shown():
    place = make_provider()
    record(
        Event.SERVICE_PLANNED,
        by=OLGA,
        organization_id=place.id,
        subject="service:1",
        before={"users": 5, "email": "old@contoso.example"},
        after={"users": 9, "email": "new@contoso.example"},
    )
    row = activity(organization_path=place.path)[0]
    assert [(change.field, change.before, change.after) for change in row.changes] == [
        ("email", "old@contoso.example", "new@contoso.example"),
        ("users", 5, 9),
    ]
    assert "contoso.example" not in str(Entry.objects.get(pk=row.id).data)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_make_one_chain_without_a_gap():
    places = [make_provider(), make_provider()]

    def many(worker: int) -> None:
        try:
            for number in range(10):
                with transaction.atomic():
                    note(places[number % 2], worker=worker, number=number)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(many, range(4)))
    for place in places:
        assert checked(place) == Result(organizations=1, entries=21, erased=0, faults=())


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_rolled_back_takes_no_place():
    place = make_provider()
    with transaction.atomic():
        note(place, number=1)
        transaction.set_rollback(True)
    with transaction.atomic():
        note(place, number=2)
    assert checked(place) == Result(organizations=1, entries=2, erased=0, faults=())


@pytest.mark.django_db(transaction=True)
def test_what_is_written_while_a_chain_is_walked_is_no_fault():
    place = make_provider()
    signed()

    def write() -> None:
        try:
            with transaction.atomic():
                note(place, number=1)
        finally:
            connection.close()

    def is_signed_meanwhile(*given: Any) -> bool:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(write).result()
        return is_signed(*given)

    assert verify(signed=is_signed_meanwhile, recorded=[place.id], organization_id=place.id).faults == ()
    assert checked(place) == Result(organizations=1, entries=2, erased=0, faults=())


def test_a_chain_can_be_checked_in_pieces(monkeypatch):
    monkeypatch.setattr("gangway.audit.verify.AT_ONCE", 2)
    assert checked(chained(7)).entries == 8


def test_checkpoints_are_signed_once_for_each_end():
    chained()
    again = partial(keeping.checkpoint, sign=KEY.sign, key_number=1)
    assert again() >= 1
    assert again() == 0
