"""What a mail wears: the sender's logo, which travels in the mail itself, and the colour of its button.

Nothing is loaded from elsewhere when it is read, so nobody learns by it that it was. Without pictures it says the same.
"""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from gangway.organizations.colours import OURS, text_on
from gangway.organizations.logos import logo_file
from gangway.organizations.looks import look_of
from gangway.organizations.pictures import size_of
from gangway.organizations.queries import provider_of

WIDEST, HIGHEST = 220, 56


@dataclass(frozen=True, slots=True)
class Picture:
    """A logo with the size that it is shown in."""

    media_type: str
    data: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Dress:
    """`sender_name` stands for the logo where pictures aren't shown."""

    sender_name: str = ""
    colour: str = OURS
    logo: Picture | None = None

    def values(self) -> dict[str, Any]:
        """Return what the templates are filled with."""
        return {
            "sender_name": self.sender_name,
            "colour": self.colour,
            "on_colour": text_on(self.colour),
            "logo": self.logo,
        }


PLAIN: Final = Dress()


def dress_of(organization_id: UUID) -> Dress:
    """Return what mails about an organization wear: the nearest logo and colour. Raises `NoSuchOrganization`."""
    look = look_of(organization_id)
    file = logo_file(look.logo) if look.logo else None
    picture = None
    if file is not None:
        width, height = size_of(file.data)
        smaller = min(1, WIDEST / width, HIGHEST / height)
        picture = Picture(file.media_type, file.data, max(1, round(width * smaller)), max(1, round(height * smaller)))
    return Dress(provider_of(organization_id).name, look.colour or OURS, picture)
