"""The sign-in: asked for by a person, given a code by Microsoft, polled by a loop, and over in exactly one way.

Everything here is one short piece of database work. Talking to Microsoft happens in between, in `visits`; who comes
back from there must still hold the lease (`as_owner`), else their news is too late and changes nothing.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from gangway.audit.events import Event
from gangway.audit.record import Actor, record
from gangway.foundation import clock
from gangway.invitations import actions as invitations
from gangway.invitations import queries as invited
from gangway.invitations import tenants
from gangway.invitations.errors import InvitationMoved
from gangway.invitations.states import MOVES, State, sources_of
from gangway.jobs.actions import defer
from gangway.microsoft.signin.device_code import Offer
from gangway.microsoft.signin.grant import Granted
from gangway.onboarding import problems, repairs
from gangway.onboarding.applications import for_provider
from gangway.onboarding.errors import GuestName, NotAPrincipalName, NotNow, TooManySignIns
from gangway.onboarding.models import Case, SignIn
from gangway.onboarding.refusals import BlockedTold, Refusal
from gangway.onboarding.rows import lock_sign_in, move_case, move_sign_in
from gangway.onboarding.shapes import SignInApplicationView
from gangway.onboarding.signed_in import note_left, where_signed_in
from gangway.onboarding.states import ALIVE, AT_MICROSOFT, CaseState, SignInState, Way
from gangway.organizations import queries as organizations
from gangway.organizations.scope import within_everything
from gangway.provisioning.actions import SignerFacts
from gangway.provisioning.beside_view import parts_left_beside
from gangway.provisioning.engine.preflight import CREDENTIAL
from gangway.provisioning.queries import Part, claims_wanted, parts_left, scopes_for
from gangway.vault.actions import seal
from gangway.vault.page_codes import veil
from gangway.vault.places import Place

UPN: Final = re.compile(
    r"[^\s@\\/:;,<>()\[\]\"']{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}", re.IGNORECASE
)
MOST_STARTS: Final = 10
STARTS_COUNT_FOR: Final = timedelta(minutes=10)
"""A case may start so many sign-ins within this time."""
LOOP_STEPS_IN: Final = timedelta(seconds=5)
"""The job starts a sign-in at once; should it get lost, a polling loop finds the row due after this."""
LET_GO_AFTER: Final = timedelta(seconds=90)
"""How long after a code's end we still ask: Microsoft itself says that it is over, unless it doesn't answer."""

DECLINABLE: Final = sources_of(State.DECLINED)
"""A colleague who declines the second sign-in leaves an invitation that failed, or waits, where it is."""

LOOP: Final = Actor.system("sign-in")

BEGINS_AGAIN: Final = frozenset({State.DECLINED, State.WAITING_FOR_APPROVAL})
"""Who starts a sign-in goes on with these."""

START: Final = "onboarding:start_device_code"
DEVICE_CODE: Final = "onboarding.sign_in.device_code"
IDENTITY: Final = "onboarding.sign_in.identity"
TOKEN: Final = "onboarding.sign_in.token"  # noqa: S105 - the name of a place


def check_upn(text: str) -> str:
    """Return the user principal name without blanks around it; raises `NotAPrincipalName`, `GuestName` at "upn"."""
    upn = text.strip()
    if "#ext#" in upn.lower():
        raise GuestName(field="upn")
    if len(upn) > 320 or not upn.isprintable() or not UPN.fullmatch(upn):  # noqa: PLR2004 - longest address
        raise NotAPrincipalName(field="upn")
    return upn


def ask(case: Case, *, upn: str, by: Actor, now: datetime) -> SignIn:
    """Begin a sign-in for a locked case, in place of an earlier one, and have a worker ask Microsoft for a code.

    Raises `TooManySignIns` at "upn", `NoSignInApplication`.
    """
    application = make_room(case, by=by, now=now)
    row = new_row(case, application, upn=upn, now=now, next_poll_at=now + LOOP_STEPS_IN)
    defer(START, sign_in_id=str(row.pk))
    note_begun(case, row, by=by, now=now)
    return row


def make_room(case: Case, *, by: Actor, now: datetime) -> SignInApplicationView:
    """End what sign-in a locked case has, and return the application for the next one.

    Raises `TooManySignIns` at "upn", `NoSignInApplication`.
    """
    if SignIn.objects.filter(case=case, created_at__gt=now - STARTS_COUNT_FOR).count() >= MOST_STARTS:
        raise TooManySignIns(field="upn")
    retire(case, by=by, now=now)
    application = for_provider(case.provider_id, cloud=organizations.customer(case.organization_id).cloud)
    if invited.invitation(case.invitation_id).state in BEGINS_AGAIN:
        invitation_on(case, State.OPENED, by=by)
    return application


def new_row(
    case: Case, application: SignInApplicationView, *, upn: str, now: datetime, way: Way = Way.CODE, **more: Any
) -> SignIn:
    """Write down a new sign-in of a case: what it asks for follows from the pinned plan and this person's part."""
    plan, parts = invited.invitation(case.invitation_id).plan, parts_of(case)
    goes_on = bool(what_remains(case)) or repairs.repair_for(case, now=now) is not None
    return SignIn.objects.create(
        organization_id=case.organization_id,
        case=case,
        way=way,
        upn=upn,
        client_id=application.client_id,
        cloud=application.cloud,
        home_tenant_id=application.home_tenant_id,
        scopes=" ".join(scopes_for(plan, parts=parts, reads_roles=goes_on)),
        claims=_claims(case),
        created_at=now,
        **more,
    )


