"""What the doctor looks at for each provider: mail server, host names and default plan; and where workers call from.

Bounded, and several at once: a doctor who looks for an hour is asked by nobody.
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

from gangway.audit.record import Actor
from gangway.config.settings.typed import Settings
from gangway.notifications import looking, mail_servers
from gangway.notifications.channels.smtp import Server
from gangway.notifications.errors import NotificationsError
from gangway.onboarding.defaults import every_pinning
from gangway.onboarding.doctor import Finding
from gangway.onboarding.queries import sign_in_applications
from gangway.organizations import host_proof
from gangway.organizations.hosts import Host, every_host
from gangway.organizations.queries import providers
from gangway.organizations.scope import within, within_everything
from gangway.organizations.states import HostSeen

MOST_SERVERS: Final = 20
MOST_HOSTS: Final = 50
MOST_PLANS: Final = 200
AT_ONCE: Final = 10
"""Questions to name servers that are out at the same time."""
REASON: Final = "the doctor looks at every provider"
DOCTOR: Final = Actor.system("doctor")
CURE_MAIL: Final = "the provider's Admin looks at Settings, Mail; mails wait until it takes us, or it is removed there"
APPLICATION_HOW: Final = "docs/how-to/sign-in-application.md shows"
CURE_HOST: Final = "publish the TXT record that Settings, Host names shows, then press Look now there"


def own_mail(_settings: Settings) -> Iterable[Finding]:
    """Sign in to each provider's own mail server; its password is opened here and told to nobody else."""
    with within_everything(REASON):
        count, found = mail_servers.every(most=MOST_SERVERS)
    opened: list[tuple[str, Server | str]] = [(_called(one), _opened(one)) for one in found]
    troubles = iter(looking.own_troubles(server for _name, server in opened if isinstance(server, Server)))
    for name, server in opened:
        if trouble := server if isinstance(server, str) else next(troubles):
            yield Finding(name, ok=False, words=trouble, cure=CURE_MAIL)
        else:
            yield Finding(name, ok=True, words="The mail server takes us.")
    yield from _bounded("providers' mail servers", count, found)


def host_names(_settings: Settings) -> Iterable[Finding]:
    """Tell what is known of each host name, and ask DNS now for those that nobody proved yet; nothing is changed."""
    with within_everything(REASON):
        count, found = every_host(most=MOST_HOSTS)
    waiting = [host for _owner, host in found if host.proved_at is None]
    seen = dict(zip((host.id for host in waiting), asyncio.run(_look(waiting)), strict=True))
    for owner, host in found:
        yield _host(f"host name {host.name} ({owner})", host, seen.get(host.id))
    yield from _bounded("host names", count, found)


def default_plans(_settings: Settings) -> Iterable[Finding]:
    """Make each provider's default plan, as *Add New Tenant* would, and keep none of them."""
    with within_everything(REASON):
        count, found = every_pinning(most=MOST_PLANS)
    for one in found:
        name, gone = f"default plan ({one.provider_name})", ", ".join(one.left_out)
        left = f"This release no longer offers {gone}." if gone else ""
        if one.refusal:
            words = f"{left} It makes no plan: {one.refusal.what}".strip()
            yield Finding(
                name, ok=False, words=words, cure=f"choose again in Settings, Default plan: {one.refusal.cure}"
            )
        elif left:
            words = f"{left} New services begin without it."
            yield Finding(name, ok=True, words=words, cure="choose again in Settings, Default plan, and save")
        else:
            yield Finding(name, ok=True, words="This release makes a plan of it.")
    yield from _bounded("default plans", count, found)


def without_application(_settings: Settings) -> Iterable[Finding]:
    """Name the providers that have no sign-in application, where others have one: they may be about to begin."""
    with within_everything(REASON):
        have = {each.provider_id for each in sign_in_applications()}
    lack = [provider for provider in providers() if provider.id not in have] if have else []
    for provider in lack[:MOST_PLANS]:
        words = "It has none on this server: the administrators of its customers can't sign in."
        name, cure = f"sign-in application ({provider.name})", f"make it as {APPLICATION_HOW}, then type it in Settings"
        yield Finding(name, ok=True, words=words, cure=cure)
    yield from _bounded("providers without a sign-in application", len(lack), lack[:MOST_PLANS])


def egress(settings: Settings) -> Iterable[Finding]:
    """Say where administrators are told that workers come from."""
    name = "workers' addresses"
    if settings.egress_addresses:
        words = (
            f"Administrators are told {', '.join(settings.egress_addresses)}, as set; nobody can check it from here."
        )
        yield Finding(name, ok=True, words=words)
    else:
        words = "Nobody said where Microsoft sees workers come from: who must let them in by a policy isn't told."
        yield Finding(
            name, ok=True, words=words, cure="name the addresses in GANGWAY_EGRESS_ADDRESSES, if they are fixed"
        )


def _called(one: mail_servers.NamedServer) -> str:
    return f"mail of {one.provider_name} ({one.server.host}:{one.server.port})"


def _opened(one: mail_servers.NamedServer) -> Server | str:
    """Return what a connection needs, or in words why it can't be had."""
    try:
        with within(one.path):
            return mail_servers.opened(one.server, purpose="look whether the mail server takes us", by=DOCTOR)
    except NotificationsError as error:
        return error.what


async def _look(waiting: Sequence[Host]) -> list[HostSeen]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(host: Host) -> HostSeen:
        async with gate:
            with suppress(TimeoutError):
                return await asyncio.wait_for(host_proof.look(host), timeout=host_proof.PATIENCE)
        return HostSeen.SILENCE

    return list(await asyncio.gather(*map(one, waiting)))


def _host(name: str, host: Host, now: HostSeen | None) -> Finding:
    if host.proved_at is not None:
        return Finding(name, ok=True, words=f"Proved on {host.proved_at:%Y-%m-%d}; links begin with it.")
    before = (
        f"; workers looked last on {host.looked_at:%Y-%m-%d at %H:%M} UTC ({_SAID[host.seen]})"
        if host.looked_at
        else ""
    )
    words = f"Not proved, so it isn't answered. Just now: {_SAID[now or host.seen]}{before}."
    if now is HostSeen.RIGHT:
        return Finding(
            name, ok=True, words=words, cure="workers take it within five minutes; after a month press Look now"
        )
    known = now is not HostSeen.SILENCE
    return Finding(name, ok=now is not HostSeen.OTHER, words=words, cure=CURE_HOST, known=known)


_SAID: Final = {
    HostSeen.NOT_YET: "nobody has looked",
    HostSeen.RIGHT: "the record is there",
    HostSeen.NOTHING: "there is no record",
    HostSeen.OTHER: "there is another record than ours",
    HostSeen.SILENCE: "its name server doesn't answer",
}


def _bounded(name: str, count: int, looked_at: Sequence[object]) -> Iterable[Finding]:
    """Say that there are more than were looked at; nothing when that were all."""
    if count > len(looked_at):
        words = f"{len(looked_at)} of {count} were looked at."
        yield Finding(name, ok=True, words=words, cure="each provider's Admin sees its own in Settings", known=False)
