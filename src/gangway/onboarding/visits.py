"""One visit to Microsoft for one leased sign-in: ask for a code, poll once, trade a code, or look at who signed in.

A visit never waits and never repeats: it ends by writing down what came of it, and when to come again. Whatever isn't
an answer (silence, too busy, not readable) is kept as such and shown to the person, with the time of the next try.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Protocol
from uuid import UUID

import structlog
from django.db import transaction

from gangway.connections import looking_round
from gangway.foundation import clock
from gangway.foundation.errors import GangwayError
from gangway.foundation.ids import AppId
from gangway.foundation.sealed import SealedText
from gangway.invitations import queries as invited
from gangway.jobs.threads import in_database
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.errors import Busy, IdentityRefused, MicrosoftError, NotHeard, Unreadable
from gangway.microsoft.signin import device_code
from gangway.microsoft.signin import redirect as microsoft_redirect
from gangway.microsoft.signin.grant import Granted
from gangway.microsoft.signin.own_credentials import Secret
from gangway.microsoft.signin.tokens import Identity, check_id_token
from gangway.microsoft.throttling import LONGEST_SLEEP
from gangway.microsoft.transport import Transport
from gangway.onboarding import applications, problems, refusals
from gangway.onboarding.applications import credential_of, own_tenants
from gangway.onboarding.leases import LEASE_SECONDS, Due
from gangway.onboarding.models import SignIn
from gangway.onboarding.stages import redirect, sign_in, tenant
from gangway.onboarding.stages.registration import tenant_in_use, tenant_of_registration
from gangway.onboarding.states import SignInState
from gangway.onboarding.tenant_lookup import tenant_of_domain
from gangway.organizations import queries as organizations
from gangway.organizations.details import Tenant
from gangway.organizations.place_queries import more_tenants
from gangway.organizations.scope import within_everything
from gangway.provisioning.actions import SignerFacts, observe_signer
from gangway.vault.actions import reveal
from gangway.vault.places import Place

VISIT_SECONDS: Final = LEASE_SECONDS - 5
"""A visit is cut off before its lease ends."""
FIRST_WAIT: Final = 5
LONGEST_WAIT: Final = 60
"""Seconds between two tries while Microsoft doesn't answer: 5, 10, 20, 40, 60, 60, …"""

POLL: Final = "poll for the sign-in"
TRADE: Final = "trade the authorization code"

PASSING: Final = (NotHeard, Busy, Unreadable, TimeoutError)
"""No answer, or none that decides anything."""

log = structlog.get_logger(__name__)


class Observe(Protocol):
    """Reads who signed in, by Graph."""

    async def __call__(
        self,
        *,
        token: SealedText,
        tenant_id: str,
        cloud: Cloud,
        plan: Mapping[str, Any],
        registration_id: UUID,
        client_id: str,
    ) -> SignerFacts:
        """The facts about the signer and what they can do of the plan; MicrosoftError when they can't be read."""
        ...


