"""Addresses of the pages."""

from django.urls import path

from gangway.web.views import (
    add_service,
    around,
    federation,
    invitations,
    onboarding,
    runs,
    service_portal,
    services,
    wizard,
    wizard_door,
    wizard_live,
)

app_name = "web"

DIRECT_ROUTING = "services/add/direct-routing/"

urlpatterns = [
    path("", services.home, name="home"),
    path("services/", services.service_list, name="services"),
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
    path("invitations/", invitations.invitation_list, name="invitations"),
    path("invitations/<uuid:invitation_id>/", invitations.invitation_page, name="invitation"),
    path("invitations/<uuid:invitation_id>/sent/", invitations.sent, name="invitation_sent"),
    path("invitations/<uuid:invitation_id>/resend/", invitations.resend, name="invitation_resend"),
    path("invitations/<uuid:invitation_id>/copy/", invitations.copy, name="invitation_copy"),
    path("invitations/<uuid:invitation_id>/revoke/", invitations.revoke, name="invitation_revoke"),
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
    path("runs/<uuid:run_id>/", runs.run_page, name="run"),
    path("runs/<uuid:run_id>/state/", runs.run_state, name="run_state"),
    path("runs/<uuid:run_id>/support/", runs.run_support, name="run_support"),
    path("customers/", around.customer_list, name="customers"),
    path("activity/", around.activity_page, name="activity"),
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
    path("wizard/done/", wizard.done, name="wizard_done"),
    path("wizard/closed/", wizard.closed, name="wizard_closed"),
]
