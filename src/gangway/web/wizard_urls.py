"""Addresses of the pages of customers' people: the link, the Invitation wizard, and Microsoft's way back.

Django looks through addresses one by one, so those that thousands of open pages ask for stand first.
"""

from django.urls import path

from gangway.web.views import (
    link_pages,
    wizard,
    wizard_before,
    wizard_door,
    wizard_live,
    wizard_sign_in,
    wizard_waiting,
)

urlpatterns = [
    path("wizard/code/state", wizard_live.sign_in_state, name="wizard_code_state"),
    path("wizard/name/state", wizard_live.name_state, name="wizard_name_state"),
    path("wizard/provisioning/state", wizard_live.run_state, name="wizard_provisioning_state"),
    path("wizard/waiting/state", wizard_waiting.waiting_state, name="wizard_waiting_state"),
    path("i/<str:token>/", wizard_door.door, name="door"),  # some mail programs end links with a slash
    path("i/<str:token>", wizard_door.door, name="door"),  # the last of a name is the one that is written
    path("i/<str:token>/unexpected/", link_pages.unexpected, name="door_unexpected"),
    path("i/<str:token>/reminders/", link_pages.reminders, name="door_reminders"),
    path("i/<str:token>/new-link/", link_pages.new_link, name="door_new_link"),
    path("wizard/", wizard.choose, name="wizard"),
    path("wizard/choose-again/", wizard.choose_again, name="wizard_choose_again"),
    path("wizard/approval/", wizard_before.approval, name="wizard_approval"),
    path("wizard/colleague/", wizard_before.colleague, name="wizard_colleague"),
    path("wizard/unexpected/", wizard_before.unexpected, name="wizard_unexpected"),
    path("wizard/new/", wizard.who_you_are, name="wizard_new"),
    path("wizard/code/", wizard_sign_in.code, name="wizard_code"),
    path("wizard/with-code/", wizard_sign_in.with_code, name="wizard_with_code"),
    path("wizard/with-microsoft/", wizard_sign_in.with_microsoft, name="wizard_with_microsoft"),
    path("wizard/returned/", wizard_sign_in.returned, name="wizard_returned"),
    path("wizard/our-tenant/", wizard_sign_in.our_tenant, name="wizard_our_tenant"),
    path("wizard/blocked/", wizard_sign_in.blocked, name="wizard_blocked"),
    path("wizard/again/", wizard.sign_in_again, name="wizard_again"),
    path("wizard/accept-person/", wizard.confirm_person, name="wizard_accept_person"),
    path("wizard/signed-in/", wizard.signed_in, name="wizard_signed_in"),
    path("wizard/name/", wizard.name, name="wizard_name"),
    path("wizard/provisioning/", wizard.provisioning, name="wizard_provisioning"),
    path("wizard/provisioning/support/", wizard_live.run_support, name="wizard_support"),
    path("wizard/my-part/", wizard_waiting.do_my_part, name="wizard_my_part"),
    path("wizard/finish/", wizard_waiting.finish_rest, name="wizard_finish"),
    path("wizard/waiting/", wizard_waiting.waiting, name="wizard_waiting"),
    path("wizard/waiting/hand-off/", wizard_waiting.hand_off, name="wizard_hand_off"),
    path("wizard/waiting/back/", wizard_waiting.back, name="wizard_back_to_waiting"),
    path("wizard/waiting/check/", wizard_waiting.check_now, name="wizard_check_now"),
    path("wizard/waiting/planned/", wizard_waiting.plan_for, name="wizard_plan_for"),
    path("wizard/waiting/no-reminders/", wizard_waiting.stop_reminders, name="wizard_stop_reminders"),
    path("consented/", wizard_waiting.consented, name="consented"),
    path("wizard/done/", wizard.done, name="wizard_done"),
    path("wizard/closed/", wizard.closed, name="wizard_closed"),
]
