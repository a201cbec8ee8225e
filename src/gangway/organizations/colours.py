"""Colours as people choose them: can they be seen, and what is written on them so that it can be read?

Contrast is counted as WCAG does, from 1 to 21. Level AA asks for 3 where something must be seen on the page around it,
and for 4.5 where it is to be read.
"""

import re
from typing import Final

from gangway.organizations.errors import ColourTooPale, NotAColour

OURS: Final = "#1d4ed8"
"""Of buttons in mails, where nobody above the recipient chose one."""
LEAST_SEEN: Final = 3.0
_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")
WHITE: Final = "#ffffff"
BLACK: Final = "#000000"


def check_colour(typed: str) -> str:
    """Return a colour as #rrggbb; empty is fine. Raises `NotAColour` and `ColourTooPale` at "colour"."""
    colour = typed.strip().lower()
    if colour and not is_colour(colour):
        raise NotAColour(field="colour")
    if colour and contrast(colour, WHITE) < LEAST_SEEN:
        raise ColourTooPale(
            f"A button of this colour can hardly be seen on a white page: the contrast is {ratio(colour, WHITE)} to 1.",
            field="colour",
        )
    return colour


def is_colour(text: str) -> bool:
    """Whether it is written as #1d4ed8, in small letters."""
    return _COLOUR.fullmatch(text) is not None


def text_on(colour: str) -> str:
    """Return white or black, whichever is better read on this colour; one of the two always can be."""
    return max((WHITE, BLACK), key=lambda text: contrast(colour, text))


def ratio(one: str, other: str) -> str:
    """Return the contrast of two colours as people write it, never rounded up to what it isn't."""
    return f"{int(contrast(one, other) * 10) / 10:.1f}"


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]  # noqa: PLR2004
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
