"""From an answer to an error of the tree: by status and code; by number for Entra; by text only through `texts`."""

import re
from collections.abc import Mapping
from typing import Any

from gangway.foundation.errors import MicrosoftFault
from gangway.microsoft import errors, texts
from gangway.microsoft.throttling import retry_after
from gangway.microsoft.wire import Answer

LONGEST_MESSAGE = 500
"""Characters of Microsoft's message that are kept."""

_POLICY_CODES: Mapping[str, type[errors.MicrosoftError]] = {
    "CredentialTypeNotAllowedAsPerAppPolicy": errors.CredentialForbidden,
    "CredentialInvalidLifetimeAsPerAppPolicy": errors.LifetimeForbidden,
}
_COPYING_CODES = frozenset({"NoBackingApplicationObject"})
_BY_STATUS: Mapping[int, type[errors.MicrosoftError]] = {
    401: errors.AuthorityEnded,
    403: errors.Forbidden,
    404: errors.Missing,
    409: errors.Contended,
}

_BY_NUMBER: Mapping[int, type[errors.MicrosoftError]] = {
    7000215: errors.CredentialNotAccepted,
    7000222: errors.CredentialNotAccepted,
    700016: errors.ApplicationUnknown,
    7000229: errors.ApplicationUnknown,
    90002: errors.TenantUnknown,
    900023: errors.TenantUnknown,
    500011: errors.ResourceUnknown,
    650052: errors.ResourceUnknown,
    53000: errors.PolicyBlocked,
    53001: errors.PolicyBlocked,
    53003: errors.PolicyBlocked,
    530036: errors.PolicyBlocked,
    50005: errors.PolicyBlocked,
    50097: errors.PolicyBlocked,
    65001: errors.ConsentMissing,
    65004: errors.ConsentMissing,
    90094: errors.ConsentMissing,
    7000218: errors.ClientSetUpWrong,
    700025: errors.ClientSetUpWrong,
}


def graph_error(answer: Answer) -> errors.MicrosoftError:
    """The error that a Graph answer (or one part of a batch) means. Call it only with an answer that isn't good."""
    fault = _graph_fault(answer)
    if answer.status == 429:  # noqa: PLR2004 - too many requests
        return errors.Throttled(fault=fault, wait=retry_after(answer.headers, now=answer.at))
    if answer.status >= 500:  # noqa: PLR2004 - Microsoft's side failed
        return errors.Unavailable(fault=fault, wait=retry_after(answer.headers, now=answer.at))
    if (kind := _by_code(answer, fault)) is not None:
        return kind(fault=fault)
    return _BY_STATUS.get(answer.status, errors.Refused)(fault=fault)


def entra_error(answer: Answer) -> errors.MicrosoftError:
    """The error that an answer of Entra's token or device code endpoint means."""
    fault = _entra_fault(answer)
    if answer.status == 429:  # noqa: PLR2004 - too many requests
        return errors.Throttled(fault=fault, wait=retry_after(answer.headers, now=answer.at))
    if answer.status >= 500:  # noqa: PLR2004 - Microsoft's side failed
        return errors.Unavailable(fault=fault, wait=retry_after(answer.headers, now=answer.at))
    return _BY_NUMBER.get(fault.aadsts or 0, errors.SignInRefused)(fault=fault)


def _by_code(answer: Answer, fault: MicrosoftFault) -> type[errors.MicrosoftError] | None:
    details = _details(answer)
    if fault.code in _POLICY_CODES:
        return _POLICY_CODES[fault.code]
    if fault.code in _COPYING_CODES or texts.says_still_copying(fault.message):
        return errors.NotCopiedYet
    if any(row.get("code") == "ConflictingObjects" for row in details) or texts.says_already_so(fault.message):
        return errors.AlreadySo
    if texts.says_gone(fault.message):
        return errors.Missing
    if answer.status == 400 and _names_the_name(details, fault.message):  # noqa: PLR2004 - bad request
        return errors.NameRefused
    return None


def _names_the_name(details: list[Mapping[str, Any]], message: str) -> bool:
    targets = [str(row.get("target", "")) for row in details if row.get("target")]
    return "displayName" in targets if targets else texts.says_name(message)


def _graph_fault(answer: Answer) -> MicrosoftFault:
    told = answer.member("error")
    told = told if isinstance(told, dict) else {}
    inner = told.get("innerError") or told.get("innererror") or {}
    return MicrosoftFault(
        status=answer.status,
        code=str(told.get("code", "")),
        message=str(told.get("message", ""))[:LONGEST_MESSAGE],
        request_id=answer.request_id or str(inner.get("request-id", "")),
        correlation_id=answer.correlation_id or str(inner.get("client-request-id", "")),
        at=answer.at,
        aadsts=None,
    )


def _entra_fault(answer: Answer) -> MicrosoftFault:
    numbers = answer.member("error_codes") or []
    message = str(answer.member("error_description", "")).split("\r\n")[0]
    written = re.match(r"AADSTS(\d+)", message)
    return MicrosoftFault(
        status=answer.status,
        code=str(answer.member("error", "")),
        message=message[:LONGEST_MESSAGE],
        request_id=str(answer.member("trace_id") or answer.request_id),
        correlation_id=str(answer.member("correlation_id") or answer.correlation_id),
        at=answer.at,
        aadsts=int(numbers[0]) if numbers else int(written.group(1)) if written else None,
    )


def _details(answer: Answer) -> list[Mapping[str, Any]]:
    told = answer.member("error")
    rows = told.get("details") if isinstance(told, dict) else None
    return [row for row in rows or [] if isinstance(row, dict)]
