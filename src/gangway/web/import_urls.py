"""The addresses of files of many: brought, followed, and taken away to be imported elsewhere."""

from django.urls import path

from gangway.web.views import exports_again, imports

ONE = "imports/<uuid:import_id>/"

urlpatterns = [
    path("imports/", imports.import_list, name="imports"),
    path("imports/new/", imports.new_import, name="import_new"),
    path("imports/template/<str:kind>.csv", imports.import_template, name="import_template"),
    path(ONE, imports.import_page, name="import"),
    path(f"{ONE}state/", imports.import_state, name="import_state"),
    path(f"{ONE}start/", imports.import_start, name="import_start"),
    path(f"{ONE}stop/", imports.import_stop, name="import_stop"),
    path(f"{ONE}discard/", imports.import_discard, name="import_discard"),
    path(f"{ONE}failed.csv", imports.import_mend, name="import_mend"),
    path("services/export/<str:kind>.csv", exports_again.services_to_import, name="service_export_again"),
]
