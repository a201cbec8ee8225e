"""The registration: the person has seen who signed in, gives it a name, and a run makes it."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gangway.audit.record import Actor
from gangway.connections.queries import credential_of, registration_of
from gangway.invitations.queries import InvitationView
from gangway.invitations.states import State
from gangway.onboarding import repairs
from gangway.onboarding.models import Case, SignIn
from gangway.onboarding.rows import lock_sign_in, move_case
from gangway.onboarding.stages import sign_in
from gangway.onboarding.states import CaseState, SignInState
from gangway.organizations.details import Tenant
from gangway.provisioning import actions as provisioning
from gangway.provisioning import queries as made
from gangway.provisioning.actions import SignedIn, SignerFacts
from gangway.provisioning.errors import NoSuchRegistration
from gangway.provisioning.leaving import known_before
from gangway.provisioning.queries import Part, RegistrationView
from gangway.provisioning.scopes import left_out
from gangway.provisioning.shapes import CredentialView
from gangway.provisioning.states import CredentialState, RunState

MARGIN: Final = timedelta(minutes=3)
"""A token that lives shorter than this won't see the work through; better sign in before than in the middle."""
ON_END: Final = "onboarding:run_ended"


def fresh_sign_in(case: Case, *, now: datetime) -> SignIn | None:
    """Lock the sign-in of a locked case; None unless it holds a token that lives long enough."""
    row = lock_sign_in(case)
    if row is None or row.state != SignInState.GRANTED or row.token_id is None:
        return None
    return row if row.token_expires_at and row.token_expires_at > now + MARGIN else None


def start(
    case: Case, about: InvitationView, row: SignIn, *, name: str, credential_days: int | None, by: Actor, now: datetime
) -> UUID:
    """Start a run for a locked case that awaits a name, or let the resting one go on with the fresh sign-in.

    `credential_days`: fewer than planned. Raises at "name" and "days" what provisioning says about them.
    """
    token: dict[str, Any] = {
        "delegated_token_sealed_id": row.token_id,
        "delegated_token_place": sign_in.token_place(row.organization_id, row.pk),
        "sign_in_client_id": row.client_id,
        "signer": _with_left(signer_of(case), row),
        "credential_days": credential_days,
        "by": by,
        "now": now,
    }
    anew = case.run_id is None or made.run(case.run_id).state is RunState.CANCELLED
    if anew and is_in_use(case, about):
        run_id = _known(case, about, token)
    elif not anew and _same_tenant(case):
        run_id = _go_on(case, about, name, token)
    else:
        run_id = _first(case, about, name, token, cloud=row.cloud)
    mends = repairs.repair_asked(about, now=now)
    beside = mends.beside if mends else {}
    provisioning.make_beside(
        registration_id=about.registration_id,
        after=run_id,
        plan=about.plan,
        kept=[profile for profile, one in beside.items() if not one.renews],
        idle=[profile for profile, one in beside.items() if not one.parts],
        **token,
    )
    changes = {
        "run_id": run_id,
        "registration_id": about.registration_id,
        "registration_name": made.name_of(about.registration_id),
        "problem": {},
    }
    move_case(case, CaseState.PROVISIONING, by=by, now=now, **changes)
    sign_in.invitation_on(case, State.PROVISIONING, by=by)
    return run_id


def signer_of(case: Case) -> SignerFacts:
    """Give the kept facts about who signed in their shape again."""
    wanted = set(SignerFacts.__slots__) - {"preflight", "around"}  # which are for people to read, not for the run
    facts: dict[str, Any] = {key: value for key, value in case.signer.items() if key in wanted}
    return SignerFacts(**(facts | {"domains": tuple(facts["domains"]), "left": tuple(facts.get("left", ()))}))


def _with_left(signer: SignerFacts, row: SignIn) -> SignerFacts:
    """The same, with the parts that the sign-in didn't ask for: nothing of them is tried."""
    return replace(signer, left=tuple(sorted({*signer.left, *left_out(row.scopes.split())})))


def tenant_of_registration(case: Case) -> Tenant | None:
    """Return the tenant in which an earlier attempt has made the registration; None when nothing is made yet."""
    known = made.registration(case.registration_id) if case.registration_id else None
    return _tenant(known) if known is not None and known.app_id else None


def tenant_in_use(service_id: UUID) -> Tenant | None:
    """Return the tenant that a service is connected with; None when it is with none that we know of."""
    standing = registration_of(service_id)
    with suppress(NoSuchRegistration):
        return _tenant(made.registration(standing)) if standing else None
    return None


def _tenant(known: RegistrationView) -> Tenant:
    return Tenant(known.tenant_id, next(iter(known.domains), ""))


def is_in_use(case: Case, about: InvitationView) -> bool:
    """Whether the invitation is for a registration that was there before it: its name stays as the customer has it."""
    return case.registration_id is not None and known_before(case.registration_id, about.created_at)


def proved_credential(about: RegistrationView, service_id: UUID) -> CredentialView | None:
    """Return a service's own credential of a registration, once it was proved."""
    own = (one for one in about.credentials if one.service_id == service_id)
    return next((one for one in own if one.state == CredentialState.PROVED), None)


def _same_tenant(case: Case) -> bool:
    """Say whether a run rests that this sign-in can go on with; another tenant begins anew if nothing is made yet."""
    known = made.registration(case.registration_id) if case.registration_id else None
    return known is not None and known.tenant_id == case.signer["tenant_id"]


def _first(case: Case, about: InvitationView, name: str, token: dict[str, Any], *, cloud: str) -> UUID:
    signer: SignerFacts = token["signer"]
    return provisioning.start_run(
        registration_id=about.registration_id,
        organization_id=case.organization_id,
        provider_id=case.provider_id,
        service_id=case.service_id,
        tenant_id=signer.tenant_id,
        cloud=cloud,
        tenant_name=signer.tenant_name,
        domains=signer.domains,
        display_name=name,
        plan=about.plan,
        credential_name=about.service_short_name,
        on_end=ON_END,
        **token,
    )


def _known(case: Case, about: InvitationView, token: dict[str, Any]) -> UUID:
    """A registration that is there already: a service that uses it gets another credential, a further one its first.

    By a repair the one in use stays while it is good; what nobody uses goes where its sign-in may change registrations.
    """
    mends = repairs.repair_asked(about, now=token["now"])
    keeps = mends is not None and not mends.own.renews
    may_remove = mends is None or Part.REGISTRATION in mends.parts
    return provisioning.start_repair(
        registration_id=about.registration_id,
        service_id=case.service_id,
        plan=about.plan,
        renews=None if keeps else credential_of(case.service_id),
        removes=[UUID(one) for one in about.wanted.get("removes", ())] if may_remove else (),
        credential_days=None if keeps else token["credential_days"],
        signed_in=SignedIn(
            token_sealed_id=token["delegated_token_sealed_id"],
            token_place=token["delegated_token_place"],
            client_id=token["sign_in_client_id"],
            signer=token["signer"],
        ),
        on_end=ON_END,
        by=token["by"],
        now=token["now"],
    )


def _go_on(case: Case, about: InvitationView, name: str, token: dict[str, Any]) -> UUID:
    assert case.run_id is not None  # noqa: S101 - the caller looked
    ended = repairs.ended_meanwhile(case, now=token["now"])
    renews = credential_of(case.service_id) if ended else None
    provisioning.resume_run(run_id=case.run_id, display_name=name, plan=about.plan, renews=renews, **token)
    return case.run_id
