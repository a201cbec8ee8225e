"""The demo's browser: it finds what a person would find, and sends what a browser would send."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest

from gangway.cli.demo.browser import TICKED, Tab
from gangway.cli.demo.errors import NotOnThePage, PageFailed

FORM = """
<h1>Form</h1><script>Secret()</script>
<form method="post" action="/sent?kept=1" id="main">
  <input type="hidden" name="token" value="t1">
  <label for="n">Short name (unique)</label><input id="n" name="short" value="old">
  <label for="f">Full name</label><textarea id="f" name="full">Before</textarea>
  <label><input type="radio" name="kind" value="k1" checked> Essentials+</label>
  <label><input type="radio" name="kind" value="k2"> Pro</label>
  <label><input type="checkbox" name="send" value="yes"> Send link</label>
  <label for="d">Domain</label>
  <select id="d" name="domain"><option value="1">one.example</option><option value="2">two.example</option></select>
  <input name="off" value="x" disabled>
  <button name="go" value="next">Next →</button><button type="button">Copy</button>
</form>
<button form="main" name="go" value="outside">Outside</button>
<table>
<tr><td>alpha</td><td><form method="post" action="/sent"><button name="row" value="a">Add</button></form></td></tr>
<tr><td>beta</td><td><form method="post" action="/sent"><button name="row" value="b">Add</button></form></td></tr>
</table>
<dl><dt>Connection</dt><dd>OK</dd></dl>
<p id="code" data-text="AB-CD">AB CD</p><a href="/sent?x=1" data-copies="code">Copy and open</a>
"""


class Site(BaseHTTPRequestHandler):
    """Answers with the form, with an error, or with what was sent."""

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        sent = dict(parse_qsl(self.rfile.read(size).decode(), keep_blank_values=True))
        path = urlsplit(self.path).path
        if path == "/sent":
            self.server.seen.append((self.command, self.path, sent, self.headers))
        self.server.looks += 1
        pages = {"/form": FORM, "/alert": "<h1>Live</h1><p role=alert>Microsoft said no</p>"}
        page = pages.get(path) or f"<h1>{path}</h1><p>look {self.server.looks}</p>"
        self.send_response(500 if path == "/broken" else 200)
        self.send_header("Set-Cookie", "__Host-session=s; Secure; Path=/; HttpOnly")
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.seen, server.looks = [], 0
    server.address = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def tab(site):
    tab = Tab("somebody")
    tab.open(site.address + "/form")
    yield tab
    tab.session.close()


def test_a_form_sends_what_was_filled_in_and_what_stood_there(site, tab):
    """Values of the page stay unless a person changes them; disabled fields and other buttons are not sent."""
    tab.press("Next", {"Short name": "neu", "Pro": TICKED, "Send link": TICKED, "Domain": "two.example"})
    _, path, sent, _ = site.seen[0]
    assert path == "/sent?kept=1"
    kept = {"token": "t1", "full": "Before"}
    assert sent == kept | {"short": "neu", "kind": "k2", "send": "yes", "domain": "2", "go": "next"}


def test_what_nobody_touched_is_sent_as_it_stands(site, tab):
    """A ticked choice stays ticked, an empty box is not sent, a list sends its first option."""
    tab.press("Outside")
    _, _, sent, _ = site.seen[0]
    kept = {"token": "t1", "full": "Before", "short": "old", "kind": "k1", "domain": "1"}
    assert sent == kept | {"go": "outside"}


def test_a_button_in_a_list_is_found_beside_other_words(site, tab):
    tab.press("Add", beside="beta")
    assert site.seen[0][2] == {"row": "b"}


def test_secure_cookies_are_kept_on_localhost(site, tab):
    """As browsers do."""
    tab.press("Outside")
    assert site.seen[0][3]["Cookie"] == "__Host-session=s"


def test_facts_links_and_copies_are_read_by_their_words(tab):
    assert tab.fact("connection") == "OK"
    assert tab.copied("Copy and open") == "AB-CD"
    assert tab.link("Copy and open").endswith("/sent?x=1")
    assert "Secret" not in tab.text


@pytest.mark.parametrize(
    "look",
    [
        lambda tab: tab.press("Nowhere"),
        lambda tab: tab.press("Copy"),
        lambda tab: tab.press("Next", {"Nothing": "x"}),
        lambda tab: tab.follow("Nowhere"),
        lambda tab: tab.fact("Nothing"),
        lambda tab: tab.press("Add", beside="gamma"),
        lambda tab: tab.follow("Sen"),
    ],
)
def test_what_is_not_on_the_page_is_told(tab, look):
    """With who looked, for what, and what the page said."""
    with pytest.raises(NotOnThePage, match=r"somebody looked for .* and read: Form"):
        look(tab)


def test_an_error_page_is_told(site, tab):
    with pytest.raises(PageFailed, match="somebody got status 500"):
        tab.open(site.address + "/broken")


def test_a_person_looks_again_until_it_is_there(site, tab):
    tab.open(site.address + "/live")
    tab.wait(lambda tab: tab.says("look 4"), "the fourth look", 10)
    with pytest.raises(NotOnThePage, match="the fifth"):
        tab.wait(lambda tab: tab.says("look 2 "), "the fifth", 0)


def test_nobody_waits_where_something_went_wrong(site, tab):
    """A page that says so is not looked at until the time is over."""
    tab.open(site.address + "/alert")
    with pytest.raises(NotOnThePage, match="Microsoft said no"):
        tab.wait(lambda tab: tab.says("never"), "the end", 600)


def test_a_link_of_a_mail_never_stands_in_an_error(site, tab):
    tab.open(site.address + "/i/very-secret-token")
    with pytest.raises(NotOnThePage) as caught:
        tab.press("Continue")
    assert "very-secret-token" not in str(caught.value).partition(" and read:")[0]
