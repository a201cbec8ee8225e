"""Addresses of people's pages: operators, joining, one's own sign-in, Microsoft, and the rules of sign-in."""

from django.urls import path

from gangway.web.views import joining, microsoft, oneself, operators, several, sign_in_rules

urlpatterns = [
    path("operators/", operators.operator_list, name="operators"),
    path("operators/invite/", operators.invite, name="operator_invite"),
    path("operators/end-sessions/", several.end_sessions, name="operators_end_sessions"),
    path("operators/suspend/", several.suspend, name="operators_suspend"),
    path("operators/<int:place_id>/", operators.operator_page, name="operator"),
    path("operators/<int:place_id>/role/", operators.change_role, name="operator_role"),
    path("operators/<int:place_id>/name/", operators.correct_name, name="operator_name"),
    path("operators/<int:place_id>/suspend/", operators.suspend, name="operator_suspend"),
    path("operators/<int:place_id>/resume/", operators.resume, name="operator_resume"),
    path("operators/<int:place_id>/remove/", operators.remove, name="operator_remove"),
    path("operators/<int:place_id>/sessions/end/", operators.end_sessions, name="operator_end_sessions"),
    path("operators/<int:place_id>/second-factor/reset/", operators.reset_second_factor, name="operator_reset_factor"),
    path("operators/invitations/<uuid:invitation_id>/resend/", operators.resend, name="operator_resend"),
    path("operators/invitations/<uuid:invitation_id>/revoke/", operators.revoke, name="operator_revoke"),
    path(
        "operators/invitations/<uuid:invitation_id>/second-factor/reset/",
        operators.reset_invited_factor,
        name="operator_reset_invited",
    ),
    path("join/again/", joining.join_again, name="join_again"),
    path("join/<str:token>", joining.join, name="join"),
    path("me/", oneself.me, name="me"),
    path("me/name/", oneself.own_name, name="own_name"),
    path("me/time-zone/", oneself.time_zone, name="time_zone"),
    path("me/sessions/<int:session_id>/end/", oneself.end_session, name="session_end"),
    path("me/organization/", oneself.switch, name="switch"),
    path("me/second-factor/", oneself.second_factor, name="second_factor"),
    path("me/microsoft/", microsoft.link, name="microsoft_link"),
    path("me/microsoft/<int:identity_id>/untie/", microsoft.unlink, name="microsoft_unlink"),
    path("me/microsoft/again/", microsoft.again, name="microsoft_again"),
    path("accounts/microsoft/", microsoft.begin, name="microsoft"),
    path("accounts/microsoft/callback/", microsoft.callback, name="microsoft_callback"),
    path("accounts/microsoft/consented/", microsoft.consented, name="microsoft_consented"),
    path("sign-in-rules/", sign_in_rules.overview, name="sign_in_rules"),
    path("sign-in-rules/second-factor/", sign_in_rules.second_factor_rule_change, name="second_factor_rule"),
    path("sign-in-rules/tenants/", sign_in_rules.add_tenant, name="tenant_add"),
    path("sign-in-rules/tenants/<uuid:tenant_row_id>/remove/", sign_in_rules.remove_tenant, name="tenant_remove"),
    path("sign-in-rules/tenants/<uuid:tenant_row_id>/consent/", microsoft.ask_consent, name="tenant_consent"),
    path("sign-in-rules/tenants/<uuid:tenant_row_id>/prove/", microsoft.ask_proof, name="tenant_prove"),
    path("sign-in-rules/tenants/<uuid:tenant_row_id>/roles/", sign_in_rules.map_role, name="role_map"),
    path("sign-in-rules/roles/<uuid:mapping_id>/remove/", sign_in_rules.unmap_role, name="role_unmap"),
]
