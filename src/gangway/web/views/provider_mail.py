"""*Settings* › *Mail*: where answers go, which server mails go by, whether it takes them, and who vouches for them."""

from functools import partial
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gangway.foundation.clock import now
from gangway.foundation.errors import GangwayError
from gangway.foundation.sealed import SealedText
from gangway.notifications import mail_servers, sender_checks
from gangway.notifications.senders import sender_of
from gangway.notifications.states import UNSENT, Encryption
from gangway.notifications.trying import send_test
from gangway.organizations import hosts
from gangway.organizations.changing import change_reply_to, hold_in_use
from gangway.organizations.roles import Capability
from gangway.web.desk import DeskRequest, may, proved_lately
from gangway.web.forms.mail import MailServerForm, ReplyForm, SelectorForm
from gangway.web.forms.opened import edited
from gangway.web.live import first_look, look_again
from gangway.web.views.mail_values import mail_values
from gangway.web.views.provider_settings import head, provider_at
from gangway.web.words import ENCRYPTION, VERDICT, said

TEST_PARTIAL: Final = "settings/_mail.html"
SENDER_PARTIAL: Final = "settings/_sender.html"
PAGE: Final = ["GET", "HEAD", "POST"]


@require_http_methods(PAGE)
@may(Capability.CHANGE_SETTINGS)
def mail(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """Show how mails go out, and change where answers go."""
    about = provider_at(organization_id)
    form = _reply_form(about.id, request.POST)
    if request.method == "POST" and form.is_valid():
        try:
            with form.saving():
                change_reply_to(organization_id=about.id, reply_to=form.cleaned_data["reply_to"], by=request.actor)
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Answers go there from the next mail on."))
            return redirect("web:settings_mail", about.id)
    return _show(request, about.id, form=form)


@require_http_methods(PAGE)
@may(Capability.CHANGE_SETTINGS)
@proved_lately
def mail_server(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """Ask for the provider's own mail server; its password is sealed as it is typed."""
    about, known = provider_at(organization_id), mail_servers.find(organization_id)

    def made(data: Any) -> MailServerForm:
        own = mail_servers.find(about.id)
        begins: dict[str, Any] = {"port": 587, "encryption": Encryption.STARTTLS.value}
        if own:
            begins = {name: getattr(own, name) for name in ("host", "port", "encryption", "user", "sender")}
        return MailServerForm(data, initial=begins)

    form = edited(made, request.POST, hold=partial(hold_in_use, about.id))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data | {"password": SealedText(form.cleaned_data["password"])}
        try:
            with form.saving():
                mail_servers.set_mail_server(about.id, **given, by=request.actor, now=now())
        except GangwayError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Mails go by this server from now on. Send a test mail to see what it says."))
            return redirect("web:settings_mail", about.id)
    values = {
        **head(request, about),
        "form": form,
        "own": known,
        "mail_url": reverse("web:settings_mail", args=[about.id]),
    }
    return render(request, "settings/mail_server.html", values)


@require_POST
@may(Capability.CHANGE_SETTINGS)
@proved_lately
def mail_server_remove(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """Send by the platform's mail server again, and destroy the password."""
    about = provider_at(organization_id)
    mail_servers.remove_mail_server(about.id, by=request.actor)
    messages.success(request, _("Mails go by the platform's server again; the password is destroyed."))
    return redirect("web:settings_mail", about.id)


@require_POST
@may(Capability.CHANGE_SETTINGS)
def mail_test(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """*Send a test mail to me*."""
    about, me = provider_at(organization_id), request.seat
    pages = hosts.public_url(about.id)
    send_test(about.id, organization=about.name, to=me.email, name=me.name, pages=pages, by=request.actor, now=now())
    messages.info(request, _("A test mail to %(address)s is on its way.") % {"address": me.email})
    return redirect("web:settings_mail", about.id)


@require_safe
@may(Capability.CHANGE_SETTINGS)
def mail_state(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """How the test mail is doing."""
    values = mail_values(provider_at(organization_id).id)
    return look_again(request, TEST_PARTIAL, values, over=not _is_on_its_way(values))


@require_POST
@may(Capability.CHANGE_SETTINGS)
def sender_check(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """*Check now*: a worker asks the DNS of the sender's domain."""
    about, form = provider_at(organization_id), SelectorForm(request.POST)
    if form.is_valid():
        try:
            sender_checks.ask(about.id, selector=form.cleaned_data["selector"], by=request.actor, now=now())
        except GangwayError as error:
            form.refuse(error)
        else:
            return redirect("web:settings_mail", about.id)
    return _show(request, about.id, selector=form)


@require_safe
@may(Capability.CHANGE_SETTINGS)
def sender_state(request: DeskRequest, organization_id: UUID) -> HttpResponse:
    """How the look at the sender's domain stands."""
    values = _sender_values(provider_at(organization_id).id)
    return look_again(request, SENDER_PARTIAL, values, over=not values["looking"])


def _show(
    request: DeskRequest, provider_id: UUID, *, form: ReplyForm | None = None, selector: SelectorForm | None = None
) -> HttpResponse:
    about, own, sender = provider_at(provider_id), mail_servers.find(provider_id), sender_of(provider_id)
    tested, seen = mail_values(about.id), _sender_values(about.id)
    check = seen["check"]
    config = settings.GANGWAY

    values = {
        **head(request, about),
        "form": form or _reply_form(about.id),
        "sender": sender,
        "domain": sender_checks.domain_of(sender),
        "own": own,
        "server": f"{own.host}:{own.port}" if own else f"{config.smtp_host}:{config.smtp_port}",
        "encryption": ENCRYPTION[own.encryption.value if own else config.smtp_tls],
        "live": first_look(request, TEST_PARTIAL, tested, url=reverse("web:settings_mail_state", args=[about.id])),
        "following": _is_on_its_way(tested),
        "selector_form": selector or SelectorForm(initial={"selector": check.selector if check else ""}),
        "sender_live": first_look(
            request, SENDER_PARTIAL, seen, url=reverse("web:settings_sender_state", args=[about.id])
        ),
        "sender_following": seen["looking"],
    }
    return render(request, "settings/mail.html", values)


def _reply_form(provider_id: UUID, data: Any = None) -> ReplyForm:
    def made(typed: Any) -> ReplyForm:
        return ReplyForm(typed, initial={"reply_to": provider_at(provider_id).details.reply_to})

    return edited(made, data, hold=partial(hold_in_use, provider_id))


def _sender_values(provider_id: UUID) -> dict[str, Any]:
    check = sender_checks.latest(provider_id)
    records = check.records if check else ()
    return {
        "check": check,
        "looking": check is not None and not check.is_over(now()),
        "moved": check is not None and check.domain != sender_checks.domain_of(sender_of(provider_id)),
        "records": [
            {"record": each, "pill": said(VERDICT, each.state), "title": _TITLES[each.key]} for each in records
        ],
    }


_TITLES: Final = {"spf": "SPF", "dkim": "DKIM", "dmarc": "DMARC"}


def _is_on_its_way(values: dict[str, Any]) -> bool:
    return values["test"] is not None and values["test"].state in UNSENT
