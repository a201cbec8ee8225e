"""Every form of the product with one set of values that it takes; made from the URL table, so that none is forgotten.

A button alone is a form without values. Who sends it: "desk" a provider's admin, "system" one of the whole system,
"oneself" anybody signed in, "wizard" an administrator whose case stands at that page, "stranger" nobody.
"""

from typing import Final, NamedTuple

from django.test import RequestFactory
from django.urls import URLPattern

from gangway.web.urls import urlpatterns


class Form(NamedTuple):
    """Who sends it, and what."""

    who: str
    values: dict[str, str]


def desk(**values: str) -> Form:
    """A form at the desk."""
    return Form("desk", values)


def system(**values: str) -> Form:
    """A form that only people of the system may send."""
    return Form("system", values)


def wizard(**values: str) -> Form:
    """A form of an administrator behind a link."""
    return Form("wizard", values)


def stranger(**values: str) -> Form:
    """A form before anybody is known."""
    return Form("stranger", values)


GUID: Final = "11111111-2222-4333-8444-555555555555"
CONTACTS: Final = {
    "contact-TOTAL_FORMS": "1",
    "contact-INITIAL_FORMS": "0",
    "contact-0-name": "Ada",
    "contact-0-email": "ada@contoso.example",
    "contact-0-phone": "",
}
PLACE: Final = {
    "name": "Fine Name",
    "description": "d",
    "support_phone": "1",
    "reply_to": "a@b.example",
    "information": "i",
    **CONTACTS,
}
TENANTS: Final = {
    "tenant-TOTAL_FORMS": "1",
    "tenant-INITIAL_FORMS": "0",
    "tenant-0-domain": "contoso.example",
    "tenant-0-tenant_id": GUID,
}
OF_CUSTOMER: Final = {**TENANTS, "domain": "contoso.com", "tenant_id": GUID, "cloud": "public", "entra_group_id": GUID}
POOL: Final = {"users": "100", "warning_percent": "90", "grace_percent": "10"}
ASKED: Final = {"role_choice": "", "unit": "", "role_days": "", "credential_kind": "secret", "credential_days": "90"}

TYPED: Final = {
    "tenant": "contoso.com",
    "client_id": GUID,
    "secret": "Xy~8Q~value-of-a-secret",
    "ends_on": "2031-05-31",
}

