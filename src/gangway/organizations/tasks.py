"""What workers do for this room: they look whether a host name is its organization's."""

from typing import Final

from gangway.foundation import clock
from gangway.jobs.actions import defer
from gangway.jobs.registry import task
from gangway.jobs.schedule import every
from gangway.jobs.threads import in_database
from gangway.organizations import former_hosts, host_proof

LOOK_AT_ALL: Final = "organizations:look_at_hosts"


@task(name=host_proof.LOOK, deadline_seconds=60)
async def look_at_host(host_id: int) -> None:
    """Look at one name."""
    host = await in_database(host_proof.begin, host_id)
    if host is None:
        return
    seen = await host_proof.look(host)
    await in_database(host_proof.end, host, seen, now=clock.now())


@task(name=LOOK_AT_ALL, deadline_seconds=60)
def look_at_hosts() -> None:
    """Have all names looked at that wait for their proof, and former ones answered as long as they are needed."""
    former_hosts.look(now=clock.now())
    for host_id in host_proof.to_look_at(now=clock.now()):
        defer(host_proof.LOOK, queueing_lock=f"{host_proof.LOOK}:{host_id}", host_id=host_id)


every(300, LOOK_AT_ALL)
