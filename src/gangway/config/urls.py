"""The root of all addresses: operators' accounts and the pages."""

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("", include("gangway.web.urls")),
]
