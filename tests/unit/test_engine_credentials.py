"""Kinds of credential in the engine: made, interrupted anywhere, refused and gone round, never orphaned."""

import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from gangway.microsoft import errors
from gangway.microsoft.graph.shapes import SecretRule
from gangway.provisioning.engine.course import Course
from gangway.provisioning.engine.credential_kinds import KINDS, Kind, Terms, after, by_rule, stand_ins
from gangway.provisioning.engine.steps.credentials import Fresh, Trust
from tests.unit.small_course import course
from tests.unit.small_journal import CannotSeal, SmallJournal
from tests.unit.small_tenant import CLIENT, Killed, SmallTenant, refusal

OTHER_KINDS: tuple[Kind, ...] = ("certificate", "federated")
WRITES = {"certificate": r"PATCH /applications/app", "federated": r"POST .*federatedIdentityCredentials"}


@dataclass
class Maker:
    """Fresh credentials on terms that follow what Microsoft refuses."""

    terms: Terms
    others: tuple[Kind, ...] = ()
    made: list[Fresh] = field(default_factory=list)

    def __call__(self) -> Fresh:
        mark = uuid.uuid4().hex[:8]
        federated = self.terms.kind == "federated"
        trust = Trust("https://issuer.example", f"gangway-r1:{mark}", "api://x") if federated else None
        ends = datetime.now(UTC) + timedelta(days=self.terms.days)
        return Fresh(str(uuid.uuid4()), f"voice1-{mark}", ends, self.terms.kind, trust, self.terms.why)

    def is_refused(self, rule: SecretRule) -> bool:
        """Whether Microsoft refuses these terms under a rule that nobody could read."""
        return self._refusal(rule) is not None

    def adapt_to(self, rule: SecretRule) -> bool:
        refusal = self._refusal(rule)
        return refusal is not None and self.adapt(refusal)

    def _refusal(self, rule: SecretRule) -> errors.MicrosoftError | None:
        if self.terms.kind == "secret" and rule.forbidden:
            return errors.CredentialForbidden()
        lives = {"secret": rule.longest_days, "certificate": rule.longest_certificate_days}
        longest = lives.get(self.terms.kind)
        return errors.LifetimeForbidden() if longest is not None and longest < self.terms.days else None

    def adapt(self, refused: errors.MicrosoftError) -> bool:
        terms = after(self.terms, refused, self.others)
        self.terms = terms or self.terms
        self.others = tuple(kind for kind in self.others if kind != self.terms.kind)
        return terms is not None


def making(
    tenant: SmallTenant, journal: SmallJournal, kind: Kind = "certificate", maker: Maker | None = None
) -> Course:
    maker = maker or Maker(Terms(kind), stand_ins(kind, platform_is_issuer=True))
    return replace(course(tenant, journal), fresh=maker, adapt=maker.adapt)


def keys(tenant: SmallTenant) -> list[str]:
    """Ids of all credentials that are in the tenant."""
    found = []
    for row in tenant.applications.values():
        found += [key["keyId"] for key in (*row["passwordCredentials"], *row["keyCredentials"])]
        found += [key["id"] for key in tenant.trusted.get(row["id"], [])]
    return found


def known(journal: SmallJournal) -> list[str]:
    return [held.key_id for held in journal.credentials.values() if held.key_id]


@pytest.mark.parametrize("kind", OTHER_KINDS)
async def test_each_kind_is_made_and_proved(kind: Kind) -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    await making(tenant, journal, kind).run()
    assert keys(tenant) == known(journal) != []
    assert journal.proofs is not None


@pytest.mark.parametrize("kind", OTHER_KINDS)
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_killed_at_any_call_no_credential_is_orphaned(kind: Kind, moment: str) -> None:
    clean = SmallTenant()
    await making(clean, SmallJournal(), kind).run()
    for number in range(len(clean.calls)):
        tenant, journal = SmallTenant(), SmallJournal()

        def kill(at: int, _method: str, _path: str, last: int = number) -> None:
            if at == last:
                raise Killed

        setattr(tenant, moment, kill)
        with pytest.raises(Killed):
            await making(tenant, journal, kind).run()
        setattr(tenant, moment, lambda *_: None)
        if tenant.principal_of(CLIENT) is None:
            tenant.add_principal(CLIENT)
        journal.settle()
        await making(tenant, journal, kind).run()
        assert keys(tenant) == known(journal), number
        assert len(keys(tenant)) == 1, number


