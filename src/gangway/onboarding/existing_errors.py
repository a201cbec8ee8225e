"""What can be wrong with a registration that somebody made by hand, each told in the field where it happened.

ExistingError
├── NotAsTyped                          some of what was typed; `faults` holds one of the others for each field
├── NotATenant, AnotherTenant, NotTheTenantInUse, OwnTenantTyped, TenantNotFound          field "tenant"
├── NotAClientId, OwnApplicationTyped, UsedOtherwise, ApplicationNotFound, ApplicationDisabled     field "client_id"
├── SecretMissing, SecretIsItsId, SecretMalformed, SecretNotAccepted, SecretHasExpired,
│   CertificateNotAccepted, TrustNotAccepted                           field "secret"
└── NotADay, EndHasPassed                                              field "ends_on"
"""

from collections.abc import Sequence

from gangway.foundation.errors import WhoActs
from gangway.onboarding.errors import OnboardingError


class ExistingError(OnboardingError):
    """Root of what is told about an existing registration."""

    code = "onboarding:existing:error"
    what = "This App registration can't be used as it is."
    cure = "Look at what is said beside each field, then start the authentication again."
    acts = WhoActs.ADMINISTRATOR


class NotAsTyped(ExistingError):
    """Something that was typed can't be right; nothing was asked of Microsoft."""

    code = "onboarding:existing:not_as_typed"
    what = "Something in the form can't be right."

    def __init__(self, faults: Sequence[ExistingError]) -> None:
        """Keep one error for each field."""
        super().__init__()
        self.faults = tuple(faults)


class NotATenant(ExistingError):
    """Neither an id nor a domain."""

    code = "onboarding:existing:not_a_tenant"
    what = "This is neither a tenant ID nor a domain."
    cure = (
        "Copy the Directory (tenant) ID from the registration's Overview page, or type a domain that is verified in "
        "the tenant, such as contoso.com."
    )


class AnotherTenant(ExistingError):
    """Another tenant than the customer's."""

    code = "onboarding:existing:another_tenant"
    what = "This is another tenant than the one that belongs to this customer."
    cure = "Use a registration in the customer's own Microsoft 365."


class NotTheTenantInUse(ExistingError):
    """A service that is connected stays in its tenant."""

    code = "onboarding:existing:not_the_tenant_in_use"
    what = "The service is connected with another tenant than this one, and can't move out of it."
    cure = (
        "Use a registration in the tenant that it is connected with. In another tenant, it is added as a new service."
    )


class OwnTenantTyped(ExistingError):
    """The platform's own tenant."""

    code = "onboarding:existing:own_tenant"
    what = "This is the platform's own tenant, which is never a customer's."
    cure = "Type the ID of the customer's tenant."


class TenantNotFound(ExistingError):
    """Microsoft knows no such tenant."""

    code = "onboarding:existing:tenant_unknown"
    what = "Microsoft knows no tenant with this ID or domain."
    cure = "Copy the Directory (tenant) ID from the registration's Overview page."


class NotAClientId(ExistingError):
    """A client id is a GUID."""

    code = "onboarding:existing:not_a_client_id"
    what = "This isn't an Application (client) ID."
    cure = "Copy it from the registration's Overview page; it looks like 00000000-0000-0000-0000-000000000000."


class OwnApplicationTyped(ExistingError):
    """The platform's own application, which a customer's service must never sign in as."""

    code = "onboarding:existing:own_application"
    what = "This is the platform's own application, not a registration of yours."
    cure = "Copy the Application (client) ID of the registration that you made in your own tenant."


class UsedOtherwise(ExistingError):
    """A registration that is known for something else: its plan is of another kind, or it is another service's."""

    code = "onboarding:existing:used_otherwise"
    what = "This App registration is used for something else already."
    cure = "Calling and call quality each need an App registration of their own: type the other one's ID."


class ApplicationNotFound(ExistingError):
    """700016, 7000229: not in this tenant."""

    code = "onboarding:existing:application_unknown"
    what = "This tenant has no application with this ID."
    cure = (
        "Compare the Application (client) ID and the tenant ID with the registration's Overview page. One that was "
        "made a minute ago may need one more. Object ID and Secret ID look alike, and are other things."
    )


class ApplicationDisabled(ExistingError):
    """7000112: switched off in the tenant."""

    code = "onboarding:existing:application_disabled"
    what = "The application is disabled in this tenant."
    cure = "Enable it: Enterprise applications, its name, Properties, “Enabled for users to sign in?”, Yes."


class SecretMissing(ExistingError):
    """Nothing typed, and nothing kept."""

    code = "onboarding:existing:secret_missing"
    what = "The client secret is missing."
    cure = "Paste its Value, from Certificates & secrets."


class SecretIsItsId(ExistingError):
    """A GUID is the secret's id; a value never looks like one."""

    code = "onboarding:existing:secret_is_its_id"
    what = "This is the Secret ID, not the secret."
    cure = "Copy the column Value beside it. If it is hidden by now, make a new client secret and copy its Value."


class SecretMalformed(ExistingError):
    """Something that no client secret looks like."""

    code = "onboarding:existing:secret_malformed"
    what = "This can't be the value of a client secret."
    cure = "Copy the column Value with its copy button, and nothing around it."


class SecretNotAccepted(ExistingError):
    """7000215."""

    code = "onboarding:existing:secret_not_accepted"
    what = "Microsoft does not accept this client secret."
    cure = (
        "It must be a Value of this very registration. One that was made a minute ago may need one more. If its Value "
        "isn't shown any more, make a new client secret."
    )


class SecretHasExpired(ExistingError):
    """7000222."""

    code = "onboarding:existing:secret_expired"
    what = "This client secret has expired."
    cure = (
        "Make a new one under Certificates & secrets and paste its Value. (One that is a minute old may need one more.)"
    )


class CertificateNotAccepted(ExistingError):
    """700027: not uploaded, or another one."""

    code = "onboarding:existing:certificate_not_accepted"
    what = "The registration does not know this certificate yet."
    cure = "Upload the .cer file under Certificates & secrets, Certificates, compare the thumbprint, then try again."


class TrustNotAccepted(ExistingError):
    """700211 to 700213: no such federated credential."""

    code = "onboarding:existing:trust_not_accepted"
    what = "The registration has no federated credential with exactly this issuer, subject and audience."
    cure = "Add it under Certificates & secrets, Federated credentials. One that was just added may need some minutes."


class NotADay(ExistingError):
    """Something that can't be read as a date."""

    code = "onboarding:existing:not_a_day"
    what = "This isn't a date."
    cure = "Type a date such as 2027-05-31."


class EndHasPassed(ExistingError):
    """A day in the past."""

    code = "onboarding:existing:end_has_passed"
    what = "By this date the client secret has expired already."
    cure = "Make a new client secret, or correct the date."


class DomainNotThere(ExistingError):
    """The tenant isn't the one with the customer's domain."""

    code = "onboarding:existing:domain_missing"
    what = "This tenant has not the domain that belongs to this customer."
    cure = "Use a registration in the tenant with that domain, or ask your provider to correct the customer's domain."


class NoFederation(ExistingError):
    """The platform doesn't sign tokens of its own."""

    code = "onboarding:existing:no_federation"
    what = "This platform is not set up for federated credentials."
    cure = "Use a certificate: nothing secret has to be typed with it either."
    acts = WhoActs.OPERATOR
