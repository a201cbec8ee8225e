"""The *Leftovers* page: what stays in customers' tenants, why, how to remove it by hand, and who cleared it."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.notifications.queries import Sent
from gangway.onboarding.disconnections import fixed_address
from gangway.onboarding.own_view import asking
from gangway.organizations.roles import Capability
from gangway.provisioning import actions
from gangway.provisioning.leftover_list import CLEARED, LeftoverRow, leftover, leftovers
from gangway.provisioning.sighted import coverage
from gangway.provisioning.states import LeftoverKind
from gangway.services.queries import service
from gangway.web.desk import DeskRequest, may
from gangway.web.forms.base import told
from gangway.web.lists import asked_of, bulk_of
from gangway.web.words import DELIVERY, LEFTOVER, said


@require_safe
@may(Capability.SEE_RUNS)
def leftover_list(request: DeskRequest) -> HttpResponse:
    """List what is left; those that are cleared only when asked for."""
    wanted = asked_of("leftovers", request)
    page = leftovers(search=wanted.search, sort=wanted.sort, page=wanted.page, **wanted.choices)
    asked_before = asking.asked_before_of({row.service_id for row in page.rows})
    values = {
        "page": page,
        "rows": [
            {
                "left": row,
                "pill": said(LEFTOVER, row.kind),
                "portal": " → ".join(row.portal),
                "asked": asked_words(asked_before.get(row.service_id, ())),
            }
            for row in page.rows
        ],
        "wanted": wanted,
        "states": [(CLEARED, _("Removed"))],
        "kinds": [(kind.value, said(LEFTOVER, kind).word) for kind in LeftoverKind],
        "coverage": coverage(),
        "may_see_orphans": Capability.SEE_CONNECTION in request.seat.capabilities,
        "bulk": bulk_of("leftovers", request.seat.capabilities),
        "may_clear": Capability.CHANGE_CONNECTION in request.seat.capabilities,
    }
    return render(request, "leftovers/list.html", values)


@require_POST
@may(Capability.CHANGE_CONNECTION)
def try_again(request: DeskRequest, leftover_id: UUID) -> HttpResponse:
    """*Try again*: a tear-down of just this, by whatever right there is; its page tells how it goes."""
    _here(leftover_id)
    try:
        run_id = actions.try_again(leftover_id=leftover_id, by=request.actor, now=now())
    except GangwayError as error:
        messages.error(request, told(error))
        return redirect("web:leftovers")
    return redirect("web:run", run_id)


@require_POST
@may(Capability.CHANGE_CONNECTION)
def mark_removed(request: DeskRequest, leftover_id: UUID) -> HttpResponse:
    """*Mark as removed*: somebody saw to it in the customer's tenant, and says so with their name."""
    row = _here(leftover_id)
    try:
        actions.mark_removed(leftover_id, by=request.actor, now=now())
    except GangwayError as error:
        messages.error(request, told(error))
    else:
        messages.success(request, _("“%(name)s” is marked as removed.") % {"name": row.name})
    return redirect("web:leftovers")


@require_http_methods(["GET", "HEAD", "POST"])
@may(Capability.CHANGE_CONNECTION)
def ask_customer(request: DeskRequest, service_id: UUID) -> HttpResponse:
    """*Ask the customer to sign in*: the mail to their contacts as it goes out, whom it went to before, and *Send*."""
    about = service(service_id)
    back = f"{reverse('web:leftovers')}?{urlencode({'q': about.short_name})}"
    letter = asking.letter(about.id)
    if request.method == "POST":
        if letter and letter.to and request.POST.get("shown") != _mark_of(letter):
            changed = _("The mail has changed since you opened this page. Look at it once more before you send it.")
            messages.warning(request, changed)
            return redirect(request.path)
        try:
            asking.ask_customer(about.id, by=request.actor, now=now())
        except GangwayError as error:
            messages.error(request, told(error))
        else:
            said_to = {"customer": about.customer_name, "address": fixed_address(about.customer_id)}
            messages.success(
                request, _("The contacts of %(customer)s get a mail. They sign in at %(address)s") % said_to
            )
        return redirect(back)
    asked = asked_words(asking.asked_before(about.id))
    values = {"service": about, "letter": letter, "asked": asked, "back_url": back}
    return render(request, "leftovers/ask.html", values | {"shown": _mark_of(letter) if letter else ""})


def asked_words(before: Iterable[Sent]) -> list[dict[str, Any]]:
    """Whom a customer was asked by, with how each mail is doing."""
    return [{"to": one.to, "at": one.at, "pill": said(DELIVERY, one.state)} for one in before]


def _mark_of(letter: asking.Letter) -> str:
    """By what the mail is known again: another mark means that it says something else, or goes to others."""
    return sha256("\n".join((*letter.to, letter.mail.subject, letter.mail.text)).encode()).hexdigest()


def _here(leftover_id: UUID) -> LeftoverRow:
    row = leftover(leftover_id)
    if row is None:
        raise Http404
    return row