@pytest.mark.parametrize("kind", OTHER_KINDS)
@pytest.mark.parametrize("status", [429, 503, 404, 403])
async def test_a_passing_refusal_of_the_write_is_waited_out(kind: Kind, status: int) -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    tenant.refusals[WRITES[kind]] = [refusal(status)]
    await making(tenant, journal, kind).run()
    assert keys(tenant) == known(journal) != []


async def test_a_certificate_whose_key_cannot_be_sealed_is_never_added() -> None:
    tenant, journal = SmallTenant(), SmallJournal(seals=False)
    with pytest.raises(CannotSeal):
        await making(tenant, journal).run()
    assert keys(tenant) == []


async def test_trust_that_cannot_be_written_down_is_taken_away() -> None:
    tenant, journal = SmallTenant(), SmallJournal(seals=False)
    with pytest.raises(CannotSeal):
        await making(tenant, journal, "federated").run()
    assert keys(tenant) == []


async def test_a_certificate_of_somebody_else_stays_when_ours_is_added() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    theirs = {"keyId": "theirs", "displayName": "theirs", "key": None, "endDateTime": None}
    tenant.add_application("gangway-r1", keyCredentials=[theirs])
    own = tenant.own()
    tenant.applications["app-3"]["keyCredentials"][0]["key"] = "AAAA"
    await replace(making(tenant, journal), own=own).run()
    assert keys(tenant) == ["theirs", *known(journal)]


THEIRS = {"keyId": "theirs", "displayName": "theirs", "key": "AAAA", "endDateTime": None}


def looked_once_more(journal: SmallJournal, method: str, path: str) -> bool:
    """Whether this is the look right before the list is set: the intent is written down, nothing is done yet."""
    return method == "GET" and path.startswith("/applications(") and "password" in set(journal.intents)


async def test_a_certificate_that_somebody_adds_between_the_look_and_ours_stays() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    rows = tenant.add_application("gangway-r1")["keyCredentials"]

    def add(_number: int, method: str, path: str) -> None:
        if looked_once_more(journal, method, path) and not rows:
            rows.append(dict(THEIRS))

    tenant.before = add
    await making(tenant, journal).run()
    assert keys(tenant) == ["theirs", *known(journal)]


async def test_a_copy_without_a_certificate_that_was_seen_is_not_believed_when_the_list_is_set() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    row = tenant.add_application("gangway-r1", keyCredentials=[dict(THEIRS)])
    hidden: list[str] = []

    def hide(_number: int, method: str, path: str) -> None:
        if looked_once_more(journal, method, path) and not hidden:
            hidden.append(path)
            row["keyCredentials"] = []

    def show(_number: int, method: str, path: str) -> None:
        if hidden and not row["keyCredentials"]:
            row["keyCredentials"] = [dict(THEIRS)]

    tenant.before, tenant.after = hide, show
    await making(tenant, journal).run()
    assert keys(tenant) == ["theirs", *known(journal)]
    assert hidden


async def test_what_vanished_when_the_list_was_set_is_told_in_the_log() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    row = tenant.add_application("gangway-r1", keyCredentials=[dict(THEIRS)])

    def take_away(_number: int, _method: str, _path: str) -> None:
        """As soon as ours is there."""
        if len(row["keyCredentials"]) > 1:
            row["keyCredentials"] = [key for key in row["keyCredentials"] if key["keyId"] != "theirs"]

    tenant.after = take_away
    with structlog.testing.capture_logs() as told:
        await making(tenant, journal).run()
    assert [(line["event"], line["key_ids"]) for line in told] == [("certificates_not_listed", ["theirs"])]


