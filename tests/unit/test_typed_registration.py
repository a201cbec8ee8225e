"""What somebody pastes is looked at before anybody is asked: each mistake is named in its field."""

from dataclasses import replace
from datetime import date

import pytest

from gangway.foundation.sealed import SealedText
from gangway.onboarding import existing_errors as errors
from gangway.onboarding.typed import Around, Typed, looked_at
from gangway.organizations.details import Tenant

TENANT = "c0475050-0000-4000-8000-000000000001"
OURS = "a11ce000-0000-4000-8000-000000000001"
CLIENT = "5a4db0c1-0000-4000-8000-00000000000a"
OWN_CLIENT = "5a4db0c1-0000-4000-8000-000000000001"
SECRET = "Xy~8Q~abcDEFghiJKLmnoPQRstuVWXyz0123456-_"
RIGHT = Typed(TENANT, CLIENT, "secret", SealedText(SECRET), date(2027, 5, 1))
AROUND = Around((), frozenset({OURS}), frozenset({OWN_CLIENT}), has_secret=False, today=date(2026, 11, 21))


def faults(around: Around = AROUND, **changed: object) -> dict[str, type[errors.ExistingError]]:
    if "secret" in changed:
        changed["secret"] = SealedText(str(changed["secret"]))
    return {str(fault.field): type(fault) for fault in looked_at(replace(RIGHT, **changed), around)[1]}


def test_what_is_right_passes():
    assert faults() == {}


@pytest.mark.parametrize("tenant", ["contoso.com", " Contoso.COM ", "bücher.example", "contoso.onmicrosoft.com"])
def test_a_domain_may_stand_for_the_tenant(tenant):
    assert faults(tenant=tenant) == {}


@pytest.mark.parametrize(
    ("changed", "field", "error"),
    [
        ({"tenant": ""}, "tenant", errors.NotATenant),
        ({"tenant": "Contoso Ltd"}, "tenant", errors.NotATenant),
        ({"tenant": OURS}, "tenant", errors.OwnTenantTyped),
        ({"client_id": "my app"}, "client_id", errors.NotAClientId),
        ({"client_id": TENANT}, "client_id", errors.NotAClientId),
        ({"client_id": OWN_CLIENT.upper()}, "client_id", errors.OwnApplicationTyped),
        ({"secret": ""}, "secret", errors.SecretMissing),
        ({"secret": "9f06103a-1111-4222-8333-44445555666A"}, "secret", errors.SecretIsItsId),
        ({"secret": f"{SECRET[:20]} {SECRET[20:]}"}, "secret", errors.SecretMalformed),
        ({"secret": f"{SECRET[:20]}\n{SECRET[20:]}"}, "secret", errors.SecretMalformed),
        ({"secret": "Xy~******************"}, "secret", errors.SecretMalformed),
        ({"secret": "short"}, "secret", errors.SecretMalformed),
        ({"secret": "pässwörter-sind-keine-werte"}, "secret", errors.SecretMalformed),
        ({"ends_on": date(2026, 11, 21)}, "ends_on", errors.EndHasPassed),
    ],
)
def test_a_mistake_is_named_in_its_field_and_nowhere_else(changed, field, error):
    assert faults(**changed) == {field: error}


def test_all_mistakes_are_told_at_once():
    assert set(faults(tenant="", client_id="", secret="", ends_on=date(2020, 1, 1))) == {
        "tenant",
        "client_id",
        "secret",
        "ends_on",
    }


def test_a_tenant_that_is_not_the_customers_is_told_before_anybody_is_asked():
    other = Tenant("fab41ca0-0000-4000-8000-000000000001", "")
    assert faults(replace(AROUND, theirs=(other,))) == {"tenant": errors.AnotherTenant}
    assert faults(replace(AROUND, theirs=(Tenant(TENANT.upper(), ""),))) == {}


def test_any_of_a_customers_tenants_will_do_and_one_that_is_known_by_its_domain_alone_may_be_it():
    other = Tenant("fab41ca0-0000-4000-8000-000000000001", "fabrikam.com")
    assert faults(replace(AROUND, theirs=(other, Tenant(TENANT, "")))) == {}
    assert faults(replace(AROUND, theirs=(other, Tenant("", "contoso.com")))) == {}
    assert faults(replace(AROUND, theirs=(other,))) == {"tenant": errors.DomainNotThere}


def test_blanks_and_braces_around_are_taken_off():
    typed = Typed(f" {{{TENANT.upper()}}} ", f'\t"{CLIENT}"\n', "secret", SealedText(f"  {SECRET}\r\n"))
    tidy, found = looked_at(typed, AROUND)
    assert not found
    assert (tidy.tenant, tidy.client_id, tidy.secret.reveal()) == (TENANT, CLIENT, SECRET)


def test_a_kept_secret_need_not_be_typed_again():
    assert faults(replace(AROUND, has_secret=True), secret="") == {}


@pytest.mark.parametrize("kind", ["certificate", "federated"])
def test_without_a_secret_nothing_of_one_is_looked_at(kind):
    assert faults(kind=kind, secret="", ends_on=date(2020, 1, 1)) == {}
