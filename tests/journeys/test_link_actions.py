"""What an operator does with a link that is out, and what its holder can say to that, each in their own browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.people import ACTIVATE, Administrator, Invited, Operator, button, sees
from tests.journeys.seeded import GRACE
from tests.journeys.waiting import eventually

pytestmark = pytest.mark.slow

UNEXPECTED = "I didn't expect this"


def test_links_are_copied_replaced_asked_for_resent_frozen_extended_sent_elsewhere_and_revoked(
    invited: Invited,
    operator: Operator,
    administrator: Administrator,
    new_administrator: Callable[[str], Administrator],
) -> None:
    page, holder = operator.page, administrator.page
    operator.pending_row("Contoso", invited.short_name).get_by_role("link", name=invited.short_name).click()
    about = page.url

    button(page, "Copy link").click()
    copied = page.get_by_label("Auth URL").input_value()
    other = new_administrator("with the copied link")
    other.open_link(copied)
    expect(other.page.get_by_role("button", name="Create New App Registration")).to_be_visible()

    administrator.to_the_code(invited.link, GRACE[0])
    page.goto(f"{about}change/")
    button(page, f"Replace the links of {invited.short_name}").click()
    sees(page, "Every earlier link is dead")
    sees(holder, "Open the newest link")
    for dead in (invited.link, copied):
        holder.goto(dead)
        sees(holder, "This link was replaced")

    holder.get_by_role("link", name="Ask for a new link").click()
    button(holder, "Ask for a new link").click()
    sees(holder, "Your provider has been told")
    page.goto(operator.origin)
    sees(page, "The holder of a dead link asks for a new one.")

    fresh = newest(administrator, GRACE[0], invited, than=invited.link)
    page.goto(about)
    button(page, "Resend").click()
    administrator.open_link(newest(administrator, GRACE[0], invited, than=fresh))
    expect(holder).to_have_url(re.compile("/wizard/"))
    freeze_and_unfreeze(operator, administrator, invited, about, fresh)

    extend_beside_what_is_typed(page, about)
    page.get_by_label("E-mail address of the new recipient").fill("riley.roles@contoso.com")
    button(page, "Change recipient").click()
    sees(page, "It goes to another address now")
    theirs = newest(administrator, "riley.roles@contoso.com", invited)
    holder.goto(fresh)
    sees(holder, "This invitation was sent to somebody else")
    administrator.open_link(theirs)
    expect(holder).to_have_url(re.compile("/wizard/"))

    page.goto(about)
    button(page, "Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    sees(page, "is withdrawn")
    holder.reload()
    sees(holder, "This invitation is closed")
    holder.goto(theirs)
    sees(holder, "This link was withdrawn")


def freeze_and_unfreeze(
    operator: Operator, administrator: Administrator, invited: Invited, about: str, fresh: str
) -> None:
    """*I didn't expect this* on one side, *Unfreeze* on the other; then the link works again."""
    page, holder = operator.page, administrator.page
    holder.goto(fresh)
    holder.get_by_role("link", name=UNEXPECTED).click()
    button(holder, f"{UNEXPECTED}: freeze it").click()
    sees(holder, "this invitation is frozen")
    sees(holder, "For your security team")
    page.goto(about)
    sees(page, "Frozen: somebody who holds a link didn't expect this invitation.")
    button(page, f"Unfreeze the invitation for {invited.short_name}").click()
    sees(page, "It goes on where it stood.")
    administrator.open_link(fresh)
    expect(holder).to_have_url(re.compile("/wizard/"))


def extend_beside_what_is_typed(page: Page, about: str) -> None:
    """*Extend*, refused and then done, while another part of the page has something that nobody sent: it stays."""
    page.goto(f"{about}change/")
    page.locator("#id_phone").fill("+43 1 234567")
    page.get_by_label("Days from now").fill("91")
    button(page, "Extend").click()
    sees(page, "from 1 to 90")
    expect(page.locator("#id_phone")).to_have_value("+43 1 234567")
    page.get_by_label("Days from now").fill("30")
    button(page, "Extend").click()
    sees(page, "It lasts longer now: until")
    sees(page, "Something that you typed is not saved yet.")
    page.get_by_role("link", name="It is there again on the page where you typed it").click()
    expect(page).to_have_url(f"{about}change/")
    expect(page.locator("#id_phone")).to_have_value("+43 1 234567")
    sees(page, "Not saved yet: ")


def newest(administrator: Administrator, address: str, invited: Invited, *, than: str = "") -> str:
    """The link in the newest mail about this service, once it is another one than the given."""

    def looked() -> str | None:
        mail = administrator.mail(address, about=f"({invited.short_name})")
        links = [str(link["address"]) for link in mail["links"] if link["words"] == ACTIVATE] if mail else []
        return links[0] if links and links[0] != than else None

    return eventually(looked, "a newer mail")
