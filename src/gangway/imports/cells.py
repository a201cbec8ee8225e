"""What one cell means: the same as the field of a form, whose rules are asked."""

from datetime import date
from typing import Final

from gangway.foundation.clouds import CloudName
from gangway.foundation.errors import GangwayError
from gangway.foundation.sealed import SealedText
from gangway.imports.columns import FIELDS
from gangway.imports.errors import NoSuchCloud, NoSuchLanguage, NotADate, NotANumber
from gangway.languages.choice import NAMES
from gangway.onboarding.typed import Typed
from gangway.services.errors import InvalidLicence
from gangway.services.licences import LicenceType, check_users

MOST_DIGITS: Final = 6
CLOUDS: Final = {
    CloudName.PUBLIC: {"public"},
    CloudName.GCC_HIGH: {"gcc high"},
    CloudName.DOD: {"dod"},
    CloudName.CHINA: {"china", "21vianet"},
}
"""What a cell may call each of Microsoft's clouds; what stands in brackets behind it doesn't count."""


def licence_of(cell: str) -> LicenceType:
    """Return the licence type that a cell names, in the words of contracts or of the database."""
    wanted = _spaced(cell)
    for kind in LicenceType:
        if wanted in {_spaced(kind.label), _spaced(kind.value)}:
            return kind
    raise InvalidLicence(field="licence_type")


def users_of(cell: str) -> int:
    """Return the number of licensed users. Raises `NotANumber`, `InvalidUsers`."""
    if not (cell.isascii() and cell.isdigit() and len(cell) <= MOST_DIGITS):
        raise NotANumber(field="licensed_users")
    return check_users(int(cell))


def language_of(cell: str) -> str:
    """Return a language by its code or its own name; empty for an empty cell. Raises `NoSuchLanguage`."""
    wanted = _spaced(cell)
    for code, name in NAMES.items():
        if wanted in {code, _spaced(name)}:
            return code
    if wanted:
        raise NoSuchLanguage(field="language")
    return ""


def cloud_of(cell: str) -> str:
    """Return a cloud by its name or the pages' word for it; empty for an empty cell. Raises `NoSuchCloud`."""
    wanted = _spaced(cell.partition("(")[0].replace("-", " "))
    for cloud, called in CLOUDS.items():
        if wanted in called:
            return cloud.value
    if cell:
        raise NoSuchCloud(field="cloud")
    return ""


def date_of(cell: str) -> date | None:
    """Return a date, None for an empty cell. Raises `NotADate`."""
    try:
        return date.fromisoformat(cell) if cell else None
    except ValueError:
        raise NotADate(field="ends_on") from None


def typed_of(values: dict[str, str], secret: SealedText) -> Typed:
    """Return what an operator would have typed for a row. Raises `NotADate`."""
    return Typed(
        tenant=values.get("tenant", ""),
        client_id=values.get("client_id", ""),
        secret=secret,
        ends_on=date_of(values.get("expires_on", "")),
    )


def column_of(error: GangwayError, otherwise: str) -> str:
    """Return the column at which an error of another room stands."""
    return FIELDS.get(error.field or "", error.field or "") or otherwise


def words_of(error: GangwayError) -> list[str]:
    """Return what happened and what to do; a sentence for each broken rule where a name breaks several."""
    return list(getattr(error, "sentences", ()) or (f"{error.what} {error.cure}".strip(),))


def _spaced(text: str) -> str:
    return " ".join(text.replace("_", " ").casefold().split())
