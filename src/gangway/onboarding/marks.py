"""A mark of what the page of a waiting sign-in shows: as long as it is the same, nothing has been written meanwhile.

Thousands of pages ask every two seconds whether something is new; a mark costs one small question, a page twenty.
"""

import hashlib
from datetime import datetime
from typing import Final
from uuid import UUID

from gangway.onboarding.case_view import LONG
from gangway.onboarding.models import Case
from gangway.onboarding.rows import scope_of_case

SHOWN: Final = (
    "state",
    "touched_at",
    "run_id",
    "sign_in_id",
    "sign_in__state",
    "sign_in__failures",
    "sign_in__code_expires_at",
    "invitation__state",
    "invitation__expires_at",
    "invitation__sessions_from",
)


def mark_of(case_id: UUID, *, now: datetime) -> str:
    """Give the mark of a case as it is written down, and whether it takes long by now. Raises `NoSuchCase`."""
    with scope_of_case(case_id):
        found = Case.objects.filter(pk=case_id).values_list("sign_in__created_at", *SHOWN).first()
    began = found[0] if found else None
    takes_long = began is not None and now - began >= LONG
    return hashlib.sha256(repr((takes_long, found)).encode()).hexdigest()[:12]
