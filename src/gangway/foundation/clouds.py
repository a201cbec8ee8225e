"""Names of Microsoft's clouds: every room may carry one; only `microsoft.cloud` knows what lies behind."""

from enum import StrEnum
from typing import ClassVar

from gangway.foundation.errors import GangwayError, WhoActs


class CloudName(StrEnum):
    """A tenant lives in exactly one cloud, and tokens of one are nothing in another."""

    PUBLIC = "public"
    GCC_HIGH = "gcc-high"
    DOD = "dod"
    CHINA = "china"


class CloudUnknown(GangwayError):
    """There is no cloud of this name."""

    code: ClassVar[str] = "foundation:cloud:unknown"
    what = "Microsoft has no cloud of this name."
    cure = f"Choose one of: {', '.join(CloudName)}."
    acts = WhoActs.OPERATOR


def cloud_name(text: str) -> CloudName:
    """Return the cloud's name as a typed one; raises CloudUnknown at the field "cloud"."""
    try:
        return CloudName(text)
    except ValueError:
        raise CloudUnknown(field="cloud") from None
