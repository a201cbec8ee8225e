"""Many at once, by a file: each row is looked at, worked through in the background, and says what came of it."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.sync_api import expect

from gangway.cli.demo.plot import new_name
from tests.journeys import by_hand
from tests.journeys.microsoft import CONTOSO
from tests.journeys.people import PATIENCE_MS, Administrator, Operator, button, onward, sees, speak
from tests.journeys.product import Product
from tests.journeys.seeded import GRACE

pytestmark = pytest.mark.slow

SECRET = "Xy~8Q~not-the-secret-of-anybody-at-all"


def test_connections_are_proved_row_by_row_and_each_refusal_says_what_to_do(
    product: Product, operator: Operator
) -> None:
    page, contoso = operator.page, by_hand.in_contoso(product)
    good, disabled = contoso.make(), contoso.make()
    contoso.disable(disabled)
    rows = {
        new_name("good"): (good.app_id, good.secret, "Proved"),
        new_name("wrong"): (good.app_id, SECRET, "Microsoft does not accept this client secret."),
        new_name("none"): (str(uuid4()), good.secret, "This tenant has no application with this ID."),
        new_name("off"): (disabled.app_id, disabled.secret, "The application is disabled in this tenant."),
        new_name("id"): (good.app_id, good.key_id, "This is the Secret ID, not the secret."),
    }
    lines = [f"Contoso,{name},Hosted Pro,5,{CONTOSO},{app_id},{secret}" for name, (app_id, secret, _) in rows.items()]
    bring(
        operator,
        "Connections that are there already",
        "customer,short_name,licence,users,tenant,client_id,secret",
        *lines,
    )
    sees(page, "4 services would be planned and their connections proved.")
    onward(button(page, "Start import of 4 rows"))
    for name, (_app_id, _secret, words) in rows.items():
        expect(operator.row(name)).to_contain_text(words, timeout=PATIENCE_MS)
    expect(page.get_by_role("main")).not_to_contain_text(good.secret)


def test_who_is_invited_by_a_file_is_asked_in_their_language_and_may_choose_another(
    operator: Operator, administrator: Administrator
) -> None:
    page, short_name = administrator.page, new_name("viele")
    line = f"Contoso,{short_name},Hosted Pro,20,{GRACE[0]},de"
    bring(operator, "New services", "customer,short_name,licence,users,email,language", line)
    onward(button(operator.page, "Start import of 1 row"))
    expect(operator.row(short_name)).to_contain_text("Invited", timeout=PATIENCE_MS)
    words = "Klicken Sie hier, um Ihren Mandanten zu aktivieren"
    page.goto(administrator.link_mailed_to(GRACE[0], about=short_name, words=words))
    button(page, "Weiter").click()
    page.get_by_role("button", name="Neue App-Registrierung erstellen").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    speak(page, "Deutsch", "עברית")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    page.get_by_label("שם משתמש ראשי (UPN)").fill("not a name")
    button(page, "התחלת אימות").click()
    expect(page.get_by_label("שם משתמש ראשי (UPN)")).to_have_attribute("aria-invalid", "true")
    speak(page, "עברית", "English")
    administrator.give_upn(GRACE[0])
    operator.revoke("Contoso", short_name)


def bring(operator: Operator, kind: str, *lines: str) -> None:
    """*Imports* → *New import*: the file is looked at."""
    page = operator.page
    page.goto(f"{operator.origin}/imports/new/")
    page.get_by_role("radio", name=kind).check()
    table = {"name": "many.csv", "mimeType": "text/csv", "buffer": "\n".join(lines).encode()}
    page.get_by_label("File").set_input_files(files=[table])
    onward(button(page, "Look at the rows"))