@dataclass(slots=True)
class Visitor:
    """What all visits of one loop share: the ways to Microsoft's clouds, the lease's owner, the opened device codes.

    An opened code stays in memory while its sign-in lives: a poll every five seconds is not an opening each time.
    """

    transport: Transport
    cloud_of: Callable[[str], Cloud]
    owner: str
    observe: Observe = observe_signer
    _codes: dict[UUID, SealedText] = field(default_factory=dict)

    async def prepare(self, taken: Sequence[Due]) -> None:
        """Open the device codes of many sign-ins in one go, such as all those that a dead worker left behind."""
        closed = [due for due in taken if due.state is SignInState.CODE_READY and due.id not in self._codes]
        if len(closed) > 1:
            self._codes |= await in_database(self._open_codes, closed)

    def forget(self, sign_in_ids: Iterable[UUID]) -> None:
        """Forget the codes of sign-ins that are over, or somebody else's."""
        for sign_in_id in sign_in_ids:
            self._codes.pop(sign_in_id, None)

    async def visit(self, due: Due) -> int | None:
        """Visit one sign-in and write down what came of it.

        Returns the interval in seconds when it is simply still pending, so that the loop can give it back together with
        others; None when everything was written down already.
        """
        visits: dict[SignInState, Callable[[Due], Awaitable[int | None]]] = {
            SignInState.ASKED: self._start,
            SignInState.CODE_READY: self._poll,
            SignInState.AWAY: self._not_back,
            SignInState.RETURNED: self._trade,
            SignInState.CHECKING: self._check,
        }
        try:
            async with asyncio.timeout(VISIT_SECONDS):
                return await visits[due.state](due)
        except PASSING as error:
            await self._heard_nothing(due, error)
        except MicrosoftError as error:
            await self._refuse(due, refusals.meaning_of(error))
        return None

    async def _start(self, due: Due) -> None:
        cloud = self.cloud_of(due.cloud)
        scopes = cloud.delegated_scopes(due.scopes)
        client = AppId(due.client_id)
        offer = await device_code.start(self.transport, cloud, client_id=client, scopes=scopes, claims=due.claims)
        await in_database(sign_in.hold_code, due.id, owner=self.owner, offer=offer, now=clock.now())

    async def _poll(self, due: Due) -> int | None:
        answer = await device_code.poll_once(
            self.transport,
            self.cloud_of(due.cloud),
            client_id=AppId(due.client_id),
            device_code=await self._code(due),
            interval=due.interval_seconds,
            claims=due.claims,
        )
        if isinstance(answer, device_code.Pending):
            return await self._still_pending(due, answer)
        self._codes.pop(due.id, None)
        if isinstance(answer, Granted):
            await in_database(sign_in.hold_token, due.id, owner=self.owner, granted=answer, now=clock.now())
        elif isinstance(answer, device_code.Declined):
            await self._refuse(due, refusals.Declined.by(answer.error))
        else:
            await self._refuse(due, _meaning(answer))
        return None

    async def _still_pending(self, due: Due, answer: device_code.Pending) -> int | None:
        """A code that is long over and still pending is over for us, too: a policy that blocks silently looks so."""
        if due.code_expires_at and clock.now() > due.code_expires_at + sign_in.LET_GO_AFTER:
            self._codes.pop(due.id, None)
            await self._refuse(due, refusals.CodeExpired())
            return None
        if answer.trouble is not None:
            raise answer.trouble
        return answer.interval

    async def _not_back(self, due: Due) -> None:
        """Nothing is heard of a browser that is at Microsoft; it is visited when its time is over."""
        await self._refuse(due, refusals.NotBack())

    async def _trade(self, due: Due) -> None:
        """Trade the code that came back. One that was traded already, its answer lost, is refused: it is good once."""
        code = await in_database(self._open, due, due.code_id, redirect.CODE, TRADE)
        verifier = await in_database(self._open, due, due.verifier_id, redirect.VERIFIER, TRADE)
        cloud = self.cloud_of(due.cloud)
        try:
            granted = await microsoft_redirect.trade(
                self.transport,
                cloud,
                client_id=AppId(due.client_id),
                redirect_uri=due.return_address,
                code=code,
                verifier=verifier,
                scopes=cloud.delegated_scopes(due.scopes),
                credential=await in_database(self._own_credential, due),
            )
        except PASSING:
            raise
        except MicrosoftError as error:
            await self._refuse(due, refusals.meaning_of_trade(error))
            return
        await in_database(sign_in.hold_token, due.id, owner=self.owner, granted=granted, now=clock.now())

    async def _check(self, due: Due) -> None:
        identity_token = await in_database(self._open, due, due.identity_id, sign_in.IDENTITY, "check who signed in")
        cloud = self.cloud_of(due.cloud)
        identity = await check_id_token(self.transport, cloud, identity_token, client_id=AppId(due.client_id))
        _need_nonce(identity, due)
        expected = await in_database(expectation_of, due.id)
        refusal, facts = tenant.refusal_of_identity(identity, expected), None
        if refusal is None:
            token = await in_database(self._open, due, due.token_id, sign_in.TOKEN, "read who signed in")
            meant = await in_database(pinned_for, due.id)
            meant |= {"cloud": cloud, "client_id": due.client_id}
            facts = await self.observe(token=token, tenant_id=identity.tenant_id, **meant)
            refusal = tenant.refusal_of_signer(facts, expected)
        await self._conclude(due, refusal, facts)

    async def _conclude(self, due: Due, refusal: refusals.Refusal | None, facts: SignerFacts | None) -> None:
        if refusal is not None:
            await self._refuse(due, refusal, facts)
        elif facts is not None:
            about, now = due.organization_id, clock.now()
            await in_database(sign_in.accept, due.id, owner=self.owner, facts=facts, now=now)
            if facts.publisher is not None:
                seen: dict[str, Any] = {"cloud": due.cloud, "publisher": facts.publisher, "now": now}
                await in_database(applications.note_publisher, due.client_id, **seen)
            await in_database(looking_round.seen_by_person, facts.around, organization_id=about, now=now)

    async def _refuse(self, due: Due, refusal: refusals.Refusal, facts: SignerFacts | None = None) -> None:
        log.info("sign_in_refused", sign_in=str(due.id), refusal=refusal.code)
        await in_database(sign_in.refuse, due.id, owner=self.owner, refusal=refusal, facts=facts, now=clock.now())

    async def _heard_nothing(self, due: Due, error: BaseException) -> None:
        """Come again later: after Microsoft's own wish, else after growing waits."""
        cause = error if isinstance(error, MicrosoftError) else NotHeard()
        wished = min(getattr(cause, "wait", None) or 0, LONGEST_SLEEP)  # a code lives for a quarter of an hour
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(due.failures, 10))
        now = clock.now()
        again_at = now + timedelta(seconds=max(wait, wished, due.interval_seconds))
        log.warning("microsoft_silent", sign_in=str(due.id), cause=cause.code, failures=due.failures + 1)
        await in_database(
            sign_in.hear_nothing,
            due.id,
            owner=self.owner,
            problem=problems.of_silence(cause, at=now, retry_at=again_at),
            failures=due.failures + 1,
            again_at=again_at,
        )

    async def _code(self, due: Due) -> SealedText:
        if due.id not in self._codes:
            opened = await in_database(self._open, due, due.device_code_id, sign_in.DEVICE_CODE, POLL)
            self._codes[due.id] = opened
        return self._codes[due.id]

    @classmethod
    def _open_codes(cls, closed: Sequence[Due]) -> dict[UUID, SealedText]:
        """Open what opens; whatever doesn't is left to its own visit, which then tells why."""
        opened: dict[UUID, SealedText] = {}
        with transaction.atomic():
            for due in closed:
                with suppress(GangwayError):
                    opened[due.id] = cls._open(due, due.device_code_id, sign_in.DEVICE_CODE, POLL)
        return opened

    @staticmethod
    def _own_credential(due: Due) -> Secret | None:
        """The application's own credential; one that doesn't open is as good as none, and Microsoft then says so."""
        with suppress(GangwayError), transaction.atomic():
            with within_everything("a polling loop looks after everybody's sign-ins"):
                provider_id = SignIn.objects.values_list("case__provider_id", flat=True).get(pk=due.id)
            return credential_of(due.client_id, provider_id=provider_id, cloud=due.cloud, by=sign_in.LOOP)
        return None

    @staticmethod
    def _open(due: Due, sealed_id: UUID | None, field_name: str, purpose: str) -> SealedText:
        assert sealed_id is not None  # noqa: S101 - the database's constraints say so
        with transaction.atomic():
            place = Place(due.organization_id, field_name, due.id)
            return reveal(sealed_id=sealed_id, place=place, purpose=purpose, by=sign_in.LOOP)


