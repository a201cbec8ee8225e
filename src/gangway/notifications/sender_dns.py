"""What the DNS of a sender's domain says about who may send in its name: SPF, DKIM and DMARC, in plain words.

Only DNS is asked. What can't be seen from there stays unknown: from which addresses a mail server passes mails on, and
whether it signs them. Each finding that wants something names the exact record to add or change.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final

from gangway.notifications.channels.inside import lies_inside
from gangway.notifications.states import Finding

MOST_LOOKUPS: Final = 10
"""Of an SPF record: more, and receivers call it broken (RFC 7208, 4.6.4)."""
MOST_ABOVE: Final = 8
"""Domains that are asked for a DMARC policy, the sender's included."""
POLICIES: Final = ("none", "quarantine", "reject")
"""Of DMARC, from the weakest to the strictest."""
_POLICY: Final = re.compile(r"(;\s*p\s*=\s*)[^;\s]*", re.IGNORECASE)
_ENDS_SPF: Final = re.compile(r"[-~?]?all|redirect=.*", re.IGNORECASE)
Ask = Callable[[str, str], Awaitable[list[str]]]
"""Asks DNS for a name and a type; no record: an empty list. Raises `NoAnswer`."""


class NoAnswer(Exception):
    """Name servers didn't answer, or not in time."""


