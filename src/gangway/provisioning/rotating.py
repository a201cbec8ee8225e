"""A rotation in a worker: by the registration's own right, from the credential in use to a new one that is proved.

A further service gets its first credential likewise: the one in use signs in, makes it, and stays in use.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.conf import settings

from gangway.foundation.ids import AppId, ObjectId, TenantId
from gangway.jobs.threads import in_database
from gangway.microsoft.errors import CredentialNotAccepted
from gangway.microsoft.signin.own_credentials import OwnCredential
from gangway.organizations.scope import within
from gangway.provisioning import clouds, credential_rows, leftovers
from gangway.provisioning.drawing import blueprint_of
from gangway.provisioning.engine.observation import Held
from gangway.provisioning.engine.pinning import read
from gangway.provisioning.engine.rotation import MayNotRotate, Rotation
from gangway.provisioning.errors import CannotRotate, NoSuchCredential, ReplacedMeanwhile
from gangway.provisioning.fresh import fresh_of
from gangway.provisioning.journal_store import ENGINE, RunJournal
from gangway.provisioning.models import MADE, Credential, Run, StepRecord
from gangway.provisioning.opening import Opened
from gangway.provisioning.states import CredentialState, RunKind
from gangway.provisioning.switching import switch

NO_CREDENTIAL: Final = UUID(int=0)
STILL_THERE: Final = (CredentialState.PROVED.value, CredentialState.RESTING.value)
"""A credential that rests signs in as well, to take back what nobody uses."""


@dataclass(frozen=True)
class RotationJournal(RunJournal):
    """The journal of a rotation: it holds what this very run made, and ends with the switch."""

    current: UUID = NO_CREDENTIAL
    beside: bool = False
    """Whether the new one is for another service, so that the current one stays in use as well."""

    async def switched(self, new: Held) -> None:
        """Raises LeaseLost and RunCancelled like every write, ReplacedMeanwhile when nobody would use the new one."""
        await self._write(self._switched, new)

    def _switched(self, new: Held) -> None:
        if self.beside:
            credential_rows.prove(UUID(new.credential_id))
            return
        leftovers.hold_registrations([self.registration_id])
        current = Credential.objects.select_for_update(of=("self",)).get(pk=self.current)
        if current.state != CredentialState.PROVED.value:
            raise ReplacedMeanwhile
        switch(self.current, UUID(new.credential_id), by=ENGINE, now=self.now())

    def _held(self) -> tuple[Held, ...]:
        began = Run.objects.values_list("created_at", flat=True).get(pk=self.run_id)
        rows = Credential.objects.filter(
            registration_id=self.registration_id, service_id=self.service_id, announced_at__gte=began
        )
        going_on = [CredentialState.ANNOUNCED.value, CredentialState.MADE.value]
        return self._of(rows.filter(state__in=going_on).exclude(pk=self.current))

    def _was_done(self, row: StepRecord) -> bool:
        """Its plans say nothing of what is made."""
        return super()._was_done(row) and self._takes_away(row)

    def _closing(self, known: dict[str, StepRecord]) -> list[StepRecord]:
        """Nothing is read back but the tokens."""
        return [row for row in super()._closing(known) if row.kind in {"graph_token", "teams_token"}]


async def rotate(opened: Opened) -> None:
    """Raises CannotRotate when the customer has to renew, ReplacedMeanwhile, and MicrosoftError."""
    current = UUID(opened.wanted["credential"])
    if await in_database(is_done, opened):
        return
    rotation = await _rotation(opened, current, taking_back=False)
    if await in_database(_is_replaced, opened, current):
        await rotation.take_back()
        raise ReplacedMeanwhile
    try:
        await rotation.run()
    except (MayNotRotate, CredentialNotAccepted) as error:
        raise CannotRotate from error


async def take_back(opened: Opened) -> tuple[Held, ...]:
    """Remove what a rotation made that is cancelled; gives what is left."""
    rotation = await _rotation(opened, UUID(opened.wanted["credential"]), taking_back=True)
    return await rotation.take_back()


def is_done(opened: Opened) -> bool:
    """Whether the switch, or the other service's proof, was done before a crash: then nothing is left to do.

    That the old one rests says nothing, since somebody else may have replaced it: what this very run made was proved.
    """
    with within(opened.path):
        mine = Credential.objects.filter(
            registration_id=opened.registration_id, service_id=opened.service_id, origin=MADE
        )
        if opened.kind is not RunKind.CREDENTIAL:
            mine = mine.filter(announced_at__gte=Run.objects.values_list("created_at", flat=True).get(pk=opened.run_id))
        return bool(mine.filter(state=CredentialState.PROVED.value).exists())


def _is_replaced(opened: Opened, current: UUID) -> bool:
    with within(opened.path):
        resting = Credential.objects.filter(pk=current, state=CredentialState.RESTING.value)
        return opened.kind is RunKind.ROTATION and resting.exists()


async def _rotation(opened: Opened, current: UUID, *, taking_back: bool) -> Rotation:
    cloud, blueprint = clouds.cloud(opened.cloud), blueprint_of(opened)
    days: int | None = opened.wanted.get("credential_days")
    fresh = fresh_of(
        read(opened.plan), name=opened.credential_name, subject=blueprint.unique_name, cloud=cloud, days=days
    )
    journal = RotationJournal(
        run_id=opened.run_id,
        registration_id=opened.registration_id,
        organization_id=opened.organization_id,
        service_id=opened.service_id,
        path=opened.path,
        lease=opened.lease,
        fresh_seconds=float(settings.GANGWAY.propagation_deadline_seconds),
        says_goodbye=False,
        blueprint=blueprint,
        taking_back=taking_back,
        current=current,
        beside=opened.kind is RunKind.CREDENTIAL,
    )
    return Rotation(
        unique_name=blueprint.unique_name,
        app_id=AppId(opened.app_id),
        cloud=cloud,
        own=await clouds.RegistrationSignIn.at(cloud, TenantId(opened.tenant_id)),
        journal=journal,
        patience=clouds.short_patience() if opened.copying else clouds.patience(),
        fresh=fresh,
        current=await in_database(_opened_credential, opened, current),
        teams=bool(blueprint.services),
        object_id=ObjectId(opened.object_id) if opened.object_id else None,
        adapt=fresh.adapt,
    )


def _opened_credential(opened: Opened, credential_id: UUID) -> OwnCredential:
    with within(opened.path):
        row = Credential.objects.filter(pk=credential_id, state__in=STILL_THERE).first()
        if row is None:
            raise NoSuchCredential
        return credential_rows.opened(row, purpose="rotate the credential", by=ENGINE)
