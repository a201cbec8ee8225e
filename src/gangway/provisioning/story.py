"""By which names the activity log calls what was made for a service. Call it inside a scope."""

from uuid import UUID

from gangway.provisioning.models import Credential, Run


def subjects_of(service_id: UUID, *, most: int) -> tuple[str, ...]:
    """Return the subjects of a service's newest runs, its credentials, and the registrations that they belong to."""
    newest = Run.objects.filter(service_id=service_id).order_by("-created_at")[:most]
    runs = list(newest.values_list("pk", "registration_id"))
    credentials = Credential.objects.filter(service_id=service_id).order_by("-announced_at")[:most]
    kept = list(credentials.values_list("pk", "registration_id"))
    registrations = dict.fromkeys(registration_id for _key, registration_id in (*runs, *kept))
    return (
        *(f"run:{run_id}" for run_id, _registration in runs),
        *(f"credential:{credential_id}" for credential_id, _registration in kept),
        *(f"registration:{registration_id}" for registration_id in registrations),
    )
