"""The end of the wizard: what was granted, by whom, until when, where to look at it, and how to undo it."""

from typing import Final

from gangway.foundation.clouds import cloud_name
from gangway.invitations.aims import ENDS_BY_ITSELF, Purpose
from gangway.invitations.queries import InvitationView
from gangway.microsoft.cloud import CLOUDS
from gangway.onboarding.disconnections import sign_in_address
from gangway.onboarding.models import Case
from gangway.onboarding.shapes import Done, PortalPath
from gangway.onboarding.stages.registration import proved_credential
from gangway.onboarding.staying import removed_of, stays_of
from gangway.provisioning import queries as provisioning
from gangway.provisioning.queries import RegistrationView
from gangway.provisioning.renewable import mends_only

_CREDENTIALS: Final = {
    "secret": "Its secret (name and expiry)",
    "certificate": "Its certificate (name and expiry)",
    "federated": "Its federated credential (name and issuer)",
}
_ENDS_WITH_IT: Final = {
    "secret": "All permissions, roles and the secret end with it, at once.",
    "certificate": "All permissions, roles and the certificate end with it, at once.",
    "federated": "All permissions, roles and the trust in this platform's sign-in end with it, at once.",
}


def done_of(row: Case, about: InvitationView) -> Done:
    """Tell the end of a case from its registration."""
    made = provisioning.registration(about.registration_id)
    credential = proved_credential(made, about.service_id)
    kind = credential.kind if credential else "secret"
    return Done(
        registration_name=made.display_name,
        application_id=made.app_id,
        tenant_id=made.tenant_id,
        tenant_name=made.tenant_name,
        permissions=tuple(right.name for right in made.permissions if right.is_there),
        roles=tuple(right.name for right in made.roles if right.is_there),
        not_there=tuple(
            (right.name, right.proof_words) for right in (*made.permissions, *made.roles) if not right.is_there
        ),
        granted_by=_granted_by(row, made),
        granted_at=made.proved_at or made.made_at or row.touched_at,
        credential_expires_at=credential.expires_at if credential else None,
        sign_in_application_removed=removed_of(made, about),
        sign_in_application_stays=stays_of(row, made, about),
        next_steps=_next_steps(about, mended=row.run_id is not None and mends_only(row.run_id)),
        portal_paths=_paths(made, kind),
        undo=_undo(made, kind, about),
        own_view=sign_in_address(about.organization_id),
        credential_kind=kind,
        credential_why=credential.why if credential else "",
    )


def _granted_by(row: Case, made: RegistrationView) -> str:
    """Everybody who signed in for it, in their order; who finished it may have done so at Microsoft's own pages."""
    cases = Case.objects.filter(invitation_id=row.invitation_id, signed_in_at__isnull=False).order_by("created_at")
    names = dict.fromkeys(str(case.signer["upn"]) for case in cases if case.signer.get("upn"))
    return " · ".join(names) or made.signer_upn


def _next_steps(about: InvitationView, *, mended: bool) -> tuple[str, ...]:
    if about.purpose == Purpose.UPGRADE:
        return (
            f"{about.provider_name} has been told and finishes the upgrade of {about.service_short_name}.",
            "The service goes on as it is until then. A mail with these facts is on its way to you.",
            "You need not do anything more, and can close this page.",
        )
    if about.purpose in ENDS_BY_ITSELF and mended:
        return (
            f"The service {about.service_short_name} has what was missing, and keeps its credential.",
            "You need not do anything more, and can close this page.",
        )
    if about.purpose in ENDS_BY_ITSELF:
        return (
            f"The service {about.service_short_name} signs in with the new credential from now on.",
            "The one before rests for a while; then it is removed if we made it.",
            "You need not do anything more, and can close this page.",
        )
    return (
        f"{about.provider_name} has been told and finishes the service {about.service_short_name}.",
        "You need not do anything more. A mail with these facts is on its way to you.",
        "You can close this page.",
    )


def _paths(made: RegistrationView, kind: str) -> tuple[PortalPath, ...]:
    where = CLOUDS[cloud_name(made.cloud)]
    blade = f"{where.portal}/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~"
    app = made.app_id
    start = f"Azure portal > App registrations > All applications > {made.display_name}"
    return (
        PortalPath("The app registration", start, f"{blade}/Overview/appId/{app}"),
        PortalPath(_CREDENTIALS[kind], f"{start} > Certificates & secrets", f"{blade}/Credentials/appId/{app}"),
        PortalPath("Its permissions", f"{start} > API permissions", f"{blade}/CallAnAPI/appId/{app}"),
        PortalPath(
            "Its roles",
            "Microsoft Entra > Roles and administrators",
            f"{where.entra}/#view/Microsoft_AAD_IAM/AllRolesBlade",
        ),
    )


def _undo(made: RegistrationView, kind: str, about: InvitationView) -> tuple[str, ...]:
    return (
        f"Open Azure portal > App registrations > All applications > {made.display_name} and choose Delete.",
        _ENDS_WITH_IT[kind],
        f"Tell {about.provider_name} first if you can: calling in Teams is no longer managed then.",
    )
