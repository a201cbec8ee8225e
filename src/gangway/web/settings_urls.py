"""Addresses of the settings: each part has its page, and each provider its own settings."""

from django.urls import path

from gangway.web.views import alarms, invitation_terms, logos, provider_mail
from gangway.web.views import provider_settings as settings

ONE = "settings/<uuid:organization_id>/"

urlpatterns = [
    path("settings/", settings.overview, name="settings"),
    path("settings/installation/", settings.installation_page, name="settings_installation"),
    path(ONE, settings.overview_of, name="settings_of"),
    path(f"{ONE}sign-in-application/", settings.application, name="settings_application"),
    path(f"{ONE}sign-in-application/change/", settings.application_change, name="settings_application_change"),
    path(f"{ONE}sign-in-application/check/", settings.application_check, name="settings_application_check"),
    path(f"{ONE}sign-in-application/state/", settings.application_state, name="settings_application_state"),
    path(f"{ONE}sign-in-application/forget-secret/", settings.forget_secret, name="settings_forget_secret"),
    path(f"{ONE}mail/", provider_mail.mail, name="settings_mail"),
    path(f"{ONE}mail/test/", provider_mail.mail_test, name="settings_mail_test"),
    path(f"{ONE}mail/server/", provider_mail.mail_server, name="settings_mail_server"),
    path(f"{ONE}mail/server/remove/", provider_mail.mail_server_remove, name="settings_mail_server_remove"),
    path(f"{ONE}mail/sender/check/", provider_mail.sender_check, name="settings_sender_check"),
    path(f"{ONE}mail/sender/state/", provider_mail.sender_state, name="settings_sender_state"),
    path(f"{ONE}mail/state/", provider_mail.mail_state, name="settings_mail_state"),
    path(f"{ONE}host-names/", settings.host_names, name="settings_hosts"),
    path(f"{ONE}host-name/", settings.host_name, name="settings_host"),
    path(f"{ONE}webhook/", alarms.webhook, name="settings_webhook"),
    path(f"{ONE}webhook/test/", alarms.webhook_test, name="settings_webhook_test"),
    path(f"{ONE}webhook/remove/", alarms.webhook_remove, name="settings_webhook_remove"),
    path(f"{ONE}host-name/look/", settings.host_look, name="settings_host_look"),
    path(f"{ONE}host-name/state/", settings.host_state, name="settings_host_state"),
    path(f"{ONE}logo/", logos.own_of_provider, name="settings_logo"),
    path(f"{ONE}colour/", logos.colour, name="settings_colour"),
    path(f"{ONE}invitations/", invitation_terms.terms, name="settings_invitations"),
    path(f"{ONE}default-plan/", settings.default_plan, name="settings_plan"),
]
