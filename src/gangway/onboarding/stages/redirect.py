"""The sign-in by redirect: the browser goes to Microsoft and comes back with a code, which a worker trades for tokens.

The web process makes state, nonce and PKCE verifier; of the first two it keeps hashes, the verifier is sealed for the
workers. What comes back is good once: the state must be one that this very browser session was given, and must belong
to a sign-in of its case that still waits for it. The code is sealed as it came; no token is ever seen here.
"""

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from gangway.audit.record import Actor
from gangway.foundation.ids import AppId
from gangway.foundation.sealed import SealedText
from gangway.jobs.actions import defer
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.signin import redirect as microsoft
from gangway.onboarding import refusals
from gangway.onboarding.errors import AnswerTooLate, AnswerUsed, AttemptReplaced, NotBegunHere, NotThisWay
from gangway.onboarding.models import Case, SignIn
from gangway.onboarding.rows import move_sign_in
from gangway.onboarding.shapes import Departure
from gangway.onboarding.stages import sign_in
from gangway.onboarding.states import SignInState, Way
from gangway.organizations.hosts import is_ours, origin_of
from gangway.vault.actions import seal
from gangway.vault.places import Place

TRADE: Final = "onboarding:trade_code"
RETURN: Final = "/wizard/returned/"
"""Where Microsoft sends browsers back to, on each host."""
PATIENCE: Final = timedelta(minutes=15)
"""How long somebody may stay at Microsoft: as long as a device code is good."""
LONGEST: Final = 4000
"""Characters of a code or state that are looked at; Microsoft's are shorter."""
VERIFIER: Final = "onboarding.sign_in.verifier"
CODE: Final = "onboarding.sign_in.authorization_code"


def return_address(host: str) -> str:
    """Return where Microsoft sends a browser back to that is here under this host name, as the application lists it."""
    name = host.rpartition(":")[0] or host
    return f"{origin_of(name if is_ours(name) else '')}{RETURN}"


def may_be_listed(address: str) -> bool:
    """Whether Microsoft lists such an address at all: encrypted ones only, and localhost."""
    parts = urlsplit(address)
    return parts.scheme == "https" or parts.hostname == "localhost"


def leave(case: Case, *, upn: str, host: str, by: Actor, now: datetime) -> Departure:
    """Begin a sign-in for a locked case, in place of an earlier one, and say where to send the browser.

    Raises `TooManySignIns` at "upn", `NoSignInApplication`, `NotThisWay`.
    """
    back = return_address(host)
    application = sign_in.make_room(case, by=by, now=now)
    if not may_be_listed(back):
        raise NotThisWay
    row = sign_in.new_row(
        case,
        application,
        upn=upn,
        now=now,
        way=Way.REDIRECT,
        state=SignInState.AWAY,
        return_address=back,
        code_expires_at=now + PATIENCE,
        next_poll_at=now + PATIENCE,
    )
    cloud = Cloud.of(settings.GANGWAY, application.cloud)
    begun = microsoft.begin(
        cloud,
        client_id=AppId(application.client_id),
        redirect_uri=back,
        prompt="select_account",
        scopes=cloud.delegated_scopes(row.scopes.split()),
        claims=row.claims,
    )
    row.state_hash, row.nonce_hash = mark_of(begun.state), mark_of(begun.nonce.reveal())
    row.verifier_id = seal(place=Place(row.organization_id, VERIFIER, row.pk), text=begun.verifier)
    row.save(update_fields=["state_hash", "nonce_hash", "verifier_id"])
    sign_in.note_begun(case, row, by=by, now=now)
    return Departure(address=begun.address, mark=row.state_hash)


def come_back(case: Case, *, returned: Mapping[str, str], begun: Collection[str], by: Actor, now: datetime) -> None:
    """Take what a browser brought back for a locked case: seal the code for a worker, or write down the refusal.

    `begun`: the marks of this browser's session. Raises `NotBegunHere` for any other state, or one of no sign-in of
    this case; `AttemptReplaced`, `AnswerTooLate`, `AnswerUsed`.
    """
    mark = mark_of(returned.get("state", "")[:LONGEST])
    if mark not in begun:
        raise NotBegunHere
    row = _waiting(case, mark, now=now)
    code = SealedText(returned.get("code", "")[:LONGEST])
    if not code:
        sign_in.end(row, refusal=_instead_of_a_code(returned), by=by, now=now)
        return
    move_sign_in(
        row,
        SignInState.RETURNED,
        by=by,
        now=now,
        code_id=seal(place=Place(row.organization_id, CODE, row.pk), text=code),
        next_poll_at=now + sign_in.LOOP_STEPS_IN,
    )
    defer(TRADE, sign_in_id=str(row.pk))


def _instead_of_a_code(returned: Mapping[str, str]) -> refusals.Refusal:
    error = microsoft.refusal_of(returned)
    if not microsoft.is_no(error, returned):
        return refusals.meaning_of(error)
    declined = refusals.Declined()
    declined.fault = error.fault
    return declined


def _waiting(case: Case, mark: str, *, now: datetime) -> SignIn:
    row = SignIn.objects.select_for_update(of=("self",)).filter(case=case, state_hash=mark).first()
    if row is None:
        raise NotBegunHere
    if row.state == SignInState.REPLACED:
        raise AttemptReplaced
    if row.state == SignInState.AWAY:
        if row.code_expires_at is not None and row.code_expires_at > now:
            return row
        raise AnswerTooLate
    raise AnswerTooLate if row.state == SignInState.EXPIRED else AnswerUsed


def mark_of(text: str) -> str:
    """Return the hash by which a state or nonce is known again; neither is kept."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
