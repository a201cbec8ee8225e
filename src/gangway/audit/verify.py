"""Checking the chains: every entry is there, unchanged and in its place, from the first or the last cut to the end."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max

from gangway.audit.chain import FIRST, checkpoint_text, commitment_of, digest_of, link
from gangway.audit.models import Checkpoint, Entry, Head, Seal

AT_ONCE: Final = 2000
"""Entries read at a time; the chain of a large organization is never held in memory."""

Verifier = Callable[[int, bytes, bytes], bool]
"""Tells whether the key of this number signed this text with this signature."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and where: the organization, the place in its chain, and the entry if it is known."""

    organization_id: UUID
    sequence: int
    entry_id: int | None
    what: str


@dataclass(frozen=True, slots=True)
class Result:
    """What was looked at, and every fault found."""

    organizations: int
    entries: int
    erased: int
    faults: tuple[Fault, ...]


def verify(*, signed: Verifier, recorded: Iterable[UUID], organization_id: UUID | None = None) -> Result:
    """Check one organization's chain, or all. Reads only; a faulty place is named and the check goes on behind it.

    `recorded` are the organizations that must have a chain: the making of each was its first entry.
    """
    with _as_of_one_moment():
        heads = Head.objects.order_by("organization_id")
        chains = [_Chain(head, signed) for head in (heads.filter(pk=organization_id) if organization_id else heads)]
        faults = [fault for chain in chains for fault in chain.faults()]
        faults += _headless(recorded, organization_id)
        faults += _unlinked(organization_id)
    entries, erased = sum(chain.entries for chain in chains), sum(chain.erased for chain in chains)
    return Result(len(chains), entries, erased, tuple(faults))


@contextmanager
def _as_of_one_moment() -> Iterator[None]:
    """See all tables as they are now: a link that is added during the walk would stand behind the end that was read.

    Within somebody's transaction it is that one's to say what is seen.
    """
    is_ours = not connection.in_atomic_block
    with transaction.atomic():
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _headless(recorded: Iterable[UUID], organization_id: UUID | None) -> Iterator[Fault]:
    """Find organizations whose chain is gone: links or signed places without a head, or nothing where something was."""
    left: dict[UUID, int] = {}
    for rows in (Seal.objects.values_list("organization_id"), Checkpoint.objects.values_list("organization_id")):
        for owner, last in rows.annotate(Max("sequence")).order_by():
            left[owner] = max(last, left.get(owner, 0))
    headed = set(Head.objects.values_list("pk", flat=True))
    for owner in sorted(left.keys() | set(recorded)):
        if owner in headed or organization_id not in {None, owner}:
            continue
        if owner in left:
            yield Fault(owner, left[owner], None, "was linked or signed, and its chain has no head: it was removed")
        else:
            yield Fault(owner, 0, None, "has no chain: all of it was removed, even the entry of its making")


def _unlinked(organization_id: UUID | None) -> Iterator[Fault]:
    """Find entries without a place: they came in past the trigger, or their link was taken away."""
    rows = Entry.objects.exclude(pk__in=Seal.objects.values("entry_id"))
    rows = rows.filter(organization_id=organization_id) if organization_id else rows
    for row in rows.order_by("id").iterator(AT_ONCE):
        yield Fault(
            row.organization_id, 0, row.id, "is in no chain: it was added past the trigger, or its link removed"
        )


class _Chain:
    """One organization's chain, walked from its beginning."""

    def __init__(self, head: Head, signed: Verifier) -> None:
        self.organization_id: UUID = head.organization_id
        self._head, self._signed = head, signed
        self.entries = self.erased = 0

    def faults(self) -> Iterator[Fault]:
        """Walk the chain and tell what is wrong."""
        sequence, hashed = 0, FIRST
        marks = {mark.sequence: mark for mark in Checkpoint.objects.filter(organization_id=self.organization_id)}
        yield from self._badly_signed(marks)
        cut = max((mark.sequence for mark in marks.values() if mark.is_cut), default=0)
        if cut:
            sequence, hashed = cut, bytes(marks[cut].hash)
        for seal, entry in self._linked(cut):
            for missing in range(sequence + 1, seal.sequence):
                yield self._fault(missing, None, "is missing")
            if entry is None:
                yield self._fault(seal.sequence, seal.entry_id, "is missing: its link is there, the entry is not")
            else:
                yield from self._changed(seal, entry)
                if seal.sequence == sequence + 1 and not self._joins(hashed, seal, entry):
                    yield self._fault(seal.sequence, entry.id, "is not what was linked here: changed, or out of order")
            mark = marks.get(seal.sequence)
            if mark and bytes(mark.hash) != bytes(seal.hash):
                yield self._fault(seal.sequence, seal.entry_id, "is not what a worker signed at this place")
            sequence, hashed = seal.sequence, bytes(seal.hash)
        yield from self._ending(sequence, hashed, max(marks, default=0))

    def _linked(self, after: int) -> Iterator[tuple[Seal, Entry | None]]:
        """Give the links in order with their entries, some at a time."""
        while True:
            rows = Seal.objects.filter(organization_id=self.organization_id, sequence__gt=after).order_by("sequence")
            seals = list(rows[:AT_ONCE])
            if not seals:
                return
            entries = Entry.objects.in_bulk([seal.entry_id for seal in seals])
            yield from ((seal, entries.get(seal.entry_id)) for seal in seals)
            after = seals[-1].sequence

    def _changed(self, seal: Seal, entry: Entry) -> Iterator[Fault]:
        self.entries += 1
        if entry.organization_id != self.organization_id or digest_of(entry) != bytes(entry.digest):
            yield self._fault(seal.sequence, entry.id, "was changed")
        elif not bytes(entry.salt):
            self.erased += 1
        elif commitment_of(entry) != bytes(entry.commitment):
            yield self._fault(seal.sequence, entry.id, "was changed: a name or address in it is another one")

    @staticmethod
    def _joins(before: bytes, seal: Seal, entry: Entry) -> bool:
        return link(before, seal.sequence, entry.id, bytes(entry.digest)) == bytes(seal.hash)

    def _badly_signed(self, marks: dict[int, Checkpoint]) -> Iterator[Fault]:
        for mark in marks.values():
            text = checkpoint_text(self.organization_id, mark.sequence, bytes(mark.hash))
            if not self._signed(mark.key_number, text, bytes(mark.signature)):
                yield self._fault(mark.sequence, None, "has a checkpoint that none of our keys signed")

    def _ending(self, sequence: int, hashed: bytes, signed_up_to: int) -> Iterator[Fault]:
        last = max(self._head.sequence, signed_up_to)
        if sequence < last:
            yield self._fault(last, None, f"is missing, and all after place {sequence}: the chain's end was cut off")
        elif hashed != bytes(self._head.hash):
            yield self._fault(sequence, None, "is not where the chain says that it ends")

    def _fault(self, sequence: int, entry_id: int | None, what: str) -> Fault:
        return Fault(self.organization_id, sequence, entry_id, what)
