"""The addresses of files of many: brought, followed, and taken away to be imported elsewhere."""

from django.urls import path

from gangway.imports.states import Kind
from gangway.web.views import exports, exports_again, imports, several

ONE = "imports/<uuid:import_id>/"

urlpatterns = [
    path("imports/", imports.import_list, name="imports"),
    path("imports/export.csv", exports.import_export, name="import_export"),
    path("imports/stop/", several.stop_imports, name="imports_stop"),
    path("imports/discard/", several.discard_imports, name="imports_discard"),
    path("imports/new/", imports.new_import, name="import_new"),
    path("imports/template/new.csv", imports.template_of(Kind.NEW), name="import_template_new"),
    path("imports/template/existing.csv", imports.template_of(Kind.EXISTING), name="import_template_existing"),
    path(ONE, imports.import_page, name="import"),
    path(f"{ONE}state/", imports.import_state, name="import_state"),
    path(f"{ONE}start/", imports.import_start, name="import_start"),
    path(f"{ONE}stop/", imports.import_stop, name="import_stop"),
    path(f"{ONE}discard/", imports.import_discard, name="import_discard"),
    path(f"{ONE}failed.csv", imports.import_mend, name="import_mend"),
    path("services/export/new.csv", exports_again.services_as(Kind.NEW), name="services_new_export"),
    path("services/export/existing.csv", exports_again.services_as(Kind.EXISTING), name="services_existing_export"),
]