def expectation_of(sign_in_id: UUID) -> tenant.Expected:
    """Gather who and what is expected of a sign-in."""
    with within_everything("a polling loop looks after everybody's sign-ins"):
        row = SignIn.objects.select_related("case").get(pk=sign_in_id)
        customer = organizations.customer(row.organization_id)
        pinned = tenant_of_registration(row.case) or tenant_in_use(row.case.service_id)
        about = invited.invitation(row.case.invitation_id)
        held = about.tenant_id if about.tenant_domain == customer.domain else ""
        known = customer.tenant_id or held or tenant_of_domain(customer)
        return tenant.Expected(
            upn=row.upn,
            domain=pinned.domain if pinned else customer.domain,
            tenant_id=pinned.tenant_id if pinned else known,
            others=(Tenant(pinned.tenant_id, ""),) if pinned else more_tenants(customer.id),
            own_tenants=own_tenants(row.case.provider_id),
            parts=frozenset(sign_in.parts_of(row.case)) if row.case.handoff_id else frozenset(),
        )


def pinned_for(sign_in_id: UUID) -> dict[str, Any]:
    """Return the plan that a sign-in is meant for, the registration that it will make, what it leaves to others.

    And the steps of which there is nothing to do.
    """
    with within_everything("a polling loop looks after everybody's sign-ins"):
        case = SignIn.objects.select_related("case").get(pk=sign_in_id).case
        about = invited.invitation(case.invitation_id)
        left, spared = sign_in.left_to_colleague(case), sign_in.spared(case)
        return {"plan": about.plan, "registration_id": about.registration_id, "left": left, "spared": spared}


def _need_nonce(identity: Identity, due: Due) -> None:
    """By redirect, the id_token repeats the nonce of this very attempt. Raises IdentityRefused."""
    if due.nonce_hash and redirect.mark_of(identity.nonce) != due.nonce_hash:
        raise IdentityRefused


def _meaning(answer: device_code.Expired | device_code.Blocked) -> refusals.Refusal:
    if isinstance(answer, device_code.Expired) and answer.error.fault.aadsts not in refusals.CODE_UNKNOWN:
        return refusals.CodeExpired.by(answer.error)
    return refusals.meaning_of(answer.error)
