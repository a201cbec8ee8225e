"""An audit in a worker: look with whatever right there is, compare with the plan, change nothing."""

from dataclasses import asdict, replace
from typing import Any

from django.db import transaction

from gangway.foundation import clock
from gangway.foundation.ids import AppId, TenantId
from gangway.jobs.threads import in_database
from gangway.microsoft.errors import ApplicationUnknown, CredentialNotAccepted, SignInRefused
from gangway.organizations.scope import within
from gangway.provisioning import clouds, sign_in_application, undoing
from gangway.provisioning.drawing import blueprint_of, journal_of
from gangway.provisioning.engine.audit import Item, Own, compare
from gangway.provisioning.engine.blueprint import Blueprint
from gangway.provisioning.engine.goodbye import Gone, say_goodbye
from gangway.provisioning.engine.observation import Observation
from gangway.provisioning.engine.observe import observe, with_rights
from gangway.provisioning.journal_store import ENGINE
from gangway.provisioning.models import Run
from gangway.provisioning.opening import Opened


async def audit(opened: Opened) -> dict[str, Any]:
    """The difference, for the run's result: missing, as planned, more than needed, unknown. Raises MicrosoftError.

    It takes nothing away, so what the set-up left is too much by now, and not on its way out.
    """
    blueprint = replace(blueprint_of(opened), setup_only=())
    own, credentials = await _own(opened)
    seen = await _seen(opened, blueprint) if opened.token is not None else None
    items = (*credentials, *compare(blueprint, seen=seen, own=own))
    return {"items": [asdict(item) for item in items], "read": seen is not None, "signed_in": own is not None}


async def _own(opened: Opened) -> tuple[Own | None, tuple[Item, ...]]:
    """Each credential of ours that can be tried signs in: that, and nothing else, proves it.

    Only a refusal of itself says that it is missing; of one that a policy keeps out nobody knows.
    """
    journal, own = journal_of(opened, blueprint_of(opened)), None
    wire = await clouds.RegistrationSignIn.at(clouds.cloud(opened.cloud), TenantId(opened.tenant_id))
    items = []
    for held in await in_database(undoing.usable, opened):
        credential, app_id = await journal.credential(held), AppId(opened.app_id)
        try:
            token = await wire.token(app_id=app_id, credential=credential, scope=wire.cloud.graph_scope)
        except (CredentialNotAccepted, ApplicationUnknown):
            items.append(Item("credential", held.display_name, "missing"))
            continue
        except SignInRefused:
            items.append(Item("credential", held.display_name, "unknown"))
            continue
        items.append(Item("credential", held.display_name, "as_planned"))
        own = Own(token.claims.roles, token.claims.wids)
    return own, tuple(items)


async def _seen(opened: Opened, blueprint: Blueprint) -> Observation:
    """What the person who signed in may read; then the sign-in application leaves again, as after every sign-in."""
    if opened.token is None:
        raise ValueError("nobody is signed in")
    graph = await clouds.graph(clouds.cloud(opened.cloud), TenantId(opened.tenant_id), opened.token)
    client = AppId(opened.sign_in_client_id)
    seen = await with_rights(graph, blueprint, await observe(graph, blueprint, held=(), client=client))
    journal = journal_of(opened, blueprint)
    await journal.show(())
    gone = await say_goodbye(
        blueprint.farewell, seen.sign_in_principal, graph=graph, journal=journal, patience=clouds.patience()
    )
    await journal.flush()
    await in_database(_note, opened, gone)
    return seen


def _note(opened: Opened, gone: Gone) -> None:
    with within(opened.path), transaction.atomic():
        sign_in_application.note(Run.objects.get(pk=opened.run_id), gone, by=ENGINE, now=clock.now())