@dataclass(frozen=True, slots=True)
class Record:
    """What was found about one of the three; `name` and `text` are a TXT record to add, or to change into."""

    key: str
    state: Finding
    words: str
    name: str = ""
    text: str = ""

    def kept(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return asdict(self)


async def look(ask: Ask, *, domain: str, host: str, selector: str, reports_to: str, seconds: float) -> list[Record]:
    """Look at all three, together for at most so many `seconds`: what isn't known by then stays unknown.

    `host` is the mail server, `selector` names its DKIM key, `reports_to` is for DMARC.
    """
    ends = asyncio.get_running_loop().time() + seconds
    return [
        await _told(_spf(ask, domain, host), "spf", ends),
        await _told(_dkim(ask, domain, selector), "dkim", ends),
        await _told(_dmarc(ask, domain, reports_to), "dmarc", ends),
    ]


async def _told(looking: Awaitable[Record], key: str, ends: float) -> Record:
    try:
        async with asyncio.timeout_at(ends):
            return await looking
    except (NoAnswer, TimeoutError):
        return Record(key, Finding.UNKNOWN, "Name servers did not answer, so nothing is known. Check again later.")


async def _spf(ask: Ask, domain: str, host: str) -> Record:
    found = [text for text in await ask(domain, "TXT") if text.lower().split(" ")[0] == "v=spf1"]
    if not found:
        words = f"{domain} has no SPF record: receivers can't tell that {host} may send for it."
        return Record("spf", Finding.WRONG, words, domain, f"v=spf1 {_named(host)} ~all")
    if len(found) > 1:
        words = f"{domain} has {len(found)} SPF records; receivers then take none. Keep one, with all that they list."
        return Record("spf", Finding.WRONG, words)
    walk, addresses = _Spf(ask), await _addresses(ask, host)
    listed = await walk.lists(domain, found[0], addresses)
    wrong = _wrong_spf(domain, found[0], walk.lookups)
    if wrong is not None:
        return wrong
    if listed:
        return Record("spf", Finding.GOOD, f"The SPF record of {domain} lists the addresses of {host}.")
    if lies_inside(host):
        words = (
            f"{domain} has an SPF record. {host} stands inside a network: what it is seen as outside isn't known here."
        )
        return Record("spf", Finding.UNKNOWN, words)
    if not addresses:
        words = f"{domain} has an SPF record. {host} has no address in DNS, so nobody can tell whether it is listed."
        return Record("spf", Finding.UNKNOWN, words)
    words = (
        f"The SPF record of {domain} does not list the addresses of {host}. That is right only if {host} passes mails"
        " on from others, which we can't see: then its operator tells what to include."
    )
    return Record("spf", Finding.LOOK, words, domain, _with_host(found[0], host))


def _wrong_spf(domain: str, text: str, lookups: int) -> Record | None:
    terms = text.split()
    better = [term for term in terms if term.lower() not in {"+all", "all"}]
    if better != terms:
        words = f"The SPF record of {domain} lets everybody send: forgers, too. End it with ~all or -all."
        return Record("spf", Finding.WRONG, words, domain, " ".join([*better, "~all"]))
    if lookups > MOST_LOOKUPS:
        words = f"The SPF record of {domain} needs more than {MOST_LOOKUPS} look-ups: receivers call that broken."
        return Record("spf", Finding.WRONG, words)
    return None


def _with_host(text: str, host: str) -> str:
    """Return an SPF record that lists a host, too, before what it says of all others."""
    terms = text.split()
    ends = [at for at, term in enumerate(terms) if _ENDS_SPF.fullmatch(term)]
    place = ends[0] if ends else len(terms)
    return " ".join([*terms[:place], _named(host), *terms[place:], *([] if ends else ["~all"])])


def _named(host: str) -> str:
    """Return what lists a mail server in an SPF record."""
    if lies_inside(host):
        return "ip4:<the address that the mail server is seen by outside>"
    try:
        return f"ip{ip_address(host).version}:{host}"
    except ValueError:
        return f"a:{host}"


class _Spf:
    """Walks over one SPF record and what it includes, counting look-ups as receivers do."""

    def __init__(self, ask: Ask) -> None:
        self._ask, self.lookups = ask, 0

    async def lists(self, domain: str, text: str, wanted: set[IPv4Address | IPv6Address]) -> bool:
        """Whether all of the addresses are listed; without any, none is."""
        left = set(wanted)
        await self._walk(domain, text, left)
        return bool(wanted) and not left

    async def _walk(self, domain: str, text: str, left: set[IPv4Address | IPv6Address]) -> None:
        for term in text.split()[1:]:
            if self.lookups > MOST_LOOKUPS:
                return
            name, _sign, value = term.lower().replace("redirect=", "redirect:", 1).lstrip("+").partition(":")
            if name in {"ip4", "ip6"}:
                left -= {each for each in left if _is_in(each, value)}
            elif name.partition("/")[0] in {"a", "mx", "include", "redirect", "exists", "ptr"}:
                self.lookups += 1
                await self._follow(name.partition("/")[0], value.partition("/")[0] or domain, left)

    async def _follow(self, name: str, target: str, left: set[IPv4Address | IPv6Address]) -> None:
        if "%" in target:
            return  # a macro: it depends on the mail itself
        if name in {"include", "redirect"}:
            for text in await self._ask(target, "TXT"):
                if text.lower().startswith("v=spf1"):
                    await self._walk(target, text, left)
        elif name == "a":
            left -= await _addresses(self._ask, target)
        elif name == "mx":
            for line in (await self._ask(target, "MX"))[:MOST_LOOKUPS]:
                left -= await _addresses(self._ask, line.split()[-1].rstrip("."))


async def _dkim(ask: Ask, domain: str, selector: str) -> Record:
    if not selector:
        words = (
            "Which key your mail server signs with is not known here: type its selector (s= in the DKIM-Signature of a"
            " mail that it sent), and we look whether the key is published."
        )
        return Record("dkim", Finding.UNKNOWN, words)
    name = f"{selector}._domainkey.{domain}"
    found = [text for text in await ask(name, "TXT") if "p=" in text.replace(" ", "")]
    if not found:
        words = f"No key is published at {name}. Your mail server's operator tells the value; the record looks so:"
        return Record("dkim", Finding.WRONG, words, name, "v=DKIM1; k=rsa; p=<the public key of your mail server>")
    tags = _tags(found[0])
    if not tags.get("p"):
        words = f"The key at {name} was withdrawn (its p= is empty): receivers refuse what is signed with it."
        return Record("dkim", Finding.WRONG, words)
    if "y" in tags.get("t", "").split(":"):
        words = f"The key at {name} says that it is a test (t=y): receivers treat signatures as if there were none."
        return Record("dkim", Finding.LOOK, words, name, found[0].replace("t=y", "t=s"))
    words = (
        f"A key is published at {name}, and it is of the sender's own domain. Whether the mail server signs with it"
        " can't be seen from here: open a test mail's source and look for dkim=pass with this domain."
    )
    return Record("dkim", Finding.GOOD, words)


async def _dmarc(ask: Ask, domain: str, reports_to: str) -> Record:
    """Look at the policy that counts: the domain's own, else that of the nearest domain above.

    No advice is weaker than what any domain above asks for, for itself or for names below it. A domain that needs no
    advice needs none above it; where one above only bears on the advice and doesn't answer, that is said.
    """
    mine = await _policies(ask, domain)
    above, silent = ([], []) if _protects(mine) else await _above(ask, domain, may_be_silent=bool(mine))
    kept = [(domain, mine), *above]
    at, found = next(((each, records) for each, records in kept if records), (domain, []))
    least = max((_policy_at(tags) for _above, records in above for tags in map(_tags, records)), default=0)
    own = f"_dmarc.{domain}", f"v=DMARC1; p={POLICIES[least]}; rua=mailto:{reports_to}"
    unheard = f" {' and '.join(silent)} did not answer: if more is asked for there, ask for as much." if silent else ""
    if not found:
        words = f"{domain} says nothing to receivers about forged mails. Begin by watching, and be stricter later."
        return Record("dmarc", Finding.WRONG, words, *own)
    if len(found) > 1:
        return Record(
            "dmarc", Finding.WRONG, f"{at} has {len(found)} DMARC records; receivers then take none. Keep one."
        )
    tags = _tags(found[0])
    for_below = at != domain and "sp" in tags
    policy = tags.get("sp" if for_below else "p", "").lower()
    aligned = (
        f" Our mails name the same address in From and in the envelope, so SPF counts for {domain};"
        " DKIM counts if its d= is this domain."
    )
    if policy not in POLICIES:
        words = f"The DMARC record of {at} has no policy (p=) that receivers know.{unheard}"
        return Record("dmarc", Finding.WRONG, words, *own)
    if policy != "none":
        words = f"Receivers {_DONE[policy]} mails that are not proved to be of {at}.{aligned}"
        return Record("dmarc", Finding.GOOD, words)
    stricter = POLICIES[max(least, POLICIES.index("quarantine"))]
    if for_below:
        words = f"{at} only watches mails of names below it (sp=none): forged ones of {domain} still arrive.{aligned}"
        better = f"_dmarc.{domain}", f"v=DMARC1; p={stricter}; rua=mailto:{reports_to}"
    else:
        words = f"{at} only watches (p=none): forged mails in its name still arrive.{unheard}{aligned}"
        better = f"_dmarc.{at}", _POLICY.sub(rf"\g<1>{stricter}", found[0], count=1)
    return Record("dmarc", Finding.LOOK, words, *better)


def _protects(records: list[str]) -> bool:
    """Whether a domain's own records ask receivers for more than to watch."""
    return len(records) == 1 and _tags(records[0]).get("p", "").lower() in POLICIES[1:]


async def _above(ask: Ask, domain: str, *, may_be_silent: bool) -> tuple[list[tuple[str, list[str]]], list[str]]:
    """Return what the domains above say, and which didn't answer; raises `NoAnswer` unless they may be silent."""
    heard: list[tuple[str, list[str]]] = []
    silent: list[str] = []
    for each in _upwards(domain)[1:]:
        try:
            heard.append((each, await _policies(ask, each)))
        except NoAnswer:
            if not may_be_silent:
                raise
            silent.append(each)
    return heard, silent


def _upwards(domain: str) -> list[str]:
    """Return the domain and those above it, without the last label; of many the nearest to the top."""
    parts = domain.split(".")
    above = [".".join(parts[start:]) for start in range(1, len(parts) - 1)]
    return [domain, *above[-(MOST_ABOVE - 1) :]]


def _policy_at(tags: dict[str, str]) -> int:
    """Return how strict a record is where it is strictest."""
    named = [tags.get(name, "").lower() for name in ("p", "sp")]
    return max((POLICIES.index(policy) for policy in named if policy in POLICIES), default=0)


_DONE: Final = {"quarantine": "put aside", "reject": "refuse"}


async def _policies(ask: Ask, domain: str) -> list[str]:
    return [
        text for text in await ask(f"_dmarc.{domain}", "TXT") if text.upper().replace(" ", "").startswith("V=DMARC1")
    ]


async def _addresses(ask: Ask, host: str) -> set[IPv4Address | IPv6Address]:
    try:
        return {ip_address(host)}
    except ValueError:
        pass
    return {ip_address(text) for kind in ("A", "AAAA") for text in await ask(host, kind)}


def _is_in(address: IPv4Address | IPv6Address, network: str) -> bool:
    try:
        return address in ip_network(network, strict=False)
    except ValueError:
        return False


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): "".join(value.split()) for name, _sign, value in pairs if name.strip()}
