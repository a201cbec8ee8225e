"""Forgetting who signed in to make a registration, once no service needs it. Sync; call it inside a scope."""

from uuid import UUID

from gangway.provisioning.models import Credential, Registration, Run, StepRecord
from gangway.services.states import NEEDS_ITS_REGISTRATION


def forget_signers(service_id: UUID) -> int:
    """Empty the names in a service's runs, and in registrations that only it used; gives how many it were."""
    runs = Run.objects.filter(service_id=service_id)
    steps = list(StepRecord.objects.filter(run__in=runs, result__has_key="by"))
    for step in steps:
        step.result.pop("by")
        step.save(update_fields=["result"])
    emptied = runs.exclude(signer_upn="").update(signer_upn="")
    needing = [state.value for state in NEEDS_ITS_REGISTRATION]
    mine = Credential.objects.filter(service_id=service_id).values("registration_id")
    others = Credential.objects.filter(service__lifecycle__in=needing).values("registration_id")
    rows = Registration.objects.filter(pk__in=mine).exclude(pk__in=others)
    nobody = {"signer_upn": "", "signer_name": "", "signer_oid": ""}
    return len(steps) + emptied + rows.exclude(**nobody).update(**nobody)
