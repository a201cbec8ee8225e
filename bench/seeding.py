"""Fills the database for `waiting.py`: cases whose administrators have a code, as if they had come through the pages.

A process of its own because it needs Django awake, with the database's owner role. It reads one JSON object a line and
answers each with one: {"codes": […], "pages": 5} makes a case for each code and wizard sessions for the first pages;
{"end": true} ends all sign-ins at once, as if their codes had run out.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gangway.config.settings.django")

import django

django.setup()

from django.conf import settings  # noqa: E402 Django must be awake
from django.db import connection, transaction  # noqa: E402

from gangway.accounts.sessions import SessionStore  # noqa: E402
from gangway.audit.record import Actor  # noqa: E402
from gangway.foundation import clock  # noqa: E402
from gangway.foundation.sealed import SealedText  # noqa: E402
from gangway.invitations import actions as invitations  # noqa: E402
from gangway.invitations.models import Invitation  # noqa: E402
from gangway.invitations.states import State  # noqa: E402
from gangway.onboarding.models import Case, SignIn  # noqa: E402
from gangway.onboarding.stages.sign_in import DEVICE_CODE, page_context  # noqa: E402
from gangway.onboarding.states import ALIVE, CaseState, SignInState  # noqa: E402
from gangway.organizations import queries as organizations  # noqa: E402
from gangway.organizations.roles import Kind  # noqa: E402
from gangway.organizations.samples import add_organizations  # noqa: E402
from gangway.organizations.scope import within_everything  # noqa: E402
from gangway.provisioning.queries import Part, pin, scopes_for  # noqa: E402
from gangway.services import actions as services  # noqa: E402
from gangway.services.models import Service  # noqa: E402
from gangway.vault import keys  # noqa: E402
from gangway.vault.models import Sealed  # noqa: E402
from gangway.vault.page_codes import veil  # noqa: E402
from gangway.vault.places import Place  # noqa: E402
from gangway.web import wizard_session  # noqa: E402

BY = Actor.system("bench")
HOME_TENANT = "a11ce000-0000-4000-8000-000000000001"
SIGN_IN = "5a4db0c1-0000-4000-8000-000000000001"
UPN = "ada@bench.example"
PORTION = 2000
SERVICES_OF_ONE = 10


def main() -> None:
    """Do what each line says."""
    for line in sys.stdin:
        told = json.loads(line)
        with within_everything("the bench makes its cases"):
            answer = {"ended_at": end()} if told.get("end") else {"cookies": seed(told["codes"], told["pages"])}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


@transaction.atomic
def seed(codes: list[dict[str, Any]], pages: int) -> list[str]:
    """A case with a waiting sign-in for each code, all in one commit; the cookies of the first ones' browsers."""
    provider = next(iter(organizations.providers())).id
    names = [f"Bench {number}" for number in range(max(1, len(codes) // SERVICES_OF_ONE))]
    customers = add_organizations(kind=Kind.CUSTOMER, below=[provider], names=names)
    plan, fingerprint = pin()
    service, invitation = _first(customers[0], plan, fingerprint)
    made = [
        _case(code | {"number": number}, customers[number % len(customers)], service, invitation, plan)
        for number, code in enumerate(codes)
    ]
    for model, rows in zip((Service, Invitation, Case, Sealed, SignIn), zip(*made, strict=True), strict=True):
        model._base_manager.bulk_create(rows, batch_size=PORTION)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE onboarding_case SET state = %s, sign_in_id = s.id FROM onboarding_signin s"
            " WHERE s.case_id = onboarding_case.id",
            [CaseState.SIGNING_IN.value],
        )
    return [_cookie(row[2].pk) for row in made[:pages]]


def _first(customer: UUID, plan: dict[str, Any], fingerprint: str) -> tuple[Service, Invitation]:
    """One service with an invitation that was opened, made as operators make them; the others are copies."""
    made = services.plan_service(
        customer_id=customer, full_name="", short_name="bench-first", licence_type="hosted_pro", licensed_users=5, by=BY
    )
    issued = invitations.issue_invitation(
        service_id=made, recipient=UPN, plan=plan, plan_fingerprint=fingerprint, draft=True, by=BY, now=clock.now()
    )
    invitation = Invitation.objects.get(pk=issued.invitation_id)
    invitation.state, invitation.opened_at = State.OPENED, clock.now()
    return Service.objects.get(pk=made), invitation


def _case(
    code: dict[str, Any], customer: UUID, service: Service, invitation: Invitation, plan: dict[str, Any]
) -> tuple[Service, Invitation, Case, Sealed, SignIn]:
    now, number = clock.now(), code["number"]
    one = _copy(service, organization_id=customer, short_name=f"w{number}", short_name_key=f"w{number}")
    offer = _copy(invitation, organization_id=customer, service_id=one.pk, registration_id=uuid4())
    case = Case(
        organization_id=customer,
        invitation_id=offer.pk,
        service_id=one.pk,
        provider_id=service.provider_id,
        administrator_upn=UPN,
        created_at=now,
        touched_at=now,
    )
    row = SignIn(
        organization_id=customer,
        case_id=case.pk,
        state=SignInState.CODE_READY,
        upn=UPN,
        client_id=SIGN_IN,
        cloud="public",
        home_tenant_id=HOME_TENANT,
        scopes=" ".join(scopes_for(plan, parts=frozenset(Part))),
        verification_uri=code["verification_uri"],
        interval_seconds=code["interval"],
        code_expires_at=now + timedelta(seconds=code["expires_in"]),
        next_poll_at=now + timedelta(seconds=number % 100 * code["interval"] / 100),
        created_at=now,
    )
    row.user_code = veil(SealedText(code["user_code"]), context=page_context(row.pk))
    sealed = _sealed(Place(customer, DEVICE_CODE, row.pk), code["device_code"])
    row.device_code_id = sealed.pk
    return one, offer, case, sealed, row


def _copy(row: Any, **changes: Any) -> Any:
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return type(row)(**values | {"id": uuid4()} | changes)


def _sealed(place: Place, text: str) -> Sealed:
    """As the vault seals, for a row that is written together with many."""
    number, key = keys.newest_public(settings.GANGWAY.sealing_public_keys_dir)
    return Sealed(
        organization_id=place.organization_id,
        place=place.field,
        row_id=place.row_id,
        key_number=number,
        ciphertext=keys.SUITE.encrypt(text.encode(), key, place.info()),
        created_at=clock.now(),
    )


def _cookie(case_id: UUID) -> str:
    """The session that *Continue* gives a browser."""
    store = SessionStore()
    until = clock.now() + wizard_session.LASTS
    held = {"case": str(case_id), "until": until.isoformat(), "since": wizard_session.since(None)}
    store[wizard_session.KEY] = held
    store.create()
    assert store.secret
    return f"{settings.SESSION_COOKIE_NAME}={store.secret}"


def end() -> float:
    """All sign-ins end at once; the moment at which everybody can see it."""
    SignIn.objects.filter(state__in=ALIVE).update(
        state=SignInState.EXPIRED,
        user_code="",
        device_code_id=None,
        next_poll_at=None,
        lease_owner="",
        lease_until=None,
        ended_at=clock.now(),
    )
    return time.time()


if __name__ == "__main__":
    main()
