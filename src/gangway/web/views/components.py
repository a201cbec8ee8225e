"""The living page of components, for those who build pages: every part, with every tone, as it is drawn today.

It stands where `GANGWAY_SHOW_COMPONENTS` is on (the demo) and nowhere else: no customer's data, no action behind it.
"""

from types import SimpleNamespace
from typing import Any, Final

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gangway.foundation.clock import now
from gangway.organizations.pages import Page
from gangway.web import words
from gangway.web.desk import for_anyone
from gangway.web.forms.base import PlainForm
from gangway.web.listing import Asked

TABLES: Final = {
    "Connection": words.CONNECTION,
    "Deployment": words.DEPLOYMENT,
    "Invitation": words.INVITATION,
    "Run": words.RUN,
}
"""Every word for a state that pages draw as a pill."""


class Sample(PlainForm):
    """One field of each kind, the first with an error."""

    name = forms.CharField(label="Short name", help_text="The rules stand beside the field.")
    number = forms.IntegerField(label="Licensed users", required=False)
    kind = forms.ChoiceField(label="License Type", choices=[("a", "Hosted Essentials+"), ("b", "Hosted Pro")])
    agree = forms.BooleanField(label="Send link to IT administrator for authentication", required=False)
    asked_about, asked_words, is_known = "fabrikam.com", "fabrikam.com belongs to the same Microsoft 365", False


@require_safe
@for_anyone
def components(request: HttpRequest) -> HttpResponse:
    """Draw them all. Raises Http404 where this page is not switched on."""
    if not settings.GANGWAY.show_components:
        raise Http404
    form = Sample({"name": "", "number": "25", "kind": "b"})
    form.is_valid()
    values: dict[str, Any] = {
        "tables": [(name, list(table.values())) for name, table in TABLES.items()],
        "tones": ["ok", "busy", "warning", "error", "idle"],
        "form": form,
        "page": Page(rows=(1,), number=2, has_next=True),
        "wanted": Asked(search="contoso", sort="name", choices={"status": "ok"}),
        "choices": [(state, words.CONNECTION[state].word) for state in ("ok", "warning", "error")],
        "items": [
            {"pill": words.CONNECTION[state], "label": label, "words": said, "cure": cure}
            for state, label, said, cure in (
                ("ok", "Graph token", "It has all four permissions.", ""),
                ("error", "Directory roles", "Teams Administrator is missing.", "Ask for it in a repair."),
                ("unknown", "Licences", "They could not be read.", ""),
            )
        ],
        "entries": [
            {"pill": words.INVITATION["opened"], "what": "Opened", "who": "it@contoso.example", "at": now()},
            {"pill": words.INVITATION["sent"], "what": "Mail sent", "who": "Olga Operator", "at": now()},
        ],
        "steps": [
            SimpleNamespace(word="Welcome", done=True, now=False),
            SimpleNamespace(word="Sign in", done=False, now=True),
            SimpleNamespace(word="Done", done=False, now=False),
        ],
        "problem": {
            "what": "Microsoft refused the sign-in.",
            "cure": "Sign in with an account of this organization.",
            "code": "microsoft:signin:refused",
            "aadsts": 50020,
            "request_id": "11111111-2222-4333-8444-555555555555",
            "at": now(),
        },
    }
    return render(request, "components/all.html", values)
