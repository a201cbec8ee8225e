"""The mail catcher as other programs meet it: mail in by SMTP, out by its pages and its JSON."""

from __future__ import annotations

import json
import signal
import smtplib
import subprocess
import sys
from email.message import EmailMessage

import pytest
import requests

HTML = (
    '<p>Go <a href="https://example.org/i/abc?x=1&amp;y=2">Click <b>here</b></a> or '
    '<a href="https://example.org/i/abc?x=1&amp;y=2">https://example.org/i/abc?x=1&amp;y=2</a></p>'
)
LINK = "https://example.org/i/abc?x=1&y=2"


class Catcher:
    """A running mail catcher of its own."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "mail_catcher", "--smtp-port", "0", "--http-port", "0", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.ready = json.loads(self.process.stdout.readline())
        self.web = self.ready["web"]
        self.session = requests.Session()
        self.session.trust_env = False

    def send(self, to: str = "admin@contoso.example", subject: str = "Grüße", html: str = "") -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "Provider <desk@provider.example>", to, subject
        mail.set_content(f"Open this: {LINK}\n")
        mail.add_alternative(html or HTML, "html")
        with smtplib.SMTP(self.ready["smtp"]["host"], self.ready["smtp"]["port"]) as server:
            server.send_message(mail)

    def get(self, path: str, **query: str) -> requests.Response:
        return self.session.get(self.web + path, params=query, timeout=10)

    def messages(self, **query: str) -> list[dict]:
        return self.get("/api/messages", **query).json()["messages"]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        self.process.stdout.close()
        return self.process.wait(timeout=10)


@pytest.fixture
def catcher():
    running = Catcher()
    yield running
    assert running.stop() == 0


def test_a_mail_sent_by_smtp_is_in_the_inbox(catcher):
    catcher.send()
    (mail,) = catcher.messages()
    assert (mail["number"], mail["subject"], mail["to"]) == (1, "Grüße", ["admin@contoso.example"])
    assert "Grüße" in catcher.get("/").text


def test_links_are_found_with_their_words(catcher):
    catcher.send()
    assert catcher.messages()[0]["links"] == [{"address": LINK, "words": "Click here"}]


def test_the_list_can_be_limited_to_a_recipient_and_to_news(catcher):
    for to in ("a@x.example", "b@x.example", "a@x.example"):
        catcher.send(to=to)
    assert [mail["number"] for mail in catcher.messages(to="A@x.example")] == [1, 3]
    assert [mail["number"] for mail in catcher.messages(to="a@x.example", after="1")] == [3]
    assert catcher.get("/api/messages", after="yesterday").status_code == 400


def test_an_empty_inbox_says_so(catcher):
    assert "No mail yet" in catcher.get("/").text


def test_html_of_a_mail_is_locked_in_and_opens_links_in_a_new_tab(catcher):
    catcher.send(
        html="<html><head></head><body><script>alert(1)</script><a href='https://x.example'>x</a></body></html>"
    )
    frame = catcher.get("/messages/1/html")
    assert '<head><base target="_blank">' in frame.text
    policy = frame.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert "allow-scripts" not in policy + catcher.get("/messages/1").text


def test_a_mail_is_shown_as_html_text_and_source(catcher):
    catcher.send()
    assert 'src="/messages/1/html"' in catcher.get("/messages/1").text
    assert "Open this: <a href" in catcher.get("/messages/1", show="text").text
    assert "Content-Type: multipart/alternative" in catcher.get("/messages/1", show="source").text
    assert catcher.get("/messages/2").status_code == 404


def test_only_this_machines_names_are_answered(catcher):
    answer = catcher.session.get(catcher.web, headers={"Host": "evil.example"}, timeout=10)
    assert answer.status_code == 400


def test_another_site_cannot_empty_the_inbox(catcher):
    catcher.send()
    refused = catcher.session.post(catcher.web + "/clear", headers={"Sec-Fetch-Site": "cross-site"}, timeout=10)
    assert refused.status_code == 403
    assert catcher.session.post(catcher.web + "/clear", timeout=10).url == catcher.web + "/"
    assert catcher.messages() == []


def test_kept_mail_survives_a_restart_and_numbers_go_on(tmp_path):
    first = Catcher("--keep-dir", str(tmp_path / "mail"))
    first.send()
    first.stop()
    second = Catcher("--keep-dir", str(tmp_path / "mail"))
    second.send(subject="Second")
    assert [(mail["number"], mail["subject"]) for mail in second.messages()] == [(1, "Grüße"), (2, "Second")]
    second.stop()