def _claims(case: Case) -> str:
    """What Microsoft said that the last sign-in lacked: the run knows it, or the sign-in when it got no further."""
    wanted = claims_wanted(case.run_id) if case.run_id else ""
    return wanted or str(case.sign_in.problem.get("claims", "") if case.sign_in else "")


def note_begun(case: Case, row: SignIn, *, by: Actor, now: datetime) -> None:
    """Move a locked case on to its new sign-in, and tell of it."""
    facts = {"upn": row.upn, "way": str(row.way)}
    record(Event.SIGN_IN_ASKED, by=by, organization_id=row.organization_id, subject=f"case:{case.pk}", data=facts)
    if case.handoff_id is None:
        invitations.record_administrator(invitation_id=case.invitation_id, upn=row.upn, by=by)
    move_case(case, CaseState.SIGNING_IN, by=by, now=now, sign_in=row, administrator_upn=row.upn)


def parts_of(case: Case) -> frozenset[Part]:
    """What this person is to do: after somebody else's part only what remains, else all that they don't leave.

    Of a repair that is what is missing.
    """
    rest = what_remains(case)
    if rest:
        return rest | {Part.REGISTRATION} if repairs.ended_meanwhile(case, now=clock.now()) else rest
    repair = repairs.repair_for(case, now=clock.now())
    wanted = frozenset(Part) if repair is None else repair.parts
    return wanted - left_to_colleague(case)


def spared(case: Case) -> frozenset[str]:
    """The steps of the pre-flight of which there is nothing to do: a repair needs few, and a part that is done none."""
    repair = repairs.repair_for(case, now=clock.now())
    if what_remains(case):
        parts = parts_of(case)
        makes_credential = Part.REGISTRATION in parts
    elif repair is not None:
        parts, makes_credential = repair.parts, repair.makes_credential
    else:
        return frozenset()
    idle = frozenset(part.value for part in Part if part not in parts)
    return idle if makes_credential else idle | {CREDENTIAL}


def left_to_colleague(case: Case) -> frozenset[Part]:
    """What the first administrator leaves to whom they named before signing in: all but the registration itself."""
    leaves = case.colleague and case.handoff_id is None and not what_remains(case)
    return frozenset(Part) - {Part.REGISTRATION} if leaves else frozenset()


def what_remains(case: Case) -> frozenset[Part]:
    """What a case's runs left to somebody else."""
    return (parts_left(case.run_id) | parts_left_beside(case.run_id)) if case.run_id else frozenset()


def retire(case: Case, *, by: Actor, now: datetime) -> None:
    """End whatever sign-in a locked case still has; its code or token is destroyed."""
    for row in SignIn.objects.select_for_update(of=("self",)).filter(case=case).exclude(state=SignInState.REPLACED):
        if SignInState(row.state) in ALIVE | {SignInState.GRANTED, SignInState.WRONG_PERSON}:
            move_sign_in(row, SignInState.REPLACED, by=by, now=now)


def let_go(case: Case, *, by: Actor, now: datetime) -> None:
    """Abandon a locked case: what its sign-in holds is destroyed, and what it left in the tenant is listed."""
    retire(case, by=by, now=now)
    move_case(case, CaseState.ABANDONED, by=by, now=now)
    note_left(case, by=by, now=now)


