"""Kinds of credential, and on which terms one is made. What a tenant's policy forbids is gone round, and says why.

A stronger kind may stand in for a weaker one without asking again: nothing more is granted, and less can be stolen. It
never goes the other way: who approved a certificate or a federated credential is not given a secret.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal

from gangway.microsoft.errors import CredentialForbidden, LifetimeForbidden, MicrosoftError, TrustFull
from gangway.microsoft.graph.shapes import SecretRule

Kind = Literal["secret", "certificate", "federated"]

KINDS: Final[dict[str, Kind]] = {"secret": "secret", "certificate": "certificate", "federated": "federated"}
"""The kinds by the text that plans and rows keep."""

NAMES: Final[dict[Kind, str]] = {
    "secret": "secret",
    "certificate": "certificate",
    "federated": "federated credential",
}
AVOIDABLE: Final = (CredentialForbidden, LifetimeForbidden)
"""Refusals of a credential that another kind or a shorter life may not meet."""

SHORTER: Final = (365, 180, 90, 60, 30, 14, 7)
"""Lives that are tried, one after the other, when a policy that we can't read refuses a longer one."""


@dataclass(frozen=True)
class Terms:
    """What kind of credential, for how many days (a federated one doesn't end), and why if it isn't as planned."""

    kind: Kind = "secret"
    days: int = 365
    why: str = ""


def stand_ins(kind: Kind, *, platform_is_issuer: bool) -> tuple[Kind, ...]:
    """The kinds that may take the place of a planned one, in the order in which they are tried."""
    federated: tuple[Kind, ...] = ("federated",) if platform_is_issuer else ()
    if kind == "secret":
        return ("certificate", *federated)
    return federated if kind == "certificate" else ("certificate",)


def by_rule(terms: Terms, rule: SecretRule | None, others: tuple[Kind, ...]) -> Terms | None:
    """The terms under a policy that could be read; None when it forbids everything that may be made."""
    if rule is None:
        return terms
    if terms.kind == "secret" and rule.forbidden:
        return by_rule(_other(terms, others[0]), rule, others[1:]) if others else None
    longest = {"secret": rule.longest_days, "certificate": rule.longest_certificate_days}.get(terms.kind)
    if longest is None or longest >= terms.days:
        return terms
    if longest < 1:
        return by_rule(_other(terms, others[0]), rule, others[1:]) if others else None
    return _shorter(terms, longest)


def after(terms: Terms, refusal: MicrosoftError, others: tuple[Kind, ...]) -> Terms | None:
    """The terms to try next when Microsoft refused these; None when nothing is left to try."""
    if isinstance(refusal, LifetimeForbidden):
        shorter = next((days for days in SHORTER if days < terms.days), None)
        return None if shorter is None else _shorter(terms, shorter)
    if isinstance(refusal, CredentialForbidden) and others:
        return _other(terms, others[0])
    if isinstance(refusal, TrustFull) and others:
        return replace(terms, kind=others[0], why=f"{refusal.what} A {NAMES[others[0]]} is made instead.")
    return None


def _other(terms: Terms, kind: Kind) -> Terms:
    why = (
        f"A policy of the tenant forbids a {NAMES[terms.kind]} for app registrations: a {NAMES[kind]} is made instead."
    )
    return replace(terms, kind=kind, why=why)


def _shorter(terms: Terms, days: int) -> Terms:
    begun = terms.why.partition(" Its life is shorter")[0]
    why = f"Its life is shorter than planned: a policy of the tenant does not allow more. It is made for {days} days."
    return replace(terms, days=days, why=f"{begun} {why}".strip())
