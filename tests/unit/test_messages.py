"""What the mails say, that nothing in them can be forged by a name, and what the mail server's answers mean."""

import smtplib
from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest
from bs4 import BeautifulSoup
from django.core import mail as outgoing

from gangway.foundation.names import greeted
from gangway.notifications.channels import mail as channel
from gangway.notifications.errors import MailDelayed, MailRefused
from gangway.notifications.messages import MESSAGES
from gangway.notifications.messages.mail import one_line
from gangway.notifications.senders import Sender
from gangway.notifications.states import MessageKind
from tests.rooms.factories_notifications import (
    ADDRESS_LINK,
    ALARM,
    ALARM_CONTACT,
    COMPLETION,
    IMPORT_ENDED,
    INVITATION,
    INVITATION_REMINDER,
    LINK,
    OPERATOR_INVITATION,
    OPERATOR_NOTICE,
    OPERATOR_READY,
    OPERATOR_WAITING,
    PASSWORD_RESET,
    REMOVAL_ASKED,
    REST,
    ROTATION_AHEAD,
    SERVICE_CREATED,
    SERVICE_GONE,
    SIGN_IN_CHANGED,
    WRONG_CODES,
)

CONTEXTS = {
    MessageKind.INVITATION: INVITATION,
    MessageKind.INVITATION_REMINDER: INVITATION_REMINDER,
    MessageKind.COMPLETION: COMPLETION,
    MessageKind.SERVICE_CREATED: SERVICE_CREATED,
    MessageKind.OPERATOR_NOTICE: OPERATOR_NOTICE,
    MessageKind.HANDOFF: REST,
    MessageKind.REMINDER: {name: text for name, text in REST.items() if name not in {"asked_by", "done", "minutes"}},
    MessageKind.OPERATOR_READY: OPERATOR_READY,
    MessageKind.OPERATOR_WAITING: OPERATOR_WAITING,
    MessageKind.OPERATOR_INVITATION: OPERATOR_INVITATION,
    MessageKind.PASSWORD_RESET: PASSWORD_RESET,
    MessageKind.ADDRESS_LINK: ADDRESS_LINK,
    MessageKind.ALARM: ALARM,
    MessageKind.ALARM_CONTACT: ALARM_CONTACT,
    MessageKind.ROTATION_AHEAD: ROTATION_AHEAD,
    MessageKind.REMOVAL_ASKED: REMOVAL_ASKED,
    MessageKind.SERVICE_GONE: SERVICE_GONE,
    MessageKind.SIGN_IN_CHANGED: SIGN_IN_CHANGED,
    MessageKind.WRONG_CODES: WRONG_CODES,
    MessageKind.IMPORT_ENDED: IMPORT_ENDED,
    MessageKind.TEST: {
        "name": "Olivia Operator",
        "organization": "Sandbox Provider",
        "pages": "https://gangway.example",
        "when": "21 November 2026",
    },
}
ID = "6d7f0a52-7a3e-4f7e-9f43-2d6a2b9d8f10"


def invitation(**changes):
    return MESSAGES[MessageKind.INVITATION].compose({**INVITATION, **changes}, link=LINK.reveal())


@pytest.mark.parametrize(
    ("name", "greeting"),
    [
        ("Nils  New", "Nils New"),
        ("J.R.R. Tolkien", "J. R. R. Tolkien"),
        ("evil.example/win?a=1", "evil. example win a 1"),
        ("write to x@evil.example", "write to x evil. example"),
        ("http://evil", "http: evil"),
        ("n" * 200, "n" * 60 + "…"),
        ("שירה לוי", "שירה לוי"),
    ],
)
def test_a_greeting_is_short_and_nothing_in_it_can_become_a_link(name, greeting):
    assert greeted(name) == greeting


def send(**changes):
    parts = {
        "to": "ada@contoso.example",
        "sender": "Sandbox Telecom <gangway@localhost>",
        "reply_to": "",
        "message_id": ID,
    }
    channel.send(invitation(), **{**parts, **changes})


def test_there_is_a_file_and_a_plan_for_every_kind():
    assert set(MESSAGES) == set(MessageKind)
    assert {kind: MESSAGES[kind].needs for kind in MessageKind} == {kind: CONTEXTS[kind].keys() for kind in MessageKind}


def test_the_mail_to_ones_own_administrator_says_that_the_customer_signs_in_and_no_code_is_asked_for():
    for told in (invitation(for_own="yes").text, invitation(for_own="yes").html):
        plain = " ".join(told.split())
        assert "You get this as Sandbox Telecom" in plain
        assert "Never ask them for a password or for a code" in plain
    assert "own administrator" not in invitation().text