@contextmanager
def as_owner(sign_in_id: UUID, *, owner: str) -> Iterator[SignIn | None]:
    """Lock a sign-in in a transaction of its own, for its lease's owner; None when it isn't theirs any more.

    The case is locked first, in the order that people's actions use, so that the two never wait for each other.
    """
    with within_everything("a polling loop looks after everybody's sign-ins"), transaction.atomic():
        Case.objects.select_for_update(of=("self",)).filter(sign_ins__pk=sign_in_id).first()
        yield (
            SignIn.objects.select_for_update(of=("self",))
            .select_related("case")
            .filter(pk=sign_in_id, lease_owner=owner, state__in=ALIVE)
            .first()
        )


def hold_code(sign_in_id: UUID, *, owner: str, offer: Offer, now: datetime) -> None:
    """Keep what Microsoft gave: the device code sealed, the user code veiled for the page."""
    with as_owner(sign_in_id, owner=owner) as row:
        if row is None:
            return
        place = Place(row.organization_id, DEVICE_CODE, row.pk)
        move_sign_in(
            row,
            SignInState.CODE_READY,
            by=LOOP,
            now=now,
            device_code_id=seal(place=place, text=offer.device_code),
            user_code=veil(offer.user_code, context=page_context(row.pk)),
            verification_uri=offer.verification_uri,
            interval_seconds=offer.interval,
            code_expires_at=offer.expires_at,
            next_poll_at=now + timedelta(seconds=offer.interval),
            failures=0,
            problem={},
        )


def hold_token(sign_in_id: UUID, *, owner: str, granted: Granted, now: datetime) -> None:
    """Keep what the person granted, sealed, before anything is looked at: a code can be traded only once."""
    with as_owner(sign_in_id, owner=owner) as row:
        if row is None:
            return
        move_sign_in(
            row,
            SignInState.CHECKING,
            by=LOOP,
            now=now,
            identity_id=seal(place=Place(row.organization_id, IDENTITY, row.pk), text=granted.id_token),
            token_id=seal(place=Place(row.organization_id, TOKEN, row.pk), text=granted.access_token),
            token_expires_at=granted.expires_at,
            next_poll_at=now,
            failures=0,
            problem={},
        )


def accept(sign_in_id: UUID, *, owner: str, facts: SignerFacts, now: datetime) -> None:
    """The right person of the right tenant signed in: sign-in, case and invitation move together."""
    with as_owner(sign_in_id, owner=owner) as row:
        if row is None:
            return
        signer = kept_facts(facts)
        try:
            with transaction.atomic():
                move_sign_in(row, SignInState.GRANTED, by=LOOP, now=now, signer=signer, failures=0, problem={})
                signed_in(row.case, signer=signer, by=LOOP, now=now)
        except NotNow:
            move_sign_in(SignIn.objects.get(pk=row.pk), SignInState.REPLACED, by=LOOP, now=now)


def signed_in(case: Case, *, signer: dict[str, Any], by: Actor, now: datetime) -> None:
    """Move a locked case and its invitation on; raises `NotNow` when the invitation was withdrawn meanwhile."""
    move_case(case, CaseState.SIGNED_IN, by=by, now=now, signer=signer, signed_in_at=now)
    if invited.invitation(case.invitation_id).state is not State.WAITING_FOR_ADMINISTRATOR:
        invitation_on(case, State.SIGNED_IN, by=by)


def invitation_on(case: Case, to: State, *, by: Actor) -> None:
    """Move the case's invitation unless it is there already; raises `NotNow` when it may not go there.

    Who signed in and was to wait for somebody's approval, or said no, may go on all the same.
    """
    here = invited.state_of(case.invitation_id)
    if here is to:
        return
    steps = (to,) if here not in BEGINS_AGAIN or to in MOVES[here] else (State.SIGNED_IN, to)
    try:
        for step in steps:
            invitations.move(invitation_id=case.invitation_id, to=step, by=by, expected=None)
    except InvitationMoved as error:
        raise NotNow from error


def refuse(sign_in_id: UUID, *, owner: str, refusal: Refusal, facts: SignerFacts | None, now: datetime) -> None:
    """Write down why a sign-in did not work out; the case stays where it is and shows it."""
    with as_owner(sign_in_id, owner=owner) as row:
        if row is None:
            return
        end(row, refusal=refusal, facts=facts, by=LOOP, now=now)


