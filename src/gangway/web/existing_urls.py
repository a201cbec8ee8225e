"""The addresses of registrations that are there already, or are made by hand: in the wizard and at the desk."""

from django.urls import path

from gangway.web.views import by_hand, known_registration, wizard_existing

KNOWN = "services/add/direct-routing/known/<uuid:invitation_id>/"

urlpatterns = [
    path(KNOWN, known_registration.known_registration, name="known_registration"),
    path(f"{KNOWN}state/", known_registration.known_registration_state, name="known_registration_state"),
    path(f"{KNOWN}certificate.cer", known_registration.known_certificate, name="known_certificate"),
    path("invitations/<uuid:invitation_id>/script/", by_hand.invitation_script, name="invitation_script"),
    path(
        "invitations/<uuid:invitation_id>/script/file/", by_hand.invitation_script_file, name="invitation_script_file"
    ),
    path("invitations/<uuid:invitation_id>/guide/", by_hand.invitation_guide, name="invitation_guide"),
    path("wizard/use/", wizard_existing.use, name="wizard_use"),
    path("wizard/use/choose/", wizard_existing.choose_existing, name="wizard_use_choose"),
    path("wizard/use/key", wizard_existing.key_state, name="wizard_key_state"),
    path("wizard/use/certificate.cer", wizard_existing.certificate, name="wizard_certificate"),
    path("wizard/use/checking/", wizard_existing.checking, name="wizard_use_checking"),
    path("wizard/use/checking/state", wizard_existing.checking_state, name="wizard_use_state"),
    path("wizard/done/end/", wizard_existing.tell_end, name="wizard_tell_end"),
    path("wizard/script/", by_hand.wizard_script, name="wizard_script"),
    path("wizard/script/file/", by_hand.wizard_script_file, name="wizard_script_file"),
    path("wizard/guide/", by_hand.wizard_guide, name="wizard_guide"),
]
