"""The root of all addresses: operators' accounts and the pages."""

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("", include("gangway.web.urls")),
]

handler403 = "gangway.web.views.refusals.forbidden"
handler404 = "gangway.web.views.refusals.not_found"
handler500 = "gangway.web.views.refusals.broken"