def end(row: SignIn, *, refusal: Refusal, facts: SignerFacts | None = None, by: Actor, now: datetime) -> None:
    """End a locked sign-in with its reason; an invitation whose administrator said no is declined.

    In a tenant that isn't the customer's the sign-in application stays, and no run will ever come there.
    """
    kept = problems.of_refusal(refusal, at=now)
    signer = _where(refusal) if facts is None else kept_facts(facts)
    move_sign_in(row, refusal.state, by=by, now=now, problem=kept, failures=0, **({"signer": signer} if signer else {}))
    if refusal.state is SignInState.WRONG_TENANT and row.signer:
        note_left(row.case, by=by, now=now)
        where = where_signed_in(row.signer)
        tenants.signed_in_elsewhere(invitation_id=row.case.invitation_id, where=where, by=by, now=now)
    if refusal.state is SignInState.DECLINED and invited.state_of(row.case.invitation_id) in DECLINABLE:
        invitation_on(row.case, State.DECLINED, by=by)
        invitations.tell_declined(invitation_id=row.case.invitation_id, by=by)


def _where(refusal: Refusal) -> dict[str, Any]:
    """What is known of who was refused by the id_token alone: no name, and of the tenant its id only."""
    return {"tenant_id": refusal.tenant_id, "tenant_name": refusal.tenant_id} if refusal.tenant_id else {}


def hear_nothing(sign_in_id: UUID, *, owner: str, problem: dict[str, Any], failures: int, again_at: datetime) -> None:
    """Give a sign-in back that Microsoft said nothing about; pages show the problem until it answers."""
    with as_owner(sign_in_id, owner=owner) as row:
        if row is None:
            return
        row.problem, row.failures, row.next_poll_at = problem, failures, again_at
        row.lease_owner, row.lease_until = "", None
        row.save(update_fields=["problem", "failures", "next_poll_at", "lease_owner", "lease_until"])


def tell_blocked(case: Case, *, by: Actor, now: datetime) -> None:
    """The person says that Microsoft's own page blocks them. Raises `NotNow` when nobody is at Microsoft."""
    row = lock_sign_in(case)
    if row is None or row.state not in AT_MICROSOFT:
        raise NotNow
    end(row, refusal=BlockedTold(), by=by, now=now)


def confirm_other_person(case: Case, *, by: Actor, now: datetime) -> None:
    """Take another account than the one that was typed, knowingly. Raises `NotNow` when there is nothing to confirm."""
    row = lock_sign_in(case)
    if row is None or row.state != SignInState.WRONG_PERSON:
        raise NotNow
    signer = row.signer | {"other_than_named": row.upn}
    move_sign_in(row, SignInState.GRANTED, by=by, now=now, signer=signer, problem={})
    facts = {"named": row.upn, "signed_in": str(signer["upn"])}
    subject = f"case:{case.pk}"
    record(Event.CASE_PERSON_CONFIRMED, by=by, organization_id=case.organization_id, subject=subject, data=facts)
    if case.handoff_id is None:
        invitations.record_administrator(invitation_id=case.invitation_id, upn=str(signer["upn"]), by=by)
    case.administrator_upn = str(signer["upn"])
    signed_in(case, signer=signer, by=by, now=now)
    case.save(update_fields=["administrator_upn"])


def kept_facts(facts: SignerFacts) -> dict[str, Any]:
    """Turn what was read about the signer into what a row keeps: names and roles, never a token."""
    return asdict(replace(facts, around=None)) | {"domains": list(facts.domains)}


def page_context(sign_in_id: UUID) -> str:
    """Name the place that a veiled user code is bound to."""
    return f"onboarding.sign_in:{sign_in_id}"


def token_place(organization_id: UUID, sign_in_id: UUID) -> Place:
    """Name the place of a sealed delegated token; provisioning opens it there."""
    return Place(organization_id, TOKEN, sign_in_id)


def words_of(row: SignIn) -> str:
    """Say in one sentence what is happening with a sign-in."""
    return _WORDS.get(SignInState(row.state), "This sign-in is over.")


_WORDS: Final = {
    SignInState.ASKED: "We are asking Microsoft for a code.",
    SignInState.CODE_READY: "Waiting for you to enter the code at Microsoft and sign in.",
    SignInState.AWAY: "Your browser was sent to Microsoft. Sign in there, and it comes back here by itself.",
    SignInState.RETURNED: "You are back from Microsoft. We are asking it who signed in.",
    SignInState.CHECKING: "Microsoft tells us that you signed in. We are checking the tenant and the account.",
    SignInState.GRANTED: "The Token connection has successfully been established.",
    SignInState.REPLACED: "A newer sign-in has taken the place of this one.",
    SignInState.EXPIRED: "The code has expired.",
    SignInState.DECLINED: "The request was declined at Microsoft.",
}
