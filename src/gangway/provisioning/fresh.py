"""The credential that a run makes if one is needed: on the plan's terms, or on those that the tenant allows."""

import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import uuid4

from gangway.federation.queries import issuer
from gangway.foundation import clock
from gangway.microsoft.cloud import Cloud
from gangway.microsoft.errors import MicrosoftError
from gangway.provisioning.engine.credential_kinds import KINDS, Kind, Terms, after, stand_ins
from gangway.provisioning.engine.pinning import Pinned
from gangway.provisioning.engine.steps.credentials import Fresh, Trust

NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9-]+")
"""What a federated credential's name may not hold: Microsoft puts it into addresses."""


@dataclass
class FreshCredential:
    """Gives a new credential's id, name and end, each time another one; follows what Microsoft refuses.

    `name` is the service's, `subject` the registration's unique name, `audience` that of the tenant's cloud.
    """

    name: str
    subject: str
    audience: str
    terms: Terms
    others: tuple[Kind, ...] = ()

    def __call__(self) -> Fresh:
        """A credential named after the service, with a mark that no other attempt has."""
        mark, terms = secrets.token_hex(4), self.terms
        federated = terms.kind == "federated"
        name = NOT_IN_A_NAME.sub("-", self.name).strip("-") or "gangway" if federated else self.name
        return Fresh(
            credential_id=str(uuid4()),
            display_name=f"{name}-{mark}",
            ends_at=clock.now() + timedelta(days=terms.days),
            kind=terms.kind,
            trust=Trust(issuer(), f"{self.subject}:{mark}", self.audience) if federated else None,
            why=terms.why,
        )

    def adapt(self, refusal: MicrosoftError) -> bool:
        """Go round what Microsoft refused; False when there is no other way."""
        terms = after(self.terms, refusal, self.others)
        if terms is None:
            return False
        self.others = tuple(kind for kind in self.others if kind != terms.kind)
        self.terms = terms
        return True


def fresh_of(plan: Pinned, *, name: str, subject: str, cloud: Cloud, days: int | None = None) -> FreshCredential:
    """For a run: `name` is the service's, `subject` the registration's unique name."""
    terms, others = terms_of(plan, days=days)
    return FreshCredential(name, subject, cloud.addresses.exchange_audience, terms, others)


def terms_of(plan: Pinned, *, days: int | None = None) -> tuple[Terms, tuple[Kind, ...]]:
    """The plan's terms, with fewer days when the administrator wanted so, and the kinds that may stand in.

    A plan that wants federation on a platform that is no issuer any more gets a certificate.
    """
    kind = KINDS[plan.credential_kind]
    others = stand_ins(kind, platform_is_issuer=bool(issuer()))
    terms = Terms(kind, min(days or plan.credential_days, plan.credential_days))
    if kind == "federated" and not issuer():
        why = "This platform is no issuer of tokens any more: a certificate is made instead."
        return Terms("certificate", terms.days, why), ()
    return terms, others
