"""From an opened run to the engine's blueprint and journal."""

from dataclasses import replace

from django.conf import settings

from gangway.foundation.ids import AppId
from gangway.provisioning import consent
from gangway.provisioning.added import GIVEN_UP, rights_known
from gangway.provisioning.engine.blueprint import Blueprint, draw
from gangway.provisioning.engine.steps.roles import key_of
from gangway.provisioning.journal_store import RunJournal
from gangway.provisioning.opening import Opened
from gangway.provisioning.states import RunKind


def blueprint_of(opened: Opened) -> Blueprint:
    """What this run's registration must be.

    A repair, an upgrade or an audit finds one in use: it keeps its name, and what was only for the set-up isn't asked
    for again.
    """
    in_use = opened.kind in {RunKind.REPAIR, RunKind.UPGRADE, RunKind.AUDIT}
    drawn = draw(
        opened.plan,
        registration=str(opened.registration_id),
        display_name=opened.display_name,
        notes=f"Made by {settings.GANGWAY.server_name} for the service {opened.credential_name}.",
        sign_in_client=None if opened.needed_by_others else AppId(opened.sign_in_client_id),
        redirects=tuple(filter(None, [consent.return_address()])),
        set_up=in_use,
    )
    return _leaving(replace(drawn.lacks(opened.lacking), in_use=in_use), opened)


def _leaving(blueprint: Blueprint, opened: Opened) -> Blueprint:
    """The same, with what goes at the end, and off its list at once, since its plan was changed on the way."""
    asked = opened.wanted.get(GIVEN_UP, ())
    if not asked:
        return blueprint
    permissions, roles = rights_known(opened.plan)
    listed = (entry for entry in permissions if f"grant:{entry.value}" in asked)
    given = tuple(entry for entry in permissions if f"grant:{entry.value}" in opened.vain)
    return replace(
        blueprint,
        setup_only=(*blueprint.setup_only, *given),
        roles_leaving=tuple(
            (role, limited)
            for role in roles
            for limited in (False, True)
            if key_of(role, limited=limited) in opened.vain
        ),
        unlisted=frozenset((entry.resource, entry.id, "Role") for entry in listed),
    )


def journal_of(opened: Opened, blueprint: Blueprint, *, first: bool = False) -> RunJournal:
    """The journal of this run under its lease; the `first` one knows what was read when the run was opened."""
    longest = settings.GANGWAY.propagation_deadline_seconds
    return RunJournal(
        run_id=opened.run_id,
        registration_id=opened.registration_id,
        organization_id=opened.organization_id,
        service_id=opened.service_id,
        path=opened.path,
        lease=opened.lease,
        fresh_seconds=float(settings.GANGWAY.copying_deadline_seconds if opened.copying else longest),
        says_goodbye=blueprint.farewell is not None,
        blueprint=blueprint,
        first=opened.credentials if first else None,
        begins=opened.first and first,
        says_words=opened.says_words or not first,
        renews=opened.wanted.get("renews"),
        signer=opened.signer_upn if opened.token is not None else "",
    )
