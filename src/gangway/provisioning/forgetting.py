"""Forgetting who signed in to make a registration, once no service needs it. Sync; call it inside a scope."""

from uuid import UUID

from gangway.provisioning.models import Credential, Registration, Run, StepRecord
from gangway.services.states import NEEDS_ITS_REGISTRATION


def forget_signers(service_id: UUID) -> list[UUID]:
    """Empty the names in a service's runs, and in registrations that only it used; gives the ids of all these."""
    runs = Run.objects.filter(service_id=service_id)
    for step in StepRecord.objects.filter(run__in=runs, result__has_key="by"):
        step.result.pop("by")
        step.save(update_fields=["result"])
    runs.exclude(signer_upn="").update(signer_upn="")
    needing = [state.value for state in NEEDS_ITS_REGISTRATION]
    mine = Credential.objects.filter(service_id=service_id).values("registration_id")
    others = Credential.objects.filter(service__lifecycle__in=needing).values("registration_id")
    rows = Registration.objects.filter(pk__in=mine).exclude(pk__in=others)
    rows.update(signer_upn="", signer_name="", signer_oid="")
    credentials = Credential.objects.filter(service_id=service_id).values_list("pk", flat=True)
    return [*runs.values_list("pk", flat=True), *rows.values_list("pk", flat=True), *credentials]
