"""Errors as rows keep them and pages get them: what, cure, who acts, and the marks that Microsoft's support wants."""

from datetime import datetime
from typing import Any

from gangway.foundation.errors import GangwayError, WhoActs
from gangway.microsoft.errors import MicrosoftError
from gangway.provisioning.shapes import ErrorView


def kept(error: GangwayError, *, now: datetime) -> dict[str, Any]:
    """What a row keeps of an error; nothing secret is in it."""
    facts: dict[str, Any] = {
        "code": error.code,
        "what": error.what,
        "cure": error.cure,
        "acts": error.acts.value,
        "field": error.field or field_of(error),
        "at": now.isoformat(),
    }
    if isinstance(error, MicrosoftError):
        fault = error.fault
        facts |= {
            "microsoft_code": fault.code,
            "aadsts": fault.aadsts,
            "request_id": fault.request_id,
            "correlation_id": fault.correlation_id,
            **({"claims": fault.claims} if fault.claims else {}),
        }
    return facts


def field_of(error: GangwayError) -> str | None:
    """The form field that an error of Microsoft's belongs to: a refused name goes back to where it was typed."""
    return "name" if error.code == "microsoft:name:refused" else None


def view(facts: dict[str, Any] | None) -> ErrorView | None:
    """The error for a page."""
    if not facts:
        return None
    return ErrorView(
        code=facts["code"],
        what=facts["what"],
        cure=facts["cure"],
        acts=WhoActs(facts["acts"]),
        field=facts["field"],
        microsoft_code=facts.get("microsoft_code", ""),
        aadsts=facts.get("aadsts"),
        request_id=facts.get("request_id", ""),
        correlation_id=facts.get("correlation_id", ""),
        at=datetime.fromisoformat(facts["at"]),
    )