async def test_the_kind_that_stands_in_says_why_in_its_step() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    code = "CredentialTypeNotAllowedAsPerAppPolicy"
    tenant.refusals["addPassword"] = [refusal(400, code) for _ in range(9)]
    maker = Maker(Terms("secret"), stand_ins("secret", platform_is_issuer=True))
    await making(tenant, journal, maker=maker).run()
    (held,) = [held for held in journal.credentials.values() if held.key_id]
    assert held.kind == "certificate"
    assert "a certificate is made instead" in maker.terms.why


async def test_where_nothing_may_stand_in_the_refusal_is_told() -> None:
    tenant, journal = SmallTenant(), SmallJournal()
    tenant.refusals["addPassword"] = [refusal(400, "CredentialTypeNotAllowedAsPerAppPolicy")]
    with pytest.raises(errors.CredentialForbidden):
        await making(tenant, journal, maker=Maker(Terms("secret"))).run()


@pytest.mark.parametrize(
    ("kind", "issuer", "others"),
    [
        ("secret", True, ("certificate", "federated")),
        ("secret", False, ("certificate",)),
        ("certificate", True, ("federated",)),
        ("certificate", False, ()),
        ("federated", True, ("certificate",)),
    ],
)
def test_nothing_weaker_ever_stands_in(kind: Kind, issuer: bool, others: tuple[Kind, ...]) -> None:
    assert stand_ins(kind, platform_is_issuer=issuer) == others


ANY_RULE = st.builds(
    SecretRule,
    forbidden=st.booleans(),
    longest_days=st.none() | st.integers(0, 800),
    longest_certificate_days=st.none() | st.integers(0, 800),
)


@given(rule=ANY_RULE, kind=st.sampled_from(sorted(KINDS)), days=st.integers(1, 730), issuer=st.booleans())
def test_terms_under_a_rule_keep_to_it_and_never_ask_for_more(
    rule: SecretRule, kind: Any, days: int, issuer: bool
) -> None:
    wanted = Terms(kind, days)
    found = by_rule(wanted, rule, stand_ins(kind, platform_is_issuer=issuer))
    if found is None:
        return
    longest = {"secret": rule.longest_days, "certificate": rule.longest_certificate_days}.get(found.kind)
    assert found.days <= days
    assert longest is None or found.days <= longest
    assert not (found.kind == "secret" and (rule.forbidden or kind != "secret"))
    assert bool(found.why) == (found != wanted)


@given(rule=ANY_RULE, kind=st.sampled_from(sorted(KINDS)), days=st.integers(1, 730), issuer=st.booleans())
def test_whoever_can_not_read_the_rule_arrives_at_the_terms_that_are_told_to_whoever_can(
    rule: SecretRule, kind: Any, days: int, issuer: bool
) -> None:
    others = stand_ins(kind, platform_is_issuer=issuer)
    maker = Maker(Terms(kind, days), others)
    while maker.adapt_to(rule):
        pass
    arrived = None if maker.is_refused(rule) else maker.terms
    assert arrived == by_rule(Terms(kind, days), rule, others)


def test_a_life_that_is_shortened_again_says_only_how_long_it_is_in_the_end() -> None:
    terms = Terms("secret", 365)
    for days in (180, 90):
        terms = after(terms, errors.LifetimeForbidden(), ()) or terms
        assert terms.why.count("Its life is shorter") == 1
        assert terms.why.endswith(f"It is made for {days} days.")


def test_where_a_policy_gives_no_life_another_kind_is_made_for_as_long_as_planned() -> None:
    found = by_rule(Terms("secret", 365), SecretRule(forbidden=False, longest_days=3), OTHER_KINDS)
    assert found == Terms(
        "certificate", 365, "A policy of the tenant gives a secret too short a life: a certificate is made instead."
    )


def test_lives_are_tried_ever_shorter_and_not_for_ever() -> None:
    terms: Terms | None = Terms("secret", 365)
    seen = []
    while (terms := after(terms, errors.LifetimeForbidden(), ())) is not None:
        seen.append(terms.days)
    assert seen == [180, 90, 60, 30, 14, 7]
