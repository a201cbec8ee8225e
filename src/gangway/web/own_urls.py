"""The addresses of the customer's own view."""

from django.urls import path

from gangway.web.views import own_view

urlpatterns = [
    path("customer/", own_view.home, name="own_view"),
    path("customer/at/<uuid:provider_id>/", own_view.at_provider, name="own_view_at"),
    path("customer/waiting/", own_view.waiting, name="own_waiting"),
    path("customer/waiting/state", own_view.waiting_state, name="own_waiting_state"),
    path("customer/sign-out/", own_view.sign_out, name="own_sign_out"),
    path("customer/services/<uuid:service_id>/", own_view.service, name="own_service"),
    path("customer/services/<uuid:service_id>/disconnect/", own_view.disconnect, name="own_disconnect"),
    path("customer/services/<uuid:service_id>/renew/", own_view.renew, name="own_renew"),
    path("customer/services/<uuid:service_id>/keep/", own_view.keep, name="own_keep"),
    path("customer/services/<uuid:service_id>/farewell.txt", own_view.farewell, name="own_farewell"),
    path("customer/contacts/<uuid:organization_id>/", own_view.contacts, name="own_contacts"),
    path("customer/removal/", own_view.removal, name="own_removal"),
    path("customer/removal/state", own_view.removal_state, name="own_removal_state"),
]
