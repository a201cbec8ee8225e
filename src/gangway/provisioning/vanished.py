"""A registration that is gone, and that nobody is there to look for: what shows it, and what Microsoft keeps of it."""

from gangway.foundation.ids import AppId, ObjectId, TenantId
from gangway.jobs.threads import in_database
from gangway.microsoft.errors import ApplicationUnknown, SignInRefused
from gangway.microsoft.graph.shapes import DeletedApplication
from gangway.microsoft.signin.own_credentials import OwnCredential
from gangway.organizations.scope import within
from gangway.provisioning import clouds
from gangway.provisioning.checks import NO_APPLICATION
from gangway.provisioning.engine.absence import Left, Presence, kept_for_a_while
from gangway.provisioning.engine.blueprint import UNIQUE_NAME_PREFIX
from gangway.provisioning.engine.steps.deletion import FOR_GOOD
from gangway.provisioning.engine.teardown import TornDown
from gangway.provisioning.models import Leftover, Registration, StepRecord
from gangway.provisioning.opening import Opened
from gangway.provisioning.states import LeftoverKind, RegistrationState, StepState


def known_gone(opened: Opened) -> TornDown | None:
    """Of a registration that was gone before: all that can be left is what Microsoft keeps, as it is listed."""
    with within(opened.path):
        if Registration.objects.get(pk=opened.registration_id).state != RegistrationState.REMOVED:
            return None
        listed = Leftover.objects.filter(registration_id=opened.registration_id, cleared_at=None)
        rows = listed.filter(kind=LeftoverKind.DELETED_APPLICATION.value)
        kept = (Left(LeftoverKind(row.kind), row.name, row.object_id, row.facts, row.why) for row in rows)
        return TornDown(kept=tuple(kept))


async def is_unknown(opened: Opened, credential: OwnCredential) -> bool:
    """Whether Entra, which has signed it in before, says several times in a row that its tenant doesn't have it.

    Nothing else shows it when the answer to its own deletion was lost, or when the customer deleted it.
    """
    if not await in_database(_has_signed_in, opened):
        return False
    patience, where = clouds.patience(), clouds.cloud(opened.cloud)
    own = await clouds.RegistrationSignIn.at(where, TenantId(opened.tenant_id))
    for look in range(patience.good_in_a_row):
        if look:
            await patience.sleep(patience.first_wait)
        try:
            await own.token(app_id=AppId(opened.app_id), credential=credential, scope=where.graph_scope)
        except ApplicationUnknown as refused:
            if refused.fault.aadsts != NO_APPLICATION:
                return False
        except SignInRefused:
            return False
        else:
            return False
    return True


def what_is_kept(opened: Opened) -> TornDown:
    """Microsoft keeps what was deleted for thirty days, unless the registration itself ended that, too."""
    if _asked(opened, f"{FOR_GOOD}:{opened.object_id}", StepState.DONE):
        return TornDown()
    name = f"{UNIQUE_NAME_PREFIX}{opened.registration_id}"
    deleted = DeletedApplication(ObjectId(opened.object_id), AppId(opened.app_id), opened.display_name, name, None)
    return TornDown(kept=tuple(kept_for_a_while(Presence(deleted=deleted))))


def _has_signed_in(opened: Opened) -> bool:
    """Whether it was proved, or was at deleting itself: one that is only new may be unknown for a while, too."""
    with within(opened.path):
        proved = Registration.objects.filter(pk=opened.registration_id, proved_at__isnull=False)
        return proved.exists() or _asked(opened, f"gone:{opened.object_id}", *StepState)


def _asked(opened: Opened, key: str, *states: StepState) -> bool:
    """Whether Microsoft was asked for a step on this registration."""
    with within(opened.path):
        rows = StepRecord.objects.filter(run__registration_id=opened.registration_id, key=key, intent_at__isnull=False)
        return rows.filter(state__in=[state.value for state in states]).exists()
