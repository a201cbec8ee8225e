"""A registration in a small real installation, for tests that kill real workers: one word says what is done with it.

Runs as a process of its own, with the worker's environment: `make <delegated token>`, `rotation`, `teardown`.
"""

import sys
from typing import Any

from gangway.cli.start import prepared
from gangway.config.settings.typed import Role

FEATURES = {"voice", "self-rotation"}


def make(token: str) -> None:
    """Start Provisioning, for a planned service of a new customer."""
    from tests.rooms.factories_provisioning import make_work  # noqa: PLC0415 - needs a Django that is awake

    make_work(choices={"features": FEATURES}).start(token)


def start(what: str, **options: Any) -> None:
    """Start a run of another kind on the one registration there is."""
    from gangway.foundation import clock  # noqa: PLC0415 - likewise
    from gangway.organizations.scope import within, within_everything  # noqa: PLC0415
    from gangway.provisioning import actions  # noqa: PLC0415
    from gangway.provisioning.models import Credential, Run  # noqa: PLC0415
    from tests.rooms.factories_provisioning import BY  # noqa: PLC0415

    with within_everything("a test has one registration"):
        run = Run.objects.select_related("organization").filter(kind="setup").get()
        registration_id, service_id, path = run.registration_id, run.service_id, run.organization.path
    with within(path):
        if what == "start_rotation":
            options = {"credential_id": Credential.objects.get(state="proved").pk}
        given = {"registration_id": registration_id, "service_id": service_id, "by": BY, "now": clock.now()}
        getattr(actions, what)(**given, **options)


def main(word: str, *rest: str) -> None:
    """Do what the word says."""
    with prepared(Role.WORKER):
        if word == "make":
            make(*rest)
        elif word == "rotation":
            start("start_rotation")
        else:
            start("start_teardown", whole=True, for_good=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
