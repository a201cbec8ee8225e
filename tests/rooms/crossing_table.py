"""Who may open what: one row for each address of the product. A new address needs a row here, or the tests fail.

`desk` has, for system, provider, channel and customer, the letters of the roles that may: Admin, Operator, operator
Lite, Monitor. Everybody else is refused with 403. `about` names the thing in the address: who stands elsewhere gets
404, as if it never was. `finely` says that the room decides further by what the thing is like (a place nobody may give,
a run that is over), so those who may can be refused all the same. `oneself` shows people their own; `anyone` needs no
sign-in.
"""

from typing import Final, NamedTuple


class Row(NamedTuple):
    """One address."""

    who: str
    letters: tuple[str, ...] = ()
    about: str = ""
    finely: bool = False


def desk(*letters: str, about: str = "", finely: bool = False) -> Row:
    """A page for signed-in people with these roles."""
    return Row("desk", letters, about, finely)


def oneself(*, about: str = "") -> Row:
    """A page for every signed-in person about themselves."""
    return Row("oneself", about=about)


def anyone(*, about: str = "") -> Row:
    """A page without a sign-in: its address or a session of its own is the ticket."""
    return Row("anyone", about=about)


# fmt: off
ROWS: Final[dict[str, Row]] = {
    #             system provider channel customer
    "home": desk("AOM", "AOM", "AM", "OLM"),
    "services": desk("AOM", "AOM", "AM", "OLM"),
    "service_export": desk("AOM", "AOM", "AM", "OLM"),
    "services_validate": desk("AO", "AO", "A", "O"),
    "services_validating": desk("AOM", "AOM", "AM", "OM"),
    "services_validating_state": desk("AOM", "AOM", "AM", "OM"),
    "customer_export": desk("AOM", "AOM", "AM"),
    "channel_export": desk("AOM", "AOM"),
    "provider_export": desk("AOM"),
    "invitation_export": desk("AOM", "AOM"),
    "run_export": desk("AOM", "AOM", "AM", "OLM"),
    "leftover_export": desk("AOM", "AOM", "AM", "OLM"),
    "operator_export": desk("AO", "AO", "A", "O"),
    "choose_customer": desk("AO", "AO", "A"),
    "short_name_word": desk("AO", "AO", "A"),
    "choose_way": desk("AO", "AO", "A", about="customer"),
    "new_tenant": desk("AO", "AO", "A", about="customer"),
    "tenant_ask": desk("AO", "AO", "A", about="customer"),
    "tenant_state": desk("AO", "AO", "A", about="customer"),
    "pending_of_customer": desk("AO", "AO", "A", about="customer"),
    "service": desk("AOM", "AOM", "AM", "OLM", about="service"),
    "service_m365": desk("AOM", "AOM", "AM", "OM", about="service"),
    "service_validate": desk("AO", "AO", "A", "O", about="service", finely=True),
    "service_validation_state": desk("AOM", "AOM", "AM", "OM", about="service", finely=True),
    "service_m365_save": desk("AO", "AO", "A", "O", about="service", finely=True),
    "service_health": desk("AOM", "AOM", "AM", "OM", about="service"),
    "service_suspend": desk("AO", "AO", "A", "O", about="service"),
    "service_resume": desk("AO", "AO", "A", "O", about="service"),
    "service_keep": desk("AO", "AO", about="service"),
    "service_users": desk("AO", "AO", "A", "O", about="service"),
    "service_activity": desk("AOM", "AOM", "AM", "OLM", about="service"),
    "service_danger": desk("AO", "AO", about="service"),
    "service_delete": desk("AO", "AO", about="service"),
    "invitations": desk("AOM", "AOM"),
    "invitation": desk("AOM", "AOM", "A", about="invitation"),
    "invitation_sent": desk("AO", "AO", "A", about="invitation"),
    "invitation_resend": desk("AO", "AO", "A", about="invitation"),
    "invitation_copy": desk("AO", "AO", "A", about="invitation"),
    "invitation_revoke": desk("AO", "AO", "A", about="invitation"),
    "invitation_hand_off": desk("AO", "AO", "A", about="invitation"),
    "invitation_check_now": desk("AO", "AO", "A", about="invitation"),
    "invitation_plan_for": desk("AO", "AO", "A", about="invitation"),
    "invitation_stop_reminders": desk("AO", "AO", "A", about="invitation"),
    "handoff_withdraw": desk("AO", "AO", "A", about="handoff"),
    "invitation_plan": desk("AO", "AO", "A", about="invitation"),
    "invitation_add": desk("AO", "AO", "A", about="invitation"),
    "onboarding": desk("AO", "AO", "A", about="onboarding"),
    "onboarding_taken": desk("AO", "AO", "A", about="onboarding"),
    "onboarding_registration": desk("AO", "AO", "A", about="onboarding"),
    "onboarding_validate": desk("AO", "AO", "A", about="onboarding"),
    "onboarding_check_again": desk("AO", "AO", "A", about="onboarding"),
    "onboarding_validate_state": desk("AO", "AO", "A", about="onboarding"),
    "onboarding_settings": desk("AO", "AO", "A", about="onboarding"),
    "onboarding_prerequisites": desk("AO", "AO", "A", about="onboarding"),
    "onboarding_summary": desk("AO", "AO", "A", about="onboarding"),
    "leftovers": desk("AOM", "AOM", "AM", "OLM"),
    "leftover_try_again": desk("AO", "AO", "A", "O", about="leftover"),
    "leftover_removed": desk("AO", "AO", "A", "O", about="leftover"),
    "runs": desk("AOM", "AOM", "AM", "OLM"),
    "issuer": anyone(),
    "issuer_keys": anyone(),
    "run": desk("AOM", "AOM", "AM", "OLM", about="run"),
    "run_state": desk("AOM", "AOM", "AM", "OLM", about="run"),
    "run_support": desk("AOM", "AOM", "AM", "OLM", about="run"),
    "customers": desk("AOM", "AOM", "AM"),
    "customer_add": desk("AO", "AO", "A"),
    "customer": desk("AOM", "AOM", "AM", about="customer"),
    "customer_edit": desk("AO", "AO", "A", about="customer"),
    "customer_delete": desk("AO", "AO", about="customer"),
    "customer_move": desk("AO", "AO", about="customer", finely=True),
    "channels": desk("AOM", "AOM"),
    "channel_add": desk("AO", "AO"),
    "channel": desk("AOM", "AOM", about="channel"),
    "channel_edit": desk("AO", "AO", about="channel"),
    "channel_delete": desk("AO", "AO", about="channel"),
    "providers": desk("AOM"),
    "provider_add": desk("A"),
    "provider": desk("AOM", about="provider"),
    "provider_edit": desk("A", about="provider"),
    "provider_delete": desk("A", about="provider"),
    "operators": desk("AO", "AO", "A", "O"),
    "operator_invite": desk("A", "A", "A", "O"),
    "operator": desk("AO", "AO", "A", "O", about="place"),
    "operator_role": desk("A", "A", "A", "O", about="place"),
    "operator_suspend": desk("A", "A", "A", "O", about="place"),
    "operator_resume": desk("A", "A", "A", "O", about="place"),
    "operator_remove": desk("A", "A", "A", "O", about="place"),
    "operator_end_sessions": desk("A", "A", "A", "O", about="place"),
    "operator_reset_factor": desk("A", "A", "A", "O", about="place"),
    "operator_resend": desk("A", "A", "A", "O", about="operator_invitation", finely=True),
    "operator_revoke": desk("A", "A", "A", "O", about="operator_invitation", finely=True),
    "join": anyone(about="nothing"),
    "me": oneself(),
    "time_zone": oneself(),
    "switch": oneself(),
    "second_factor": oneself(),
    "microsoft_link": oneself(),
    "microsoft_unlink": oneself(about="nothing"),
    "microsoft_again": oneself(),
    "microsoft": anyone(),
    "microsoft_callback": anyone(),
    "microsoft_consented": anyone(),
    "sign_in_rules": desk("A", "A", "A", "O"),
    "second_factor_rule": desk("A", "A", "A", "O"),
    "tenant_add": desk("A", "A", "A", "O"),
    "tenant_remove": desk("A", "A", "A", "O", about="tenant"),
    "tenant_consent": desk("A", "A", "A", "O", about="tenant"),
    "role_map": desk("A", "A", "A", "O", about="tenant"),
    "role_unmap": desk("A", "A", "A", "O", about="mapping"),
    "settings": desk("A", "A"),
    "settings_of": desk("A", "A", about="provider"),
    "settings_application": desk("A", "A", about="provider"),
    "settings_application_change": desk("A", "A", about="provider"),
    "settings_application_check": desk("A", "A", about="provider", finely=True),
    "settings_application_state": desk("A", "A", about="provider"),
    "settings_forget_secret": desk("A", "A", about="provider", finely=True),
    "settings_mail": desk("A", "A", about="provider"),
    "settings_mail_test": desk("A", "A", about="provider"),
    "settings_mail_state": desk("A", "A", about="provider"),
    "settings_hosts": desk("A", "A", about="provider"),
    "settings_host": desk("A", "A", about="provider"),
    "settings_plan": desk("A", "A", about="provider"),
    "settings_installation": desk("A", "A"),
    "components": anyone(),
    "activity": desk("AOM", "AOM", "AM", "OLM"),
    "activity_csv": desk("AOM", "AOM", "AM", "OLM"),
    "activity_json": desk("AOM", "AOM", "AM", "OLM"),
    "door": anyone(about="nothing"),
    "wizard": anyone(),
    "wizard_new": anyone(),
    "wizard_code": anyone(),
    "wizard_code_state": anyone(),
    "wizard_again": anyone(),
    "wizard_accept_person": anyone(),
    "wizard_signed_in": anyone(),
    "wizard_name": anyone(),
    "wizard_provisioning": anyone(),
    "wizard_provisioning_state": anyone(),
    "wizard_support": anyone(),
    "wizard_my_part": anyone(),
    "wizard_finish": anyone(),
    "wizard_waiting": anyone(),
    "wizard_waiting_state": anyone(),
    "wizard_hand_off": anyone(),
    "wizard_back_to_waiting": anyone(),
    "wizard_check_now": anyone(),
    "wizard_plan_for": anyone(),
    "wizard_stop_reminders": anyone(),
    "consented": anyone(),
    "wizard_done": anyone(),
    "wizard_closed": anyone(),
}
# fmt: on