def test_the_end_says_what_is_not_made_where_nobody_signed_in():
    told = MESSAGES[MessageKind.COMPLETION].compose(COMPLETION | {"signed_in_as": "", "left_out": "Call quality"})
    for text in (told.text, told.html):
        assert "Not part of this way: Call quality." in " ".join(text.split())


def test_the_operator_of_an_upgrade_is_told_how_it_ends():
    ready = MESSAGES[MessageKind.OPERATOR_READY]
    upgrade, new = ready.compose(OPERATOR_READY | {"purpose": "upgrade"}), ready.compose(OPERATOR_READY)
    assert "Pending Invitations > Upgrade Customer." in upgrade.text
    assert "> Add." in new.text
    assert "> Add." not in upgrade.text
    assert upgrade.subject == "Ready to upgrade: Contoso, service contoso"


def test_invitation_says_who_asks_for_what_and_what_it_takes():
    text = " ".join(invitation().text.split())
    for said in [
        "Olga Operator of Sandbox Telecom asks you to connect the Microsoft 365 of Contoso",
        "the service Contoso voice (contoso) (Hosted Pro)",
        "in about 3 minutes",
        "An Application Administrator can start",
        "A Privileged Role Administrator or a Global Administrator must finish",
        "amber harbour",
        "Friday, 27 November 2026, 14:05 (UTC)",
        "number on your contract",
        "Didn't expect this?",
    ]:
        assert said in text


def test_a_licences_plus_stays_at_its_end_where_one_writes_from_right_to_left():
    told = {**INVITATION, "licence": "Hosted Essentials+"}
    mail = MESSAGES[MessageKind.INVITATION].compose(told, link=LINK.reveal(), language="he")
    assert "(Hosted Essentials+\N{LEFT-TO-RIGHT MARK})" in " ".join(mail.text.split())
    assert "(Hosted Essentials+\N{LEFT-TO-RIGHT MARK})" in " ".join(mail.html.split())


def test_subject_is_the_one_of_the_design():
    assert invitation().subject == "Sandbox Telecom asks you to connect Contoso's Microsoft 365 for Teams calling"


def test_html_and_text_say_the_same_and_have_the_bare_link():
    composed = invitation()
    page = BeautifulSoup(composed.html, "html.parser")
    button, bare = page.find_all("a", href=LINK.reveal())
    assert button.text == "Click here to activate your tenant"
    assert bare.text == LINK.reveal()
    assert LINK.reveal() in composed.text.splitlines()
    words = " ".join(page.body.get_text(" ").split())
    assert "amber harbour" in words
    assert "must finish" in words


@pytest.mark.parametrize("kind", list(MessageKind))
def test_html_brings_no_image_no_table_of_data_and_nothing_from_elsewhere(kind):
    composed = MESSAGES[kind].compose(CONTEXTS[kind], link=LINK.reveal())
    page = BeautifulSoup(composed.html, "html.parser")
    assert not page.find_all(["img", "script", "link", "iframe", "style"])
    assert all(table.get("role") == "presentation" for table in page.find_all("table"))
    assert not page.find_all(src=True)
    assert 'content="light dark"' in composed.html


@pytest.mark.parametrize("kind", list(MessageKind))
def test_no_template_leaves_a_gap(kind):
    composed = MESSAGES[kind].compose({name: f"<{name}>" for name in MESSAGES[kind].needs}, link="<link>")
    for name in MESSAGES[kind].needs:
        assert f"<{name}>" in composed.text + composed.subject
        assert f"<{name}>" not in composed.html


def test_a_name_cannot_put_markup_into_the_html():
    composed = invitation(customer='<img src=x onerror="1">')
    assert "<img" not in composed.html
    assert '<img src=x onerror="1">' in composed.text


