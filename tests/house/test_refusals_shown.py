"""Each refusal that a wizard like ours must explain is seen in a browser, or it says why it never reaches one.

The list is the "error dictionary the wizard needs" (f.5) of the study of peers that this product was planned by, row by
row; that study isn't part of the repository, so its numbers stand here.
"""

from pathlib import Path
from typing import Final

import pytest

from gangway.microsoft import dictionary
from tests.journeys import test_refusals as browser

JOURNEYS = Path(__file__).parents[1] / "journeys"

NUMBERS: Final = (
    *(53003,),
    *(50097, 53000, 53001, 50005),
    *(50076, 50079, 50158),
    *(50020, 50177, 50034, 90002, 900023),
    *(65001, 65004, 90094),
    *(650051, 650052),
    *(700016, 7000215, 7000222),
    *(7000218, 7000112, 700027),
    *(70043, 50173, 700082),
    *(50057, 5000224),
)

ANOTHER_WAY: Final = {
    700027: ("seeds/test_seed_003_registration_without_a_secret.py", "does not know this certificate yet."),
    7000215: ("test_refusals.py", '{"aadsts": 7000215}'),
}
"""Numbers that come up where nobody has to be made to give them, or elsewhere than the others: an unknown certificate,
and the secret of our own application, when somebody comes back by redirect."""

SHOWN: Final = {
    **ANOTHER_WAY,
    "authorization_pending": ("people.py", "user-code"),
    "authorization_declined": ("test_refusals.py", "The request was declined at Microsoft."),
    "expired_token": ("test_refusals.py", "The code has expired"),
    "bad_verification_code": ("test_refusals.py", "That code didn't work"),
    "Authorization_RequestDenied": ("test_refusals.py", "Authorization_RequestDenied"),
    "CredentialTypeNotAllowedAsPerAppPolicy": ("test_refusals.py", "CredentialTypeNotAllowedAsPerAppPolicy"),
    "CredentialInvalidLifetimeAsPerAppPolicy": ("test_redirect.py", "CredentialInvalidLifetimeAsPerAppPolicy"),
    "503": ("test_outages.py", '{"status": 503}'),
}
"""What else is seen, such as words of OAuth and of Graph: in which file of the journeys, and by which words there."""

NEVER: Final = {
    "slow_down": "the loop asks more seldom, and the page goes on showing the code and its countdown",
    "409": "waited out and tried again by the worker, who shows what it shows of a 503",
    "429": "waited out and tried again by the worker, who shows what it shows of a 503",
}
"""What no page tells apart, with the reason; each has its tests below the browser."""

IN_THE_BROWSER: Final = {
    **browser.SET_UP,
    **browser.DEVICE,
    **browser.FACTOR,
    **browser.ACCOUNT,
    **browser.TENANT,
    **browser.CONSENT,
    **browser.BY_ITSELF,
}


def test_every_number_is_shown_in_a_browser() -> None:
    assert sorted(set(NUMBERS) - set(IN_THE_BROWSER) - set(ANOTHER_WAY)) == []


@pytest.mark.parametrize("number", IN_THE_BROWSER)
def test_each_is_told_with_what_happened_and_what_to_do(number: int) -> None:
    """Empty words would be seen on any page."""
    assert dictionary.of_signal(f"AADSTS{number}") is not None
    assert all(len(words) > 10 for words in IN_THE_BROWSER[number])


@pytest.mark.parametrize(("signal", "where"), SHOWN.items())
def test_what_is_seen_elsewhere_is_shown_where_the_list_says(signal: str | int, where: tuple[str, str]) -> None:
    file, words = where
    assert words in (JOURNEYS / file).read_text("utf-8"), signal


def test_what_never_reaches_a_page_says_why() -> None:
    assert set(NEVER).isdisjoint(SHOWN)
    assert all(NEVER.values())
