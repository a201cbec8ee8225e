"""The values that the pages of a registration that is there already share, in the wizard and at the desk."""

from typing import Any, Final

from gangway.onboarding.shapes import ExistingView
from gangway.web.forms.existing import KIND_WORDS
from gangway.web.onboarding_pages import items_of

CHECKING_PARTIAL: Final = "components/existing_checking.html"
KEY_PARTIAL: Final = "components/existing_key.html"


def existing_values(view: ExistingView) -> dict[str, Any]:
    """Return what the form's page shows beside the fields: kinds to choose, what to upload, what was seen."""
    return {
        "existing": view,
        "other_kinds": [(kind, KIND_WORDS[kind]) for kind in view.kinds if kind != view.kind],
        "kind_word": KIND_WORDS[view.kind],
        "items": items_of(view.items),
    }


def checking_values(view: ExistingView) -> dict[str, Any]:
    """Return what the live part shows while a worker looks."""
    return {"existing": view, "items": items_of(view.items)}
