"""Kinds of credential, and on which terms one is made. What a tenant's policy forbids is gone round, and says why.

A stronger kind may stand in for a weaker one without asking again: nothing more is granted, and less can be stolen. It
never goes the other way: who approved a certificate or a federated credential is not given a secret.
"""

from dataclasses import dataclass, field, replace
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
    """What kind of credential, for how many days (a federated one doesn't end), and why if it isn't as planned.

    `planned`: the days before a policy shortened them; another kind begins with these again.
    """

    kind: Kind = "secret"
    days: int = 365
    why: str = ""
    planned: int | None = field(default=None, compare=False)


def stand_ins(kind: Kind, *, platform_is_issuer: bool) -> tuple[Kind, ...]:
    """The kinds that may take the place of a planned one, in the order in which they are tried."""
    federated: tuple[Kind, ...] = ("federated",) if platform_is_issuer else ()
    if kind == "secret":
        return ("certificate", *federated)
    return federated if kind == "certificate" else ("certificate",)


def by_rule(terms: Terms, rule: SecretRule | None, others: tuple[Kind, ...]) -> Terms | None:
    """The terms under a policy that could be read, at which a run arrives that can't read it.

    None when it forbids everything that may be made.
    """
    refusal = _refusal(terms, rule) if rule else None
    if refusal is None:
        return terms
    following = after(terms, refusal, others)
    if following is None:
        return None
    return by_rule(following, rule, tuple(kind for kind in others if kind != following.kind))


def _refusal(terms: Terms, rule: SecretRule) -> MicrosoftError | None:
    """What Microsoft will say to a credential on these terms, if it refuses it."""
    if terms.kind == "secret" and rule.forbidden:
        return CredentialForbidden()
    longest = {"secret": rule.longest_days, "certificate": rule.longest_certificate_days}.get(terms.kind)
    return LifetimeForbidden() if longest is not None and longest < terms.days else None


def after(terms: Terms, refusal: MicrosoftError, others: tuple[Kind, ...]) -> Terms | None:
    """The terms to try next when Microsoft refused these; None when nothing is left to try."""
    if isinstance(refusal, LifetimeForbidden):
        shorter = next((days for days in SHORTER if days < terms.days), None)
        return _shorter(terms, shorter) if shorter else _other(terms, others, too_short=True)
    if isinstance(refusal, CredentialForbidden):
        return _other(terms, others)
    if isinstance(refusal, TrustFull) and others:
        return replace(terms, kind=others[0], why=f"{refusal.what} A {NAMES[others[0]]} is made instead.")
    return None


def _other(terms: Terms, others: tuple[Kind, ...], *, too_short: bool = False) -> Terms | None:
    if not others:
        return None
    kind = others[0]
    why = (
        f"A policy of the tenant forbids a {NAMES[terms.kind]} for app registrations: a {NAMES[kind]} is made instead."
    )
    if too_short:
        why = f"A policy of the tenant gives a {NAMES[terms.kind]} too short a life: a {NAMES[kind]} is made instead."
    return Terms(kind, terms.planned or terms.days, why)


def _shorter(terms: Terms, days: int) -> Terms:
    begun = terms.why.partition("Its life is shorter")[0].strip()
    why = f"Its life is shorter than planned: a policy of the tenant does not allow more. It is made for {days} days."
    return replace(terms, days=days, why=f"{begun} {why}".strip(), planned=terms.planned or terms.days)
