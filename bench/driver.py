"""Starts runs for `many.py` as onboarding does, all in one transaction, and waits until every one has ended.

A process of its own because it needs Django awake, with the database's owner role. What it is given on standard input:
a list of {tenant, upn, token}. It prints one JSON object.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from typing import Any
from uuid import uuid4

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gangway.config.settings.django")

import django

django.setup()

from django.db import transaction  # noqa: E402 Django must be awake

from gangway.audit.record import Actor  # noqa: E402
from gangway.foundation import clock  # noqa: E402
from gangway.foundation.sealed import SealedText  # noqa: E402
from gangway.organizations import actions as organizations  # noqa: E402
from gangway.organizations import queries as organization_queries  # noqa: E402
from gangway.organizations.roles import Kind  # noqa: E402
from gangway.organizations.scope import within_everything  # noqa: E402
from gangway.provisioning import actions, queries  # noqa: E402
from gangway.provisioning.models import Run  # noqa: E402
from gangway.provisioning.shapes import SignerFacts  # noqa: E402
from gangway.services import actions as services  # noqa: E402
from gangway.vault.actions import seal  # noqa: E402
from gangway.vault.places import Place  # noqa: E402

BY = Actor.system("bench")
SIGN_IN = "5a4db0c1-0000-4000-8000-000000000001"
LONGEST = 120.0


def start(one: dict[str, str], provider: Any) -> tuple[Any, str]:
    """A customer with a service, and its run; the run's id and its registration's unique name."""
    mark = uuid4()
    customer = organizations.create_organization(
        kind=Kind.CUSTOMER, name=f"Bench {mark.hex}", short_name=f"b{mark.hex[:8]}", parent_id=provider, by=BY
    )
    service = services.plan_service(
        customer_id=customer,
        full_name="",
        short_name=f"s-{mark.hex[:8]}",
        licence_type="hosted_pro",
        licensed_users=5,
        by=BY,
    )
    place = Place(customer, "onboarding.sign_in.token", uuid4())
    plan, _ = queries.pin(version=2)
    signer = SignerFacts(
        user_id=str(mark),
        upn=one["upn"],
        name="Ada Admin",
        user_type="Member",
        tenant_id=one["tenant"],
        tenant_name="Bench",
        domains=(one["upn"].partition("@")[2],),
        active_roles={},
        can={},
        cannot_summary="",
    )
    run = actions.start_run(
        registration_id=mark,
        organization_id=customer,
        provider_id=provider,
        service_id=service,
        tenant_id=one["tenant"],
        tenant_name="Bench",
        domains=signer.domains,
        display_name=f"voice-{mark.hex[:8]}",
        plan=plan,
        credential_name=f"s-{mark.hex[:8]}",
        sign_in_client_id=SIGN_IN,
        delegated_token_sealed_id=seal(place=place, text=SealedText(one["token"])),
        delegated_token_place=place,
        signer=signer,
        by=BY,
        now=clock.now(),
    )
    return run, f"gangway-{mark}"


def main() -> None:
    """Read, start, wait, print."""
    wanted = json.load(sys.stdin)
    with within_everything("the bench starts runs"):
        provider = next(iter(organization_queries.providers())).id
        with transaction.atomic():
            made = [start(one, provider) for one in wanted]
        began, deadline = clock.now(), time.monotonic() + LONGEST
        rows = Run.objects.filter(pk__in=[run for run, _ in made])
        while rows.filter(ended_at__isnull=True).exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        found = list(rows.values_list("state", "ended_at"))
    ends = [ended for _, ended in found if ended]
    told = {
        "seconds": round((max(ends) - began).total_seconds(), 3) if ends else None,
        "states": Counter(state for state, _ in found),
        "names": [name for _, name in made],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
