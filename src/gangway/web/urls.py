"""Addresses of the pages."""

from django.urls import URLPattern, path

from gangway.web import people_urls, settings_urls
from gangway.web.views import (
    add_service,
    around,
    components,
    dashboard,
    federation,
    handoffs,
    invitations,
    leftovers,
    onboarding,
    places,
    plans,
    runs,
    service_changes,
    service_portal,
    services,
    wizard,
    wizard_door,
    wizard_live,
    wizard_waiting,
)

app_name = "web"


def about(level: places.Level) -> list[URLPattern]:
    """The addresses of one level of organizations: its list, and each one's pages and actions."""
    one = f"{level.route}s/<uuid:organization_id>"
    return [
        path(f"{level.route}s/", places.list_of(level), name=f"{level.route}s"),
        path(f"{level.route}s/add/", places.add_to(level), name=f"{level.route}_add"),
        path(f"{one}/", places.page_of(level), name=level.route),
        path(f"{one}/edit/", places.edit_of(level), name=f"{level.route}_edit"),
        path(f"{one}/delete/", places.delete_from(level), name=f"{level.route}_delete"),
    ]


DIRECT_ROUTING = "services/add/direct-routing/"

urlpatterns = [
    path("", dashboard.dashboard, name="home"),
    path("services/", services.service_list, name="services"),
    path("services/export.csv", services.service_export, name="service_export"),
    path(DIRECT_ROUTING, add_service.choose_customer, name="choose_customer"),
    path(f"{DIRECT_ROUTING}short-name/", add_service.short_name_word, name="short_name_word"),
    path(f"{DIRECT_ROUTING}<uuid:customer_id>/", add_service.choose_way, name="choose_way"),
    path(f"{DIRECT_ROUTING}<uuid:customer_id>/new-tenant/", add_service.new_tenant, name="new_tenant"),
    path(f"{DIRECT_ROUTING}<uuid:customer_id>/pending/", onboarding.pending_of_customer, name="pending_of_customer"),
    path("services/<uuid:service_id>/", service_portal.overview, name="service"),
    path("services/<uuid:service_id>/configuration/m365/", service_portal.m365, name="service_m365"),
    path("services/<uuid:service_id>/configuration/m365/validate/", service_portal.validate, name="service_validate"),
    path(
        "services/<uuid:service_id>/configuration/m365/validation/",
        service_portal.validation_state,
        name="service_validation_state",
    ),
    path("services/<uuid:service_id>/users/", service_changes.users, name="service_users"),
    path("services/<uuid:service_id>/activity/", service_portal.service_activity, name="service_activity"),
    path("services/<uuid:service_id>/danger/", service_changes.danger, name="service_danger"),
    path("services/<uuid:service_id>/delete/", service_changes.delete, name="service_delete"),
    path("invitations/", invitations.invitation_list, name="invitations"),
    path("invitations/<uuid:invitation_id>/", invitations.invitation_page, name="invitation"),
    path("invitations/<uuid:invitation_id>/sent/", invitations.sent, name="invitation_sent"),
    path("invitations/<uuid:invitation_id>/resend/", invitations.resend, name="invitation_resend"),
    path("invitations/<uuid:invitation_id>/copy/", invitations.copy, name="invitation_copy"),
    path("invitations/<uuid:invitation_id>/revoke/", invitations.revoke, name="invitation_revoke"),
    path("invitations/<uuid:invitation_id>/hand-off/", handoffs.hand_off, name="invitation_hand_off"),
    path("invitations/<uuid:invitation_id>/check/", handoffs.check_now, name="invitation_check_now"),
    path("invitations/<uuid:invitation_id>/planned/", handoffs.plan_for, name="invitation_plan_for"),
    path(
        "invitations/<uuid:invitation_id>/no-reminders/", handoffs.stop_reminders, name="invitation_stop_reminders"
    ),
    path("hand-offs/<uuid:handoff_id>/withdraw/", handoffs.withdraw, name="handoff_withdraw"),
    path("invitations/<uuid:invitation_id>/plan/", plans.change_plan, name="invitation_plan"),
    path("invitations/<uuid:invitation_id>/add/", onboarding.add, name="invitation_add"),
    path("onboarding/<uuid:onboarding_id>/", onboarding.resume, name="onboarding"),
    path("onboarding/<uuid:onboarding_id>/taken/", onboarding.taken, name="onboarding_taken"),
    path("onboarding/<uuid:onboarding_id>/registration/", onboarding.registration, name="onboarding_registration"),
    path("onboarding/<uuid:onboarding_id>/validate/", onboarding.validate, name="onboarding_validate"),
    path("onboarding/<uuid:onboarding_id>/validate/again/", onboarding.check_again, name="onboarding_check_again"),
    path(
        "onboarding/<uuid:onboarding_id>/validate/state/", onboarding.validate_state, name="onboarding_validate_state"
    ),
    path("onboarding/<uuid:onboarding_id>/settings/", onboarding.settings, name="onboarding_settings"),
    path("onboarding/<uuid:onboarding_id>/prerequisites/", onboarding.prerequisites, name="onboarding_prerequisites"),
    path("onboarding/<uuid:onboarding_id>/summary/", onboarding.summary, name="onboarding_summary"),
    path("runs/", runs.run_list, name="runs"),
    path(".well-known/openid-configuration", federation.configuration, name="issuer"),
    path(".well-known/jwks.json", federation.keys, name="issuer_keys"),
    path("leftovers/", leftovers.leftover_list, name="leftovers"),
    path("leftovers/<uuid:leftover_id>/try-again/", leftovers.try_again, name="leftover_try_again"),
    path("leftovers/<uuid:leftover_id>/removed/", leftovers.mark_removed, name="leftover_removed"),
    path("runs/<uuid:run_id>/", runs.run_page, name="run"),
    path("runs/<uuid:run_id>/state/", runs.run_state, name="run_state"),
    path("runs/<uuid:run_id>/support/", runs.run_support, name="run_support"),
    *about(places.CUSTOMERS),
    path("customers/<uuid:organization_id>/move/", places.move, name="customer_move"),
    *about(places.CHANNELS),
    *about(places.PROVIDERS),
    *people_urls.urlpatterns,
    *settings_urls.urlpatterns,
    path("components/", components.components, name="components"),
    path("activity/", around.activity_page, name="activity"),
    path("activity/export.csv", around.activity_csv, name="activity_csv"),
    path("activity/export.json", around.activity_json, name="activity_json"),
    path("i/<str:token>", wizard_door.door, name="door"),
    path("wizard/", wizard.choose, name="wizard"),
    path("wizard/new/", wizard.who_you_are, name="wizard_new"),
    path("wizard/code/", wizard.code, name="wizard_code"),
    path("wizard/code/state", wizard_live.sign_in_state, name="wizard_code_state"),
    path("wizard/again/", wizard.sign_in_again, name="wizard_again"),
    path("wizard/accept-person/", wizard.confirm_person, name="wizard_accept_person"),
    path("wizard/signed-in/", wizard.signed_in, name="wizard_signed_in"),
    path("wizard/name/", wizard.name, name="wizard_name"),
    path("wizard/provisioning/", wizard.provisioning, name="wizard_provisioning"),
    path("wizard/provisioning/state", wizard_live.run_state, name="wizard_provisioning_state"),
    path("wizard/provisioning/support/", wizard_live.run_support, name="wizard_support"),
    path("wizard/my-part/", wizard_waiting.do_my_part, name="wizard_my_part"),
    path("wizard/finish/", wizard_waiting.finish_rest, name="wizard_finish"),
    path("wizard/waiting/", wizard_waiting.waiting, name="wizard_waiting"),
    path("wizard/waiting/state", wizard_waiting.waiting_state, name="wizard_waiting_state"),
    path("wizard/waiting/hand-off/", wizard_waiting.hand_off, name="wizard_hand_off"),
    path("wizard/waiting/back/", wizard_waiting.back, name="wizard_back_to_waiting"),
    path("wizard/waiting/check/", wizard_waiting.check_now, name="wizard_check_now"),
    path("wizard/waiting/planned/", wizard_waiting.plan_for, name="wizard_plan_for"),
    path("wizard/waiting/no-reminders/", wizard_waiting.stop_reminders, name="wizard_stop_reminders"),
    path("consented/", wizard_waiting.consented, name="consented"),
    path("wizard/done/", wizard.done, name="wizard_done"),
    path("wizard/closed/", wizard.closed, name="wizard_closed"),
]