@pytest.mark.parametrize("evil", ["A\r\nBcc: eve@x.example", "A\nB", "A\u2028B", "A\x00B", "A\x85B"])
def test_a_name_cannot_add_a_header(evil, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    composed = invitation(customer=evil)
    sender = str(Sender(evil, "gangway@localhost", ""))
    channel.send(composed, to="ada@contoso.example", sender=sender, reply_to="", message_id=ID)
    sent = message_from_bytes(outgoing.outbox[-1].message().as_bytes(), policy=default)
    assert sent["Bcc"] is None
    assert sent["To"] == "ada@contoso.example"
    assert "\n" not in composed.subject
    assert one_line(evil) == " ".join(one_line(evil).split())


@pytest.mark.parametrize("subject", ["Überall " + "Sandbox Provider bittet Sie, " * 5, "שלום " * 30, "Plain " * 30])
def test_a_subject_begins_on_its_own_line_and_without_a_blank(subject, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    composed = replace(invitation(), subject=one_line(subject))
    channel.send(composed, to="ada@contoso.example", sender="P <no-reply@gangway.example>", reply_to="", message_id=ID)
    raw = outgoing.outbox[-1].message().as_bytes()
    assert message_from_bytes(raw, policy=default)["Subject"] == composed.subject
    assert all(len(line) <= 78 for line in raw.split(b"\n\n")[0].splitlines())
    assert b"Subject: \n" not in raw


def test_mail_comes_from_the_provider_and_keeps_its_id(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    send(reply_to="help@sp2.example")
    send(reply_to="help@sp2.example")
    first, second = (message_from_bytes(one.message().as_bytes(), policy=default) for one in outgoing.outbox[-2:])
    assert first["Message-ID"] == second["Message-ID"] == f"<{ID}@localhost>"
    assert first["From"].addresses[0].display_name == "Sandbox Telecom"
    assert first["Reply-To"] == "help@sp2.example"
    assert {part.get_content_type() for part in first.walk()} >= {"text/plain", "text/html"}


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (
            smtplib.SMTPRecipientsRefused({"a@b.example": (550, b"no such user")}),
            MailRefused,
            "this address (answer 550)",
        ),
        (smtplib.SMTPRecipientsRefused({"a@b.example": (451, b"later")}), MailDelayed, "this address (answer 451)"),
        (smtplib.SMTPAuthenticationError(535, b"no"), MailDelayed, "refuses our sign-in"),
        (smtplib.SMTPSenderRefused(550, b"no", "x@y.example"), MailRefused, "our address (answer 550)"),
        (smtplib.SMTPDataError(554, b"spam"), MailRefused, "this mail (answer 554)"),
        (smtplib.SMTPDataError(421, b"busy"), MailDelayed, "this mail (answer 421)"),
        (smtplib.SMTPServerDisconnected("gone"), MailDelayed, "hung up"),
        (smtplib.SMTPNotSupportedError("STARTTLS"), MailDelayed, "our settings"),
        (TimeoutError(), MailDelayed, "in time"),
        (ConnectionRefusedError(), MailDelayed, "can't be reached"),
    ],
)
def test_answers_of_the_mail_server_in_plain_words(answer, error, words, settings):
    settings.EMAIL_BACKEND = "tests.rooms.factories_mail_server.RefusingBackend"
    settings.REFUSING_WITH = answer
    with pytest.raises(error) as caught:
        send()
    assert words in str(caught.value)
    assert "spam" not in str(caught.value)


PURPOSES = {
    "renew": ("renew the connection", "asks you to renew what the service", "with a new credential from now on"),
    "repair": ("for what is missing", "permissions or roles that the service", "has what was missing"),
    "move": ("App registration up to date", "up to what calling needs today", "as calling needs it today"),
    "replace": ("a new App registration", "to which the service", "by a new App registration from now on"),
    "upgrade": ("upgrading Contoso's Teams calling", "connect your Microsoft 365 for it once more", "once more for"),
}


@pytest.mark.parametrize("purpose", PURPOSES)
def test_each_purpose_has_its_own_words_and_tells_the_difference_only(purpose):
    subject, asked, done = PURPOSES[purpose]
    more = {"purpose": purpose, "changes": "- Added: Reader & <more>"}
    for kind in (MessageKind.INVITATION, MessageKind.INVITATION_REMINDER):
        composed = MESSAGES[kind].compose({**CONTEXTS[kind], **more}, link=LINK.reveal())
        assert subject in composed.subject
        for said in (composed.text, BeautifulSoup(composed.html, "html.parser").get_text(" ")):
            words = " ".join(said.split())
            assert asked in words
            assert "activate your tenant" not in words
            assert ("Added: Reader & <more>" in words) is (kind is MessageKind.INVITATION)
    waits = "Until its service is created it stands there as “Not created yet”"
    finished = MESSAGES[MessageKind.COMPLETION].compose({**COMPLETION, **more})
    assert waits in " ".join(MESSAGES[MessageKind.COMPLETION].compose(COMPLETION).text.split())
    assert waits not in finished.text
    assert finished.subject != MESSAGES[MessageKind.COMPLETION].compose(COMPLETION).subject
    assert done in " ".join(finished.text.split())
    assert "How to undo it" in finished.text


def test_ones_own_registration_is_undone_by_its_credential():
    told = " ".join(MESSAGES[MessageKind.COMPLETION].compose({**COMPLETION, "signed_in_as": ""}).text.split())
    assert "remove the credential that you gave from" in told
