"""What may be done to the log by its rules: signing a place, cutting what is too old, erasing what is personal.

Workers sign. Neither web nor worker may remove or change a row; what is cut, the database itself removes, in a function
that workers may call: up to a signed place, and nothing younger than `YOUNGEST_CUT`. Likewise it empties the names of a
customer's people, where an entry of the log says that they are forgotten. All other erasing is the owner's alone.
"""

import re
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Func, Max, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast

from gangway.audit.chain import checkpoint_text
from gangway.audit.events import Event
from gangway.audit.models import Checkpoint, Entry, Head
from gangway.audit.record import Actor, record
from gangway.foundation import clock

Sign = Callable[[bytes], bytes]
YOUNGEST_CUT: Final = 30
"""Days for which the database lets nobody cut; the number stands in its function `audit_cut`, too."""


def checkpoint(*, sign: Sign, key_number: int) -> int:
    """Sign the end of every chain that has grown since it was signed last; returns how many were."""
    marked = dict(Checkpoint.objects.values_list("organization_id").annotate(Max("sequence")))
    grown = [head for head in Head.objects.all() if head.sequence > marked.get(head.organization_id, 0)]
    rows = [
        Checkpoint(
            organization_id=head.organization_id,
            sequence=head.sequence,
            hash=head.hash,
            at=clock.now(),
            key_number=key_number,
            signature=sign(checkpoint_text(head.organization_id, head.sequence, bytes(head.hash))),
        )
        for head in grown
    ]
    Checkpoint.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


@transaction.atomic
def cut(*, before: datetime, by: Actor) -> int:
    """Remove the entries that are older than this, up to the last checkpoint before it; returns how many.

    The checkpoint stays as the chain's new beginning. What was recorded after it stays too, however old. Raises
    Django's ProgrammingError where something is younger than `YOUNGEST_CUT` days.
    """
    removed = 0
    for head in Head.objects.all():
        marks = Checkpoint.objects.filter(organization_id=head.organization_id, at__lte=before)
        mark = marks.order_by("sequence").last()
        if mark is None or mark.is_cut:
            continue
        number = _cut_off(head.organization_id, mark.sequence)
        record(
            Event.AUDIT_CUT,
            by=by,
            organization_id=head.organization_id,
            subject=f"organization:{head.organization_id}",
            data={"entries": number, "up_to_place": mark.sequence},
        )
        removed += number
    return removed


def _cut_off(organization_id: UUID, up_to: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_cut(%s, %s)", [organization_id, up_to])
        (number,) = cursor.fetchone()
    return int(number)


@transaction.atomic
def forget(*, organization_id: UUID, subject: str, ids: Collection[UUID], by: Actor) -> int:
    """Record that a customer's people are forgotten in what happened to these ids, and empty them; gives in how many.

    `subject` is what it is recorded for. Operators stay named, as those who did something; nothing else changes. Where
    nobody is named, nothing is recorded.
    """
    told = [str(each) for each in ids]
    about = Func(F("subject"), Value(":"), Value(2), function="split_part", output_field=TextField())
    named = Entry.objects.filter(organization_id=organization_id).alias(about=about).filter(about__in=told)
    if not named.exclude(salt=b"").filter(~Q(personal={}) | Q(actor_kind="administrator")).exists():
        return 0
    data = {"ids": " ".join(told)}
    record(Event.CONTACTS_ERASED, by=by, organization_id=organization_id, subject=subject, data=data)
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_forget(%s, %s, %s)", [organization_id, subject, told])
        (number,) = cursor.fetchone()
    return int(number)


@transaction.atomic
def erase(*, actor_id: str = "", subject: str = "", organization_id: UUID | None = None, by: Actor) -> int:
    """Erase names and addresses from what this person did, or from what happened to this subject; returns how many.

    Everything else stays, and so does the proof: the chain holds only a salted digest of what is erased.
    """
    if not actor_id and not subject:
        message = "say whose names are to be erased"
        raise ValueError(message)
    meant = Q(actor_id=actor_id, actor_kind="person") if actor_id else Q(subject=subject)
    rows = Entry.objects.filter(meant)
    rows = rows.filter(organization_id=organization_id) if organization_id else rows
    return _erase(rows, about=subject or f"operator:{actor_id}", by=by)


@transaction.atomic
def erase_person(*, subjects: Sequence[str], address: str, actor_id: str = "", name: str = "", by: Actor) -> int:
    """Erase all that tells of one person: what they did, what happened to these subjects, and what names their address.

    `name` is erased where somebody sought the log by it. Gives in how many entries.
    """
    rows = Entry.objects.alias(told=Cast("personal", TextField()))
    meant = Q(subject__in=subjects) | Q(told__iregex=rf"(?<![\w.+-]){re.escape(address)}(?![\w-]|\.\w)")
    if actor_id:
        meant |= Q(actor_id=actor_id, actor_kind="person") | Q(personal__who__iexact=name)
    return _erase(rows.filter(meant), about=subjects[0], by=by)


def _erase(rows: QuerySet[Entry], *, about: str, by: Actor) -> int:
    nobody = {"actor_name": "", "who_words": "", "actor_address": "", "personal": {}}
    touched = rows.exclude(**nobody).values_list("pk", "organization_id")
    number = Entry.objects.filter(pk__in=[key for key, _where in touched]).update(**nobody, salt=b"")
    for each in {where for _key, where in touched}:
        record(Event.AUDIT_ERASED, by=by, organization_id=each, subject=about, data={"subject": about})
    return number
