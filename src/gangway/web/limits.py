"""How often somebody may ask: whatever changes something, sends something or costs much has a limit, told with a 429.

The numbers stand with those of signing in (`ACCOUNT_RATE_LIMITS`), and are counted in the one cache of all web
processes: by person at the desk, by the invitation in the wizard, by address for links and where nobody is known.
"""

from collections.abc import Callable
from typing import Any, Final

import structlog
from allauth.core.internal import ratelimit
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from gangway.web.views.refusals import too_often
from gangway.web.wizard_session import KEY as IN_WIZARD

log = structlog.get_logger("gangway.web")

LIBRARY: Final = "allauth.account"
TOO_OFTEN: Final = 429
WAIT_SECONDS: Final = 60
LINKS: Final = frozenset(
    {"web:door", "web:door_unexpected", "web:door_reminders", "web:door_new_link", "web:join", "web:own_address_link"}
)
FILES: Final = frozenset(
    {
        "web:service_export",
        "web:services_new_export",
        "web:services_existing_export",
        "web:import_mend",
        "web:invitation_export",
        "web:connection_export",
        "web:alarm_export",
        "web:run_export",
        "web:leftover_export",
        "web:operator_export",
        "web:customer_export",
        "web:channel_export",
        "web:provider_export",
        "web:import_export",
        "web:activity_csv",
        "web:activity_json",
        "web:run_support",
    }
)
SENDING: Final = frozenset(
    {
        "web:new_tenant",
        "web:invitation_resend",
        "web:invitations_resend",
        "web:invitation_copy",
        "web:invitation_readdress",
        "web:invitation_replace",
        "web:invitation_send",
        "web:invitation_test",
        "web:invitation_hand_off",
        "web:service_reinitiate",
        "web:service_ask_customer",
        "web:service_repair",
        "web:service_upgrade",
        "web:shared_registration",
        "web:import_new",
        "web:settings_mail_test",
        "web:settings_sender_check",
        "web:settings_webhook_test",
        "web:operator_invite",
        "web:operator_resend",
    }
)
ASKING_MICROSOFT: Final = frozenset(
    {
        "web:service_validate",
        "web:services_validate",
        "web:service_rotate",
        "web:connections_rotate",
        "web:service_rotate_quality",
        "web:service_validate_quality",
        "web:invitation_check_now",
        "web:runs_check",
        "web:onboarding_registration",
        "web:onboarding_check_again",
        "web:known_registration",
        "web:tenant_ask",
        "web:leftover_try_again",
        "web:leftovers_try_again",
    }
)
SIGNING_IN: Final = frozenset(
    {"web:own_view", "web:own_view_at", "web:own_contacts", "web:own_disconnect", "web:own_removal", "web:own_renew"}
)
"""The customer's own view: what sends somebody to Microsoft, looks for a provider by its name, or begins a renewal."""
READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Limits(MiddlewareMixin):
    """Middleware: counts before the view runs; every 429, the account library's included, says when to come back."""

    def process_view(
        self, request: HttpRequest, _view: Callable[..., HttpResponse], _args: tuple[Any, ...], _kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Refuse what comes too often."""
        for limit, key in _counted(request):
            if not ratelimit.consume(request, app=LIBRARY, action=limit, key=key, limit_get=True):
                log.warning("too often", limit=limit)
                return too_often(request)
        return None

    def process_response(self, _request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Say how long to wait."""
        if response.status_code == TOO_OFTEN:
            response.headers.setdefault("Retry-After", str(WAIT_SECONDS))
        return response


def _counted(request: HttpRequest) -> list[tuple[str, str]]:
    """Name the limits that this request counts for, each with whom it is counted by (empty: by address)."""
    route = request.resolver_match.view_name if request.resolver_match else ""
    known = str(request.user.pk) if isinstance(request.user, get_user_model()) else ""
    reading = request.method in READING
    if route in LINKS:
        return [("link" if reading else "link_used", "")]
    if route == "web:microsoft_callback" or (route in SIGNING_IN and not reading):
        return [("microsoft", "")]
    if route in FILES and known:
        return [("file", known)]
    if reading and route != "web:wizard_support":
        return []
    if route.startswith("web:wizard") and IN_WIZARD in request.session:
        return [("wizard", str(request.session[IN_WIZARD].get("case", "")))]
    if not known:
        return [("unknown", "")]
    special = [("sending", known)] if route in SENDING else []
    special += [("asking_microsoft", known)] if route in ASKING_MICROSOFT else []
    return [("person", known), *special]
