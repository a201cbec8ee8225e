"""Lets somebody else's scanner, wapiti, attack the running product: as an operator, inside the wizard, as a stranger.

Everything runs on this machine's loopback and ends with this program; wapiti's modules that need a server elsewhere are
left out. Limits on how often one may ask are lifted meanwhile, or it would be stopped before it found anything.
`bin/attack` runs it; it ends with 1 when something was found, or a page broke.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
import requests
from bs4 import BeautifulSoup

from gangway.cli.demo import one_time_code
from gangway.cli.demo.plot import new_name
from tests.journeys.product import Product, running
from tests.journeys.waiting import eventually

MODULES: Final = (
    "cookieflags",
    "crlf",
    "csp",
    "csrf",
    "exec",
    "file",
    "htaccess",
    "http_headers",
    "methods",
    "permanentxss",
    "redirect",
    "sql",
    "timesql",
    "upload",
    "xss",
)
ENDS_THE_SESSION: Final = (
    "/accounts/logout/*",
    "/accounts/sessions/*",
    "/accounts/password/change/*",
    "/accounts/2fa/*",
    "/accounts/reauthenticate/*",
    "/operators/*/sessions/end/",
    "/operators/*/remove/",
    "/operators/*/suspend/",
    "/operators/*/role/",
    "/operators/*/second-factor/reset/",
    "/me/organization/",
)
LEADS_AWAY: Final = ("/accounts/microsoft/*", "/me/microsoft/*", "/sign-in-rules/tenants/*/consent/")
"""To the emulated Microsoft, which is another program, on the same host: its cookies and pages are not ours."""
LINK: Final = re.compile(r"https?://\S+/i/[\w-]+")
CONTOSO: Final = "Contoso"
ADMINISTRATOR: Final = "grace.global@contoso.com"


@dataclass(frozen=True)
class Attack:
    """Where a scanner begins, and as whom."""

    name: str
    start: str
    also: tuple[str, ...]
    cookies: dict[str, str]


class Browser(requests.Session):
    """Somebody's browser, without a window; cookies that are for encrypted pages are sent to this machine, too."""

    def __init__(self, web: str) -> None:
        super().__init__()
        self.trust_env = False
        self.web = web
        self.kept: dict[str, str] = {}

    def at(self, path: str, form: dict[str, str] | None = None) -> requests.Response:
        """Look at a page, or send its form with its token."""
        url = path if "://" in path else f"{self.web}{path}"
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.kept.items())}
        if form is None:
            answer = self.get(url, headers=headers, timeout=60, allow_redirects=False)
        else:
            token = str(soup(self.at(path)).find("input", {"name": "csrfmiddlewaretoken"})["value"])  # type: ignore[index]
            headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.kept.items())}
            sent = {**form, "csrfmiddlewaretoken": token}
            answer = self.post(url, sent, headers=headers, timeout=60, allow_redirects=False)
        self.kept |= answer.cookies.get_dict()
        self.cookies.clear()
        return answer


def say(text: str) -> None:
    """Tell whoever runs this."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def soup(answer: requests.Response) -> BeautifulSoup:
    """Read a page."""
    return BeautifulSoup(answer.content, "html.parser")


def sign_in(product: Product) -> Browser:
    """Sign the provider's operator in, with password and one-time code."""
    browser, who = Browser(product.web), product.operator
    browser.at("/accounts/login/", {"login": who.email, "password": who.password})
    browser.at("/accounts/2fa/authenticate/", {"code": one_time_code.current(who.totp_key)})
    signed_in = browser.at("/services/")
    if signed_in.status_code != requests.codes.ok:
        raise SystemExit(f"Could not sign in: {signed_in.status_code}")
    return browser


def invite(product: Product, operator: Browser) -> str:
    """Plan a service and return the link that is mailed to its administrator."""
    links = soup(operator.at("/services/add/direct-routing/")).select('a[href*="/direct-routing/"]')
    way = next(str(link["href"]) for link in links if CONTOSO in link.get_text())
    short_name = new_name("wapiti")
    form = {"full_name": "Attacked", "short_name": short_name, "licence_type": "hosted_pro", "licensed_users": "20"}
    operator.at(f"{way}new-tenant/", {**form, "send_link": "on", "recipient": ADMINISTRATOR})
    mails = eventually(lambda: product.mails(ADMINISTRATOR), "the mail")
    found = LINK.search(json.dumps(mails[-1]).replace("\\n", " "))
    if found is None:
        raise SystemExit("There is no link in the mail.")
    return found.group(0)


def board(product: Product, link: str) -> Browser:
    """Come in by the link, up to the page that asks who signs in."""
    browser = Browser(product.web)
    browser.at(link, {})
    browser.at("/wizard/", {})
    return browser


PUT_BACK: Final = (
    "INSERT INTO django_session (session_key, session_data, expire_date) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
)


@dataclass
class Held:
    """How often a session that the scanner had ended was put back."""

    put_back: int = 0