SOUGHT = {
    "who": "Olga",
    "event": "",
    "subject": "",
    "organization": "",
    "since": "2026-01-01",
    "until": "2031-01-01",
}
FORMS: Final[dict[str, Form]] = {
    "new_tenant": desk(
        full_name="Contoso calling",
        short_name="contoso-1",
        licence_type="hosted_pro",
        licensed_users="20",
        send_link="on",
        recipient="ada@contoso.example",
        days="14",
        **ASKED,
    ),
    "service_validate": desk(),
    "service_validate_quality": desk(),
    "service_rotate_quality": desk(),
    "service_m365_save": desk(domain="contoso.com", ends_on="2031-05-31"),
    "shared_registration": desk(
        full_name="Contoso calling",
        short_name="contoso-2",
        licence_type="hosted_pro",
        licensed_users="20",
        registration=GUID,
        recipient="ada@contoso.example",
    ),
    "service_reinitiate": desk(recipient="ada@contoso.example", way="mail"),
    "service_asked_revoke": desk(),
    "service_replace": desk(),
    "service_type_quality": desk(),
    "service_names": desk(full_name="Contoso calling", short_name="contoso-3"),
    "service_upgrade": desk(
        licence_type="hosted_essentials_plus", licensed_users="20", send_link="", recipient="ada@contoso.example"
    ),
    "invitation_upgrade": desk(licensed_users="20"),
    "service_tokens": desk(forbid="yes"),
    "service_suspend": desk(),
    "service_resume": desk(),
    "service_keep": desk(),
    "service_users": desk(licensed_users="30"),
    "service_delete": desk(typed="contoso"),
    "services_validate": desk(service=GUID),
    "tenant_ask": desk(domain="contoso.com"),
    "own_name": desk(name="Grace Hopper"),
    "own_address": desk(email="grace@sp2.example"),
    "own_address_cancel": desk(),
    "own_address_confirm": desk(key="MQ:1abc:none"),
    "time_zone": desk(zone="Europe/Vienna"),
    "settings_application_change": desk(
        cloud="public", client_id=GUID, home_tenant_id=GUID, secret="", secret_ends_on="2031-05-31"
    ),
    "settings_application_check": desk(cloud="public"),
    "settings_forget_secret": desk(cloud="public"),
    "settings_host": desk(host="connect.example.com"),
    "settings_host_look": desk(),
    "settings_logo": desk(),
    "settings_mail": desk(reply_to="help@sp2.example"),
    "settings_mail_test": desk(),
    "settings_mail_server": desk(
        host="smtp.sp2.example", port="587", encryption="starttls", user="u", password="p", sender="connect@sp2.example"
    ),
    "settings_mail_server_remove": desk(),
    "settings_sender_check": desk(selector="selector1"),
    "settings_invitations": desk(life_days="14", may_copy="on", subject="", opening="Hello {customer}", closing=""),
    "settings_colour": desk(colour="#1d4ed8"),
    "settings_plan": desk(licence_type="hosted_pro", **ASKED),
    "invitations_resend": desk(ticked=GUID),
    "invitations_revoke": desk(ticked=GUID),
    "runs_check": desk(ticked=GUID),
    "invitation_resend": desk(),
    "invitation_copy": desk(),
    "invitation_edit": desk(full_name="Contoso calling", short_name="contoso-2", licensed_users="20", phone="+49 30 1"),
    "invitation_readdress": desk(recipient="bob@contoso.example"),
    "invitation_extend": desk(days="14"),
    "invitation_replace": desk(),
    "invitation_await": desk(approval_on="2031-12-01"),
    "invitation_quiet": desk(),
    "invitation_unfreeze": desk(),
    "invitation_seen": desk(),
    "invitation_test": desk(),
    "invitation_send": desk(anyway="1"),
    "invitation_revoke": desk(),
    "invitation_together": desk(),
    "invitation_hand_off": desk(colleague="riley@contoso.com"),
    "invitation_check_now": desk(),
    "invitation_plan_for": desk(planned_on="2031-12-01"),
    "invitation_stop_reminders": desk(),
    "handoff_withdraw": desk(),
    "invitation_plan": desk(seen="", **ASKED),
    "invitation_add": desk(),
    "known_registration": desk(**TYPED),
    "import_new": desk(kind="new", finish_by_itself="on", days="3", knowingly="on"),
    "import_start": desk(),
    "imports_stop": desk(ticked=GUID),
    "imports_discard": desk(ticked=GUID),
    "import_stop": desk(),
    "import_discard": desk(),
    "onboarding_registration": desk(),
    "onboarding_validate": desk(),
    "onboarding_check_again": desk(),
    "onboarding_settings": desk(domain="contoso.onmicrosoft.com"),
    "onboarding_prerequisites": desk(),
    "onboarding_summary": desk(),
    "rotation_policy": desk(rotates="on", days_before="45", notice_days="10"),
    "freeze_add": desk(begins="2031-12-20T00:00", ends="2032-01-07T00:00", why="End of the year"),
    "freeze_end": desk(),
    "service_rotate": desk(),
    "connections_rotate": desk(ticked=GUID),
    "service_repair": desk(recipient="ada@contoso.example"),
    "emergency_begin": desk(deed="suspend", organization=GUID, key_number="", why="A key was lost", typed="sp2"),
    "alarms_acknowledge": desk(ticked=GUID),
    "alarms_clear": desk(ticked=GUID),
    "alarm_acknowledge": desk(),
    "alarm_clear": desk(),
    "alarm_hours": desk(digest_hour="7", quiet_from="20", quiet_until="6", zone="Europe/Vienna", urgent_at_once="on"),
    "settings_webhook": desk(
        url="https://hooks.sp2.example/in", secret="whsec_c2l4dGVlbi1ieXRlcy1hbmQtc29tZS1tb3Jl", is_on="on"
    ),
    "settings_webhook_test": desk(),
    "settings_webhook_remove": desk(),
    "leftovers_try_again": desk(ticked=GUID),
    "leftover_try_again": desk(),
    "leftover_removed": desk(),
    "customer_add": desk(**PLACE, **OF_CUSTOMER, parent=""),
    "customer_edit": desk(**PLACE, **OF_CUSTOMER),
    "customer_delete": desk(),
    "customer_move": desk(to=GUID),
    "customers_move": desk(to=GUID, ticked=GUID),
    "customer_logo_change": desk(),
    "channel_logo_change": desk(),
    "provider_logo_change": system(),
    "channel_add": desk(**PLACE, customers="3", short_name="chan9"),
    "channel_edit": desk(**PLACE, customers="3", short_name="chan9"),
    "channel_delete": desk(),
    "provider_add": system(**PLACE, **POOL, short_name="prov9"),
    "provider_edit": system(**PLACE, **POOL),
    "operator_invite": desk(name="Nils New", email="nils@sp2.example", organization="", role="monitor"),
    "operator_name": desk(name="Grace Hopper"),
    "operator_address": desk(email="grace@sp2.example"),
    "operator_role": desk(role="admin"),
    "operator_suspend": desk(),
    "operators_suspend": desk(ticked="1"),
    "operators_end_sessions": desk(ticked="1"),
    "operator_resume": desk(),
    "operator_remove": desk(),
    "operator_end_sessions": desk(),
    "operator_reset_factor": desk(),
    "operator_resend": desk(),
    "operator_reset_invited": desk(),
    "operator_revoke": desk(),
    "join": stranger(way="password", name="Nils", password="a long sentence of nine odd words"),
    "switch": desk(organization=GUID),
    "session_end": desk(),
    "microsoft_link": desk(),
    "microsoft_unlink": desk(),
    "microsoft_again": desk(next="/"),
    "microsoft": stranger(next="/"),
    "second_factor_rule": desk(rule="required"),
    "tenant_add": desk(tenant_id=GUID, does_second_factor="on"),
    "tenant_remove": desk(),
    "tenant_consent": desk(),
    "tenant_prove": desk(),
    "role_map": desk(kind="app_role", value="Gangway.Admin", role="monitor"),
    "role_unmap": desk(),
    "activity_csv": desk(**SOUGHT),
    "activity_json": desk(**SOUGHT),
    "service_ask_customer": desk(),
    "own_view": stranger(name="Nobody", cloud="public"),
    "own_view_at": stranger(cloud="public"),
    "own_sign_out": stranger(),
    "own_disconnect": stranger(typed="voice-1"),
    "own_keep": stranger(),
    "own_renew": stranger(),
    "own_contacts": stranger(**CONTACTS),
    "own_removal": stranger(),
    "door": stranger(),
    "mail_events": stranger(),
    "door_unexpected": stranger(),
    "door_reminders": stranger(),
    "door_new_link": stranger(),
    "wizard": wizard(),
    "wizard_choose_again": wizard(),
    "wizard_approval": wizard(approval_on="2031-12-01"),
    "wizard_colleague": wizard(colleague="riley@contoso.com"),
    "wizard_unexpected": wizard(),
    "wizard_new": wizard(upn="grace.global@contoso.com", colleague="riley@contoso.com", seen="", offered="", unit=""),
    "wizard_use": wizard(**TYPED),
    "wizard_use_choose": wizard(),
    "wizard_tell_end": wizard(ends_on="2031-05-31"),
    "wizard_with_code": wizard(),
    "wizard_with_microsoft": wizard(),
    "wizard_blocked": wizard(),
    "wizard_our_tenant": wizard(),
    "wizard_again": wizard(),
    "wizard_accept_person": wizard(),
    "wizard_signed_in": wizard(),
    "wizard_name": wizard(name="voice-1", days="90"),
    "wizard_my_part": wizard(colleague="riley@contoso.com"),
    "wizard_finish": wizard(),
    "wizard_hand_off": wizard(colleague="riley@contoso.com"),
    "wizard_back_to_waiting": wizard(),
    "wizard_check_now": wizard(),
    "wizard_plan_for": wizard(planned_on="2031-12-01"),
    "wizard_stop_reminders": wizard(),
}
HOW: Final = """
tests/rooms/forms_table.py has no values for it. Add them: who sends the form, and for each of its fields something that
it takes, so that it can be sent with everything that it must refuse.
"""


def methods(route: URLPattern) -> set[str]:
    """What an address answers to, as it says itself; views tell it before they look at anything else."""
    nothing = dict.fromkeys(route.pattern.converters, "x")
    answer = route.callback(RequestFactory().options("/"), **nothing)
    return {word.strip() for word in answer.headers.get("Allow", "").split(",")}


METHODS: Final = {str(route.name): methods(route) for route in urlpatterns}
POSTS: Final = sorted(name for name, known in METHODS.items() if "POST" in known)
GETS: Final = sorted(name for name, known in METHODS.items() if "GET" in known)