@contextmanager
def held(product: Product, browsers: Iterable[Browser]) -> Iterator[Held]:
    """Keep these people signed in, and forget every moment what was counted, for as long as the block runs.

    A scanner presses every button it finds, and one that is signed out attacks nothing but the sign-in page.
    """
    over, told = threading.Event(), Held()
    keys = [browser.kept["__Host-session"] for browser in browsers]

    def hold() -> None:
        with psycopg.connect(**product.database.superuser.psycopg(), autocommit=True) as connection:
            ask = "SELECT session_key, session_data, expire_date FROM django_session WHERE session_key = ANY(%s)"
            rows = connection.execute(ask, [keys]).fetchall()
            while not over.wait(0.5):
                connection.execute("DELETE FROM config_cache")
                told.put_back += sum(connection.execute(PUT_BACK, row).rowcount for row in rows)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        yield told
    finally:
        over.set()
        thread.join()


def scan(attack: Attack, folder: Path, *, wapiti: str, minutes: float) -> dict[str, list[dict[str, object]]]:
    """Run wapiti and return what it found, by kind."""
    report = folder / f"{attack.name}.json"
    per_module = max(10, int(minutes * 60 / len(MODULES)))
    command = [wapiti, "-u", attack.start, "--scope", "domain", "-m", ",".join(MODULES), "--no-bugreport"]
    command += ["--max-scan-time", str(int(minutes * 60)), "--max-attack-time", str(per_module), "--tasks", "2"]
    command += ["--max-links-per-page", "60", "--max-files-per-dir", "30", "-d", "6"]
    command += ["-f", "json", "-o", str(report), "--flush-session", "--store-session", str(folder / attack.name)]
    command += [
        "--store-config",
        str(folder / "config"),
        "-dr",
        "1",
        "-v",
        "1",
        "-t",
        "20",
        "--dns-endpoint",
        "localhost",
    ]
    for url in attack.also:
        command += ["-s", url]
    root = attack.start.split("/", 3)
    for path in (*ENDS_THE_SESSION, *LEADS_AWAY):
        command += ["-x", "/".join(root[:3]) + path]
    if attack.cookies:
        command += ["-H", "Cookie: " + "; ".join(f"{name}={value}" for name, value in attack.cookies.items())]
    quiet = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    with (folder / f"{attack.name}.log").open("wb") as log:
        subprocess.run(command, stdout=log, stderr=log, env=quiet, check=False, timeout=minutes * 60 + 600)
    told = json.loads(report.read_text("utf-8"))
    say(f"{attack.name}: {told['infos'].get('crawled_pages_nbr', '?')} pages and forms")
    found = {**told["vulnerabilities"], **told["anomalies"]}
    return {kind: rows for kind, rows in found.items() if rows}


def broken_pages(product: Product) -> int:
    """How often a page broke, as the web process says."""
    said = b"".join(log.read_bytes() for log in product.logs if log.name.startswith("web"))
    return len(re.findall(rb'"event": "broken"|"status": 500', said))


def main() -> int:
    """Start the product, attack it, say what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wapiti", default="wapiti", help="the program")
    parser.add_argument("--minutes", type=float, default=6, help="at most, for each of the three attacks")
    parser.add_argument("--keep", type=Path, help="copy reports and logs there")
    told = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="gangway-attack-"))
    folder.chmod(0o755)
    reports = folder / "reports"
    reports.mkdir()
    findings, began = 0, time.monotonic()
    with running(folder / "product") as product:
        operator = sign_in(product)
        administrator, stranger = board(product, invite(product, operator)), Browser(product.web)
        stranger.at("/accounts/login/")
        web = product.web
        attacks = (
            Attack(
                "operator", f"{web}/", (f"{web}/services/", f"{web}/customers/", f"{web}/operators/"), operator.kept
            ),
            Attack("wizard", f"{web}/wizard/", (f"{web}/wizard/new/",), administrator.kept),
            Attack("stranger", f"{web}/accounts/login/", (f"{web}/i/x", f"{web}/join/x"), stranger.kept),
        )
        with held(product, (operator, administrator)) as sessions:
            for attack in attacks:
                for kind, rows in scan(attack, reports, wapiti=told.wapiti, minutes=told.minutes).items():
                    for row in rows:
                        findings += 1
                        say(f"  {kind}: {row['method']} {row['path']} {row['parameter']}: {row['info']}")
        if operator.at("/services/").status_code != requests.codes.ok:
            raise SystemExit(
                "The operator's session has ended on the way: what came after it was attacked from outside."
            )
        say(f"sessions that were ended on the way and put back: {sessions.put_back}")
        broken = broken_pages(product)
        for log in product.logs:
            shutil.copy(log, reports)
    if told.keep:
        shutil.copytree(reports, told.keep, dirs_exist_ok=True)
    shutil.rmtree(folder)
    say(f"{findings} findings, {broken} broken pages, {round(time.monotonic() - began)} seconds")
    return 1 if findings or broken else 0


if __name__ == "__main__":
    sys.exit(main())
